// Reading from a terminal: a line at a time with ICANON, else by VMIN and VTIME; and readiness.
//
// VMIN > 0, VTIME = 0: waits for VMIN bytes (or what the reader's buffer holds). VMIN > 0, VTIME > 0: the same, but no more than VTIME tenths
// of a second pass between two bytes. VMIN = 0, VTIME > 0: waits that long for the first byte. Both 0: takes what is there.
#include "device/terminal_internal.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "uapi/poll.h"

enum {
    TENTH_OF_SECOND_MS = 100,
    OUTPUT_LOW_BYTES = 256, // poll says writable while fewer are pending
};

struct read_request {
    struct open_file *file;
    const struct terminal_file *opened;
    struct io_iter *iter;
    size_t minimum;       // bytes that satisfy a read without ICANON
    uint64_t interval_ns; // longest pause between two bytes; 0: any
    uint64_t deadline_ns; // when to give up; UINT64_MAX: never
};

bool terminal_has_input(const struct terminal *terminal, bool for_poll)
{
    const struct terminal_discipline *discipline = terminal->discipline;
    size_t tail = READ_ONCE(discipline->tail);
    if (terminal_has_local(terminal, ICANON)) {
        return READ_ONCE(discipline->canonical_head) != tail;
    }
    size_t wanted = 1;
    if (for_poll && terminal->termios.c_cc[VTIME] == 0 && terminal->termios.c_cc[VMIN] != 0) {
        wanted = terminal->termios.c_cc[VMIN];
    }
    return READ_ONCE(discipline->head) - tail >= wanted;
}

size_t terminal_input_count_locked(const struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    const struct terminal_discipline *discipline = terminal->discipline;
    if (!terminal_has_local(terminal, ICANON)) {
        return discipline->head - discipline->tail;
    }
    size_t count = 0;
    for (size_t place = discipline->tail; place != discipline->canonical_head; place++) {
        bool is_mark = bitmap_test(discipline->delimiters, place % TERMINAL_INPUT_BYTES) &&
                       terminal_input_at(discipline, place) == 0;
        count += is_mark ? 0 : 1;
    }
    return count;
}

// ---- taking bytes --------------------------------------------------------------------------------

// Copies [tail, tail + count) out and advances the tail. Bytes copied.
static size_t take_bytes_locked(struct terminal_discipline *discipline, struct io_iter *iter,
                                size_t count)
{
    assert(mutex_is_held(&discipline->terminal->lock));
    size_t moved = 0;
    while (moved < count) {
        size_t offset = discipline->tail % TERMINAL_INPUT_BYTES;
        size_t wanted = MIN(count - moved, TERMINAL_INPUT_BYTES - offset);
        size_t done = io_iter_write(iter, discipline->input + offset, wanted);
        WRITE_ONCE(discipline->tail, discipline->tail + done);
        moved += done;
        if (done < wanted) {
            break;
        }
    }
    return moved;
}

// Counts the bytes of the first line up to `limit`; *has_mark: an end-of-file mark follows them, which is used up with them.
static size_t measure_line_locked(const struct terminal_discipline *discipline, size_t limit,
                                  bool *has_mark)
{
    assert(mutex_is_held(&discipline->terminal->lock));
    size_t available = discipline->canonical_head - discipline->tail;
    *has_mark = false;
    for (size_t count = 0; count < available; count++) {
        size_t place = discipline->tail + count;
        bool is_end = bitmap_test(discipline->delimiters, place % TERMINAL_INPUT_BYTES);
        if (is_end && terminal_input_at(discipline, place) == 0) {
            *has_mark = true;
            return count;
        }
        if (count == limit) {
            return count;
        }
        if (is_end) {
            return count + 1;
        }
    }
    return MIN(available, limit);
}

// One line or the part of it that fits. Bytes, 0 for an end of file, -EFAULT, -EAGAIN when there is no line (any more).
static ssize_t take_line_locked(struct terminal *terminal, struct io_iter *iter)
{
    assert(mutex_is_held(&terminal->lock));
    struct terminal_discipline *discipline = terminal->discipline;
    if (discipline->canonical_head == discipline->tail) {
        return -EAGAIN;
    }
    bool has_mark;
    size_t count = measure_line_locked(discipline, io_iter_remaining(iter), &has_mark);
    size_t moved = take_bytes_locked(discipline, iter, count);
    if (moved == count && has_mark) {
        WRITE_ONCE(discipline->tail, discipline->tail + 1);
    }
    return moved == 0 && count != 0 ? -EFAULT : (ssize_t)moved;
}

