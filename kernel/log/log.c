// The log ring: the last LOG_SLOTS records, each in a slot of fixed size, so that a sequence number finds its record at once.
//
// Record n stands in slot n % LOG_SLOTS; next_sequence is the number of the record to come. One spin lock guards ring, sinks and
// the order of lines; in a panic nobody waits for it. Writers: everybody. Readers: /dev/kmsg and syslog(2).
#include "log/log.h"
#include "arch/machine.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/log_internal.h"
#include "log/panic.h"
#include "sync/spinlock.h"

enum {
    LOG_SLOTS = 256,
    LOG_TEXT_MAX = 244,
    LOG_LINE_MAX = LOG_TEXT_MAX + 32,
    LOG_LEVEL_DEFAULT = 7, // shows everything but debug
    SCREEN_COLUMNS = 80,
};

struct log_slot {
    uint64_t time_ns;
    uint16_t length;
    uint8_t level, facility;
    char text[LOG_TEXT_MAX];
};

static struct spinlock log_lock = SPINLOCK_INIT(LOCK_RANK_LOG);
static section(".noinit") struct log_slot slots[LOG_SLOTS]; // [l] log_lock
static uint64_t next_sequence;                              // [l] log_lock
static struct log_sink early_sink = {.write = early_console_write};
static struct log_sink *sinks = &early_sink;  // [l] log_lock
static int console_level = LOG_LEVEL_DEFAULT; // [a]
static void (*notify_function)(void);         // [I]
static uint64_t (*clock_function)(void);      // [I]

uint64_t log_now_ns(void)
{
    return clock_function ? clock_function() : 0;
}

static uint64_t first_sequence_locked(void)
{
    return next_sequence > LOG_SLOTS ? next_sequence - LOG_SLOTS : 0;
}

static struct log_slot *slot_add_locked(unsigned level, unsigned facility)
{
    struct log_slot *slot = &slots[next_sequence++ % LOG_SLOTS];
    slot->time_ns = log_now_ns();
    slot->level = (uint8_t)level;
    slot->facility = (uint8_t)facility;
    return slot;
}

static void sinks_write_locked(const char *line, size_t length)
{
    for (struct log_sink *sink = sinks; sink; sink = sink->next) {
        sink->write(line, length);
    }
}

// The record as a line in line[LOG_LINE_MAX]: its length, 0 if the console level hides it.
static size_t slot_line(const struct log_slot *slot, char *line)
{
    if (slot->level >= READ_ONCE(console_level)) {
        return 0;
    }
    uint64_t us = slot->time_ns / 1000;
    return (size_t)format_string(line, LOG_LINE_MAX, "[%5lu.%06lu] %.*s\n", us / 1000000,
                                 us % 1000000, slot->length, slot->text);
}

static void slot_show_locked(const struct log_slot *slot)
{
    char line[LOG_LINE_MAX];
    size_t length = slot_line(slot, line);
    if (length != 0) {
        sinks_write_locked(line, length);
    }
}

static void slot_format(struct log_slot *slot, const char *format, va_list arguments)
{
    int length = format_string_v(slot->text, sizeof(slot->text), format, arguments);
    slot->length = (uint16_t)MIN((size_t)length, sizeof(slot->text) - 1);
}

void log_write(enum log_level level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    spin_lock(&log_lock);
    struct log_slot *slot = slot_add_locked(level, 0);
    slot_format(slot, format, arguments);
    slot_show_locked(slot);
    spin_unlock(&log_lock);
    va_end(arguments);
    if (notify_function) {
        notify_function();
    }
}

void log_write_panic(const char *format, ...)
{
    va_list arguments;
    char line[LOG_LINE_MAX];
    va_start(arguments, format);
    struct log_slot *slot = slot_add_locked(LOG_EMERGENCY, 0);
    slot_format(slot, format, arguments);
    va_end(arguments);
    int length = format_string(line, sizeof(line), "%.*s\n", slot->length, slot->text);
    sinks_write_locked(line, (size_t)length);
}

