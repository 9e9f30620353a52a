// The kernel log: a ring of records, written from anywhere (interrupts and panic included), shown by sinks and read by
// /dev/kmsg and syslog(2).
#pragma once

#include "lib/compiler.h"
#include "lib/types.h"

// Linux's levels; a record is shown on the console when its level is below the console level.
enum log_level {
    LOG_EMERGENCY,
    LOG_ALERT,
    LOG_CRITICAL,
    LOG_ERROR,
    LOG_WARNING,
    LOG_NOTICE,
    LOG_INFO,
    LOG_DEBUG,
};

// One record, one line; `format` without a line end and opening with the subsystem ("memory: ...").
void log_write(enum log_level level, const char *format, ...) printf_format(2, 3);

#define log_error(...)   log_write(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__)
#define log_notice(...)  log_write(LOG_NOTICE, __VA_ARGS__)
#define log_info(...)    log_write(LOG_INFO, __VA_ARGS__)
#define log_debug(...)   log_write(LOG_DEBUG, __VA_ARGS__)

struct log_record {
    uint64_t sequence;
    uint64_t time_ns; // monotonic
    unsigned level;
    unsigned facility; // 0 kernel; 1 user, and others that programs name (written to /dev/kmsg)
    size_t length;     // of text
    char text[256];
};

// Copies record `sequence`, or the oldest kept one after it, to *record. 0, -EAGAIN (nothing that new yet),
// or -EPIPE (sequence was overwritten; *record is the oldest kept).
int log_read(uint64_t sequence, struct log_record *record);
uint64_t log_sequence_first(void);
uint64_t log_sequence_next(void);
// What was there is read already, for those who ask for what came since (dmesg); nothing goes away.
void log_clear(void);
uint64_t log_sequence_cleared(void); // the first that came since, or the oldest kept
size_t log_ring_bytes(void);
// A record from user space (/dev/kmsg); what is longer than a record is cut off.
void log_write_user(unsigned facility, unsigned level, const char *text, size_t length);

// Called after each new record, in any context and under any spin lock, so it may only queue deferred work; must not log:
// /dev/kmsg's readers are woken by it.
void log_set_notify(void (*notify)(void));

// Where lines go; from the first instruction on, the early console. write() gets whole lines; any context, must not sleep.
struct log_sink {
    void (*write)(const char *text, size_t length);
    struct log_sink *next; // [l] owned by log/
};
// The sink first gets what the ring keeps, as far as the console level shows it.
void log_sink_add(struct log_sink *sink);
// The driver of the line that the early console writes to takes it over. write() is then called with the log's lock held, or, in
// a panic, without waiting for anybody.
void log_sink_replace_early(struct log_sink *sink);
int log_console_level(void);
void log_console_level_set(int level); // 1..8

// The monotonic clock, once there is one; before, records carry time 0. Set by interrupt/.
void log_set_clock(uint64_t (*now_ns)(void));
uint64_t log_now_ns(void);
