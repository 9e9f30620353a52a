// Messages of a POSIX queue: sending, receiving, and telling a process of the first one.
//
// A message goes straight to a receiver that waits; a sender that waits is completed by whoever makes room. Of those who wait the thread
// with the highest real-time priority comes first, among equals who came first. See mq_overview(7).
#include "ipc/posix_queue_internal.h"

#include "lib/assert.h"
#include "lib/errno.h"
#include "process/process.h"
#include "scheduler/thread.h"

struct queue_waiter {
    struct ipc_sleeper sleeper; // first
    struct message *message;    // [l queue] a sender's; or what a receiver was given
};

void posix_queue_init(struct posix_queue *queue, unsigned maximum, unsigned message_bytes)
{
    mutex_init(&queue->mutex, LOCK_RANK_IPC_OBJECT);
    queue->maximum = maximum;
    queue->message_bytes = message_bytes;
    list_init(&queue->messages);
    queue->count = 0;
    queue->bytes = 0;
    list_init(&queue->receivers);
    list_init(&queue->senders);
    wait_queue_init(&queue->changed);
    queue->notified = NULL;
}

void posix_queue_fini(struct posix_queue *queue)
{
    assert(list_is_empty(&queue->receivers) && list_is_empty(&queue->senders));
    while (!list_is_empty(&queue->messages)) {
        struct message *message = list_first_entry(&queue->messages, struct message, link);
        list_remove(&message->link);
        message_destroy(message);
    }
    if (queue->notified != NULL) {
        process_put(queue->notified);
    }
}

size_t posix_queue_message_bytes(const struct posix_queue *queue)
{
    return queue->message_bytes;
}

void posix_queue_attributes(struct posix_queue *queue, struct uapi_mq_attr *attributes)
{
    *attributes = (struct uapi_mq_attr){
        .mq_maxmsg = queue->maximum,
        .mq_msgsize = queue->message_bytes,
        .mq_curmsgs = READ_ONCE(queue->count),
    };
}

// ---- who waits ------------------------------------------------------------------------------------------

static void waiter_add_locked(struct list_head *list, struct queue_waiter *waiter)
{
    int priority = thread_priority(waiter->sleeper.thread);
    struct queue_waiter *other;
    list_for_each_entry(other, list, sleeper.link) {
        if (thread_priority(other->sleeper.thread) < priority) {
            break;
        }
    }
    list_add_tail(&other->sleeper.link, &waiter->sleeper.link); // before it, or at the end
}

static int wait_locked(struct posix_queue *queue, struct list_head *list,
                       struct queue_waiter *waiter, uint64_t deadline_ns)
{
    assert(mutex_is_held(&queue->mutex));
    ipc_sleeper_init(&waiter->sleeper);
    waiter_add_locked(list, waiter);
    return ipc_sleep_locked(&waiter->sleeper, &queue->mutex, deadline_ns);
}

// ---- notification ---------------------------------------------------------------------------------------

static void notified_drop_locked(struct posix_queue *queue)
{
    assert(mutex_is_held(&queue->mutex));
    process_put(queue->notified);
    queue->notified = NULL;
}

// The queue has its first message, and nobody waited for it. A program does not get the signal that the one before it asked for, though
// its request stands until now (mq_notify(2) and Linux).
static void notify_locked(struct posix_queue *queue)
{
    if (queue->notified == NULL) {
        return;
    }
    bool is_same_program = READ_ONCE(queue->notified->executions) == queue->notified_executions;
    if (is_same_program && queue->event.sigev_notify == SIGEV_SIGNAL &&
        queue->event.sigev_signo != 0) {
        const struct task *task = task_current();
        const struct uapi_siginfo info = {
            .si_signo = queue->event.sigev_signo,
            .si_code = SI_MESGQ,
            .fields.rt = {.pid = task->process->id->number,
                          .uid = task->credentials->uid,
                          .value = queue->event.sigev_value},
        };
        int error = signal_send_process(queue->notified, info.si_signo, &info);
        (void)error; // it has ended, or its queue of signals is full: then nobody is told
    }
    notified_drop_locked(queue);
}

