// Terminals as objects: their life, the files opened on them, job control's questions, and hang-up.
//
// The discipline itself is in terminal_input.c, terminal_echo.c, terminal_erase.c, terminal_output.c, terminal_read.c; settings
// and controls in terminal_settings.c and terminal_ioctl.c. POSIX.1 chapter 11, General Terminal Interface.
#include "device/terminal.h"

#include "device/terminal_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "uapi/capability.h"
#include "uapi/signal.h"

static const struct terminal_job_ops *job_ops; // [I] set once

// ---- life ----------------------------------------------------------------------------------------

static struct terminal_discipline *discipline_create(struct terminal *terminal)
{
    struct terminal_discipline *discipline = heap_alloc_zeroed(sizeof(*discipline));
    if (discipline != NULL) {
        discipline->terminal = terminal;
        work_init(&discipline->work, terminal_process_input);
        mutex_init(&discipline->write_lock, LOCK_RANK_TERMINAL);
        spin_init(&discipline->raw_lock, LOCK_RANK_DEVICE_STATE);
        ring_init(&discipline->raw, discipline->raw_bytes, TERMINAL_RAW_BYTES);
    }
    return discipline;
}

struct terminal *terminal_create(const struct terminal_driver *driver, void *driver_data,
                                 const char *name, uint32_t number)
{
    struct terminal *terminal = heap_alloc_zeroed(sizeof(*terminal));
    if (terminal == NULL) {
        return NULL;
    }
    terminal->discipline = discipline_create(terminal);
    if (terminal->discipline == NULL) {
        heap_free(terminal);
        return NULL;
    }
    refcount_init(&terminal->references, 1);
    terminal->driver = driver;
    terminal->driver_data = driver_data;
    (void)strscpy(terminal->name, name, sizeof(terminal->name));
    terminal->number = number;
    mutex_init(&terminal->lock, LOCK_RANK_TERMINAL);
    wait_queue_init(&terminal->readers);
    wait_queue_init(&terminal->writers);
    terminal->termios = terminal_default_settings;
    return terminal;
}

void terminal_set_onlooker(struct terminal *terminal,
                           void (*onlooker)(const char *bytes, size_t count))
{
    terminal->onlooker = onlooker;
}

void terminal_get(struct terminal *terminal)
{
    refcount_get(&terminal->references);
}

void terminal_put(struct terminal *terminal)
{
    if (!refcount_put(&terminal->references)) {
        return;
    }
    work_flush(); // the driver is gone, so nothing queues the work again
    if (terminal->foreground_group != NULL) {
        id_put(terminal->foreground_group);
    }
    if (terminal->session != NULL) {
        id_put(terminal->session);
    }
    heap_free(terminal->discipline);
    heap_free(terminal);
}

// ---- job control ---------------------------------------------------------------------------------

void terminal_set_job_ops(const struct terminal_job_ops *ops)
{
    assert(job_ops == NULL);
    job_ops = ops;
}

const struct terminal_job_ops *terminal_job(void)
{
    return job_ops;
}

int terminal_check_job(const struct terminal_file *file, bool is_write)
{
    if (job_ops == NULL || file->is_console) {
        return 0;
    }
    return job_ops->may_access(file->terminal, is_write);
}

// A reference to what the slot names now, or NULL. The slot is changed under the process tree's lock; ids outlive RCU readers.
static struct id *id_from_slot(struct id *const *slot)
{
    rcu_read_lock();
    struct id *id = rcu_dereference(*slot);
    if (id != NULL && !refcount_get_unless_zero(&id->references)) {
        id = NULL;
    }
    rcu_read_unlock();
    return id;
}

static void signal_slot(struct id *const *slot, int signal)
{
    struct id *group = id_from_slot(slot);
    if (group != NULL) {
        if (job_ops != NULL) {
            job_ops->signal_group(group, signal);
        }
        id_put(group);
    }
}

void terminal_signal_foreground(struct terminal *terminal, int signal)
{
    signal_slot(&terminal->foreground_group, signal);
}

// ---- hang-up -------------------------------------------------------------------------------------

