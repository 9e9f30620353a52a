// The controls of a terminal, as a table. Changes ask job control first, as tcsetattr and its kin must for a background process.
#include "device/terminal_internal.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "uapi/capability.h"
#include "uapi/signal.h"

enum set_flag { SET_DRAIN = 1, SET_FLUSH = 2 };
enum { BREAK_NS = 250 * (int)NS_PER_MS, TENTH_NS = 100 * (int)NS_PER_MS };

static const struct terminal_file *opened_of(const struct open_file *file)
{
    return file->private_data;
}

static struct terminal *terminal_of(const struct open_file *file)
{
    return opened_of(file)->terminal;
}

// ---- attributes ----------------------------------------------------------------------------------

static long ioctl_get(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct terminal *terminal = terminal_of(file);
    mutex_lock(&terminal->lock);
    *(struct uapi_termios *)data = terminal->termios;
    mutex_unlock(&terminal->lock);
    return 0;
}

static long ioctl_get_2(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct terminal *terminal = terminal_of(file);
    struct uapi_termios2 *result = data;
    mutex_lock(&terminal->lock);
    memcpy(result, &terminal->termios, sizeof(terminal->termios));
    result->c_ispeed = terminal_rate(terminal);
    result->c_ospeed = terminal_rate(terminal);
    mutex_unlock(&terminal->lock);
    return 0;
}

static long ioctl_get_old(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct terminal *terminal = terminal_of(file);
    struct uapi_termio *result = data;
    mutex_lock(&terminal->lock);
    *result = (struct uapi_termio){
        .c_iflag = (uint16_t)terminal->termios.c_iflag,
        .c_oflag = (uint16_t)terminal->termios.c_oflag,
        .c_cflag = (uint16_t)terminal->termios.c_cflag,
        .c_lflag = (uint16_t)terminal->termios.c_lflag,
        .c_line = terminal->termios.c_line,
    };
    memcpy(result->c_cc, terminal->termios.c_cc, sizeof(result->c_cc));
    mutex_unlock(&terminal->lock);
    return 0;
}

static long set_prepare(struct open_file *file, unsigned how)
{
    int error = terminal_check_job(opened_of(file), true);
    if (error == 0 && (how & SET_DRAIN) != 0) {
        error = terminal_drain(terminal_of(file));
    }
    return error;
}

// `other_rate`: what BOTHER stands for from now on; NULL: as before.
static long set_all_attributes(struct open_file *file, const struct uapi_termios *new,
                               const uint32_t *other_rate, unsigned how)
{
    struct terminal *terminal = terminal_of(file);
    long error = set_prepare(file, how);
    if (error != 0) {
        return error;
    }
    mutex_lock(&terminal->lock);
    if ((how & SET_FLUSH) != 0) {
        terminal_flush_input_locked(terminal);
    }
    if (other_rate != NULL) {
        terminal->discipline->other_rate = *other_rate;
    }
    terminal_change_settings_locked(terminal, new);
    mutex_unlock(&terminal->lock);
    terminal_resume_input(terminal);
    return 0;
}

static long set_attributes(struct open_file *file, const struct uapi_termios *new, unsigned how)
{
    return set_all_attributes(file, new, NULL, how);
}

static long ioctl_set(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return set_attributes(file, data, 0);
}

static long ioctl_set_drained(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return set_attributes(file, data, SET_DRAIN);
}

static long ioctl_set_flushed(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return set_attributes(file, data, SET_DRAIN | SET_FLUSH);
}

static long set_attributes_2(struct open_file *file, const struct uapi_termios2 *new, unsigned how)
{
    struct uapi_termios plain;
    memcpy(&plain, new, sizeof(plain));
    if ((plain.c_cflag & CBAUD) != BOTHER) {
        return set_attributes(file, &plain, how);
    }
    uint32_t code = terminal_rate_to_code(new->c_ospeed);
    plain.c_cflag = (plain.c_cflag & ~(uint32_t)CBAUD) | code;
    return set_all_attributes(file, &plain, &new->c_ospeed, how);
}

static long ioctl_set_2(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return set_attributes_2(file, data, 0);
}

