// Generated trees: file systems whose files are made from live state by tables (procfs, sysfs,
// KernelFS). A directory is a table of rows plus, where the children are live objects (processes,
// descriptors), a pair of functions.
#pragma once

#include "fs/mount.h"
#include "fs/vnode.h"
#include "lib/text.h"
#include "uapi/limits.h"

struct generated_node;
struct process;

// Identifies what a generated file is about: filled by the directory that made it; key[0] is e.g. a
// pid, key[1] a descriptor.
struct generated_key {
    uint64_t value[2];
};

enum { GENERATED_MORE = 1 }; // there are more records than fitted

// One row of a directory table.
struct generated_row {
    const char *name;
    uint32_t mode; // S_IFREG|0444, S_IFDIR|0555, S_IFLNK|0777
    // Regular file: writes the whole text into `text` (a growing buffer: what does not fit is asked
    // for again, larger). 0 or -errno (-ESRCH: the object is gone). Runs at the first read of an
    // open file and again after a seek to 0.
    int (*show)(const struct generated_key *key, struct text_buffer *text);
    // Regular file of records, in place of show, where all of them may be too much to be made at
    // once: adds those from *cursor on (0 at first), and moves *cursor behind each that fitted. What
    // was added of one that did not is taken off again. 0: they end here, GENERATED_MORE, or -errno.
    int (*show_records)(const struct generated_key *key, uint64_t *cursor,
                        struct text_buffer *text);
    // Regular file: called at open; *token becomes the key's second value for what this open file
    // shows or does. 0 or the error of the open.
    int (*bind)(const struct generated_key *key, uint64_t *token);
    // Regular file, writable: gets what one write(2) brought. Bytes taken or -errno.
    ssize_t (*store)(const struct generated_key *key, const char *data, size_t bytes);
    // Link: target as text, or a jump.
    long (*read_link)(const struct generated_key *key, char *text, size_t size);
    int (*follow)(const struct generated_key *key, struct path *result);
    const struct generated_directory *directory; // S_IFDIR
    // Its own file operations, where text is not enough (/proc/<pid>/mem); NULL: by show and store.
    // The token of its bind stands in private_data, which is not theirs then.
    const struct file_ops *ops;
    uint64_t
        size; // what stat shows: 4096 of sysfs's files, 64 of descriptors' links, else 0 as a rule
};

// A live child as a directory tells it while it is read.
struct generated_child {
    char name[NAME_MAX + 1];
    const struct generated_row *row;
    struct generated_key key;
};

struct generated_directory {
    const struct generated_row *rows; // ends with name == NULL
    bool remembers_missing; // a name that is not there never comes, so the answer may be cached
    // Live children, both or none. look_up: 0 and the row and key for that name, -ENOENT. next: the
    // first child whose cursor is greater than *cursor: writes its name, sets *cursor; -ENOENT at
    // the end. Both tell the same row and key of a child, which make its inode number.
    int (*look_up)(const struct generated_key *key, const char *name, size_t length,
                   const struct generated_row **row, struct generated_key *child_key);
    int (*next)(const struct generated_key *key, uint64_t *cursor, struct generated_child *child);
    // Does the object of a cached name still exist? Asked at each walk through a live child. NULL:
    // always.
    bool (*is_valid)(const struct generated_key *key);
    // Owner of live children and what is below (uid of the process). NULL: root.
    void (*owner)(const struct generated_key *key, uint32_t *uid, uint32_t *gid);
    // The process that this folder itself stands for: 0 and a reference, -ESRCH. NULL: none.
    int (*process)(const struct generated_key *key, struct process **process);
};

// Makes an instance whose root is `directory`; for use in a file_system_type's mount.
must_check int generated_mount(const struct file_system_type *type,
                               const struct generated_directory *directory,
                               struct file_system **result);
// The row and key behind an open file that uses its own ops; with the token of its bind.
const struct generated_row *generated_file_row(const struct open_file *file,
                                               struct generated_key *key);
// The process that an open folder stands for, with a reference. -ESRCH: it has gone; -EBADF: the file is
// no such folder.
must_check int generated_folder_process(const struct open_file *file, struct process **process);
