// The two terminals that are names for another one: /dev/tty is the caller's controlling terminal, /dev/console the one that
// console= chose.
#include "device/device_internal.h"
#include "device/terminal_internal.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"

enum { TTY_MAJOR = 5 };

static int tty_open(struct device_node *node, struct open_file *file)
{
    (void)node;
    const struct terminal_job_ops *job = terminal_job();
    struct terminal *terminal = job != NULL ? job->caller_terminal() : NULL;
    if (terminal == NULL) {
        return -ENXIO;
    }
    int error = terminal_open(terminal, file);
    terminal_put(terminal);
    return error;
}

static int console_open(struct device_node *node, struct open_file *file)
{
    (void)node;
    struct terminal *terminal = terminal_console();
    return terminal == NULL ? -ENODEV : terminal_open_console(terminal, file);
}

static struct device_node terminal_nodes[] = {
    {
        .name = "tty",
        .kind = DEVICE_CHARACTER,
        .number = TTY_MAJOR << 8 | 0,
        .mode = 0666,
        .ops = &terminal_file_ops,
        .open = tty_open,
    },
    {
        .name = "console",
        .kind = DEVICE_CHARACTER,
        .number = TTY_MAJOR << 8 | 1,
        .mode = 0600,
        .ops = &terminal_file_ops,
        .open = console_open,
    },
};

void terminal_nodes_init(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(terminal_nodes); i++) {
        int error = device_node_publish(&terminal_nodes[i]);
        assert_always(error == 0); // the names are ours alone
    }
}