static long ioctl_set_2_drained(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return set_attributes_2(file, data, SET_DRAIN);
}

static long ioctl_set_2_flushed(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return set_attributes_2(file, data, SET_DRAIN | SET_FLUSH);
}

static uint32_t replace_low_half(uint32_t old, uint16_t low)
{
    return (old & 0xFFFF0000u) | low;
}

static long set_attributes_old(struct open_file *file, const struct uapi_termio *new, unsigned how)
{
    struct uapi_termios full;
    (void)ioctl_get(file, &full, 0);
    full.c_iflag = replace_low_half(full.c_iflag, new->c_iflag);
    full.c_oflag = replace_low_half(full.c_oflag, new->c_oflag);
    full.c_cflag = replace_low_half(full.c_cflag, new->c_cflag);
    full.c_lflag = replace_low_half(full.c_lflag, new->c_lflag);
    memcpy(full.c_cc, new->c_cc, sizeof(new->c_cc));
    return set_attributes(file, &full, how);
}

static long ioctl_set_old(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return set_attributes_old(file, data, 0);
}

static long ioctl_set_old_drained(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return set_attributes_old(file, data, SET_DRAIN);
}

static long ioctl_set_old_flushed(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return set_attributes_old(file, data, SET_DRAIN | SET_FLUSH);
}

// ---- window --------------------------------------------------------------------------------------

static long ioctl_get_window(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct terminal *terminal = terminal_of(file);
    mutex_lock(&terminal->lock);
    *(struct uapi_winsize *)data = terminal->window;
    mutex_unlock(&terminal->lock);
    return 0;
}

static long ioctl_set_window(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct terminal *terminal = terminal_of(file);
    mutex_lock(&terminal->lock);
    bool is_new = memcmp(&terminal->window, data, sizeof(terminal->window)) != 0;
    terminal->window = *(struct uapi_winsize *)data;
    mutex_unlock(&terminal->lock);
    if (is_new) {
        terminal_signal_foreground(terminal, SIGWINCH);
    }
    return 0;
}

// ---- queues and flow -----------------------------------------------------------------------------

// Asks job control first: a process in the background would else throw away what is typed for the foreground.
static long ioctl_flush(struct open_file *file, void *data, unsigned long argument)
{
    (void)data;
    struct terminal *terminal = terminal_of(file);
    int error = terminal_check_job(opened_of(file), true);
    if (error != 0 || argument > TCIOFLUSH) {
        return error != 0 ? error : -EINVAL;
    }
    mutex_lock(&terminal->lock);
    if (argument != TCOFLUSH) {
        terminal_flush_input_locked(terminal);
    }
    if (argument != TCIFLUSH) {
        terminal_flush_output_locked(terminal);
    }
    mutex_unlock(&terminal->lock);
    terminal_resume_input(terminal);
    return 0;
}

// Sends VSTOP or VSTART ahead of everything that waits.
static void send_flow_character(struct terminal *terminal, unsigned place)
{
    char byte = (char)terminal->termios.c_cc[place];
    if (byte != 0) {
        (void)terminal->driver->write(terminal, &byte, 1);
    }
}

// TCOOFF and TCOON hold and release our own output, TCIOFF and TCION ask the other end to stop and go on.
static long ioctl_flow(struct open_file *file, void *data, unsigned long argument)
{
    (void)data;
    struct terminal *terminal = terminal_of(file);
    int error = terminal_check_job(opened_of(file), true);
    if (error != 0) {
        return error;
    }
    mutex_lock(&terminal->lock);
    switch (argument) {
    case TCOOFF: terminal->discipline->is_output_off = true; break;
    case TCOON:
        terminal->discipline->is_output_off = false;
        terminal_start_output_locked(terminal);
        break;
    case TCIOFF: send_flow_character(terminal, VSTOP); break;
    case TCION: send_flow_character(terminal, VSTART); break;
    default: error = -EINVAL; break;
    }
    mutex_unlock(&terminal->lock);
    return error;
}

static int send_break(struct terminal *terminal, uint64_t duration_ns)
{
    if (terminal->driver->set_break == NULL) {
        return 0; // a line that cannot be broken
    }
    terminal->driver->set_break(terminal, true);
    int error = thread_sleep_until(clock_monotonic_ns() + duration_ns, true);
    terminal->driver->set_break(terminal, false);
    return error;
}

