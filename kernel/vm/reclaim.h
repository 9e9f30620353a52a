// Memory pressure: frame_alloc's hook wakes the reclaim thread; user and page-cache pages are allocated here, where waiting is
// possible; the last resort is to kill somebody.
#pragma once

#include "lib/compiler.h"
#include "lib/list.h"
#include "memory/frame.h"

// A frame for user memory or the page cache: reclaims, waits, then calls oom_ops. NULL: truly nothing. May sleep.
must_check struct frame *vm_frame_alloc(enum frame_kind kind, unsigned flags);

// A cache that can give memory back. Registered for ever.
struct reclaimer {
    const char *name;
    // Frees about `frames` frames' worth; returns how many it thinks it freed. Must not allocate. May sleep.
    size_t (*shrink)(size_t frames);
    size_t (*count)(void); // frames' worth that could be freed
    struct list_head link;
};
void reclaimer_register(struct reclaimer *reclaimer);

// Set once by process/: chooses a program, kills it, says so in the log. False: nobody is left to kill.
struct oom_ops {
    bool (*kill_one)(size_t frames_wanted);
};
void oom_set_ops(const struct oom_ops *ops);

// Frames that could be had without killing (free, clean page cache, reclaimers): MemAvailable.
size_t vm_available_frames(void);
void vm_drop_caches(void);

struct vm_statistics {
    size_t anonymous_frames, page_cache_frames, shared_frames, dirty_frames;
    size_t committed_bytes, commit_limit_bytes;
};
void vm_get_statistics(struct vm_statistics *statistics);

void vm_init(void); // caches, the hook; the reclaim thread starts when threads do
