// Processes: making, references, finding by number.
//
// A process is made by fork.c (or spawn.c for the kernel's own children), joins the tree in family.c, ends in exit.c and leaves the
// tree when its parent waits (wait.c). Its memory lives until the last reference: the family holds one, each task one, finders one.
#include "process/process.h"

#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/heap.h"
#include "process/descriptor_table.h"
#include "process/futex_internal.h"
#include "process/job_control.h"
#include "process/process_internal.h"
#include "process/vdso.h"

struct spinlock process_tree_lock = SPINLOCK_INIT(LOCK_RANK_PROCESS_TREE);
struct process *process_first;

static struct slab_cache process_cache;

struct process *process_create(void)
{
    struct process *process = slab_alloc_zeroed(&process_cache);
    if (process == NULL) {
        return NULL;
    }
    refcount_init(&process->references, 1);
    list_init(&process->id_link);
    list_init(&process->children);
    list_init(&process->sibling_link);
    list_init(&process->tasks);
    list_init(&process->group_link);
    list_init(&process->session_link);
    wait_queue_init(&process->child_events);
    wait_queue_init(&process->task_gone);
    wait_queue_init(&process->ended);
    pending_signals_init(&process->pending);
    mutex_init(&process->exec_mutex, LOCK_RANK_PROCESS_EXEC);
    real_timer_init(process);
    posix_timers_init(process);
    process->is_dumpable = true;
    process->started_ns = clock_monotonic_ns();
    return process;
}

void process_get(struct process *process)
{
    refcount_get(&process->references);
}

void process_put(struct process *process)
{
    if (!refcount_put(&process->references)) {
        return;
    }
    assert(process->task_count == 0 && process->present_count == 0);
    assert(list_is_empty(&process->tasks) && list_is_empty(&process->children));
    assert(process->parent == NULL && process->group == NULL && process->terminal == NULL);
    assert(list_is_empty(&process->posix_timers.timers));
    pending_signals_discard(&process->pending, ~0ULL);
    if (process->actions != NULL) {
        signal_actions_put(process->actions);
    }
    if (process->id != NULL) {
        id_put(process->id);
    }
    slab_free(&process_cache, process);
}

// A number belongs to an id, and the id leads to who has it in each role. The id is held by a reference meanwhile, so that it cannot be
// given to somebody else; what it leads to is read, and referenced, under the tree's lock, under which it is also taken away.
static struct process *find(int number, bool by_any_task)
{
    struct id *id = id_find(number);
    if (id == NULL) {
        return NULL;
    }
    spin_lock(&process_tree_lock);
    struct process *process =
        list_first_entry_or_null(&id->members[ID_PROCESS], struct process, id_link);
    if (process == NULL && by_any_task && id->task != NULL) {
        process = ((struct task *)id->task)->process;
    }
    if (process != NULL) {
        process_get(process);
    }
    spin_unlock(&process_tree_lock);
    id_put(id);
    return process;
}

struct process *process_find(int number)
{
    return find(number, false);
}

struct process *process_find_of_task(int number)
{
    return find(number, true);
}

void process_init(void)
{
    slab_cache_init(&process_cache, "process", sizeof(struct process), _Alignof(struct process));
    task_cache_init();
    signal_queue_init();
    descriptor_table_init();
    job_control_init();
    oom_init();
    cpu_limit_init();
    futex_init();
    futex_pi_init();
    vdso_init();
}
