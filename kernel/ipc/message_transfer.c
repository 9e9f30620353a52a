// Sending and receiving messages.
//
// Who waits for a message stands on the queue's list of receivers, on its own stack; a sender hands a fitting message straight to the
// first of them. Who waits for room stands on the list of senders and tries again when it was woken: a receiver wakes each whose message
// alone would fit.
//
// Who sleeps takes the queue's mutex once more before it returns, so that nobody touches a waiter that is gone.
#include "ipc/message_internal.h"

#include "ipc/settings.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "process/process.h"

enum { WAITING = 1 }; // the status of who has not been told anything

struct message_receiver {
    struct list_head link;                 // [l queue]
    struct thread *thread;                 // [I]
    const struct message_request *request; // [I]
    struct message *message;               // [l queue] what was handed over, NULL: nothing
    int status;                            // [a] WAITING, 0, -E2BIG, -EAGAIN (look again), -EIDRM
};

struct message_sender {
    struct list_head link; // [l queue]
    struct thread *thread; // [I]
    size_t bytes;          // [I]
    bool is_woken;         // [a]
};

// ---- messages -------------------------------------------------------------------------------------------

int message_create(int64_t type, size_t bytes, struct message **result)
{
    size_t all = sizeof(struct message) + bytes;
    int error = ipc_memory_charge(all);
    if (error != 0) {
        return error;
    }
    struct message *message = heap_alloc(all);
    if (message == NULL) {
        ipc_memory_uncharge(all);
        return -ENOMEM;
    }
    list_init(&message->link);
    message->type = type;
    message->bytes = bytes;
    *result = message;
    return 0;
}

void message_destroy(struct message *message)
{
    assert(!list_is_linked(&message->link));
    ipc_memory_uncharge(sizeof(*message) + message->bytes);
    heap_free(message);
}

static bool is_wanted(const struct message *message, const struct message_request *request)
{
    if (request->type == 0) {
        return true;
    }
    if (request->type < 0) {
        int64_t most = request->type == INT64_MIN ? INT64_MAX : -request->type;
        return message->type <= most;
    }
    return (message->type == request->type) == ((request->flags & MSG_EXCEPT) == 0);
}

// The oldest that is wanted; of a negative type's, the oldest of the lowest. MSG_COPY: by its place. NULL: none.
static struct message *find_locked(struct message_queue *queue,
                                   const struct message_request *request)
{
    struct message *message, *lowest = NULL;
    int64_t place = 0;
    list_for_each_entry(message, &queue->messages, link) {
        if ((request->flags & MSG_COPY) != 0) {
            if (place++ == request->type) {
                return message;
            }
        } else if (is_wanted(message, request)) {
            if (request->type >= 0) {
                return message;
            }
            lowest = lowest == NULL || message->type < lowest->type ? message : lowest;
        }
    }
    return lowest;
}

// ---- who waits ------------------------------------------------------------------------------------------

static void receiver_tell_locked(struct message_receiver *receiver, int status)
{
    list_remove(&receiver->link);
    __atomic_store_n(&receiver->status, status, __ATOMIC_RELEASE);
    thread_wake(receiver->thread);
}

static void sender_wake_locked(struct message_sender *sender)
{
    list_remove(&sender->link);
    __atomic_store_n(&sender->is_woken, true, __ATOMIC_RELEASE);
    thread_wake(sender->thread);
}

static bool has_room_locked(const struct message_queue *queue, size_t bytes)
{
    return bytes + queue->bytes <= queue->bytes_max && queue->count + 1 <= queue->bytes_max;
}

// There is more room: wakes each sender that it would be enough for.
static void wake_senders_locked(struct message_queue *queue)
{
    struct message_sender *sender, *next;
    list_for_each_entry_safe(sender, next, &queue->senders, link) {
        if (has_room_locked(queue, sender->bytes)) {
            sender_wake_locked(sender);
        }
    }
}

void message_wake_all_locked(struct message_queue *queue, int result)
{
    assert(mutex_is_held(&queue->object.mutex));
    struct message_receiver *receiver, *next_receiver;
    struct message_sender *sender, *next_sender;
    list_for_each_entry_safe(receiver, next_receiver, &queue->receivers, link) {
        receiver_tell_locked(receiver, result);
    }
    if (result == -EAGAIN) {
        wake_senders_locked(queue);
        return;
    }
    list_for_each_entry_safe(sender, next_sender, &queue->senders, link) {
        sender_wake_locked(sender);
    }
}

// Hands the message to the first receiver that wants it and has room. Those with too little room are told on the way.
static bool hand_over_locked(struct message_queue *queue, struct message *message)
{
    struct message_receiver *receiver, *next;
    list_for_each_entry_safe(receiver, next, &queue->receivers, link) {
        if (!is_wanted(message, receiver->request)) {
            continue;
        }
        if (message->bytes > receiver->request->bytes &&
            (receiver->request->flags & MSG_NOERROR) == 0) {
            receiver_tell_locked(receiver, -E2BIG);
            continue;
        }
        receiver->message = message;
        queue->last_receiver = receiver->thread->number;
        queue->received_at = ipc_now();
        receiver_tell_locked(receiver, 0);
        return true;
    }
    return false;
}

// ---- sending --------------------------------------------------------------------------------------------

