/*
 * The shell's terminal: an open file on the console, used through the same operations as a program's.
 */
#include <stdarg.h>

#include "device/terminal.h"
#include "file/open_file.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "process/process.h"
#include "shell/console.h"
#include "shell/shell_internal.h"

static struct open_file *console_file; /* [o] the shell's thread */

int shell_console_open(void)
{
    struct terminal *terminal = terminal_console();
    if (terminal == NULL) {
        return -ENXIO;
    }
    struct open_file *file =
        open_file_create(&terminal_file_ops, O_RDWR, NULL, task_current()->credentials, NULL);
    if (file == NULL) {
        return -ENOMEM;
    }
    int error = terminal_open(terminal, file);
    if (error != 0) {
        open_file_put(file);
        return error;
    }
    console_file = file;
    return 0;
}

void shell_console_close(void)
{
    open_file_put(console_file);
    console_file = NULL;
}

/* A session that was given the terminal hangs it up at its end: the shell opens it again then, as a getty would. */
static struct open_file *live_console(void)
{
    assert(console_file != NULL);
    struct open_file *former = console_file;
    if (terminal_file_ops.is_dead(former) && shell_console_open() == 0) {
        open_file_put(former);
    }
    return console_file;
}

void shell_write(const char *bytes, size_t count)
{
    while (count != 0) {
        struct io_iter iter;
        io_iter_init_kernel(&iter, (void *)(uintptr_t)bytes, count);
        ssize_t written = file_write(live_console(), &iter);
        if (written <= 0) {
            return;
        }
        assert((size_t)written <= count);
        bytes += written;
        count -= (size_t)written;
    }
}

void shell_print(const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int length = format_string_v(text, sizeof(text), format, arguments);
    va_end(arguments);
    size_t written = MIN((size_t)length, sizeof(text) - 1);
    if (written < (size_t)length) {
        text[written - 1] = '\n'; /* what is too long still ends its line */
    }
    shell_write(text, written);
}

void shell_error(const char *what, long error)
{
    shell_print("%s: %s\n", what, errno_name((int)-error));
}

int shell_read_byte(void)
{
    char byte;
    struct io_iter iter;
    for (;;) {
        io_iter_init_kernel(&iter, &byte, 1);
        struct open_file *file = live_console();
        ssize_t got = file_read(file, &iter);
        if (got == 1) {
            return (unsigned char)byte;
        }
        if (got == 0 && terminal_file_ops.is_dead(file)) {
            continue;
        }
        if (got != -ERESTARTSYS || thread_is_killed()) {
            return -1;
        }
        /* A signal for pid 1 has no handler here: nothing to do but to go on reading. */
        signal_discard_pending();
        scheduler_yield();
    }
}

long shell_terminal_control(unsigned command, void *data)
{
    struct open_file *file = live_console();
    const struct ioctl_row *row = file_ioctl_find(file, command);
    return row == NULL ? -ENOTTY : row->handler(file, data, 0);
}

void shell_context_begin(struct fs_context *context)
{
    fs_context_begin(task_current(), context);
}

void shell_context_end(struct fs_context *context)
{
    fs_context_end(context);
}
