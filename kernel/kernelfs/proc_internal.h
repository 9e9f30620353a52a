/*
 * What the files of procfs share. A key's first value is the process's number, the second a descriptor's where there is one.
 */
#pragma once

#include "fs/generated.h"
#include "lib/assert.h"
#include "lib/compiler.h"
#include "lib/types.h"
#include "scheduler/id.h"

struct process;
struct task;
struct address_space;
struct descriptor_table;

extern const struct generated_row proc_process_row; /* the directory of one process */
extern const struct generated_directory proc_process_directory;
extern const struct generated_directory proc_fd_directory;
extern const struct generated_directory proc_fdinfo_directory;
extern const struct file_ops proc_memory_ops;
extern const struct file_ops proc_pagemap_ops;
extern const struct generated_directory proc_sys_directory;
extern const struct generated_directory proc_sysv_directory;
extern const struct generated_directory proc_mqueue_directory;

struct open_file;

/* A decimal number as the kernel writes those of processes and descriptors, without leading zeros; -ENOENT: not one. */
must_check int proc_number_from_name(const char *name, size_t length);

static inline int proc_key_pid(const struct generated_key *key)
{
    assert(key->value[0] > 0 && key->value[0] < ID_MAX);
    return (int)key->value[0];
}

/* References to parts of a living process; NULL where it is gone, a zombie, or (space) runs in the kernel only. */
must_check struct address_space *proc_space_get(int number);
must_check struct descriptor_table *proc_descriptors_get(int number);

/*
 * The task of that process, with a reference and with exec kept out, so that what the caller takes belongs to the program that may be
 * looked into: -EACCES, -ESRCH else. May sleep.
 */
must_check int proc_inspect_begin(int number, struct task **task);
void proc_inspect_end(struct task *task);

/* May the current task look into that process (memory, links)? 0, -EACCES, -ESRCH: ptrace(2)'s access rule for reading. */
must_check int proc_may_inspect(int number);

/* The space of a process that may be inspected; NULL with 0: it has none (any more). */
must_check int proc_inspected_space_get(const struct generated_key *key,
                                        struct address_space **space);

/* The links exe, cwd and root (proc_links.c): a jump with references in *result, and the path as text. */
int proc_follow_exe(const struct generated_key *key, struct path *result);
long proc_read_exe(const struct generated_key *key, char *text, size_t size);
int proc_follow_cwd(const struct generated_key *key, struct path *result);
long proc_read_cwd(const struct generated_key *key, char *text, size_t size);
int proc_follow_root(const struct generated_key *key, struct path *result);
long proc_read_root(const struct generated_key *key, char *text, size_t size);

/*
 * Files about memory are bound to the address space that the process had when they were opened: after exec they are empty. The binding's
 * token is the key's second value.
 */
must_check int proc_bind_space(const struct generated_key *key, uint64_t *token);
must_check struct address_space *proc_bound_space_get(const struct generated_key *key);

/* The same of an open mem or pagemap: the space that the process had when it was opened, with a reference; NULL: that one has gone. */
must_check struct address_space *proc_file_space_get(const struct open_file *file);

/* Does the process of a cached name still exist, and whose is it? */
bool proc_process_is_valid(const struct generated_key *key);
void proc_process_owner(const struct generated_key *key, uint32_t *uid, uint32_t *gid);

/* Shows of whole-system files (proc_system.c, proc_kernel.c) and of one process. 0 or -errno. */
int proc_show_nothing(const struct generated_key *key,
                      struct text_buffer *text); /* an empty list */
int proc_show_buddyinfo(const struct generated_key *key, struct text_buffer *text);
int proc_show_consoles(const struct generated_key *key, struct text_buffer *text);
int proc_show_execdomains(const struct generated_key *key, struct text_buffer *text);
int proc_show_iomem(const struct generated_key *key, struct text_buffer *text);
int proc_show_locks(const struct generated_key *key, struct text_buffer *text);
int proc_show_kallsyms(const struct generated_key *key, struct text_buffer *text);
int proc_show_tty_drivers(const struct generated_key *key, struct text_buffer *text);
int proc_show_vmstat(const struct generated_key *key, struct text_buffer *text);
int proc_show_meminfo(const struct generated_key *key, struct text_buffer *text);
int proc_show_slabinfo(const struct generated_key *key, struct text_buffer *text);
int proc_show_uptime(const struct generated_key *key, struct text_buffer *text);
int proc_show_system_stat(const struct generated_key *key, struct text_buffer *text);
int proc_show_loadavg(const struct generated_key *key, struct text_buffer *text);
int proc_show_cpuinfo(const struct generated_key *key, struct text_buffer *text);
int proc_show_command_line(const struct generated_key *key, struct text_buffer *text);
int proc_show_filesystems(const struct generated_key *key, struct text_buffer *text);
int proc_show_version(const struct generated_key *key, struct text_buffer *text);
int proc_show_devices(const struct generated_key *key, struct text_buffer *text);
int proc_show_interrupts(const struct generated_key *key, struct text_buffer *text);
int proc_show_mounts(const struct generated_key *key, uint64_t *cursor, struct text_buffer *text);
int proc_show_mountinfo(const struct generated_key *key, uint64_t *cursor,
                        struct text_buffer *text);
