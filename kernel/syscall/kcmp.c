/*
 * kcmp: do two tasks share what hangs on them? Equal is 0; else 1 or 2, an order that stays while the kernel runs and tells nothing of
 * where things lie.
 *
 * Both processes are kept from execve while they are compared, the one at the lower address first.
 */
#include "uapi/kcmp.h"
#include "device/random.h"
#include "file/open_file.h"
#include "lib/macros.h"
#include "process/descriptor_table.h"
#include "syscall/call.h"

static struct atomic64 order_secret; /* [a] 0: not drawn yet */

static uint64_t order_of(const void *object)
{
    uint64_t secret = atomic64_load(&order_secret);
    if (secret == 0) {
        uint64_t drawn = random_u64() | 1;
        secret = atomic64_compare_exchange(&order_secret, &secret, drawn) ? drawn : secret;
    }
    return ((uint64_t)(uintptr_t)object ^ secret) * secret;
}

static long compare(const void *first, const void *second)
{
    return first == second ? 0 : order_of(first) < order_of(second) ? 1 : 2;
}

/* One side: a task, and what is held of it until no lock is held any more, since to give it up may close files. */
struct side {
    struct task *task;
    uint64_t index; /* of KCMP_FILE */
    struct descriptor_table *table;
    struct open_file *file;
};

static bool side_begin(struct side *side, int number, uint64_t index)
{
    *side = (struct side){.task = task_find(number), .index = index};
    return side->task != NULL;
}

static void side_end(struct side *side)
{
    if (side->file != NULL) {
        open_file_put(side->file);
    }
    if (side->table != NULL) {
        descriptor_table_put(side->table);
    }
    if (side->task != NULL) {
        task_put(side->task);
    }
}

static bool side_find_file(struct side *side)
{
    side->table = task_descriptors_get(side->task);
    if (side->table != NULL && side->index <= INT32_MAX) {
        side->file = descriptor_get_foreign(side->table, (int)side->index);
    }
    return side->file != NULL;
}

static long compare_files(struct side *first, struct side *second)
{
    return side_find_file(first) && side_find_file(second) ? compare(first->file, second->file)
                                                           : -EBADF;
}

/* What a task has of a kind, by address; the tree lock keeps it from being exchanged. */
static const void *object_of(const struct task *task, int type)
{
    switch (type) {
    case KCMP_VM: return task->space;
    case KCMP_FILES: return task->descriptors;
    case KCMP_FS: return task->fs;
    case KCMP_SIGHAND: return task->process->actions;
    default: return NULL; /* KCMP_IO: nobody has a queue of requests */
    }
}

static long compare_objects(const struct task *first, const struct task *second, int type)
{
    spin_lock(&process_tree_lock);
    const void *one = object_of(first, type);
    const void *other = object_of(second, type);
    spin_unlock(&process_tree_lock);
    return compare(one, other);
}

static no_lock_analysis void hold_programs(struct process *first, struct process *second)
{
    mutex_lock(&MIN(first, second)->exec_mutex);
    if (first != second) {
        mutex_lock_nested(&MAX(first, second)->exec_mutex, 1);
    }
}

static no_lock_analysis void release_programs(struct process *first, struct process *second)
{
    mutex_unlock(&first->exec_mutex);
    if (first != second) {
        mutex_unlock(&second->exec_mutex);
    }
}

static long compare_sides(struct side *first, struct side *second, int type)
{
    if (!task_may_trace(first->task) || !task_may_trace(second->task)) {
        return -EPERM;
    }
    switch (type) {
    case KCMP_FILE: return compare_files(first, second);
    case KCMP_VM:
    case KCMP_FILES:
    case KCMP_FS:
    case KCMP_SIGHAND:
    case KCMP_IO: return compare_objects(first->task, second->task, type);
    case KCMP_SYSVSEM:
    case KCMP_EPOLL_TFD: return -EOPNOTSUPP;
    default: return -EINVAL;
    }
}

SYSTEM_CALL5(kcmp, int, first_number, int, second_number, int, type, uint64_t, first_index,
             uint64_t, second_index)
{
    struct side first;
    struct side second;
    bool has_both = side_begin(&first, first_number, first_index);
    has_both = side_begin(&second, second_number, second_index) && has_both;
    long result = -ESRCH;
    if (has_both) {
        struct process *one = first.task->process;
        struct process *other = second.task->process;
        hold_programs(one, other);
        result = compare_sides(&first, &second, type);
        release_programs(one, other);
    }
    side_end(&first);
    side_end(&second);
    return result;
}
