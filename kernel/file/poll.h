// Readiness: a file's poll operation answers with its present events and, when asked, queues the caller on its wait queues.
#pragma once

#include "lib/compiler.h"
#include "scheduler/wait_queue.h"
#include "uapi/poll.h"

struct open_file;

// What is handed to a file's poll operation. NULL: only the present state is wanted.
struct poll_context {
    // Called by poll_wait for each queue that the file sleeps on.
    void (*add)(struct poll_context *context, struct wait_queue *queue);
};

static inline void poll_wait(struct poll_context *context, struct wait_queue *queue)
{
    if (context != NULL) {
        context->add(context, queue);
    }
}

// Present events of an open file; files without the operation are always readable and writable.
unsigned file_poll(struct open_file *file, struct poll_context *context);

// One entry of poll(2) or one bit set of select(2), with descriptors already turned into files by syscall/.
struct poll_entry {
    struct open_file *file; // NULL: entry is ignored
    unsigned events;        // asked; POLLERR and POLLHUP are always reported
    unsigned result;
};
// Waits until an entry is ready. Number of ready entries, 0 at the deadline, -EINTR (as -ERESTARTNOHAND), -ENOMEM.
must_check int poll_entries(struct poll_entry *entries, size_t count, uint64_t deadline_ns);
