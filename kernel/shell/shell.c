/*
 * The shell's loop: a line, its words, a row of a table.
 */
#include "shell/shell.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/log.h"
#include "scheduler/thread.h"
#include "shell/console.h"
#include "shell/shell_internal.h"
#include "syscall/system_name.h"

static void command_help(int count, char *const *words);

static const struct shell_command shell_own_commands[] = {
    {"help", "[COMMAND]", "list the commands, or tell one's usage", 1, 2, command_help},
    {0},
};

static const struct shell_command *const command_tables[] = {
    shell_own_commands,
    shell_system_commands,
    shell_file_commands,
    shell_program_commands,
};

static const struct shell_command *find_command(const char *name)
{
    for (size_t table = 0; table < ARRAY_SIZE(command_tables); table++) {
        for (const struct shell_command *command = command_tables[table]; command->name != NULL;
             command++) {
            if (strcmp(command->name, name) == 0) {
                return command;
            }
        }
    }
    return NULL;
}

static void print_usage(const struct shell_command *command)
{
    shell_print("  %-10s %-22s %s\n", command->name, command->usage, command->summary);
}

static void command_help(int count, char *const *words)
{
    if (count == 2) {
        const struct shell_command *command = find_command(words[1]);
        if (command == NULL) {
            shell_print("help: no command '%s'\n", words[1]);
        } else {
            print_usage(command);
        }
        return;
    }
    for (size_t table = 0; table < ARRAY_SIZE(command_tables); table++) {
        for (const struct shell_command *command = command_tables[table]; command->name != NULL;
             command++) {
            print_usage(command);
        }
    }
}

static void run_line(char *line)
{
    char *words[SHELL_WORDS_MAX + 1];
    int count = shell_split_words(line, words);
    if (count < 0) {
        shell_print(count == -E2BIG ? "too many words\n" : "unfinished quote\n");
        return;
    }
    if (count == 0) {
        return;
    }
    assert(count <= SHELL_WORDS_MAX && words[count] == NULL);
    const struct shell_command *command = find_command(words[0]);
    if (command == NULL) {
        shell_print("%s: no such command; 'help' lists them, 'run' starts a program\n", words[0]);
    } else if (count < command->least_words || count > command->most_words) {
        shell_print("usage: %s %s\n", command->name, command->usage);
    } else {
        command->run(count, words);
    }
}

int shell_main(void)
{
    int error = shell_console_open();
    if (error != 0) {
        log_error("shell: no console to read commands from: %s", errno_name(-error));
        return 1;
    }
    shell_print("\nAstra " ASTRA_VERSION
                ". No init was started: this is the kernel shell. 'help' lists its commands.\n");
    shell_mount_startup();
    char line[SHELL_LINE_BYTES];
    while (!thread_is_killed() && shell_edit_line("astra> ", line) >= 0) {
        run_line(line);
    }
    shell_console_close();
    return 0;
}
