/*
 * Calls of old about file systems: ustat, by a device's number, and sysfs, which numbers the types that can be mounted. A type's number
 * is its place in /proc/filesystems; types only ever come, so that it stays.
 */
#include "fs/mount.h"
#include "fs/vfs.h"
#include "lib/string.h"
#include "syscall/call.h"
#include "syscall/names.h"
#include "uapi/statfs.h"
#include "uapi/ustat.h"

/* The first mount of the device; a reference. */
struct mount_search {
    uint64_t device_number;
    struct mount *found;
};

static bool search_mount(struct mount *mount, void *context)
{
    struct mount_search *search = context;
    if (mount->file_system->device_number != search->device_number) {
        return true;
    }
    mount_get(mount);
    search->found = mount;
    return false;
}

SYSTEM_CALL2(ustat, unsigned, device, struct uapi_ustat __user *, user)
{
    struct mount_search search = {.device_number = device};
    mount_visit(0, search_mount, &search);
    if (search.found == NULL) {
        return -EINVAL;
    }
    struct path path = {search.found, search.found->root};
    struct uapi_statfs status;
    int result = vfs_fs_status(&path, &status);
    mount_put(search.found);
    if (result != 0) {
        return result;
    }
    struct uapi_ustat answer = {.f_tfree = (int32_t)status.f_bfree, .f_tinode = status.f_ffree};
    return user_copy_out(user, &answer, sizeof(answer));
}

/* By name (NULL: any) or by number. */
struct type_search {
    const char *name;
    size_t number, count;
    const struct file_system_type *found;
    size_t found_number;
};

static bool search_type(const struct file_system_type *type, void *context)
{
    struct type_search *search = context;
    size_t number = search->count++;
    bool is_it =
        search->name != NULL ? strcmp(type->name, search->name) == 0 : number == search->number;
    if (is_it) {
        search->found = type;
        search->found_number = number;
    }
    return !is_it;
}

static long index_of_name(const char __user *user)
{
    char *name;
    int error = path_text_copy_in(user, &name);
    if (error != 0) {
        return error;
    }
    struct type_search search = {.name = name};
    file_system_type_visit(search_type, &search);
    path_text_free(name);
    return search.found != NULL ? (long)search.found_number : -EINVAL;
}

static long name_of_index(size_t number, char __user *user)
{
    struct type_search search = {.number = number};
    file_system_type_visit(search_type, &search);
    if (search.found == NULL) {
        return -EINVAL;
    }
    return user_copy_out(user, search.found->name, strlen(search.found->name) + 1);
}

SYSTEM_CALL3(sysfs, int, option, uint64_t, first, char __user *, user)
{
    switch (option) {
    case SYSFS_INDEX_OF_NAME: return index_of_name((const char __user *)first);
    case SYSFS_NAME_OF_INDEX: return name_of_index(first, user);
    case SYSFS_COUNT: {
        struct type_search all = {.number = SIZE_MAX};
        file_system_type_visit(search_type, &all);
        return (long)all.count;
    }
    default: return -EINVAL;
    }
}