void log_show_last(unsigned count)
{
    char line[SCREEN_COLUMNS + 2];
    sinks_write_locked("\n", 1); // whatever was being typed ends here
    uint64_t first =
        MAX(first_sequence_locked(), next_sequence - MIN(next_sequence, (uint64_t)count));
    for (uint64_t i = first; i < next_sequence; i++) {
        const struct log_slot *slot = &slots[i % LOG_SLOTS];
        uint64_t us = slot->time_ns / 1000;
        int length = format_string(line, SCREEN_COLUMNS + 1, "[%5lu.%06lu] %.*s", us / 1000000,
                                   us % 1000000, slot->length, slot->text);
        length = MIN(length, (int)SCREEN_COLUMNS);
        line[length] = '\n';
        sinks_write_locked(line, (size_t)length + 1);
    }
}

void log_write_user(unsigned facility, unsigned level, const char *text, size_t length)
{
    spin_lock(&log_lock);
    struct log_slot *slot = slot_add_locked(level, facility);
    slot->length = (uint16_t)MIN(length, sizeof(slot->text) - 1);
    memcpy(slot->text, text, slot->length);
    slot_show_locked(slot);
    spin_unlock(&log_lock);
    if (notify_function) {
        notify_function();
    }
}

static void record_copy(struct log_record *record, uint64_t sequence)
{
    const struct log_slot *slot = &slots[sequence % LOG_SLOTS];
    record->sequence = sequence;
    record->time_ns = slot->time_ns;
    record->level = slot->level;
    record->facility = slot->facility;
    record->length = slot->length;
    memcpy(record->text, slot->text, slot->length);
    record->text[slot->length] = 0;
}

int log_read(uint64_t sequence, struct log_record *record)
{
    int result = 0;
    spin_lock(&log_lock);
    if (sequence >= next_sequence) {
        result = -EAGAIN;
    } else {
        uint64_t first = first_sequence_locked();
        result = sequence < first ? -EPIPE : 0;
        record_copy(record, MAX(sequence, first));
    }
    spin_unlock(&log_lock);
    return result;
}

uint64_t log_sequence_first(void)
{
    spin_lock(&log_lock);
    uint64_t first = first_sequence_locked();
    spin_unlock(&log_lock);
    return first;
}

uint64_t log_sequence_next(void)
{
    spin_lock(&log_lock);
    uint64_t next = next_sequence;
    spin_unlock(&log_lock);
    return next;
}

static uint64_t cleared_sequence; // [l log_lock]

void log_clear(void)
{
    uint64_t next = log_sequence_next();
    spin_lock(&log_lock);
    cleared_sequence = next;
    spin_unlock(&log_lock);
}

uint64_t log_sequence_cleared(void)
{
    spin_lock(&log_lock);
    uint64_t first = MAX(cleared_sequence, first_sequence_locked());
    spin_unlock(&log_lock);
    return first;
}

size_t log_ring_bytes(void)
{
    return sizeof(slots);
}

void log_set_notify(void (*notify)(void))
{
    notify_function = notify;
}

void log_set_clock(uint64_t (*now_ns)(void))
{
    clock_function = now_ns;
}

void log_sink_add(struct log_sink *sink)
{
    char line[LOG_LINE_MAX];
    spin_lock(&log_lock);
    for (uint64_t i = first_sequence_locked(); i < next_sequence; i++) {
        size_t length = slot_line(&slots[i % LOG_SLOTS], line);
        if (length != 0) {
            sink->write(line, length);
        }
    }
    sink->next = sinks;
    sinks = sink;
    spin_unlock(&log_lock);
}

void log_sink_replace_early(struct log_sink *sink)
{
    spin_lock(&log_lock);
    struct log_sink **link = &sinks;
    while (*link && *link != &early_sink) {
        link = &(*link)->next;
    }
    sink->next = *link ? early_sink.next : NULL;
    *link = sink;
    spin_unlock(&log_lock);
}

int log_console_level(void)
{
    return READ_ONCE(console_level);
}

void log_console_level_set(int level)
{
    WRITE_ONCE(console_level, CLAMP(level, 1, 8));
}
