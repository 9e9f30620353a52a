// The order in which locks may be taken: a CPU or thread that holds a lock may only take one of a
// HIGHER rank (or of the same rank where the comment says so). Debug kernels check it. Sleeping
// locks come first: nobody sleeps while spinning.
#pragma once

enum lock_rank {
    // Sleeping locks (scheduler/mutex.h).
    LOCK_RANK_RENAME = 1,      // fs/: one at a time, whole tree
    LOCK_RANK_FILE_POSITION,   // file/: position of an open file
    LOCK_RANK_GENERATED_FILE,  // fs/: a generated directory, or an open generated file's text
    LOCK_RANK_PROCESS_EXEC,    // process/: exec against readers of /proc/pid/* (they read a file)
    LOCK_RANK_POSIX_TIMERS,    // process/: the list of a process's timers
    LOCK_RANK_VNODE_DIRECTORY, // fs/: ancestor first, else by address (same rank nests)
    LOCK_RANK_VNODE_FILE,      // fs/: contents and size of one file
    LOCK_RANK_PIPE,            // file/: buffers of a pipe (two pipes by address)
    LOCK_RANK_TIMER_FILE_LIST, // file/: timerfds that go by the wall clock
    LOCK_RANK_TIMER_FILE,      // file/: who starts and cancels one timerfd
    LOCK_RANK_TERMINAL,        // device/: line discipline of one terminal
    LOCK_RANK_ADDRESS_SPACE,   // vm/: the tree of areas
    LOCK_RANK_IPC_UNDO,        // ipc/: what a process has to undo of its semaphores
    LOCK_RANK_IPC_TABLE,       // ipc/: ids and keys of one kind of objects
    LOCK_RANK_IPC_OBJECT,      // ipc/: one of them
    LOCK_RANK_DEVICE,          // the kernel's own tests: a device would come after all of these

    // Spin locks (sync/spinlock.h): interrupts are off while one is held.
    LOCK_RANK_SPIN_FIRST = 32,
    LOCK_RANK_PROCESS_TREE = LOCK_RANK_SPIN_FIRST, // process/: parents, children, groups, sessions
    LOCK_RANK_SIGNAL,       // process/: actions, pending queues (two processes by address)
    LOCK_RANK_DESCRIPTORS,  // process/: a descriptor table's writers
    LOCK_RANK_FS_STATE,     // process/: cwd, root, umask
    LOCK_RANK_MOUNT,        // fs/: the mount table
    LOCK_RANK_NAME,         // fs/: hash of name entries, parent and children links
    LOCK_RANK_FILE_LOCKS,   // file/: flock and record locks
    LOCK_RANK_PAGE_CACHE,   // vm/: tree of pages and of mapping areas
    LOCK_RANK_PAGE_TABLE,   // memory/, vm/: entries of one page table (two in fork: parent first)
    LOCK_RANK_RECLAIM,      // vm/: lists of reclaimable pages
    LOCK_RANK_DEVICE_STATE, // device/: nodes, drivers' rings
    LOCK_RANK_POLL,         // file/: epoll's ready list
    LOCK_RANK_TIMER_STATE,  // file/: what a timerfd's interrupt sees
    LOCK_RANK_FUTEX,        // process/: waiters of a bucket (two by address)
    LOCK_RANK_FUTEX_PI,     // process/: owners and waiters of priority-inheriting futexes
    LOCK_RANK_WAIT_QUEUE,   // scheduler/: waiters of a queue (same rank nests: a wake passed on)
    LOCK_RANK_WORK,         // scheduler/: work lists
    LOCK_RANK_TIMER,        // scheduler/: one CPU's timers
    LOCK_RANK_ID,           // scheduler/: the table of ids
    LOCK_RANK_THREAD_LIST,  // scheduler/: the list of all threads
    LOCK_RANK_RUN_QUEUE,    // scheduler/: one CPU's threads (two by CPU number)
    LOCK_RANK_KERNEL_MAP,   // memory/: kernel address ranges
    LOCK_RANK_HEAP,         // memory/: one slab cache
    LOCK_RANK_FRAME,        // memory/: the buddy's lists
    LOCK_RANK_INTERRUPT,    // interrupt/: routing, controllers' registers
    LOCK_RANK_RANDOM,       // device/: the generator's state
    LOCK_RANK_LOG,          // log/: the ring; anything may log
    LOCK_RANK_CONSOLE,      // device/: registers of the line that log lines go to
    LOCK_RANK_COUNT
};
