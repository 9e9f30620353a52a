// Message queues of System V. The contracts are those of the calls, with Linux's errors in Linux's order.
#pragma once

#include "ipc/table.h"
#include "uapi/msg.h"

struct message {
    struct list_head link; // [l queue] while it is queued; else its holder's
    int64_t type;          // [I] 1 or more
    size_t bytes;          // [I]
    char text[];           // [I]
};

struct message_queue {
    struct ipc_object object;                 // first
    struct list_head messages;                // [l object] struct message, oldest first
    struct list_head receivers;               // [l] struct message_receiver, first come first
    struct list_head senders;                 // [l] struct message_sender, first come first
    uint64_t bytes, count;                    // [l] of what is queued
    uint64_t bytes_max;                       // [l]
    int64_t sent_at, received_at, changed_at; // [l] seconds; 0: never
    int last_sender, last_receiver;           // [l] numbers of processes, 0: none yet
};

extern struct ipc_table message_table;

static inline struct message_queue *message_queue_of(struct ipc_object *object)
{
    return (struct message_queue *)object;
}

void message_module_init(void);
long message_queue_get(int key, int flags); // msgget

// A message with room for so many bytes, which the caller fills. 0 or -ENOMEM.
must_check int message_create(int64_t type, size_t bytes, struct message **result);
void message_destroy(struct message *message);
// msgsnd; consumes the message where it succeeds. `flags` IPC_NOWAIT. 0, -EINVAL, -EACCES, -EAGAIN, -EIDRM, -ERESTARTNOHAND.
must_check int message_send(int id, struct message *message, int flags);
struct message_request {
    int64_t type;
    size_t bytes; // room for text
    int flags;    // IPC_NOWAIT, MSG_*
};
// msgrcv: the message, which is the caller's then (with MSG_COPY a copy). 0, -EINVAL, -EACCES, -E2BIG, -ENOMSG, -EIDRM, -ENOMEM,
// -ERESTARTNOHAND.
must_check int message_receive(int id, const struct message_request *request,
                               struct message **result);

// msgctl, command by command; a result of 0 or more is the call's.
long message_queue_status(int id, enum ipc_stat_kind kind, struct uapi_msqid_ds *result);
must_check int message_queue_set(int id, const struct uapi_msqid_ds *wanted);
must_check int message_queue_remove(int id);
// Also MSG_INFO, which tells what there is where IPC_INFO tells limits.
long message_limits(bool tells_use, struct uapi_msginfo *result);
