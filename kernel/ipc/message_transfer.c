// Sending and receiving messages.
//
// Who waits for a message stands on the queue's list of receivers; a sender hands a fitting message straight to the
// first of them. Who waits for room stands on the list of senders and tries again when it was woken: a receiver wakes each whose message
// alone would fit.
#include "ipc/message_internal.h"

#include "ipc/sleeper.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "process/process.h"

struct message_receiver {
    struct ipc_sleeper sleeper;            // first; told 0, -E2BIG, -EAGAIN (look again), -EIDRM
    const struct message_request *request; // [I]
    struct message *message;               // [l queue] what was handed over, with 0
};

struct message_sender {
    struct ipc_sleeper sleeper; // first; told 0 (try again), -EIDRM
    size_t bytes;               // [I]
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

static bool has_room_locked(const struct message_queue *queue, size_t bytes)
{
    return bytes + queue->bytes <= queue->bytes_max && queue->count + 1 <= queue->bytes_max;
}

// There is more room: wakes each sender that it would be enough for.
static void wake_senders_locked(struct message_queue *queue)
{
    struct message_sender *sender, *next;
    list_for_each_entry_safe(sender, next, &queue->senders, sleeper.link) {
        if (has_room_locked(queue, sender->bytes)) {
            ipc_sleeper_wake_locked(&sender->sleeper, 0);
        }
    }
}

// -EAGAIN: the queue's settings have changed, look again; else it is gone.
void message_wake_all_locked(struct message_queue *queue, int result)
{
    assert(mutex_is_held(&queue->object.mutex));
    struct message_receiver *receiver, *next_receiver;
    struct message_sender *sender, *next_sender;
    list_for_each_entry_safe(receiver, next_receiver, &queue->receivers, sleeper.link) {
        ipc_sleeper_wake_locked(&receiver->sleeper, result);
    }
    if (result == -EAGAIN) {
        wake_senders_locked(queue);
        return;
    }
    list_for_each_entry_safe(sender, next_sender, &queue->senders, sleeper.link) {
        ipc_sleeper_wake_locked(&sender->sleeper, result);
    }
}

// Hands the message to the first receiver that wants it and has room. Those with too little room are told on the way.
static bool hand_over_locked(struct message_queue *queue, struct message *message)
{
    struct message_receiver *receiver, *next;
    list_for_each_entry_safe(receiver, next, &queue->receivers, sleeper.link) {
        if (!is_wanted(message, receiver->request)) {
            continue;
        }
        if (message->bytes > receiver->request->bytes &&
            (receiver->request->flags & MSG_NOERROR) == 0) {
            ipc_sleeper_wake_locked(&receiver->sleeper, -E2BIG);
            continue;
        }
        receiver->message = message;
        queue->last_receiver = receiver->sleeper.thread->number;
        queue->received_at = ipc_now();
        ipc_sleeper_wake_locked(&receiver->sleeper, 0);
        return true;
    }
    return false;
}

// ---- sending --------------------------------------------------------------------------------------------

// Waits for room once. 0: try again; -EIDRM, -ERESTARTNOHAND.
static int wait_for_room_locked(struct message_queue *queue, size_t bytes)
{
    struct message_sender sender = {.bytes = bytes};
    ipc_sleeper_init(&sender.sleeper);
    list_add_tail(&queue->senders, &sender.sleeper.link);
    int result = ipc_sleep_locked(&sender.sleeper, &queue->object.mutex, UINT64_MAX);
    if (queue->object.is_removed) {
        return -EIDRM;
    }
    return result != 0 || thread_is_interrupted() ? -ERESTARTNOHAND : 0;
}

// The right to send is asked again after each wait: IPC_SET may have taken it.
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

// Waits for a message once. 0: the message; -EAGAIN: look again; -E2BIG, -EIDRM, -ERESTARTNOHAND.
static int wait_for_message_locked(struct message_queue *queue,
                                   const struct message_request *request, struct message **result)
{
    struct message_receiver receiver = {.request = request};
    ipc_sleeper_init(&receiver.sleeper);
    list_add_tail(&queue->receivers, &receiver.sleeper.link);
    int told = ipc_sleep_locked(&receiver.sleeper, &queue->object.mutex, UINT64_MAX);
    *result = receiver.message;
    bool is_interrupted = told == -ERESTARTSYS || (told == -EAGAIN && thread_is_interrupted());
    return is_interrupted ? -ERESTARTNOHAND : told;
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