// Waits for room once. The mutex is given up meanwhile. 0: try again; -EIDRM, -ERESTARTNOHAND.
static int wait_for_room_locked(struct message_queue *queue, size_t bytes) no_lock_analysis
{
    struct message_sender sender = {.thread = thread_current(), .bytes = bytes};
    int result = 0;
    list_add_tail(&queue->senders, &sender.link);
    mutex_unlock(&queue->object.mutex);
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED_INTERRUPTIBLE);
        if (__atomic_load_n(&sender.is_woken, __ATOMIC_ACQUIRE) || result != 0) {
            break;
        }
        result = wait_sleep(THREAD_BLOCKED_INTERRUPTIBLE, UINT64_MAX);
    }
    thread_cancel_block();
    mutex_lock(&queue->object.mutex);
    if (!sender.is_woken) {
        list_remove(&sender.link);
    }
    if (queue->object.is_removed) {
        return -EIDRM;
    }
    return thread_is_interrupted() ? -ERESTARTNOHAND : 0;
}

static int send_locked(struct message_queue *queue, struct message *message, int flags)
{
    int error;
    for (;;) {
        error = ipc_object_check_locked(&queue->object, IPC_WRITE);
        if (error != 0 || has_room_locked(queue, message->bytes)) {
            break;
        }
        error = (flags & IPC_NOWAIT) != 0 ? -EAGAIN : wait_for_room_locked(queue, message->bytes);
        if (error != 0) {
            break;
        }
    }
    if (error != 0) {
        return error;
    }
    queue->last_sender = process_current()->id->number;
    queue->sent_at = ipc_now();
    if (!hand_over_locked(queue, message)) {
        list_add_tail(&queue->messages, &message->link);
        queue->bytes += message->bytes;
        queue->count++;
    }
    return 0;
}

int message_send(int id, struct message *message, int flags)
{
    struct ipc_object *object;
    int error = ipc_table_lock_id(&message_table, id, &object);
    if (error != 0) {
        return error;
    }
    error = send_locked(message_queue_of(object), message, flags);
    ipc_object_unlock_put(object);
    return error;
}

// ---- receiving ------------------------------------------------------------------------------------------

static int copy_message(const struct message *message, size_t room, struct message **result)
{
    if (message->bytes > room) {
        return -EINVAL;
    }
    int error = message_create(message->type, message->bytes, result);
    if (error == 0) {
        memcpy((*result)->text, message->text, message->bytes);
    }
    return error;
}

// Takes a message that was found, or a copy. 0, -E2BIG, -EINVAL, -ENOMEM.
static int take_locked(struct message_queue *queue, struct message *message,
                       const struct message_request *request, struct message **result)
{
    if (request->bytes < message->bytes && (request->flags & MSG_NOERROR) == 0) {
        return -E2BIG;
    }
    if ((request->flags & MSG_COPY) != 0) {
        return copy_message(message, request->bytes, result);
    }
    list_remove(&message->link);
    queue->count--;
    queue->bytes -= message->bytes;
    queue->received_at = ipc_now();
    queue->last_receiver = process_current()->id->number;
    wake_senders_locked(queue);
    *result = message;
    return 0;
}

// Waits for a message once. The mutex is given up meanwhile. 0: the message; -EAGAIN: look again; -E2BIG, -EIDRM, -ERESTARTNOHAND.
static int wait_for_message_locked(struct message_queue *queue,
                                   const struct message_request *request,
                                   struct message **result) no_lock_analysis
{
    struct message_receiver receiver = {
        .thread = thread_current(), .request = request, .status = WAITING};
    int error = 0;
    list_add_tail(&queue->receivers, &receiver.link);
    mutex_unlock(&queue->object.mutex);
    for (;;) {
        thread_prepare_to_block(THREAD_BLOCKED_INTERRUPTIBLE);
        if (__atomic_load_n(&receiver.status, __ATOMIC_ACQUIRE) != WAITING || error != 0) {
            break;
        }
        error = wait_sleep(THREAD_BLOCKED_INTERRUPTIBLE, UINT64_MAX);
    }
    thread_cancel_block();
    mutex_lock(&queue->object.mutex);
    if (receiver.status == WAITING) {
        list_remove(&receiver.link);
        return -ERESTARTNOHAND;
    }
    *result = receiver.message;
    return receiver.status == -EAGAIN && thread_is_interrupted() ? -ERESTARTNOHAND
                                                                 : receiver.status;
}

static int receive_locked(struct message_queue *queue, const struct message_request *request,
                          struct message **result)
{
    int error;
    do {
        error = ipc_object_check_locked(&queue->object, IPC_READ);
        if (error != 0) {
            return error;
        }
        struct message *found = find_locked(queue, request);
        if (found != NULL) {
            return take_locked(queue, found, request, result);
        }
        if ((request->flags & IPC_NOWAIT) != 0) {
            return -ENOMSG;
        }
        error = wait_for_message_locked(queue, request, result);
    } while (error == -EAGAIN);
    return error;
}

int message_receive(int id, const struct message_request *request, struct message **result)
{
    struct ipc_object *object;
    int error = ipc_table_lock_id(&message_table, id, &object);
    if (error != 0) {
        return error;
    }
    error = receive_locked(message_queue_of(object), request, result);
    ipc_object_unlock_put(object);
    return error;
}