int proc_show_limits(const struct generated_key *key, struct text_buffer *text);
int proc_show_oom_score(const struct generated_key *key, struct text_buffer *text);
int proc_show_io(const struct generated_key *key, struct text_buffer *text);
int proc_show_task_io(const struct generated_key *key, struct text_buffer *text);
int proc_show_children(const struct generated_key *key, struct text_buffer *text);
int proc_show_timer_slack(const struct generated_key *key, struct text_buffer *text);
ssize_t proc_store_timer_slack(const struct generated_key *key, const char *data, size_t bytes);
int proc_show_mountstats(const struct generated_key *key, uint64_t *cursor,
                         struct text_buffer *text);
int proc_show_oom_score_adjust(const struct generated_key *key, struct text_buffer *text);
int proc_show_oom_adjust(const struct generated_key *key, struct text_buffer *text);
ssize_t proc_store_oom_adjust(const struct generated_key *key, const char *data, size_t bytes);
ssize_t proc_store_oom_score_adjust(const struct generated_key *key, const char *data,
                                    size_t bytes);
int proc_show_maps(const struct generated_key *key, uint64_t *cursor, struct text_buffer *text);
int proc_show_smaps(const struct generated_key *key, uint64_t *cursor, struct text_buffer *text);
int proc_show_smaps_rollup(const struct generated_key *key, struct text_buffer *text);
int proc_show_process_stat(const struct generated_key *key, struct text_buffer *text);
int proc_show_process_status(const struct generated_key *key, struct text_buffer *text);
int proc_show_process_statm(const struct generated_key *key, struct text_buffer *text);

/* A line for each lock that is visited (file_lock_visit), numbered from 1. */
struct file_lock_view;
struct proc_locks_text {
    struct text_buffer *text;
    const char *prefix;
    unsigned count;
};
void proc_add_lock(const struct file_lock_view *view, void *context);

/* The limits of System V's objects (proc_ipc.c). */
#define PROC_SETTING(name)                                                                         \
    int proc_show_##name(const struct generated_key *key, struct text_buffer *text);               \
    ssize_t proc_store_##name(const struct generated_key *key, const char *data, size_t bytes)
PROC_SETTING(msg_default);
PROC_SETTING(msg_max);
PROC_SETTING(msgsize_default);
PROC_SETTING(msgsize_max);
PROC_SETTING(queues_max);
PROC_SETTING(msgmax);
PROC_SETTING(msgmnb);
PROC_SETTING(msgmni);
PROC_SETTING(sem);
PROC_SETTING(shmall);
PROC_SETTING(shmmax);
PROC_SETTING(shmmni);
#undef PROC_SETTING
#define PROC_SETTING_ROW(setting)                                                                  \
    {                                                                                              \
        .name = #setting, .mode = S_IFREG | 0644, .show = proc_show_##setting,                     \
        .store = proc_store_##setting                                                              \
    }

/* How the tables of the root's and of a process's files end: with those that only debug kernels have. */
#if ASTRA_DEBUG
int proc_show_lock_stat(const struct generated_key *key, struct text_buffer *text);
ssize_t proc_store_lock_stat(const struct generated_key *key, const char *data, size_t bytes);
int proc_show_fail_nth(const struct generated_key *key, struct text_buffer *text);
ssize_t proc_store_fail_nth(const struct generated_key *key, const char *data, size_t bytes);
int proc_show_holdings(const struct generated_key *key, struct text_buffer *text);
int proc_show_fail_nth_tallies(const struct generated_key *key, struct text_buffer *text);
#    define PROC_ROOT_LAST_ROWS                                                                    \
        {.name = "fail-nth", .mode = S_IFREG | 0444, .show = proc_show_fail_nth_tallies},          \
            {.name = "holdings", .mode = S_IFREG | 0400, .show = proc_show_holdings},              \
            {.name = "lock_stat",                                                                  \
             .mode = S_IFREG | 0600,                                                               \
             .show = proc_show_lock_stat,                                                          \
             .store = proc_store_lock_stat},                                                       \
        {                                                                                          \
            0                                                                                      \
        }
#    define PROC_LAST_ROWS                                                                         \
        {.name = "fail-nth",                                                                       \
         .mode = S_IFREG | 0644,                                                                   \
         .show = proc_show_fail_nth,                                                               \
         .store = proc_store_fail_nth},                                                            \
        {                                                                                          \
            0                                                                                      \
        }
#else
#    define PROC_ROOT_LAST_ROWS                                                                    \
        {                                                                                          \
            0                                                                                      \
        }
#    define PROC_LAST_ROWS                                                                         \
        {                                                                                          \
            0                                                                                      \
        }
#endif
