/*
 * syslog(2): the kernel log as dmesg reads it.
 *
 * Records are known by a sequence number that only grows. The ring may overwrite those that a place points to: reading goes on with the
 * oldest that is left. Places are single words and readers take no lock against each other: two that read at once may get a line twice,
 * and never half a line.
 */
#include "device/kmsg.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "log/log.h"
#include "memory/heap.h"
#include "syscall/call.h"
#include "uapi/capability.h"
#include "uapi/syslog.h"

static uint64_t read_sequence; /* [a] SYSLOG_ACTION_READ's place */

/* "<6>[    0.123456] text\n". Returns the length, at most `size`. */
static size_t record_to_line(const struct log_record *record, char *line, size_t size)
{
    int length = format_string(
        line, size, "<%u>[%5llu.%06llu] %.*s\n", record->level | record->facility << 3,
        (unsigned long long)(record->time_ns / 1000000000),
        (unsigned long long)(record->time_ns / 1000 % 1000000), (int)record->length, record->text);
    assert(length > 0);
    return MIN((size_t)length, size - 1);
}

enum { LINE_BYTES = 320 };

static size_t record_bytes(uint64_t sequence, struct log_record *record, char *line)
{
    return log_read(sequence, record) == -EAGAIN ? 0 : record_to_line(record, line, LINE_BYTES);
}

/* The first record from which everything to the end fits into `size`. */
static uint64_t first_that_fits(uint64_t from, size_t size, struct log_record *record, char *line)
{
    size_t total = 0;
    uint64_t first = log_sequence_next();
    while (first > from) {
        size_t bytes = record_bytes(first - 1, record, line);
        if (total + bytes > size) {
            break;
        }
        total += bytes;
        first--;
    }
    return first;
}

/* Copies whole lines out from `sequence` on; stops when one does not fit. Bytes or -EFAULT. */
static long copy_lines(uint64_t *sequence, char __user *buffer, size_t size,
                       struct log_record *record, char *line)
{
    size_t done = 0;
    while (*sequence < log_sequence_next()) {
        size_t bytes = record_bytes(*sequence, record, line);
        if (bytes == 0 || bytes > size - done) {
            break;
        }
        if (user_copy_out(buffer + done, line, bytes) != 0) {
            return -EFAULT;
        }
        done += bytes;
        assert(done <= size && record->sequence >= *sequence);
        *sequence = record->sequence + 1;
    }
    return (long)done;
}

static long read_log(char __user *buffer, size_t size, bool is_all)
{
    struct log_record *record = heap_alloc(sizeof(*record) + LINE_BYTES);
    if (record == NULL) {
        return -ENOMEM;
    }
    char *line = (char *)(record + 1);
    uint64_t sequence;
    if (is_all) {
        sequence = first_that_fits(log_sequence_cleared(), size, record, line);
    } else {
        sequence = MAX(READ_ONCE(read_sequence), log_sequence_first());
    }
    long result = copy_lines(&sequence, buffer, size, record, line);
    if (!is_all && result > 0) {
        WRITE_ONCE(read_sequence, sequence);
    }
    heap_free(record);
    return result;
}

/* SYSLOG_ACTION_READ: waits for something to read. */
static long read_or_wait(char __user *buffer, size_t size)
{
    int error = 0;
    while (error == 0) {
        uint64_t seen = log_sequence_next();
        long result = read_log(buffer, size, false);
        if (result != 0 ||
            read_sequence < seen) { /* the buffer is too small for the next line: 0 */
            return result;
        }
        error = kmsg_wait(seen);
    }
    return error;
}

/* What SYSLOG_ACTION_READ would bring, in bytes. */
static long unread_bytes(void)
{
    struct log_record *record = heap_alloc(sizeof(*record) + LINE_BYTES);
    if (record == NULL) {
        return -ENOMEM;
    }
    size_t total = 0;
    uint64_t sequence = MAX(READ_ONCE(read_sequence), log_sequence_first());
    while (sequence < log_sequence_next()) {
        size_t bytes = record_bytes(sequence, record, (char *)(record + 1));
        if (bytes == 0) {
            break;
        }
        total += bytes;
        sequence = record->sequence + 1;
    }
    heap_free(record);
    return (long)total;
}

static long set_console_level(int level)
{
    if (level < 1 || level > 8) {
        return -EINVAL;
    }
    log_console_level_set(level);
    return 0;
}

static int saved_console_level = -1; /* [a] by CONSOLE_OFF, for CONSOLE_ON */

/* Off twice is off once: the level to come back to is that of before the first. */
static long console_off(bool is_off)
{
    int none = -1;
    if (is_off) {
        if (__atomic_compare_exchange_n(&saved_console_level, &none, log_console_level(), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED)) {
            log_console_level_set(1);
        }
        return 0;
    }
    int saved = __atomic_exchange_n(&saved_console_level, -1, __ATOMIC_SEQ_CST);
    if (saved >= 0) {
        log_console_level_set(saved);
    }
    return 0;
}

SYSTEM_CALL3(syslog, int, action, char __user *, buffer, int, length)
{
    /* As with Linux's dmesg_restrict: the log may tell what programs must not know. */
    if (!credentials_can(task_current()->credentials, CAP_SYSLOG)) {
        return -EPERM;
    }
    switch (action) {
    case SYSLOG_ACTION_CLOSE:
    case SYSLOG_ACTION_OPEN: return 0;
    case SYSLOG_ACTION_READ:
    case SYSLOG_ACTION_READ_ALL:
    case SYSLOG_ACTION_READ_CLEAR: {
        if (buffer == NULL || length < 0) {
            return -EINVAL;
        }
        if (action == SYSLOG_ACTION_READ && length != 0) {
            return read_or_wait(buffer, (size_t)length);
        }
        long result = length == 0 ? 0 : read_log(buffer, (size_t)length, true);
        if (result >= 0 && action == SYSLOG_ACTION_READ_CLEAR) {
            log_clear();
        }
        return result;
    }
    case SYSLOG_ACTION_CLEAR: log_clear(); return 0;
    case SYSLOG_ACTION_CONSOLE_OFF:
    case SYSLOG_ACTION_CONSOLE_ON: return console_off(action == SYSLOG_ACTION_CONSOLE_OFF);
    case SYSLOG_ACTION_CONSOLE_LEVEL: return set_console_level(length);
    case SYSLOG_ACTION_SIZE_UNREAD: return unread_bytes();
    case SYSLOG_ACTION_SIZE_BUFFER: return (long)log_ring_bytes();
    default: return -EINVAL;
    }
}