int posix_queue_notify(struct posix_queue *queue, const struct uapi_sigevent *event)
{
    struct process *process = process_current();
    int error = 0;
    mutex_lock(&queue->mutex);
    if (event == NULL) {
        if (queue->notified == process) {
            notified_drop_locked(queue);
        }
    } else if (queue->notified != NULL) {
        error = -EBUSY;
    } else {
        process_get(process);
        queue->notified = process;
        queue->notified_executions = process->executions;
        queue->event = *event;
    }
    mutex_unlock(&queue->mutex);
    return error;
}

void posix_queue_forget_process(struct posix_queue *queue)
{
    mutex_lock(&queue->mutex);
    if (queue->notified != NULL && queue->notified == process_current()) {
        notified_drop_locked(queue);
    }
    mutex_unlock(&queue->mutex);
}

// ---- messages -------------------------------------------------------------------------------------------

// Behind those of its priority: mostly at the end.
static void message_insert_locked(struct posix_queue *queue, struct message *message)
{
    assert(queue->count < queue->maximum && message->bytes <= queue->message_bytes);
    struct list_head *after = queue->messages.prev;
    while (after != &queue->messages &&
           list_entry(after, struct message, link)->type < message->type) {
        after = after->prev;
    }
    list_add_head(after, &message->link);
    WRITE_ONCE(queue->count, queue->count + 1);
    queue->bytes += message->bytes;
}

static struct message *message_take_locked(struct posix_queue *queue)
{
    struct message *message = list_first_entry(&queue->messages, struct message, link);
    list_remove(&message->link);
    WRITE_ONCE(queue->count, queue->count - 1);
    queue->bytes -= message->bytes;
    return message;
}

static struct queue_waiter *first_waiter(struct list_head *list)
{
    return list_first_entry_or_null(list, struct queue_waiter, sleeper.link);
}

static int send_locked(struct posix_queue *queue, struct message *message, bool may_wait,
                       uint64_t deadline_ns)
{
    if (queue->count == queue->maximum) {
        struct queue_waiter waiter = {.message = message};
        return may_wait ? wait_locked(queue, &queue->senders, &waiter, deadline_ns) : -EAGAIN;
    }
    struct queue_waiter *receiver = first_waiter(&queue->receivers);
    if (receiver != NULL) {
        receiver->message = message;
        ipc_sleeper_wake_locked(&receiver->sleeper, 0);
    } else {
        message_insert_locked(queue, message);
        if (queue->count == 1) {
            notify_locked(queue);
        }
        wait_queue_wake(&queue->changed, POLLIN | POLLRDNORM, ~0u);
    }
    vnode_touch_modify(&queue->vnode);
    return 0;
}

int posix_queue_send(struct posix_queue *queue, struct message *message, bool may_wait,
                     uint64_t deadline_ns)
{
    mutex_lock(&queue->mutex);
    int error = send_locked(queue, message, may_wait, deadline_ns);
    mutex_unlock(&queue->mutex);
    return error;
}

// There is room for one: the first sender's message, or poll is told.
static void let_sender_in_locked(struct posix_queue *queue)
{
    struct queue_waiter *sender = first_waiter(&queue->senders);
    if (sender != NULL) {
        message_insert_locked(queue, sender->message);
        ipc_sleeper_wake_locked(&sender->sleeper, 0);
    } else {
        wait_queue_wake(&queue->changed, POLLOUT | POLLWRNORM, ~0u);
    }
}

static int receive_locked(struct posix_queue *queue, bool may_wait, uint64_t deadline_ns,
                          struct message **message)
{
    if (queue->count == 0) {
        struct queue_waiter waiter = {0};
        int error =
            may_wait ? wait_locked(queue, &queue->receivers, &waiter, deadline_ns) : -EAGAIN;
        *message = waiter.message;
        return error;
    }
    *message = message_take_locked(queue);
    let_sender_in_locked(queue);
    vnode_touch_modify(&queue->vnode);
    return 0;
}

int posix_queue_receive(struct posix_queue *queue, bool may_wait, uint64_t deadline_ns,
                        struct message **message)
{
    mutex_lock(&queue->mutex);
    int error = receive_locked(queue, may_wait, deadline_ns, message);
    mutex_unlock(&queue->mutex);
    return error;
}
