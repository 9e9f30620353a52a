// Debug kernels: before the machine ends, all that programs brought is given back, so that what is left is a leak.
//
//   RUNS -> TAKEN -> ORDERED   reboot(2), the kernel shell, or the end of pid 1 orders the end; the first order counts
//   ORDERED -> ALONE           every process but pid 1 has ended and left the tree: now pid 1 may give up what it has
//
// Then the root is unmounted, and the last count is made (leak_check.c). The boot thread does all that: who gives the order has to
// end like everybody else. The state is atomic; the order is written before ORDERED and read after it.
#include "process/machine_end_internal.h"

#include "fs/devfs/devfs.h"
#include "fs/mount.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "log/log.h"
#include "memory/page_table.h"
#include "process/holdings.h"
#include "process/ipc_ops.h"
#include "process/process_internal.h"
#include "sync/percpu.h"
#include "sync/preempt.h"
#include "uapi/wait.h"

#if ASTRA_DEBUG

enum teardown_state { RUNS, TAKEN, ORDERED, ALONE };

#    define PATIENCE_NS (20 * NS_PER_SECOND)

static struct atomic32 state;              // [a] enum teardown_state
static struct machine_end_order the_order; // see above
static struct wait_queue state_changed = WAIT_QUEUE_INIT(state_changed);

static void wait_a_little(void)
{
    thread_sleep_until(clock_monotonic_ns() + NS_PER_MS, false);
}

static void state_set(enum teardown_state next)
{
    atomic32_store_release(&state, next);
    wait_queue_wake_all(&state_changed);
}

// ---- on the thread of who ends the machine --------------------------------------------------------

bool machine_teardown_order(const struct machine_end_order *order)
{
    uint32_t expected = RUNS;
    struct process *process = process_current();
    if (atomic32_compare_exchange(&state, &expected, TAKEN)) {
        the_order = *order;
        state_set(ORDERED);
    }
    while (!READ_ONCE(process->is_exiting)) {
        wait_a_little(); // until the boot thread has told its parent too, which shall not hear of its end
    }
    return true;
}

void machine_teardown_wait_alone(void)
{
    WAIT(&state_changed, atomic32_load_acquire(&state) == ALONE);
}

// ---- on the boot thread ---------------------------------------------------------------------------

// Tells every process to end, pid 1 too, so that it makes no new ones. Returns how many others are in the tree.
static unsigned processes_kill(void)
{
    unsigned others = 0;
    struct id *id = id_next(1);
    while (id != NULL) {
        spin_lock(&process_tree_lock);
        struct process *process =
            list_first_entry_or_null(&id->members[ID_PROCESS], struct process, id_link);
        if (process != NULL) {
            struct signal_actions *actions = signal_lock(process);
            process_begin_exit_locked(process, wait_status_signaled(SIGKILL));
            signal_unlock(actions);
            others += process != process_first;
        }
        spin_unlock(&process_tree_lock);
        int next = id->number + 1;
        id_put(id);
        id = id_next(next);
    }
    return others;
}

static struct process *zombie_take(void)
{
    struct process *child, *found = NULL;
    spin_lock(&process_tree_lock);
    list_for_each_entry(child, &process_first->children, sibling_link) {
        if (child->is_zombie) {
            found = child;
            family_remove_locked(child);
            break;
        }
    }
    spin_unlock(&process_tree_lock);
    return found;
}

// In pid 1's place, which does not wait any more; the children of others come to it when those end.
static void zombies_reap(void)
{
    struct process *zombie;
    while ((zombie = zombie_take()) != NULL) {
        family_release(zombie);
    }
}

static bool first_process_reap(void)
{
    struct process *process = process_first;
    spin_lock(&process_tree_lock);
    bool is_zombie = process->is_zombie;
    if (is_zombie) {
        family_remove_locked(process);
        process_first = NULL;
    }
    spin_unlock(&process_tree_lock);
    if (is_zombie) {
        family_release(process);
    }
    return is_zombie;
}

// False: some process does not end.
static bool processes_end(void)
{
    uint64_t deadline = clock_monotonic_ns() + PATIENCE_NS;
    while (processes_kill() > 0) {
        if (clock_monotonic_ns() > deadline) {
            return false;
        }
        zombies_reap();
        wait_a_little();
    }
    state_set(ALONE);
    while (!first_process_reap()) {
        if (clock_monotonic_ns() > deadline) {
            return false;
        }
        wait_a_little();
    }
    return true;
}

static bool complain_of_thread(struct thread *thread, void *context)
{
    (void)context;
    if (thread_is_task(thread)) {
        log_write(LOG_EMERGENCY, "leak check: thread %d (%s) does not end, it waits for %s",
                  thread->number, thread->name,
                  thread->waiting_for != NULL ? thread->waiting_for : "nothing");
    }
    return true;
}

// A CPU keeps the page table of the last program that ran on it until another one runs.
static void page_tables_unload(void)
{
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        assert_always(thread_set_affinity(thread_current(), BIT(cpu)) == 0);
        interrupts_block();
        page_table_activate(&kernel_page_table);
        interrupts_unblock();
    }
    assert_always(thread_set_affinity(thread_current(), UINT64_MAX) == 0);
}

static bool everything_is_given_back(void)
{
    if (!processes_end()) {
        thread_visit_all(complain_of_thread, NULL);
        return false;
    }
    process_ipc_shut_down();
    mount_shut_down();
    mount_remove_root();
    devfs_end();
    page_tables_unload();
    return leak_check_passes();
}

_Noreturn void process_await_end(void)
{
    WAIT(&state_changed, atomic32_load_acquire(&state) == ORDERED);
    mount_sync_all();
    if (!everything_is_given_back()) {
        the_order.debug_status = MACHINE_STATUS_LEAK;
        the_order.has_failed = true;
    }
    machine_stop(&the_order);
}

#endif
