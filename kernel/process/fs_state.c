// Root, working directory and umask of tasks, and the fs_context that is handed down to fs/.
//
// Only the task that uses a state changes it, so a state with one reference can be lent without taking references on its paths; a
// shared one (CLONE_FS) is read under its lock.
#include "lib/assert.h"
#include "lib/errno.h"
#include "memory/heap.h"
#include "process/process_internal.h"

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
    if (state == NULL) {
        return NULL;
    }
    state->root = *root;
    state->working_directory = *root;
    state->umask = 022;
    path_get(&state->root);
    path_get(&state->working_directory);
    return state;
}

struct fs_state *fs_state_copy(struct fs_state *source)
{
    struct fs_state *state = fs_state_alloc();
    if (state == NULL) {
        return NULL;
    }
    spin_lock(&source->lock);
    state->root = source->root;
    state->working_directory = source->working_directory;
    state->umask = source->umask;
    path_get(&state->root);
    path_get(&state->working_directory);
    spin_unlock(&source->lock);
    return state;
}

void fs_state_put(struct fs_state *state)
{
    if (!refcount_put(&state->references)) {
        return;
    }
    assert(atomic32_load(&state->users) == 0);
    path_put(&state->root);
    path_put(&state->working_directory);
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

static void place_set(struct fs_state *state, struct path *place, const struct path *path)
{
    spin_lock(&state->lock);
    struct path old = *place;
    *place = *path;
    spin_unlock(&state->lock);
    path_put(&old); // may sleep
}

void fs_state_set_root(struct fs_state *state, const struct path *path)
{
    place_set(state, &state->root, path);
}

void fs_state_set_working_directory(struct fs_state *state, const struct path *path)
{
    place_set(state, &state->working_directory, path);
}

uint32_t fs_state_set_umask(struct fs_state *state, uint32_t umask)
{
    spin_lock(&state->lock);
    uint32_t old = state->umask;
    state->umask = umask;
    spin_unlock(&state->lock);
    return old;
}

void fs_context_begin(struct task *task, struct fs_context *context)
{
    assert(task == task_current());
    struct fs_state *state = task->fs;
    context->credentials = task->credentials;
    context->resolve = 0;
    context->limit_file_size = process_limit(task->process, RLIMIT_FSIZE);
    // Alone with its state, the task lends its paths: it is the only one that could change them, and it is in this call. That saves every
    // open, stat and the like four atomic operations on words that all CPUs would fight for.
    context->is_referenced = refcount_read(&state->references) > 1;
    if (!context->is_referenced) {
        context->root = state->root;
        context->working_directory = state->working_directory;
        context->umask = state->umask;
        return;
    }
    spin_lock(&state->lock);
    context->root = state->root;
    context->working_directory = state->working_directory;
    context->umask = state->umask;
    path_get(&context->root);
    path_get(&context->working_directory);
    spin_unlock(&state->lock);
}

void fs_context_end(struct fs_context *context)
{
    if (context->is_referenced) {
        path_put(&context->root);
        path_put(&context->working_directory);
    }
}
