/*
 * Commands on files: enough to look around without a program.
 */
#include "file/open_file.h"
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "process/process.h"
#include "shell/shell_internal.h"
#include "uapi/limits.h"

static char type_letter(uint32_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFDIR: return 'd';
    case S_IFLNK: return 'l';
    case S_IFCHR: return 'c';
    case S_IFBLK: return 'b';
    case S_IFIFO: return 'p';
    case S_IFSOCK: return 's';
    default: return '-';
    }
}

/* Names are collected first and looked at afterwards, since the directory is locked while it is read. */
struct name_list {
    struct directory_sink sink;
    char *text; /* NUL-terminated names one after the other */
    size_t used, size;
};

static bool name_list_add(struct directory_sink *sink, const char *name, size_t length,
                          uint64_t inode, unsigned type, uint64_t next_position)
{
    struct name_list *list = container_of(sink, struct name_list, sink);
    (void)inode;
    (void)type;
    (void)next_position;
    assert(list->used <= list->size);
    if (list->size - list->used < length + 1) {
        return false;
    }
    memcpy(list->text + list->used, name, length);
    list->text[list->used + length] = '\0';
    list->used += length + 1;
    return true;
}

static void print_status(const struct fs_context *context, const struct path *start,
                         const char *name)
{
    struct path path;
    struct uapi_stat status;
    int error = walk_path(context, start, name, 0, &path);
    if (error == 0) {
        error = vfs_status(&path, &status);
        path_put(&path);
    }
    if (error != 0) {
        shell_error(name, error);
        return;
    }
    char target[128] = "";
    if (S_ISLNK(status.st_mode)) {
        long length = vfs_read_link(context, start, name, target, sizeof(target));
        if (length < 0) {
            target[0] = '\0';
        } else {
            target[MIN((size_t)length, sizeof(target) - 1)] = '\0';
        }
    }
    shell_print("%c%03o %3llu %5u %5u %10lld %s%s%s\n", type_letter(status.st_mode),
                status.st_mode & 0777, (unsigned long long)status.st_nlink, status.st_uid,
                status.st_gid, (long long)status.st_size, name, target[0] != '\0' ? " -> " : "",
                target);
}

static void list_directory(const struct fs_context *context, struct open_file *directory)
{
    struct name_list list = {.sink.add = name_list_add, .size = 16384};
    struct path path;
    list.text = heap_alloc(list.size);
    if (list.text == NULL || !vfs_file_path(directory, &path)) {
        shell_error("ls", -ENOMEM);
        heap_free(list.text);
        return;
    }
    do {
        list.used = 0;
        mutex_lock(&directory->position_lock);
        int error = directory->ops->read_directory(directory, &list.sink);
        mutex_unlock(&directory->position_lock);
        if (error != 0) {
            shell_error("ls", error);
            break;
        }
        for (size_t at = 0; at < list.used; at += strlen(list.text + at) + 1) {
            print_status(context, &path, list.text + at);
        }
    } while (list.used != 0);
    heap_free(list.text);
}

static void command_ls(int count, char *const *words)
{
    const char *name = count == 2 ? words[1] : ".";
    struct fs_context context;
    struct open_file *file;
    shell_context_begin(&context);
    int error = vfs_open(&context, NULL, name, O_RDONLY | O_DIRECTORY, 0, &file);
    if (error == 0) {
        list_directory(&context, file);
        open_file_put(file);
    } else if (error == -ENOTDIR) {
        print_status(&context, NULL, name);
    } else {
        shell_error(name, error);
    }
    shell_context_end(&context);
}

static void print_file(const char *name, struct open_file *file)
{
    char piece[256];
    for (;;) {
        struct io_iter iter;
        io_iter_init_kernel(&iter, piece, sizeof(piece));
        ssize_t got = file_read(file, &iter);
        if (got <= 0) {
            if (got < 0) {
                shell_error(name, got);
            }
            return;
        }
        shell_write(piece, (size_t)got);
    }
}

static void command_cat(int count, char *const *words)
{
    struct fs_context context;
    shell_context_begin(&context);
    for (int i = 1; i < count; i++) {
        struct open_file *file;
        int error = vfs_open(&context, NULL, words[i], O_RDONLY, 0, &file);
        if (error != 0) {
            shell_error(words[i], error);
            continue;
        }
        print_file(words[i], file);
        open_file_put(file);
    }
    shell_context_end(&context);
}

static void command_cd(int count, char *const *words)
{
    struct fs_context context;
    struct path path;
    shell_context_begin(&context);
    int error =
        walk_path(&context, NULL, count == 2 ? words[1] : "/", WALK_FOLLOW | WALK_DIRECTORY, &path);
    shell_context_end(&context);
    if (error == 0) {
        error = fs_state_set_working_directory(task_current()->fs, &path);
    }
    if (error != 0) {
        shell_error(words[count - 1], error);
    }
}

static void command_pwd(int count, char *const *words)
{
    (void)count;
    (void)words;
    char *text = heap_alloc(PATH_MAX);
    if (text == NULL) {
        shell_error("pwd", -ENOMEM);
        return;
    }
    struct fs_context context;
    shell_context_begin(&context);
    long length = path_describe(&context.working_directory, &context.root, text, PATH_MAX, true);
    shell_context_end(&context);
    if (length < 0) {
        shell_error("pwd", length);
    } else {
        shell_print("%s\n", text);
    }
    heap_free(text);
}

static void command_mount(int count, char *const *words)
{
    struct fs_context context;
    struct path place;
    (void)count;
    shell_context_begin(&context);
    int error = walk_path(&context, NULL, words[2], WALK_FOLLOW | WALK_DIRECTORY, &place);
    shell_context_end(&context);
    if (error == 0) {
        error = mount_new(words[1], words[1], "", 0, &place);
        path_put(&place);
    }
    if (error != 0) {
        shell_error(words[2], error);
    }
}

const struct shell_command shell_file_commands[] = {
    {"ls", "[PATH]", "list a directory", 1, 2, command_ls},
    {"cat", "FILE...", "show files", 2, SHELL_WORDS_MAX, command_cat},
    {"cd", "[DIRECTORY]", "change the working directory", 1, 2, command_cd},
    {"pwd", "", "tell the working directory", 1, 1, command_pwd},
    {"mount", "TYPE DIRECTORY", "mount a file system by its type", 3, 3, command_mount},
    {0},
};
