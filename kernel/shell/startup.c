/*
 * What the image wants mounted before the first prompt: the lines of its fstab(5). Without one nothing is mounted.
 */
#include "file/open_file.h"
#include "fs/vfs.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "process/descriptor_table.h"
#include "process/process.h"
#include "shell/shell_internal.h"

/* Where Linux programs keep it too; in the default image a link leads to /data/config. */
#define STARTUP_MOUNTS "/etc/fstab"

enum { STARTUP_BYTES_MAX = 4096, FIELDS_MAX = 6 };

static int mount_fields(const struct fs_context *context, char *const *fields)
{
    struct path place;
    int error = walk_path(context, NULL, fields[1], WALK_FOLLOW | WALK_DIRECTORY, &place);
    if (error == 0) {
        error = mount_new(fields[2], fields[0], "", 0, &place);
        path_put(&place);
    }
    return error;
}

/* "source place type options dump pass"; # opens a comment. */
static void mount_line(const struct fs_context *context, char *line)
{
    char *words[SHELL_WORDS_MAX + 1];
    int count = shell_split_words(line, words);
    if (count == 0 || (count > 0 && words[0][0] == '#')) {
        return;
    }
    int error = count < 3 || count > FIELDS_MAX ? -EINVAL : mount_fields(context, words);
    if (error != 0) {
        shell_error(count < 2 ? STARTUP_MOUNTS : words[1], error);
    }
}

static void mount_lines(const struct fs_context *context, char *text)
{
    while (text != NULL && *text != '\0') {
        char *end = strchr(text, '\n');
        if (end != NULL) {
            *end++ = '\0';
        }
        mount_line(context, text);
        text = end;
    }
}

/*
 * Programs inherit descriptors 0, 1 and 2. They were opened before /dev was mounted and name a file that is covered now, so that
 * ttyname(3) would not find it.
 */
static void reopen_console(const struct fs_context *context)
{
    struct open_file *file;
    if (vfs_open(context, NULL, "/dev/console", O_RDWR | O_NOCTTY, 0, &file) != 0) {
        return;
    }
    for (int number = 0; number < 3; number++) {
        struct descriptor_table *table = task_current()->descriptors;
        if (descriptor_install_at(table, open_file_get(file), number, false, RLIM_INFINITY) < 0) {
            open_file_put(file);
        }
    }
    open_file_put(file);
}

void shell_mount_startup(void)
{
    struct fs_context context;
    struct open_file *file;
    shell_context_begin(&context);
    int error = vfs_open(&context, NULL, STARTUP_MOUNTS, O_RDONLY, 0, &file);
    if (error == 0) {
        char *text = heap_alloc_zeroed(STARTUP_BYTES_MAX + 1);
        if (text != NULL && file_read_kernel(file, text, STARTUP_BYTES_MAX, 0) > 0) {
            mount_lines(&context, text);
            reopen_console(&context);
        }
        heap_free(text);
        open_file_put(file);
    } else if (error != -ENOENT) {
        shell_error(STARTUP_MOUNTS, error);
    }
    shell_context_end(&context);
}
