// /dev/kmsg: the log as records, in Linux's form (Documentation/ABI/testing/dev-kmsg): each read gives one,
// "priority,sequence,microseconds,-;text", with \xNN for what is not printable. A write adds a record; it may begin with "<priority>".
//
// The file's position is the number of the record to read next. log/ tells of new records from any context and under any lock,
// so readers are woken by deferred work.
#include "device/kmsg.h"

#include "device/device_internal.h"
#include "device/node.h"
#include "interrupt/clock.h"
#include "interrupt/deferred.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "lib/text.h"
#include "log/log.h"
#include "memory/heap.h"
#include "uapi/capability.h"
#include "uapi/poll.h"

enum {
    KMSG_NUMBER = 1 << 8 | 11,
    KMSG_RECORD_BYTES = 1280, // prefix, and four characters for each of the text at worst
    KMSG_WRITE_BYTES = 1024,
    KMSG_DEFAULT_LEVEL = 4,
    KMSG_LEVEL_MASK = 7,
    KMSG_FACILITY_SHIFT = 3,
    KMSG_FACILITY_MASK = 0xff,
    KMSG_FACILITY_USER = 1, // 0 is the kernel's, which no program speaks for
};

static struct wait_queue kmsg_readers = WAIT_QUEUE_INIT(kmsg_readers);
static struct deferred kmsg_wake;

static void kmsg_wake_run(struct deferred *deferred)
{
    (void)deferred;
    wait_queue_wake(&kmsg_readers, POLLIN | POLLRDNORM, ~0u);
}

static void kmsg_notify(void)
{
    deferred_queue(&kmsg_wake);
}

int kmsg_wait(uint64_t sequence)
{
    return WAIT_INTERRUPTIBLE(&kmsg_readers, log_sequence_next() > sequence);
}

// ---- read ----------------------------------------------------------------------------------------

struct kmsg_scratch {
    struct log_record record;
    char text[KMSG_RECORD_BYTES];
};

static size_t kmsg_format(struct kmsg_scratch *scratch)
{
    const struct log_record *record = &scratch->record;
    struct text_buffer text;
    text_init(&text, scratch->text, sizeof(scratch->text), 0);
    text_format(&text, "%u,%llu,%llu,-;", record->facility << 3 | record->level,
                (unsigned long long)record->sequence,
                (unsigned long long)(record->time_ns / NS_PER_US));
    for (size_t i = 0; i < record->length; i++) {
        uint8_t byte = (uint8_t)record->text[i];
        if (byte < ' ' || byte >= 0x7F || byte == '\\') {
            text_format(&text, "\\x%02x", byte);
        } else {
            text_add_char(&text, (char)byte);
        }
    }
    text_add_char(&text, '\n');
    return text.used;
}

// A record is read whole or not at all: the rest of one that was cut could never be asked for. -EPIPE tells once that records were
// overwritten; the next read goes on with the oldest.
static ssize_t kmsg_copy_record(struct kmsg_scratch *scratch, struct io_iter *iter,
                                uint64_t *position)
{
    int error = log_read(*position, &scratch->record);
    if (error != 0) {
        *position = error == -EPIPE ? scratch->record.sequence : *position;
        return error;
    }
    size_t bytes = kmsg_format(scratch);
    if (bytes > io_iter_remaining(iter)) {
        return -EINVAL;
    }
    size_t moved = io_iter_write(iter, scratch->text, bytes);
    if (moved < bytes) {
        return -EFAULT;
    }
    *position = scratch->record.sequence + 1;
    return (ssize_t)bytes;
}

static ssize_t kmsg_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    if (log_sequence_next() <= *position) {
        if (open_file_is_nonblocking(file)) {
            return -EAGAIN;
        }
        int error = WAIT_INTERRUPTIBLE(&kmsg_readers, log_sequence_next() > *position);
        if (error != 0) {
            return error;
        }
    }
    struct kmsg_scratch *scratch = heap_alloc(sizeof(*scratch));
    if (scratch == NULL) {
        return -ENOMEM;
    }
    ssize_t result = kmsg_copy_record(scratch, iter, position);
    if (result == -EPIPE) {
        file->position = *position; // the next read goes on with the oldest record that is left
    }
    heap_free(scratch);
    return result;
}

// ---- write ---------------------------------------------------------------------------------------

// Takes "<12>" off the front of the text; returns the priority, or the default without one.
static unsigned kmsg_take_priority(const char **text, size_t *length)
{
    const char *end;
    uint64_t priority;
    if (*length < 3 || **text != '<' || string_to_u64(*text + 1, 10, &priority, &end) != 0 ||
        *end != '>') {
        return KMSG_DEFAULT_LEVEL;
    }
    end++;
    *length -= (size_t)(end - *text);
    *text = end;
    return (unsigned)priority;
}

// One write is one record. The text is copied before the log is touched: a program may change it meanwhile.
static ssize_t kmsg_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)file;
    (void)position;
    size_t bytes = io_iter_remaining(iter);
    if (bytes >= KMSG_WRITE_BYTES) {
        return -EINVAL;
    }
    char buffer[KMSG_WRITE_BYTES];
    if (io_iter_read(iter, buffer, bytes) < bytes) {
        return -EFAULT;
    }
    buffer[bytes] = '\0';
    const char *text = buffer;
    size_t length = bytes;
    unsigned priority = kmsg_take_priority(&text, &length);
    unsigned facility = priority >> KMSG_FACILITY_SHIFT & KMSG_FACILITY_MASK;
    while (length != 0 && text[length - 1] == '\n') {
        length--;
    }
    log_write_user(facility != 0 ? facility : KMSG_FACILITY_USER, priority & KMSG_LEVEL_MASK, text,
                   length);
    return (ssize_t)bytes;
}

// ---- the rest ------------------------------------------------------------------------------------

static int64_t kmsg_seek(struct open_file *file, int64_t offset, int whence)
{
    (void)file;
    if (offset != 0) {
        return -ESPIPE;
    }
    switch (whence) {
    case SEEK_SET: return (int64_t)log_sequence_first();
    case SEEK_DATA: return (int64_t)log_sequence_cleared();
    case SEEK_END: return (int64_t)log_sequence_next();
    default: return -EINVAL;
    }
}

static unsigned kmsg_poll(struct open_file *file, struct poll_context *context)
{
    poll_wait(context, &kmsg_readers);
    bool has_record = log_sequence_next() > READ_ONCE(file->position);
    return has_record ? POLLIN | POLLRDNORM : 0;
}

static int kmsg_open(struct device_node *node, struct open_file *file)
{
    (void)node;
    // Reading is restricted as Linux's dmesg_restrict has it; anybody whom the mode lets may write.
    if (open_file_can_read(file) && !credentials_can(file->credentials, CAP_SYSLOG)) {
        return -EPERM;
    }
    file->position = log_sequence_first();
    return 0;
}

static const struct file_ops kmsg_ops = {
    .name = "kmsg",
    .read = kmsg_read,
    .write = kmsg_write,
    .seek = kmsg_seek,
    .poll = kmsg_poll,
};

static struct device_node kmsg_node = {
    .name = "kmsg",
    .kind = DEVICE_CHARACTER,
    .number = KMSG_NUMBER,
    .mode = 0644,
    .ops = &kmsg_ops,
    .open = kmsg_open,
};

void kmsg_node_init(void)
{
    deferred_init(&kmsg_wake, kmsg_wake_run);
    log_set_notify(kmsg_notify);
    int error = device_node_publish(&kmsg_node);
    assert_always(error == 0); // the name is ours alone
}
