// Choosing the console by the command line; see console.h.
#include "device/console.h"

#include "device/terminal.h"
#include "lib/compiler.h"
#include "lib/string.h"
#include "log/boot_parameters.h"

static struct terminal *console; // [a] a reference

// Does the word name it ("ttyS0,115200")?
static bool word_is(const char *word, const char *name)
{
    size_t length = strlen(name);
    return strncmp(word, name, length) == 0 && (word[length] == '\0' || word[length] == ',');
}

static bool word_names(const char *word, const struct terminal *terminal)
{
    bool is_screen = strcmp(terminal->name, "tty1") == 0;
    return word_is(word, terminal->name) ||
           (is_screen && (word_is(word, "tty0") || word_is(word, "tty")));
}

// How late on the command line it is named: 0 for not at all.
static unsigned console_place(const struct terminal *terminal)
{
    unsigned place = boot_parameters.console_count;
    while (place > 0 && !word_names(boot_parameters.consoles[place - 1], terminal)) {
        place--;
    }
    return place;
}

void terminal_set_console(struct terminal *terminal)
{
    struct terminal *former = console;
    if (former != NULL && console_place(former) >= console_place(terminal)) {
        return;
    }
    terminal_get(terminal);
    WRITE_ONCE(console, terminal);
    if (former != NULL) {
        terminal_put(former);
    }
}

struct terminal *terminal_console(void)
{
    return READ_ONCE(console);
}

bool console_is_chosen(void)
{
    return boot_parameters.console_count != 0;
}

bool console_takes_log(const struct terminal *terminal)
{
    return !console_is_chosen() || terminal_console() == terminal || console_place(terminal) != 0;
}