// Without ICANON there are no lines: canonical_head goes along with the tail, so that line mode later finds none half taken.
static ssize_t take_locked(struct terminal *terminal, struct io_iter *iter, bool *is_canonical)
{
    assert(mutex_is_held(&terminal->lock));
    struct terminal_discipline *discipline = terminal->discipline;
    *is_canonical = terminal_has_local(terminal, ICANON);
    if (*is_canonical) {
        return take_line_locked(terminal, iter);
    }
    size_t count = MIN(discipline->head - discipline->tail, io_iter_remaining(iter));
    if (count == 0) {
        return -EAGAIN;
    }
    size_t moved = take_bytes_locked(discipline, iter, count);
    WRITE_ONCE(discipline->canonical_head, discipline->tail);
    return moved == 0 ? -EFAULT : (ssize_t)moved;
}

static ssize_t read_take(const struct read_request *request, bool *is_canonical)
{
    struct terminal *terminal = request->opened->terminal;
    mutex_lock(&terminal->lock);
    ssize_t count = take_locked(terminal, request->iter, is_canonical);
    mutex_unlock(&terminal->lock);
    terminal_resume_input(terminal);
    return count;
}

// ---- waiting -------------------------------------------------------------------------------------

// Settled when the read begins: VMIN and VTIME of a later change hold for the next one.
static void request_prepare(struct read_request *request)
{
    const struct terminal *terminal = request->opened->terminal;
    request->minimum = 0;
    request->interval_ns = 0;
    request->deadline_ns = UINT64_MAX;
    if (terminal_has_local(terminal, ICANON)) {
        return;
    }
    uint64_t time_ns = terminal->termios.c_cc[VTIME] * TENTH_OF_SECOND_MS * NS_PER_MS;
    request->minimum = terminal->termios.c_cc[VMIN];
    if (request->minimum != 0) {
        request->interval_ns = time_ns;
    } else {
        request->minimum = 1;
        request->deadline_ns = time_ns == 0 ? 0 : clock_monotonic_ns() + time_ns;
    }
}

// 0: there is input; -ETIMEDOUT: nothing comes any more (time is up, hung up); -EAGAIN, -ERESTARTSYS.
static int read_wait(const struct read_request *request)
{
    const struct terminal_file *opened = request->opened;
    struct terminal *terminal = opened->terminal;
    if (terminal_file_is_dead(opened)) {
        return -ETIMEDOUT; // even with input: it is for who opens the terminal now
    }
    if (terminal_has_input(terminal, false)) {
        return 0;
    }
    if (request->deadline_ns == 0) {
        return -ETIMEDOUT;
    }
    if (open_file_is_nonblocking(request->file)) {
        return -EAGAIN;
    }
    int error = WAIT_INTERRUPTIBLE_UNTIL(
        &terminal->readers, terminal_has_input(terminal, false) || terminal_file_is_dead(opened),
        request->deadline_ns);
    return error == 0 && terminal_file_is_dead(opened) ? -ETIMEDOUT : error;
}

static ssize_t read_until_satisfied(struct read_request *request)
{
    size_t moved = 0;
    ssize_t error = 0;
    while (io_iter_remaining(request->iter) != 0) {
        error = read_wait(request);
        if (error != 0) {
            break;
        }
        bool is_canonical;
        ssize_t count = read_take(request, &is_canonical);
        if (count == -EAGAIN) {
            continue; // another reader was faster
        }
        if (count < 0) {
            error = count;
            break;
        }
        moved += (size_t)count;
        if (is_canonical || moved >= request->minimum) {
            break;
        }
        if (request->interval_ns != 0) {
            request->deadline_ns = clock_monotonic_ns() + request->interval_ns;
        }
    }
    return moved != 0 || error == -ETIMEDOUT ? (ssize_t)moved : error;
}

ssize_t terminal_read(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)position;
    struct read_request request = {.file = file, .opened = file->private_data, .iter = iter};
    if (terminal_file_is_dead(request.opened)) {
        return 0;
    }
    int error = terminal_check_job(request.opened, false);
    if (error != 0) {
        return error;
    }
    request_prepare(&request);
    return read_until_satisfied(&request);
}

// ---- readiness -----------------------------------------------------------------------------------

// Both queues are entered before the first look: what happens in between wakes us.
unsigned terminal_poll(struct open_file *file, struct poll_context *context)
{
    const struct terminal_file *opened = file->private_data;
    struct terminal *terminal = opened->terminal;
    poll_wait(context, &terminal->readers);
    poll_wait(context, &terminal->writers);
    if (terminal_file_is_dead(opened)) {
        return POLLIN | POLLOUT | POLLERR | POLLHUP | POLLRDNORM | POLLWRNORM;
    }
    unsigned events = 0;
    if (terminal_has_input(terminal, true)) {
        events |= POLLIN | POLLRDNORM;
    }
    if (terminal_output_pending(terminal) < OUTPUT_LOW_BYTES) {
        events |= POLLOUT | POLLWRNORM;
    }
    return events;
}
