// Tasks: the threads that run programs. A task owns a kernel stack, a number and a share of the process's resources; the last
// reference on its thread frees it (the process keeps one on its first task, so that a zombie still has a name and an owner).
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "memory/user_copy.h"
#include "process/descriptor_table.h"
#include "process/futex.h"
#include "process/ipc_ops.h"
#include "process/process_internal.h"
#include "uapi/futex.h"

static struct slab_cache task_cache;
static struct atomic32 task_total; // live tasks

void task_cache_init(void)
{
    slab_cache_init(&task_cache, "task", sizeof(struct task), 64);
}

unsigned process_task_total(void)
{
    return atomic32_load(&task_total);
}

// The last reference is gone: nobody can find the task any more.
static void task_free(struct task *task)
{
    // A number that still led here would be found by the next walk over all of them.
    assert(task->id == NULL || task->id->task != task);
    assert(!list_is_linked(&task->process_link) && list_is_empty(&task->pi_locks));
    assert(task->pi_waiter == NULL);
    pending_signals_discard(&task->pending, ~0ULL);
    if (task->credentials != NULL) {
        credentials_put(task->credentials);
    }
    if (task->id != NULL) {
        id_put(task->id);
    }
    struct process *process = task->process;
    slab_free(&task_cache, task);
    process_put(process);
}

static void task_release(struct thread *thread)
{
    atomic32_subtract(&task_total, 1);
    task_free(task_from_thread(thread));
}

bool thread_is_task(const struct thread *thread)
{
    return thread->release == task_release;
}

struct task *task_create(struct process *process, const char *name)
{
    struct task *task = slab_alloc_zeroed(&task_cache);
    if (task == NULL) {
        return NULL;
    }
    assert(process != NULL && !process->is_zombie);
    task->process = process;
    list_init(&task->process_link);
    list_init(&task->pi_locks);
    pending_signals_init(&task->pending);
    task->alternate_stack.ss_flags = SS_DISABLE;
    task->timer_slack_ns = task->first_timer_slack_ns = TIMER_SLACK_DEFAULT_NS;
    task->id = id_alloc();
    if (task->id == NULL) {
        goto fail_id;
    }
    if (thread_init(&task->thread, name, NULL, NULL, task_release) != 0) {
        goto fail_thread;
    }
    task->thread.number = task->id->number;
    process_get(process);
    if (process->leader == NULL) {
        id_get(task->id);
        process->id = task->id;
        process->leader = task;
    }
    atomic32_add(&task_total, 1);
    return task;

fail_thread:
    id_put(task->id);
fail_id:
    slab_free(&task_cache, task);
    return NULL;
}

// Gives up what the task shares with others.
static void task_drop_resources(struct task *task)
{
    if (task->thread.page_table != NULL) {
        page_table_put(task->thread.page_table);
        task->thread.page_table = NULL;
    }
    if (task->space != NULL) {
        address_space_put(task->space);
    }
    if (task->descriptors != NULL) {
        descriptor_table_discard(task->descriptors);
    }
    if (task->fs != NULL) {
        fs_state_leave(task->fs);
    }
    task_leave_undo(task);
}

// The process may be known already, by a pidfd (clone_install_file): it must not lead there to a task that is no more.
static void task_forget_unborn(struct task *task)
{
    struct process *process = task->process;
    spin_lock(&process_tree_lock);
    assert(task->id->task == NULL && !list_is_linked(&task->process_link));
    if (process->leader == task) {
        process->leader = NULL;
    }
    spin_unlock(&process_tree_lock);
}

void task_discard(struct task *task)
{
    task_forget_unborn(task);
    task_drop_resources(task);
    thread_fini(&task->thread);
    atomic32_subtract(&task_total, 1);
    task_free(task);
}

void task_publish_locked(struct task *task)
{
    struct process *process = task->process;
    assert(spin_is_held(&process_tree_lock) && !process->is_zombie);
    assert(task->credentials != NULL && task->id->task == NULL);
    list_add_tail(&process->tasks, &task->process_link);
    process->task_count++;
    process->present_count++;
    if (process->leader == task) {
        thread_get(&task->thread);
    }
    task->id->task = task;
}

// The frame is replaced by first_run (by exec) before it is ever used.
void task_prepare_kernel_start(struct task *task, void (*first_run)(struct task *), void *argument)
{
    struct trap_frame frame;
    trap_set_user_entry(&frame, 0, 0);
    arch_thread_init_user(&task->thread.arch, task->thread.stack_base + KERNEL_STACK_BYTES, &frame,
                          NULL);
    task->first_run = first_run;
    task->first_run_argument = argument;
    task_set_work(task, THREAD_WORK_NOTIFY);
}

