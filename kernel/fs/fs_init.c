// The start of fs/: caches, and the file system types that live here, in the order in which
// /proc/filesystems shows them.
#include "fs/devfs/devfs.h"
#include "fs/generated_internal.h"
#include "fs/mount.h"
#include "fs/name_cache.h"
#include "fs/ramfs/ramfs.h"
#include "fs/vfs.h"

// As Linux's first process: everything may be done, group and others do not write.
struct fs_context fs_context_kernel = {
    .credentials = &credentials_root,
    .umask = 022,
    .limit_file_size = UINT64_MAX,
};

void fs_init(void)
{
    name_entry_init();
    name_cache_init();
    anonymous_init();
    generated_init();
    ramfs_init();
    memory_file_init();
    devfs_init();
}
