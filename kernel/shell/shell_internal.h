/*
 * What the parts of the shell share.
 */
#pragma once

#include "fs/fs_context.h"
#include "lib/compiler.h"
#include "lib/types.h"

enum { SHELL_LINE_BYTES = 512, SHELL_WORDS_MAX = 64 };

struct shell_command {
    const char *name;
    const char *usage;           /* arguments, for help */
    const char *summary;         /* one line */
    int least_words, most_words; /* including the name */
    void (*run)(int count, char *const *words);
};

/* Each group of commands is a table that ends with name == NULL. */
extern const struct shell_command shell_system_commands[];
extern const struct shell_command shell_file_commands[];
extern const struct shell_command shell_program_commands[];

/* Output to the console. shell_error writes "name: text of the error". */
void shell_print(const char *format, ...) printf_format(1, 2);
void shell_write(const char *bytes, size_t count);
void shell_error(const char *what, long error);

/* One byte of input, waiting for it; negative: the terminal hung up. */
int shell_read_byte(void);
/* A control command of the terminal on kernel memory (TCGETS, TIOCSPGRP...). */
long shell_terminal_control(unsigned command, void *data);

/* Reads a line with editing and history into `line` (SHELL_LINE_BYTES). Length, or negative at the end of input. */
long shell_edit_line(const char *prompt, char *line);

/* Splits in place: blanks separate, ' and " group, \ quotes. Number of words, or -EINVAL (unfinished quote), -E2BIG. */
int shell_split_words(char *line, char **words);

/* Mounts what the image's fstab names. */
void shell_mount_startup(void);

/* The shell's view of the tree. Pair begin and end. */
void shell_context_begin(struct fs_context *context);
void shell_context_end(struct fs_context *context);
