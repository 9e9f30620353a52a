/*
 * Splitting a command line into words.
 */
#include "lib/assert.h"
#include "lib/errno.h"
#include "shell/shell_internal.h"

/* Moves one word's characters together, without its quotes. Where the rest of the line begins, NULL for an unfinished quote. */
static char *take_word(char *from, char *to)
{
    char quote = '\0';
    for (; *from != '\0'; from++) {
        if (quote != '\0' && *from == quote) {
            quote = '\0';
        } else if (quote == '\0' && (*from == '\'' || *from == '"')) {
            quote = *from;
        } else if (quote == '\0' && (*from == ' ' || *from == '\t')) {
            from++;
            break;
        } else {
            if (*from == '\\' && quote != '\'' && from[1] != '\0') {
                from++;
            }
            *to++ = *from;
        }
    }
    *to = '\0';
    return quote == '\0' ? from : NULL;
}

// In place: a word never becomes longer by losing its quotes, so what is written stays behind what is read.
int shell_split_words(char *line, char **words)
{
    int count = 0;
    for (;;) {
        while (*line == ' ' || *line == '\t') {
            line++;
        }
        if (*line == '\0') {
            words[count] = NULL;
            return count;
        }
        if (count == SHELL_WORDS_MAX) {
            return -E2BIG;
        }
        assert(count < SHELL_WORDS_MAX);
        words[count++] = line;
        line = take_word(line, line);
        if (line == NULL) {
            return -EINVAL;
        }
    }
}