// Linux writes the word only where somebody else could see it.
static void task_clear_tid_word(struct task *task)
{
    uint32_t __user *address = task->clear_tid_address;
    const uint32_t zero = 0;
    task->clear_tid_address = NULL;
    if (address == NULL || refcount_read(&task->space->references) == 1 ||
        user_copy_out(address, &zero, sizeof(zero)) != 0) {
        return; // nobody to tell, or the program gave a bad address
    }
    const struct futex_word word = {.address = address};
    (void)futex_wake(&word, 1, FUTEX_BITSET_MATCH_ANY);
}

void task_change_space(struct task *task, struct address_space *replacement)
{
    struct address_space *old = task->space;
    assert(task == task_current() && (replacement == NULL || replacement != old));
    // While the old memory is still there: all three write to it, or wake who sleeps on it.
    if (old != NULL) {
        futex_robust_list_end(task);
        futex_pi_end(task, replacement == NULL);
        task_clear_tid_word(task);
        restartable_forget(task);
    }
    if (replacement != NULL) {
        page_table_get(replacement->page_table);
    }
    thread_set_page_table(replacement != NULL ? replacement->page_table : NULL);
    // The page table is switched first: once the space is the task's no more, another CPU may free the old one.
    spin_lock(&process_tree_lock);
    if (old != NULL && replacement != NULL) {
        const struct process_usage former = {.peak_resident_kib = space_peak_kib(old)};
        usage_add(&task->process->usage, &former);
    }
    task->space = replacement;
    // The parent's memory is its own again. The completion lies on the parent's stack, and is signalled under the lock under which a
    // parent that was killed takes it back (clone_wait_vfork).
    struct completion *vfork_done = task->vfork_done;
    task->vfork_done = NULL;
    if (vfork_done != NULL) {
        completion_signal(vfork_done);
    }
    spin_unlock(&process_tree_lock);
    if (old != NULL) {
        address_space_put(old);
    }
}

struct task *task_find(int number)
{
    struct id *id = id_find(number);
    if (id == NULL) {
        return NULL;
    }
    spin_lock(&process_tree_lock);
    struct task *task = id->task;
    if (task != NULL) {
        thread_get(&task->thread);
    }
    spin_unlock(&process_tree_lock);
    id_put(id);
    return task;
}

void task_put(struct task *task)
{
    thread_put(&task->thread);
}

struct address_space *task_space_get(struct task *task)
{
    spin_lock(&process_tree_lock);
    struct address_space *space = task->space;
    if (space != NULL) {
        address_space_get(space);
    }
    spin_unlock(&process_tree_lock);
    return space;
}

struct descriptor_table *task_descriptors_get(struct task *task)
{
    spin_lock(&process_tree_lock);
    struct descriptor_table *table = task->descriptors;
    if (table != NULL) {
        descriptor_table_get(table);
    }
    spin_unlock(&process_tree_lock);
    return table;
}

struct fs_state *task_fs_get(struct task *task)
{
    spin_lock(&process_tree_lock);
    struct fs_state *fs = task->fs;
    if (fs != NULL) {
        refcount_get(&fs->references);
    }
    spin_unlock(&process_tree_lock);
    return fs;
}

struct credentials *task_credentials_get(struct task *task)
{
    spin_lock(&process_tree_lock);
    struct credentials *credentials = credentials_get(task->credentials);
    spin_unlock(&process_tree_lock);
    return credentials;
}

// Who acts for somebody else now, or gained a capability, must not be looked into by who it was.
static bool is_other_subject(const struct credentials *old, const struct credentials *new)
{
    return old->euid != new->euid || old->egid != new->egid || old->fsuid != new->fsuid ||
           old->fsgid != new->fsgid ||
           (new->capabilities_permitted & ~old->capabilities_permitted) != 0;
}

void task_set_credentials(struct task *task, struct credentials *credentials)
{
    assert(task == task_current() && credentials != NULL);
    // capabilities(7): nothing is in effect that is not permitted, nothing ambient that is not both permitted and inheritable.
    assert((credentials->capabilities_effective & ~credentials->capabilities_permitted) == 0);
    assert((credentials->capabilities_ambient &
            ~(credentials->capabilities_permitted & credentials->capabilities_inheritable)) == 0);
    spin_lock(&process_tree_lock);
    struct credentials *old = task->credentials;
    if (is_other_subject(old, credentials)) {
        task->process->is_dumpable = false;
        task->parent_death_signal = 0;
    }
    task->credentials = credentials;
    spin_unlock(&process_tree_lock);
    credentials_put(old);
}
