// Descriptors: small numbers to open files. Looked up without a lock, under RCU where several tasks share the table; changed under the
// table's lock. Grows up to the limit that the caller passes (RLIMIT_NOFILE).
#pragma once

#include "file/open_file.h"
#include "lib/compiler.h"

struct descriptor_table;

enum { DESCRIPTORS_MAX = 1 << 20 }; // no table holds more, whatever the limit

void descriptor_table_init(void);                                  // once, at boot
must_check struct descriptor_table *descriptor_table_create(void); // the first task's that has it
must_check struct descriptor_table *
descriptor_table_copy(struct descriptor_table *table);           // fork; NULL: no memory
bool descriptor_table_is_shared(struct descriptor_table *table); // several tasks have it
// References of who only looks into it (/proc, pidfd_getfd, kcmp): they change nothing for the tasks that have it.
void descriptor_table_get(struct descriptor_table *table);
void descriptor_table_put(struct descriptor_table *table);
// A task takes it as its own too, with a reference (CLONE_FILES), or gives its own up. The last one closes everything, whoever looks
// into it meanwhile; may sleep.
void descriptor_table_join(struct descriptor_table *table);
void descriptor_table_leave(struct descriptor_table *table);
// Leaves a table that was to be a new task's, or another program's, and was never used: a copy's files are put, but nothing is closed,
// so that nothing happens that closing brings about (locks, notifications).
void descriptor_table_discard(struct descriptor_table *table);

// The file with a reference; NULL: -EBADF. The table is the current task's.
must_check struct open_file *descriptor_get(struct descriptor_table *table, int number);
// The same in somebody else's table, of which the caller holds a reference (/proc, pidfd_getfd).
must_check struct open_file *descriptor_get_foreign(struct descriptor_table *table, int number);
// Is the descriptor that file's still? What hangs on a descriptor is given up when it is closed; who adds something meanwhile asks
// after that, and takes it back where the answer is no.
bool descriptor_is_file(struct descriptor_table *table, int number, const struct open_file *file);
// As descriptor_get, without a reference where the table is the current task's alone: pair with descriptor_release. The fast path of
// read and write.
struct descriptor_use {
    struct open_file *file;
    bool is_referenced;
};
must_check bool descriptor_borrow(struct descriptor_table *table, int number,
                                  struct descriptor_use *use);
static inline void descriptor_release(struct descriptor_use *use)
{
    if (use->is_referenced) {
        open_file_put(use->file);
    }
}

// Puts a file at the lowest free number >= minimum; consumes the reference on success. Number, -EMFILE, -ENOMEM.
must_check int descriptor_install(struct descriptor_table *table, struct open_file *file,
                                  int minimum, bool close_on_exec, uint64_t limit);
// A number alone, for a call that tells it to the user, or changes the world, before the file may be seen: until descriptor_fill nobody
// finds a file there, and nobody else gets the number. Each one reserved is filled or cancelled, by the task that reserved it and before
// its call ends. Number, -EMFILE, -ENOMEM.
must_check int descriptor_reserve(struct descriptor_table *table, int minimum, uint64_t limit);
void descriptor_fill(struct descriptor_table *table, int number, struct open_file *file,
                     bool close_on_exec); // consumes the reference
void descriptor_cancel(struct descriptor_table *table, int number);
// dup2: puts the file at exactly `number`, closing what was there; consumes the reference on success. Number, -EBADF (beyond limit),
// -EBUSY (reserved by another task), -ENOMEM.
must_check int descriptor_install_at(struct descriptor_table *table, struct open_file *file,
                                     int number, bool close_on_exec, uint64_t limit);
int descriptor_close(struct descriptor_table *table,
                     int number); // 0 or -EBADF; drops the record locks, and puts
void descriptor_close_range(struct descriptor_table *table, unsigned first, unsigned last,
                            bool only_mark_close_on_exec);
void descriptor_close_on_exec(struct descriptor_table *table);
int descriptor_get_flag(struct descriptor_table *table, int number); // 0, FD_CLOEXEC or -EBADF
int descriptor_set_flag(struct descriptor_table *table, int number,
                        bool close_on_exec); // 0 or -EBADF
// First open number >= from, or -1. For /proc/<pid>/fd.
int descriptor_next(struct descriptor_table *table, int from);
unsigned descriptor_capacity(struct descriptor_table *table); // FDSize
