// Numbers of threads, processes, groups and sessions. An id lives as long as anything uses its
// number, so that a group's number is not given out while a member lives.
#pragma once

#include "lib/compiler.h"
#include "lib/list.h"
#include "scheduler/rcu.h"
#include "sync/refcount.h"

enum { ID_MAX = 32768 }; // as pid_max

enum id_role { ID_THREAD, ID_PROCESS, ID_GROUP, ID_SESSION, ID_ROLE_COUNT };

struct id {
    int number;                              // [I] 1 .. ID_MAX - 1
    struct refcount references;              // [a]
    struct list_head members[ID_ROLE_COUNT]; // [l process tree] threads, processes by their links
    void *task; // [l process tree, read under RCU] process/'s struct task of this number, or NULL
    struct rcu_head rcu;
    struct hlist_node hash_link; // [l id, read under RCU]
};

// The next free number, ascending and wrapping like Linux; one reference. NULL: no number or no
// memory.
must_check struct id *id_alloc(void);
void id_get(struct id *id);
void id_put(struct id *id);
// A reference to the id of that number, NULL if there is none.
must_check struct id *id_find(int number);
// The live id with the smallest number >= `from`, with a reference, or NULL. For /proc.
must_check struct id *id_next(int from);
// The number that was given out last.
int id_last_number(void);
// How many were given out since boot.
uint64_t id_total_count(void);
