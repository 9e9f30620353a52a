// execve: what a program is started with, and the loaders.
#pragma once

#include "fs/fs_context.h"
#include "lib/compiler.h"
#include "lib/types.h"

struct open_file;

// How much of a program's memory lies at random places: the system's setting (kernel.randomize_va_space), all at first.
enum exec_randomness {
    EXEC_RANDOM_NOTHING,
    EXEC_RANDOM_PLACES, // but for where the heap begins
    EXEC_RANDOM_ALL,
};
int exec_randomness(void);
void exec_randomness_set(int wanted);

// Argument and environment strings, copied once into kernel pages. Linux's limits: 128 KiB a string (-E2BIG), a quarter of the stack
// limit in all.
struct exec_arguments;
must_check struct exec_arguments *exec_arguments_create(void);
void exec_arguments_destroy(struct exec_arguments *arguments);
// From user arrays of pointers (argv, envp may be NULL) or from kernel strings. 0, -EFAULT, -E2BIG, -ENOMEM.
must_check int exec_arguments_from_user(struct exec_arguments *arguments,
                                        const char __user *const __user *argv,
                                        const char __user *const __user *envp);
must_check int exec_arguments_from_kernel(struct exec_arguments *arguments, const char *const *argv,
                                          const char *const *envp);

// Replaces the current task's program. `start` as in vfs_open. 0: the user frame is set, the caller returns to user mode. -errno: the
// old program goes on. Past the point of no return a failure kills with SIGSEGV or SIGKILL.
must_check int exec_program(const struct path *start, const char *name, unsigned walk_flags,
                            struct exec_arguments *arguments);

// The program's path from address_space.executable (borrowed); false: there is none. For /proc/<pid>/exe.
bool executable_path(const struct backing *backing, struct path *path);
