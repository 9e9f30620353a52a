// The file that an address space runs: a path like any other backing's, but nobody may write to it while somebody holds one
// (ETXTBSY). fork takes a reference, the end of the address space gives it back.
#include "fs/vfs.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "process/exec_internal.h"

static void executable_get(const struct backing *backing)
{
    struct path path = {backing->object[0], backing->object[1]};
    path_get(&path);
    // It cannot fail: who copies a reference shows that somebody denies writing already.
    int error = vnode_deny_write(path_vnode(&path));
    assert(error == 0);
    (void)error;
}

static void executable_put(const struct backing *backing)
{
    struct path path = {backing->object[0], backing->object[1]};
    vnode_allow_write(path_vnode(&path));
    path_put(&path);
}

// As the path's own.
static long executable_describe(const struct backing *backing, char *text, size_t size)
{
    const struct path path = {backing->object[0], backing->object[1]};
    return path_describe(&path, NULL, text, size, true);
}

static void executable_identify(const struct backing *backing, uint64_t *device, uint64_t *inode)
{
    const struct path path = {backing->object[0], backing->object[1]};
    struct backing plain;
    path_to_backing(&path, &plain);
    plain.ops->identify(&plain, device, inode);
}

static const struct backing_ops executable_backing_ops = {
    .get = executable_get,
    .put = executable_put,
    .describe = executable_describe,
    .identify = executable_identify,
};

void executable_to_backing(const struct path *path, struct backing *backing)
{
    *backing = (struct backing){
        .ops = &executable_backing_ops,
        .object = {path->mount, path->entry},
    };
}

bool executable_path(const struct backing *backing, struct path *path)
{
    if (backing->ops != &executable_backing_ops) {
        return false;
    }
    *path = (struct path){backing->object[0], backing->object[1]};
    return true;
}