// tcdrain is TCSBRK with an argument, tcsendbreak without.
static long ioctl_break(struct open_file *file, void *data, unsigned long argument)
{
    (void)data;
    long error = set_prepare(file, SET_DRAIN);
    if (error == 0 && argument == 0) {
        error = send_break(terminal_of(file), BREAK_NS);
    }
    return error == -ERESTARTSYS ? -EINTR : error;
}

static long ioctl_break_tenths(struct open_file *file, void *data, unsigned long argument)
{
    (void)data;
    long error = set_prepare(file, SET_DRAIN);
    if (error == 0) {
        error = send_break(terminal_of(file), argument != 0 ? argument * TENTH_NS : BREAK_NS);
    }
    return error == -ERESTARTSYS ? -EINTR : error;
}

// Only at one's own terminal, or with privilege: who has another's open could else type commands into the shell that reads there.
static long ioctl_fake_input(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct terminal *terminal = terminal_of(file);
    const struct terminal_job_ops *job = terminal_job();
    struct terminal *own = job != NULL ? job->caller_terminal() : NULL;
    bool is_own = own == terminal;
    if (own != NULL) {
        terminal_put(own);
    }
    if (!is_own && !credentials_can(file->credentials, CAP_SYS_ADMIN)) {
        return -EPERM;
    }
    mutex_lock(&terminal->lock);
    terminal_receive_locked(terminal, *(const uint8_t *)data);
    terminal_push_output_locked(terminal);
    mutex_unlock(&terminal->lock);
    wait_queue_wake_all(&terminal->readers);
    return 0;
}

// ---- job control ---------------------------------------------------------------------------------

static long store_number(int number, void *data)
{
    if (number < 0) {
        return number;
    }
    *(int *)data = number;
    return 0;
}

static long ioctl_get_group(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    const struct terminal_job_ops *job = terminal_job();
    return job == NULL ? -ENOTTY : store_number(job->get_foreground(terminal_of(file)), data);
}

static long ioctl_get_session(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    const struct terminal_job_ops *job = terminal_job();
    return job == NULL ? -ENOTTY : store_number(job->get_session(terminal_of(file)), data);
}

static long ioctl_set_group(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    const struct terminal_job_ops *job = terminal_job();
    if (job == NULL) {
        return -ENOTTY;
    }
    int error = terminal_check_job(opened_of(file), true);
    if (error != 0) {
        return error == -EIO ? -ENOTTY : error;
    }
    return job->set_foreground(terminal_of(file), *(const int *)data);
}

static long ioctl_control(struct open_file *file, void *data, unsigned long argument)
{
    (void)data;
    const struct terminal_job_ops *job = terminal_job();
    return job == NULL ? -EPERM : job->set_controlling(terminal_of(file), argument == 1);
}

static long ioctl_give_up(struct open_file *file, void *data, unsigned long argument)
{
    (void)data;
    (void)argument;
    const struct terminal_job_ops *job = terminal_job();
    return job == NULL ? -ENOTTY : job->give_up_controlling(terminal_of(file));
}

// ---- the rest ------------------------------------------------------------------------------------

static long set_exclusive(struct terminal *terminal, bool is_exclusive)
{
    mutex_lock(&terminal->lock);
    WRITE_ONCE(terminal->discipline->is_exclusive, is_exclusive);
    mutex_unlock(&terminal->lock);
    return 0;
}

static long ioctl_exclusive(struct open_file *file, void *data, unsigned long argument)
{
    (void)data;
    (void)argument;
    return set_exclusive(terminal_of(file), true);
}

static long ioctl_not_exclusive(struct open_file *file, void *data, unsigned long argument)
{
    (void)data;
    (void)argument;
    return set_exclusive(terminal_of(file), false);
}

static long ioctl_get_exclusive(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return store_number(READ_ONCE(terminal_of(file)->discipline->is_exclusive), data);
}

static long ioctl_get_discipline(struct open_file *file, void *data, unsigned long argument)
{
    (void)file;
    (void)argument;
    return store_number(N_TTY, data);
}

