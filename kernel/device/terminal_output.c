// The line discipline's output: OPOST, the stage of processed bytes, flow control, and the write operation.
//
// Processed bytes go into the stage and from there to the driver, at once unless output is stopped; a driver that keeps up leaves
// the stage empty. Writers wait for room in the stage. One write call's bytes stay together: it holds
// write_lock throughout and the terminal's mutex for a chunk at a time, so that echo comes between chunks.
#include "device/terminal_internal.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "uapi/poll.h"

enum { WRITE_CHUNK_BYTES = 256 };

// ---- the stage -----------------------------------------------------------------------------------

size_t terminal_output_pending(const struct terminal *terminal)
{
    const struct terminal_discipline *discipline = terminal->discipline;
    return READ_ONCE(discipline->output_end) - READ_ONCE(discipline->output_start);
}

size_t terminal_output_room(const struct terminal *terminal)
{
    return TERMINAL_OUTPUT_BYTES - terminal_output_pending(terminal);
}

// The driver takes what it can; the rest waits for terminal_output_ready. Where it took all, both ends go back to 0, so that the
// stage hardly ever has to be moved.
void terminal_push_output_locked(struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    struct terminal_discipline *discipline = terminal->discipline;
    size_t count = terminal_output_pending(terminal);
    if (count == 0 || discipline->is_flow_stopped || discipline->is_output_off) {
        return;
    }
    const char *bytes = discipline->output + discipline->output_start;
    size_t taken = terminal->driver->write(terminal, bytes, count);
    if (terminal->onlooker != NULL) {
        terminal->onlooker(bytes, taken);
    }
    WRITE_ONCE(discipline->output_start, discipline->output_start + taken);
    if (taken == count) {
        WRITE_ONCE(discipline->output_end, 0);
        WRITE_ONCE(discipline->output_start, 0);
    }
    if (taken != 0) {
        wait_queue_wake(&terminal->writers, POLLOUT | POLLWRNORM, ~0u);
    }
}

void terminal_output_ready(struct terminal *terminal)
{
    mutex_lock(&terminal->lock);
    terminal_push_output_locked(terminal);
    mutex_unlock(&terminal->lock);
}

void terminal_flush_output_locked(struct terminal *terminal)
{
    assert(mutex_is_held(&terminal->lock));
    WRITE_ONCE(terminal->discipline->output_end, 0);
    WRITE_ONCE(terminal->discipline->output_start, 0);
    wait_queue_wake(&terminal->writers, POLLOUT | POLLWRNORM, ~0u);
}

// Makes room for `bytes` at the end of the stage. False: output is stopped and the stage full.
static bool stage_reserve(struct terminal *terminal, size_t bytes)
{
    struct terminal_discipline *discipline = terminal->discipline;
    if (TERMINAL_OUTPUT_BYTES - discipline->output_end >= bytes) {
        return true;
    }
    terminal_push_output_locked(terminal);
    size_t pending = terminal_output_pending(terminal);
    memmove(discipline->output, discipline->output + discipline->output_start, pending);
    discipline->output_start = 0;
    discipline->output_end = pending;
    return TERMINAL_OUTPUT_BYTES - pending >= bytes;
}

static void stage_put(struct terminal_discipline *discipline, uint8_t byte)
{
    discipline->output[discipline->output_end] = (char)byte;
    WRITE_ONCE(discipline->output_end, discipline->output_end + 1);
}

// ---- OPOST ---------------------------------------------------------------------------------------

static void output_newline(struct terminal *terminal)
{
    struct terminal_discipline *discipline = terminal->discipline;
    if (terminal_has_output_flag(terminal, ONLRET)) {
        discipline->column = 0;
    }
    if (terminal_has_output_flag(terminal, ONLCR)) {
        discipline->column = 0;
        stage_put(discipline, '\r');
    }
    discipline->canonical_column = discipline->column;
    stage_put(discipline, '\n');
}

static void output_return(struct terminal *terminal)
{
    struct terminal_discipline *discipline = terminal->discipline;
    if (terminal_has_output_flag(terminal, ONOCR) && discipline->column == 0) {
        return;
    }
    bool becomes_newline = terminal_has_output_flag(terminal, OCRNL);
    if (!becomes_newline || terminal_has_output_flag(terminal, ONLRET)) {
        discipline->column = 0;
        discipline->canonical_column = 0;
    }
    stage_put(discipline, becomes_newline ? '\n' : '\r');
}

static void output_tab(struct terminal *terminal)
{
    struct terminal_discipline *discipline = terminal->discipline;
    unsigned spaces = TERMINAL_TAB_WIDTH - discipline->column % TERMINAL_TAB_WIDTH;
    discipline->column += spaces;
    if ((terminal->termios.c_oflag & TABDLY) != XTABS) {
        stage_put(discipline, '\t');
        return;
    }
    for (unsigned i = 0; i < spaces; i++) {
        stage_put(discipline, ' ');
    }
}

