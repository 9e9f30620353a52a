// The life of a thread: made (Blocked, on no list), started (wake.c), dead (its last switch hands
// it to the reaper), released (with the last reference).
//
// The list of all threads has those that were started and not yet released. Its lock is taken
// alone; who walks it keeps his place by a reference to the thread that he stands on.
#include "scheduler/thread.h"

#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "memory/kernel_map.h"
#include "memory/page_table.h"
#include "scheduler/run_queue_internal.h"
#include "scheduler/thread_internal.h"
#include "sync/preempt.h"

static struct spinlock thread_list_lock = SPINLOCK_INIT(LOCK_RANK_THREAD_LIST);
static struct list_head thread_list = LIST_INIT(thread_list); // [l thread_list_lock]
static unsigned thread_list_length;                           // [l thread_list_lock]
static struct slab_cache fpu_cache;                           // [I]

void thread_setup(void)
{
    slab_cache_init(&fpu_cache, "fpu_state", fpu_state_size(), 64);
}

void thread_set_name(struct thread *thread, const char *name)
{
    (void)strscpy(thread->name, name, sizeof(thread->name));
}

static void thread_init_fields(struct thread *thread, const char *name)
{
    *thread = (struct thread){.affinity = UINT64_MAX};
    thread_set_name(thread, name);
    refcount_init(&thread->references, 1);
    atomic32_store(&thread->state, THREAD_BLOCKED);
    thread->cpu = (int)cpu_number();
    list_init(&thread->run_link);
    list_init(&thread->all_link);
}

int thread_init(struct thread *thread, const char *name, void (*entry)(void *), void *argument,
                void (*release)(struct thread *))
{
    thread_init_fields(thread, name);
    thread->entry = entry;
    thread->argument = argument;
    thread->release = release;
    thread->is_kernel = entry != NULL;
    thread->stack_base = kernel_stack_alloc();
    if (thread->stack_base == 0) {
        return -ENOMEM;
    }
    if (thread->is_kernel) {
        arch_thread_init_kernel(&thread->arch, thread->stack_base + KERNEL_STACK_BYTES);
        return 0;
    }
    thread->arch.fpu_state = slab_alloc(&fpu_cache);
    if (thread->arch.fpu_state == NULL) {
        kernel_stack_free(thread->stack_base);
        return -ENOMEM;
    }
    return 0; // its content comes with arch_thread_init_user
}

// Gives back what runs the thread: nobody is on its stack any more.
static void thread_free_context(struct thread *thread)
{
    assert(!thread->is_on_cpu && !thread->is_queued && thread != thread_current());
    assert(thread->stack_base != 0);
    kernel_stack_free(thread->stack_base);
    thread->stack_base = 0;
    if (thread->arch.fpu_state != NULL) {
        slab_free(&fpu_cache, thread->arch.fpu_state);
        thread->arch.fpu_state = NULL;
    }
}

void thread_fini(struct thread *thread)
{
    assert(!thread->is_queued && !list_is_linked(&thread->all_link));
    thread_free_context(thread);
}

void thread_list_add(struct thread *thread)
{
    spin_lock(&thread_list_lock);
    list_add_tail(&thread_list, &thread->all_link);
    thread_list_length++;
    spin_unlock(&thread_list_lock);
}

static void thread_list_remove(struct thread *thread)
{
    spin_lock(&thread_list_lock);
    assert(list_is_linked(&thread->all_link) && thread_list_length != 0);
    list_remove(&thread->all_link);
    thread_list_length--;
    spin_unlock(&thread_list_lock);
}

unsigned thread_list_count(void)
{
    return __atomic_load_n(&thread_list_length, __ATOMIC_RELAXED);
}

static void kernel_thread_release(struct thread *thread)
{
    heap_free(thread);
}

struct thread *thread_create_kernel(const char *name, void (*entry)(void *), void *argument)
{
    struct thread *thread = heap_alloc(sizeof(*thread));
    if (thread == NULL) {
        return NULL;
    }
    if (thread_init(thread, name, entry, argument, kernel_thread_release) != 0) {
        heap_free(thread);
        return NULL;
    }
    thread_start(thread);
    return thread;
}

void thread_get(struct thread *thread)
{
    refcount_get(&thread->references);
}

void thread_put(struct thread *thread)
{
    if (!refcount_put(&thread->references)) {
        return;
    }
    assert(atomic32_load(&thread->state) == THREAD_DEAD && thread->stack_base == 0);
    thread_list_remove(thread);
    if (thread->release != NULL) {
        thread->release(thread);
    }
}

static void thread_reap(struct rcu_head *head)
{
    struct thread *thread = container_of(head, struct thread, rcu);
    thread_free_context(thread);
    thread_put(thread);
}

// A grace period, though nobody else runs on the stack any more: placement looks at what other CPUs run without a lock.
void thread_bury(struct thread *thread)
{
    assert(atomic32_load(&thread->state) == THREAD_DEAD && !thread->is_queued);
    rcu_defer(&thread->rcu, thread_reap);
}

void thread_adopt_boot(struct thread *thread, const char *name)
{
    thread_init_fields(thread, name);
    atomic32_store(&thread->state, THREAD_RUNNABLE);
    thread->is_kernel = 1;
    thread->is_on_cpu = 1;
    thread->switched_in_ns = clock_monotonic_ns();
}

void thread_set_page_table(struct page_table *table)
{
    struct thread *thread = thread_current();
    struct page_table *old = thread->page_table;
    struct page_table *loaded = table != NULL ? table : &kernel_page_table;
    interrupts_block(); // a switch in between would load the one while the thread names the other
    thread->page_table = table;
    page_table_activate(loaded);
    interrupts_unblock();
    if (old != NULL) {
        page_table_put(old);
    }
}

// The first thread after `place` (NULL: from the start) that is not about to be released, with a
// reference.
static struct thread *thread_list_next(struct thread *place)
{
    struct thread *found = NULL;
    spin_lock(&thread_list_lock);
    assert(place == NULL || list_is_linked(&place->all_link)); // our reference keeps it on the list
    struct list_head *link = place != NULL ? place->all_link.next : thread_list.next;
    for (; link != &thread_list && found == NULL; link = link->next) {
        struct thread *thread = list_entry(link, struct thread, all_link);
        if (refcount_get_unless_zero(&thread->references)) {
            found = thread;
        }
    }
    spin_unlock(&thread_list_lock);
    return found;
}

void thread_visit_all(bool (*visit)(struct thread *thread, void *context), void *context)
{
    struct thread *thread = thread_list_next(NULL);
    while (thread != NULL) {
        bool goes_on = visit(thread, context);
        struct thread *next = goes_on ? thread_list_next(thread) : NULL;
        thread_put(thread);
        thread = next;
    }
}
