// `#!` scripts: the interpreter of the first line takes the script's place, at most five times over.
//
// The new arguments are: the interpreter's name, the rest of the line as one argument, the script's name, then the old ones without
// the first. A line that does not end within 256 bytes is cut off only if the interpreter's name is whole, as on Linux.
#include "fs/walk.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "process/exec_internal.h"

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

// Cuts the line in place into name and argument (NULL: none). 0 or -ENOEXEC; -EACCES where a file ends before it names anything: as if it
// named the working directory, as on Linux.
static int line_split(char *line, char **name, char **argument)
{
    char *end = strchr(line, '\n');
    bool is_cut = end == NULL;
    if (is_cut) {
        end = line + strlen(line);
    }
    while (end > line && is_blank(end[-1])) {
        end--;
    }
    char *start = line + 2;
    while (start < end && is_blank(*start)) {
        start++;
    }
    bool is_full = strlen(line) >= EXEC_SCRIPT_LINE - 1;
    if (start >= end) {
        return is_cut && !is_full ? -EACCES : -ENOEXEC;
    }
    char *name_end = start;
    while (name_end < end && !is_blank(*name_end)) {
        name_end++;
    }
    if (is_cut && name_end == end && is_full) {
        return -ENOEXEC;
    }
    *end = '\0';
    *name = start;
    *argument = NULL;
    if (name_end < end) {
        *name_end++ = '\0';
        while (is_blank(*name_end)) {
            name_end++;
        }
        *argument = name_end;
    }
    return 0;
}

// Puts a string in front of the ones that are there.
static void prefix_push(struct exec_arguments *arguments, const char *string)
{
    assert(arguments->prefix_count < EXEC_PREFIX_MAX);
    for (unsigned i = arguments->prefix_count; i > 0; i--) {
        arguments->prefix[i] = arguments->prefix[i - 1];
    }
    arguments->prefix[0] = string;
    arguments->prefix_count++;
}

static int script_enter(struct exec_call *call)
{
    struct exec_arguments *arguments = call->arguments;
    char *line = heap_copy_string(call->image.header, EXEC_SCRIPT_LINE - 1);
    char *name, *argument;
    if (line == NULL) {
        return -ENOMEM;
    }
    call->script_lines[call->script_depth++] = line;
    int error = line_split(line, &name, &argument);
    if (error != 0) {
        return error;
    }
    // From the second level on the script is what the last level pushed as its interpreter: it stays where it is.
    if (call->script_depth == 1) {
        arguments->first_is_dropped = true;
        prefix_push(arguments, call->name);
    }
    if (argument != NULL) {
        prefix_push(arguments, argument);
    }
    prefix_push(arguments, name);
    exec_image_close(&call->image);
    return exec_image_open(call, &call->image, NULL, name, WALK_FOLLOW);
}

int exec_resolve_scripts(struct exec_call *call)
{
    while (call->image.header_bytes >= 2 && call->image.header[0] == '#' &&
           call->image.header[1] == '!') {
        if (call->script_depth == EXEC_SCRIPT_DEPTH) {
            return -ELOOP;
        }
        int error = script_enter(call);
        if (error != 0) {
            return error;
        }
    }
    return 0;
}