static void output_plain(struct terminal *terminal, uint8_t byte)
{
    struct terminal_discipline *discipline = terminal->discipline;
    if (byte == '\b') {
        discipline->column -= discipline->column > 0 ? 1 : 0;
    } else if (!terminal_is_control(byte) && !terminal_is_continuation(terminal, byte)) {
        discipline->column++;
    }
    if (terminal_is_lower(byte) && terminal_has_output_flag(terminal, OLCUC)) {
        byte = (uint8_t)(byte - ('a' - 'A'));
    }
    stage_put(discipline, byte);
}

// All of a character's output or nothing: room for the longest is made first, so that no half of a tab, and no return without its
// newline, is left when the stage is full.
bool terminal_output_char_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    if (!stage_reserve(terminal, TERMINAL_EXPANSION_MAX)) {
        return false;
    }
    if (!terminal_has_output_flag(terminal, OPOST)) {
        stage_put(terminal->discipline, byte);
        return true;
    }
    switch (byte) {
    case '\n': output_newline(terminal); break;
    case '\r': output_return(terminal); break;
    case '\t': output_tab(terminal); break;
    default: output_plain(terminal, byte); break;
    }
    return true;
}

bool terminal_output_raw_locked(struct terminal *terminal, uint8_t byte)
{
    assert(mutex_is_held(&terminal->lock));
    if (!stage_reserve(terminal, 1)) {
        return false;
    }
    stage_put(terminal->discipline, byte);
    return true;
}

// ---- write ---------------------------------------------------------------------------------------

// Processes what fits. Number of bytes used up.
static size_t write_chunk(struct terminal *terminal, const char *bytes, size_t count)
{
    size_t used = 0;
    mutex_lock(&terminal->lock);
    while (used < count && terminal_output_char_locked(terminal, (uint8_t)bytes[used])) {
        used++;
    }
    terminal_push_output_locked(terminal);
    mutex_unlock(&terminal->lock);
    return used;
}

static int write_wait(const struct terminal_file *opened, bool is_nonblocking)
{
    struct terminal *terminal = opened->terminal;
    if (is_nonblocking) {
        return -EAGAIN;
    }
    return WAIT_INTERRUPTIBLE(&terminal->writers,
                              terminal_file_is_dead(opened) ||
                                  terminal_output_room(terminal) >= TERMINAL_EXPANSION_MAX);
}

// The program's bytes are copied without the terminal's mutex, since that may fault; those for which there was no room are copied
// again after the wait.
static ssize_t write_all(const struct terminal_file *opened, struct io_iter *iter,
                         bool is_nonblocking)
{
    char chunk[WRITE_CHUNK_BYTES];
    size_t moved = 0;
    int error = 0;
    while (error == 0 && io_iter_remaining(iter) != 0) {
        if (terminal_file_is_dead(opened)) {
            error = -EIO;
            break;
        }
        if (thread_is_interrupted()) {
            error = -ERESTARTSYS;
            break;
        }
        size_t count = io_iter_read(iter, chunk, MIN(io_iter_remaining(iter), sizeof(chunk)));
        if (count == 0) {
            error = -EFAULT;
            break;
        }
        size_t used = write_chunk(opened->terminal, chunk, count);
        moved += used;
        if (used < count) {
            io_iter_rewind(iter, count - used);
            error = write_wait(opened, is_nonblocking);
        }
    }
    return moved != 0 ? (ssize_t)moved : error;
}

// Takes write_lock, and gives it back after the bytes. 0 bytes only for an empty write.
static ssize_t write_together(const struct terminal_file *opened, struct io_iter *iter,
                              bool is_nonblocking)
{
    struct mutex *lock = &opened->terminal->discipline->write_lock;
    if (is_nonblocking) {
        if (!mutex_try_lock(lock)) {
            return -EAGAIN;
        }
    } else if (mutex_lock_interruptible(lock) != 0) {
        return -ERESTARTSYS;
    }
    ssize_t result = write_all(opened, iter, is_nonblocking);
    mutex_unlock(lock);
    return result;
}

ssize_t terminal_write(struct open_file *file, struct io_iter *iter, uint64_t *position)
{
    (void)position;
    const struct terminal_file *opened = file->private_data;
    struct terminal *terminal = opened->terminal;
    if (terminal_file_is_dead(opened)) {
        return -EIO;
    }
    int error = terminal_has_local(terminal, TOSTOP) ? terminal_check_job(opened, true) : 0;
    if (error != 0) {
        return error;
    }
    return write_together(opened, iter, open_file_is_nonblocking(file));
}

int terminal_drain(struct terminal *terminal)
{
    uint32_t hang_ups = atomic32_load(&terminal->hang_ups);
    return WAIT_INTERRUPTIBLE(&terminal->writers,
                              terminal_output_pending(terminal) == 0 ||
                                  atomic32_load(&terminal->hang_ups) != hang_ups);
}

void terminal_finish_output(struct terminal *terminal)
{
    uint64_t deadline = clock_monotonic_ns() + NS_PER_SECOND;
    (void)WAIT_UNTIL(&terminal->writers, terminal_output_pending(terminal) == 0, deadline);
}
