// The limits that /proc/sys/kernel shows and sets. Single words, read without a lock; what is there already may pass a new limit.
#pragma once

#include "lib/types.h"

enum { IPC_OBJECTS_MAX = 32768 }; // of one kind

struct ipc_settings {
    uint64_t segment_bytes_max; // [a] shmmax
    uint64_t segment_pages_all; // [a] shmall
    int segments_max;           // [a] shmmni
};

extern struct ipc_settings ipc_settings;