void terminal_end_files(struct terminal *terminal)
{
    if (!READ_ONCE(terminal->discipline->is_flow_stopped)) {
        terminal_finish_output(terminal);
    }
    mutex_lock(&terminal->lock);
    (void)atomic32_add(&terminal->hang_ups, 1);
    terminal_flush_input_locked(terminal);
    terminal_push_output_locked(terminal); // what the line takes at once is not lost
    terminal_flush_output_locked(terminal);
    WRITE_ONCE(terminal->discipline->is_exclusive, false);
    mutex_unlock(&terminal->lock);
    wait_queue_wake_all(&terminal->readers);
    wait_queue_wake_all(&terminal->writers);
}

void terminal_hang_up(struct terminal *terminal)
{
    terminal_end_files(terminal);
    signal_slot(&terminal->session, SIGHUP);
    signal_slot(&terminal->session, SIGCONT);
    bool is_other = READ_ONCE(terminal->foreground_group) != READ_ONCE(terminal->session);
    if (is_other) {
        terminal_signal_foreground(terminal, SIGHUP);
        terminal_signal_foreground(terminal, SIGCONT);
    }
    if (terminal->driver->hang_up != NULL) {
        terminal->driver->hang_up(terminal);
    }
}

void terminal_hang_up_callers(void)
{
    struct terminal *terminal = job_ops != NULL ? job_ops->caller_terminal() : NULL;
    if (terminal != NULL) {
        terminal_hang_up(terminal);
        terminal_put(terminal);
    }
}

bool terminal_file_is_dead(const struct terminal_file *file)
{
    return !file->is_console && atomic32_load(&file->terminal->hang_ups) != file->hang_ups;
}

// ---- opened terminals ----------------------------------------------------------------------------

// Opening makes it the controlling terminal of a session that has none, if the caller leads it; failing there is no error.
static void terminal_maybe_control(struct terminal *terminal, const struct open_file *file)
{
    bool wants = (file->flags & O_NOCTTY) == 0 && open_file_can_read(file);
    if (job_ops == NULL || !wants || !job_ops->caller_is_session_leader() ||
        READ_ONCE(terminal->session) != NULL) {
        return;
    }
    struct terminal *present = job_ops->caller_terminal();
    if (present != NULL) {
        terminal_put(present);
        return;
    }
    (void)!job_ops->set_controlling(terminal, false);
}

// The count of hang-ups is taken at the open: a file is dead once the terminal has a higher one.
static int terminal_attach(struct terminal *terminal, struct open_file *file, bool is_console)
{
    if (READ_ONCE(terminal->discipline->is_exclusive) &&
        !credentials_can(file->credentials, CAP_SYS_ADMIN)) {
        return -EBUSY;
    }
    struct terminal_file *opened = heap_alloc_zeroed(sizeof(*opened));
    if (opened == NULL) {
        return -ENOMEM;
    }
    terminal_get(terminal);
    opened->terminal = terminal;
    opened->hang_ups = atomic32_load(&terminal->hang_ups);
    opened->is_console = is_console;
    file->private_data = opened;
    file->ops = &terminal_file_ops;
    return 0;
}

int terminal_open(struct terminal *terminal, struct open_file *file)
{
    int error = terminal_attach(terminal, file, false);
    if (error == 0) {
        terminal_maybe_control(terminal, file);
    }
    return error;
}

int terminal_open_console(struct terminal *terminal, struct open_file *file)
{
    return terminal_attach(terminal, file, true);
}

static void terminal_release(struct open_file *file)
{
    struct terminal_file *opened = file->private_data;
    if (opened != NULL) { // an open that failed has none
        terminal_put(opened->terminal);
        heap_free(opened);
    }
}

static bool terminal_is_dead(const struct open_file *file)
{
    return terminal_file_is_dead(file->private_data);
}

struct terminal *terminal_from_file(struct open_file *file)
{
    if (file->ops != &terminal_file_ops || file->private_data == NULL) {
        return NULL;
    }
    return ((struct terminal_file *)file->private_data)->terminal;
}

const struct file_ops terminal_file_ops = {
    .name = "terminal",
    .flags = FILE_OPS_STREAM,
    .read = terminal_read,
    .write = terminal_write,
    .poll = terminal_poll,
    .ioctls = terminal_ioctls,
    .ioctl_count = TERMINAL_IOCTL_COUNT,
    .is_dead = terminal_is_dead,
    .release = terminal_release,
};
