// The limits that /proc/sys/kernel shows and sets. Single words, read without a lock; what is there already may pass a new limit.
#pragma once

#include "lib/types.h"

enum { IPC_OBJECTS_MAX = 32768 }; // of one kind

struct ipc_settings {
    uint64_t segment_bytes_max; // [a] shmmax
    uint64_t segment_pages_all; // [a] shmall
    int segments_max;           // [a] shmmni
    // The four numbers of `sem`, in its order.
    int semaphores_in_set_max, semaphores_in_all_max, semaphore_operations_max,
        semaphore_sets_max; // [a]
    int message_bytes_max;  // [a] msgmax
    int queue_bytes_max;    // [a] msgmnb: what a new queue holds
    int queues_max;         // [a] msgmni
    // Of /proc/sys/fs/mqueue.
    int posix_queues_max;                                     // [a] queues_max
    int posix_messages_max, posix_messages_default;           // [a] msg_max, msg_default
    int posix_message_bytes_max, posix_message_bytes_default; // [a] msgsize_max, msgsize_default
};

extern struct ipc_settings ipc_settings;
