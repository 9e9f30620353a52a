/*
 * What every call on a name needs: the text copied in once, the place to start from, and the task's view of the tree.
 */
#pragma once

#include "fs/vfs.h"
#include "lib/compiler.h"
#include "lib/types.h"
#include "process/descriptor_table.h"

struct name_call {
    struct fs_context context;
    char *name;                   /* owned */
    struct path start_path;       /* borrowed from start_file */
    const struct path *start;     /* NULL: the working directory */
    struct open_file *start_file; /* a reference, or NULL */
};

/*
 * Copies the name in and finds where it starts: `directory` is a descriptor or AT_FDCWD. 0, -EFAULT, -ENAMETOOLONG, -ENOMEM,
 * -EBADF, -ENOTDIR. name_call_end is needed on success only.
 */
must_check int name_call_begin(struct name_call *call, int directory, const char __user *name);
void name_call_end(struct name_call *call);

/*
 * The same and the walk: for calls on what exists. `flags` are WALK_*. With WALK_EMPTY and an empty name, the descriptor itself
 * is meant (any kind of file that has a path). *result holds references.
 */
must_check int name_call_walk(int directory, const char __user *name, unsigned flags,
                              struct name_call *call, struct path *result);

/*
 * The same for a name whose first byte, not 0, was read already, so that no byte of it is read twice.
 */
must_check int name_call_walk_after(char first, int directory, const char __user *name,
                                    unsigned flags, struct name_call *call, struct path *result);

/* A second name of the same call (rename, link). Shares nothing with the first. */
char *path_text_alloc(void);
void path_text_free(char *text);
must_check int path_text_copy_in(const char __user *name, char **text);

/* The path of a descriptor, with references; -EBADF, -EINVAL for files without one. */
must_check int descriptor_path(int descriptor, struct path *path);

/* Turns AT_* flags into WALK_* ones: AT_SYMLINK_NOFOLLOW, AT_EMPTY_PATH, AT_NO_AUTOMOUNT. */
unsigned walk_flags_from_at(int at_flags);
