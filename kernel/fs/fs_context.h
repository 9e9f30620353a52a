// Who walks, and from where: handed down by const pointer from the system-call floor. Everything is
// borrowed for the call.
#pragma once

#include "fs/path.h"
#include "lib/types.h"
#include "scheduler/credentials.h"

struct fs_places;

struct fs_context {
    const struct credentials *credentials;
    struct path root;
    struct path working_directory;
    uint32_t umask;
    uint64_t limit_file_size; // RLIMIT_FSIZE, UINT64_MAX: none
    unsigned resolve;         // openat2's RESOLVE_* for the walk, 0 otherwise; its scope is `root`
    struct fs_places
        *places; // process/'s: what keeps root and working_directory meanwhile, or NULL
};

// Root's context at the global root: for the kernel's own walks (initramfs, exec of init).
extern struct fs_context fs_context_kernel;
