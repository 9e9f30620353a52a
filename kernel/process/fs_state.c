// Root, working directory and umask of tasks, and the fs_context that is handed down to fs/.
//
// The two places of a state are one object that never changes: a change puts another one in its stead. So a call of a task that shares
// its state (CLONE_FS, as all threads do) keeps both with one reference, taken under RCU without the lock, and a fork's copy begins with
// the same object. Only the task that uses a state changes it, so one that is nobody else's lends its places without any reference.
// Locks: fs_state.lock, rank FS_STATE, over changes.
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "process/process_internal.h"
#include "scheduler/rcu.h"

struct fs_places {
    struct refcount references;          // [a] of states, and of calls that go on
    struct path root, working_directory; // [I] references
    struct rcu_head rcu;
};

// The paths go with the last reference, the memory after those who look at the count.
static void places_free(struct rcu_head *head)
{
    heap_free(container_of(head, struct fs_places, rcu));
}

static void places_put(struct fs_places *places)
{
    if (refcount_put(&places->references)) {
        path_put(&places->root);
        path_put(&places->working_directory);
        rcu_defer(&places->rcu, places_free);
    }
}

// With a reference. One whose last reference is gone has been replaced before.
static struct fs_places *places_get(struct fs_state *state)
{
    struct fs_places *places;
    rcu_read_lock();
    do {
        places = rcu_dereference(state->places);
    } while (!refcount_get_unless_zero(&places->references));
    rcu_read_unlock();
    return places;
}

static struct fs_state *fs_state_alloc(void)
{
    struct fs_state *state = heap_alloc_zeroed(sizeof(*state));
    if (state != NULL) {
        refcount_init(&state->references, 1);
        atomic32_store(&state->users, 1);
        spin_init(&state->lock, LOCK_RANK_FS_STATE);
    }
    return state;
}

struct fs_state *fs_state_create(const struct path *root)
{
    struct fs_state *state = fs_state_alloc();
    struct fs_places *places = heap_alloc_zeroed(sizeof(*places));
    if (state == NULL || places == NULL) {
        heap_free(state);
        heap_free(places);
        return NULL;
    }
    refcount_init(&places->references, 1);
    places->root = *root;
    places->working_directory = *root;
    path_get(&places->root);
    path_get(&places->working_directory);
    state->places = places;
    state->umask = 022;
    return state;
}

struct fs_state *fs_state_copy(struct fs_state *source)
{
    struct fs_state *state = fs_state_alloc();
    if (state != NULL) {
        state->places = places_get(source);
        state->umask = READ_ONCE(source->umask);
    }
    return state;
}

void fs_state_put(struct fs_state *state)
{
    if (!refcount_put(&state->references)) {
        return;
    }
    assert(atomic32_load(&state->users) == 0);
    places_put(state->places);
    heap_free(state);
}

void fs_state_join(struct fs_state *state)
{
    refcount_get(&state->references);
    atomic32_add(&state->users, 1);
}

void fs_state_leave(struct fs_state *state)
{
    assert(atomic32_load(&state->users) > 0);
    atomic32_subtract(&state->users, 1);
    fs_state_put(state);
}

void fs_state_get_root(struct fs_state *state, struct path *path)
{
    struct fs_places *places = places_get(state);
    *path = places->root;
    path_get(path);
    places_put(places);
}

void fs_state_get_working_directory(struct fs_state *state, struct path *path)
{
    struct fs_places *places = places_get(state);
    *path = places->working_directory;
    path_get(path);
    places_put(places);
}

// `made` has its own path in its place, and gets the other one from those that it replaces.
static void places_replace(struct fs_state *state, struct fs_places *made)
{
    assert(made->root.entry == NULL || made->working_directory.entry == NULL);
    spin_lock(&state->lock);
    struct fs_places *old = state->places;
    struct path *missing = made->root.entry == NULL ? &made->root : &made->working_directory;
    *missing = made->root.entry == NULL ? old->root : old->working_directory;
    path_get(missing);
    rcu_assign(state->places, made);
    spin_unlock(&state->lock);
    places_put(old); // may sleep
}

static int place_set(struct fs_state *state, struct path *path, bool is_root)
{
    struct fs_places *made = heap_alloc_zeroed(sizeof(*made));
    if (made == NULL) {
        path_put(path);
        return -ENOMEM;
    }
    refcount_init(&made->references, 1);
    if (is_root) {
        made->root = *path;
    } else {
        made->working_directory = *path;
    }
    places_replace(state, made);
    return 0;
}

int fs_state_set_root(struct fs_state *state, const struct path *path)
{
    struct path place = *path;
    return place_set(state, &place, true);
}

int fs_state_set_working_directory(struct fs_state *state, const struct path *path)
{
    struct path place = *path;
    return place_set(state, &place, false);
}

uint32_t fs_state_set_umask(struct fs_state *state, uint32_t umask)
{
    return __atomic_exchange_n(&state->umask, umask, __ATOMIC_RELAXED);
}

void fs_context_begin(struct task *task, struct fs_context *context)
{
    assert(task == task_current());
    struct fs_state *state = task->fs;
    context->credentials = task->credentials;
    context->resolve = 0;
    context->limit_file_size = process_limit(task->process, RLIMIT_FSIZE);
    // Alone with its state, the task lends its places: it is the only one that could change them, and it is in this call.
    bool is_alone = refcount_read(&state->references) == 1;
    struct fs_places *places = is_alone ? state->places : places_get(state);
    context->places = is_alone ? NULL : places;
    context->root = places->root;
    context->working_directory = places->working_directory;
    context->umask = READ_ONCE(state->umask);
}

void fs_context_end(struct fs_context *context)
{
    if (context->places != NULL) {
        places_put(context->places);
    }
}
