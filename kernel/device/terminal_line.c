// Controls of a terminal that are about its line: how much waits on the way, and the modem's wires.
#include "device/terminal_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"

long terminal_ioctl_count_input(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct terminal *terminal = terminal_from_file(file);
    mutex_lock(&terminal->lock);
    *(int *)data = (int)terminal_input_count_locked(terminal);
    mutex_unlock(&terminal->lock);
    return 0;
}

long terminal_ioctl_count_output(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct terminal *terminal = terminal_from_file(file);
    mutex_lock(&terminal->lock); // both ends of the stage as of one moment
    *(int *)data = (int)terminal_output_pending(terminal);
    mutex_unlock(&terminal->lock);
    return 0;
}

long terminal_ioctl_get_modem(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    struct terminal *terminal = terminal_from_file(file);
    if (terminal->driver->get_modem == NULL) {
        return -ENOTTY;
    }
    *(int *)data = (int)terminal->driver->get_modem(terminal);
    return 0;
}

static long change_modem(struct open_file *file, unsigned raised, unsigned lowered)
{
    struct terminal *terminal = terminal_from_file(file);
    assert((raised & lowered) == 0);
    if (terminal->driver->change_modem == NULL) {
        return -ENOTTY;
    }
    terminal->driver->change_modem(terminal, raised & TERMINAL_MODEM_WIRES,
                                   lowered & TERMINAL_MODEM_WIRES);
    return 0;
}

long terminal_ioctl_set_modem(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    const unsigned bits = *(const unsigned *)data;
    return change_modem(file, bits, ~bits);
}

long terminal_ioctl_raise_modem(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return change_modem(file, *(const unsigned *)data, 0);
}

long terminal_ioctl_lower_modem(struct open_file *file, void *data, unsigned long argument)
{
    (void)argument;
    return change_modem(file, 0, *(const unsigned *)data);
}
