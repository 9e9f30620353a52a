// Between posix_queue.c, posix_queue_file.c and posix_queue_names.c.
#pragma once

#include "file/open_file.h"
#include "fs/vnode.h"
#include "ipc/posix_queue.h"
#include "ipc/sleeper.h"
#include "uapi/signal.h"

struct process;

struct posix_queue {
    struct vnode vnode;           // first
    struct mutex mutex;           // rank IPC_OBJECT
    unsigned maximum;             // [I] messages
    unsigned message_bytes;       // [I] of a message, at most
    struct list_head messages;    // [l mutex] struct message, highest priority first, then oldest
    unsigned count;               // [l, read without] messages
    uint64_t bytes;               // [l] of them all
    struct list_head receivers;   // [l] struct queue_waiter, by priority of their threads
    struct list_head senders;     // [l] the same
    struct wait_queue changed;    // poll sleeps here
    struct process *notified;     // [l] who is told of the first message, a reference; NULL: nobody
    unsigned notified_executions; // [l] how often it had executed a program when it asked
    struct uapi_sigevent event;   // [l] how
    struct list_head all_link;    // [l posix_queues.mutex]
    uint32_t owner;               // [I] the user for whom it counts
    uint64_t charged_bytes;       // [I] against RLIMIT_MSGQUEUE
};

extern const struct file_ops posix_queue_file_ops;

// An empty queue of these sizes.
void posix_queue_init(struct posix_queue *queue, unsigned maximum, unsigned message_bytes);
// The last reference is gone: messages and notification.
void posix_queue_fini(struct posix_queue *queue);
// The current process closes a descriptor of it, whichever: it is not told any more.
void posix_queue_forget_process(struct posix_queue *queue);