static long ioctl_set_discipline(struct open_file *file, void *data, unsigned long argument)
{
    (void)file;
    (void)argument;
    return *(const int *)data == N_TTY ? 0 : -EINVAL;
}

static long ioctl_get_device(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    *(uint32_t *)data = terminal_of(file)->number;
    return 0;
}

static long ioctl_get_carrier(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return store_number((terminal_of(file)->termios.c_cflag & CLOCAL) != 0, data);
}

static long ioctl_hang_up(struct open_file *file, void *data, unsigned long argument)
{
    (void)data;
    (void)argument;
    if (!credentials_can(file->credentials, CAP_SYS_ADMIN)) {
        return -EPERM;
    }
    terminal_hang_up(terminal_of(file));
    return 0;
}

const struct ioctl_row terminal_ioctls[TERMINAL_IOCTL_COUNT] = {
    {TCGETS, 0, sizeof(struct uapi_termios), ioctl_get},
    {TCSETS, sizeof(struct uapi_termios), 0, ioctl_set},
    {TCSETSW, sizeof(struct uapi_termios), 0, ioctl_set_drained},
    {TCSETSF, sizeof(struct uapi_termios), 0, ioctl_set_flushed},
    {TIOCGWINSZ, 0, sizeof(struct uapi_winsize), ioctl_get_window},
    {TIOCSWINSZ, sizeof(struct uapi_winsize), 0, ioctl_set_window},
    {TIOCGPGRP, 0, sizeof(int), ioctl_get_group},
    {TIOCSPGRP, sizeof(int), 0, ioctl_set_group},
    {TIOCGSID, 0, sizeof(int), ioctl_get_session},
    {TIOCSCTTY, 0, 0, ioctl_control},
    {TIOCNOTTY, 0, 0, ioctl_give_up},
    {TCFLSH, 0, 0, ioctl_flush},
    {TCXONC, 0, 0, ioctl_flow},
    {TCSBRK, 0, 0, ioctl_break},
    {TCSBRKP, 0, 0, ioctl_break_tenths},
    {FIONREAD, 0, sizeof(int), terminal_ioctl_count_input},
    {TIOCOUTQ, 0, sizeof(int), terminal_ioctl_count_output},
    {TIOCMGET, 0, sizeof(int), terminal_ioctl_get_modem},
    {TIOCMSET, sizeof(int), 0, terminal_ioctl_set_modem},
    {TIOCMBIS, sizeof(int), 0, terminal_ioctl_raise_modem},
    {TIOCMBIC, sizeof(int), 0, terminal_ioctl_lower_modem},
    {TIOCSTI, 1, 0, ioctl_fake_input},
    {TIOCEXCL, 0, 0, ioctl_exclusive},
    {TIOCNXCL, 0, 0, ioctl_not_exclusive},
    {TIOCGEXCL, 0, sizeof(int), ioctl_get_exclusive},
    {TIOCGETD, 0, sizeof(int), ioctl_get_discipline},
    {TIOCSETD, sizeof(int), 0, ioctl_set_discipline},
    {TIOCGDEV, 0, sizeof(uint32_t), ioctl_get_device},
    {TIOCGSOFTCAR, 0, sizeof(int), ioctl_get_carrier},
    {TIOCVHANGUP, 0, 0, ioctl_hang_up},
    {TCGETS2, 0, sizeof(struct uapi_termios2), ioctl_get_2},
    {TCSETS2, sizeof(struct uapi_termios2), 0, ioctl_set_2},
    {TCSETSW2, sizeof(struct uapi_termios2), 0, ioctl_set_2_drained},
    {TCSETSF2, sizeof(struct uapi_termios2), 0, ioctl_set_2_flushed},
    {TCGETA, 0, sizeof(struct uapi_termio), ioctl_get_old},
    {TCSETA, sizeof(struct uapi_termio), 0, ioctl_set_old},
    {TCSETAW, sizeof(struct uapi_termio), 0, ioctl_set_old_drained},
    {TCSETAF, sizeof(struct uapi_termio), 0, ioctl_set_old_flushed},
};
