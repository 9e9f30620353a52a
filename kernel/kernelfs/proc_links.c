/*
 * /proc/<pid>/exe, cwd and root: magic links. Reading one gives the path as text; following one jumps to the file itself, wherever it lies
 * and whatever its name has become. Only who may inspect the process may do either (proc(5)).
 */
#include "kernelfs/proc_internal.h"
#include "lib/errno.h"
#include "process/exec.h"
#include "process/process.h"
#include "vm/address_space.h"

int proc_follow_exe(const struct generated_key *key, struct path *result)
{
    struct address_space *space;
    int error = proc_inspected_space_get(key, &space);
    if (error != 0 || space == NULL) {
        return error != 0 ? error : -ENOENT;
    }
    shared_mutex_lock(&space->mutex);
    error = executable_path(&space->executable, result) ? 0 : -ENOENT;
    if (error == 0) {
        path_get(result);
    }
    shared_mutex_unlock(&space->mutex);
    address_space_put(space);
    return error;
}

static long read_followed(int error, struct path *path, char *text, size_t size)
{
    if (error != 0) {
        return error;
    }
    long length = path_describe(path, NULL, text, size, true);
    path_put(path);
    return length;
}

long proc_read_exe(const struct generated_key *key, char *text, size_t size)
{
    struct path path;
    return read_followed(proc_follow_exe(key, &path), &path, text, size);
}

static int follow_fs_state(const struct generated_key *key, struct path *result, bool is_root)
{
    struct task *task;
    int error = proc_inspect_begin(proc_key_pid(key), &task);
    if (error != 0) {
        return error;
    }
    struct fs_state *fs = task_fs_get(task);
    proc_inspect_end(task);
    if (fs == NULL) {
        return -ENOENT;
    }
    if (is_root) {
        fs_state_get_root(fs, result);
    } else {
        fs_state_get_working_directory(fs, result);
    }
    fs_state_put(fs);
    return 0;
}

int proc_follow_cwd(const struct generated_key *key, struct path *result)
{
    return follow_fs_state(key, result, false);
}

int proc_follow_root(const struct generated_key *key, struct path *result)
{
    return follow_fs_state(key, result, true);
}

long proc_read_cwd(const struct generated_key *key, char *text, size_t size)
{
    struct path path;
    return read_followed(proc_follow_cwd(key, &path), &path, text, size);
}

long proc_read_root(const struct generated_key *key, char *text, size_t size)
{
    struct path path;
    return read_followed(proc_follow_root(key, &path), &path, text, size);
}
