// Message queues: making, telling, changing, removing. Messages move in message_transfer.c.
#include "ipc/message_internal.h"

#include "ipc/settings.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "memory/heap.h"
#include "process/process.h"
#include "uapi/capability.h"

struct ipc_table message_table;

static struct slab_cache queue_cache;

// ---- the table's operations -----------------------------------------------------------------------

static int queue_create(const void *request, struct ipc_object **result)
{
    (void)request;
    int error = ipc_memory_charge(sizeof(struct message_queue));
    if (error != 0) {
        return error;
    }
    struct message_queue *queue = slab_alloc_zeroed(&queue_cache);
    if (queue == NULL) {
        ipc_memory_uncharge(sizeof(struct message_queue));
        return -ENOMEM;
    }
    list_init(&queue->messages);
    list_init(&queue->receivers);
    list_init(&queue->senders);
    queue->bytes_max = (uint64_t)READ_ONCE(ipc_settings.queue_bytes_max);
    queue->changed_at = ipc_now();
    *result = &queue->object;
    return 0;
}

static int queue_check(const struct ipc_object *object, const void *request)
{
    (void)object;
    (void)request;
    return 0;
}

static void queue_removed(struct ipc_object *object)
{
    message_wake_all_locked(message_queue_of(object), -EIDRM);
}

static void queue_destroy(struct ipc_object *object)
{
    struct message_queue *queue = message_queue_of(object);
    assert(list_is_empty(&queue->receivers) && list_is_empty(&queue->senders));
    while (!list_is_empty(&queue->messages)) {
        struct message *message = list_first_entry(&queue->messages, struct message, link);
        list_remove(&message->link);
        message_destroy(message);
    }
    slab_free(&queue_cache, queue);
    ipc_memory_uncharge(sizeof(*queue));
}

static const struct ipc_table_ops table_ops = {
    .create = queue_create,
    .check = queue_check,
    .removed = queue_removed,
    .destroy = queue_destroy,
    .limit = &ipc_settings.queues_max,
};

void message_module_init(void)
{
    slab_cache_init(&queue_cache, "sysv_queue", sizeof(struct message_queue), 8);
    ipc_table_init(&message_table, &table_ops);
}

long message_queue_get(int key, int flags)
{
    return ipc_table_get(&message_table, &(struct ipc_get){.key = key, .flags = flags});
}

// ---- telling --------------------------------------------------------------------------------------

long message_queue_status(int id, enum ipc_stat_kind kind, struct uapi_msqid_ds *result)
{
    struct ipc_object *object;
    long value = ipc_table_lock_stat(&message_table, id, kind, &object);
    if (value < 0) {
        return value;
    }
    const struct message_queue *queue = message_queue_of(object);
    *result = (struct uapi_msqid_ds){
        .msg_stime = queue->sent_at,
        .msg_rtime = queue->received_at,
        .msg_ctime = queue->changed_at,
        .msg_cbytes = queue->bytes,
        .msg_qnum = queue->count,
        .msg_qbytes = queue->bytes_max,
        .msg_lspid = queue->last_sender,
        .msg_lrpid = queue->last_receiver,
    };
    ipc_object_describe_locked(object, &result->msg_perm);
    ipc_object_unlock_put(object);
    return value;
}

struct totals {
    uint64_t bytes, count;
};

static void add_queued(struct ipc_object *object, void *context)
{
    struct totals *totals = context;
    totals->bytes += message_queue_of(object)->bytes;
    totals->count += message_queue_of(object)->count;
}

long message_limits(bool tells_use, struct uapi_msginfo *result)
{
    struct totals totals = {0};
    if (tells_use) {
        ipc_table_visit(&message_table, add_queued, &totals);
    }
    *result = (struct uapi_msginfo){
        .msgpool = tells_use ? (int)ipc_table_count(&message_table) : MSGPOOL,
        .msgmap = tells_use ? (int)MIN(totals.count, (uint64_t)INT32_MAX) : MSGMAP,
        .msgmax = READ_ONCE(ipc_settings.message_bytes_max),
        .msgmnb = READ_ONCE(ipc_settings.queue_bytes_max),
        .msgmni = READ_ONCE(ipc_settings.queues_max),
        .msgssz = MSGSSZ,
        .msgtql = tells_use ? (int)MIN(totals.bytes, (uint64_t)INT32_MAX) : MSGTQL,
        .msgseg = MSGSEG,
    };
    return ipc_table_highest(&message_table);
}

// ---- changing and removing ----------------------------------------------------------------------------

static int queue_set_locked(struct message_queue *queue, const struct uapi_msqid_ds *wanted)
{
    int error = ipc_object_check_owner_locked(&queue->object);
    if (error != 0) {
        return error;
    }
    bool is_large = wanted->msg_qbytes > (uint64_t)READ_ONCE(ipc_settings.queue_bytes_max);
    if (is_large && !credentials_can(task_current()->credentials, CAP_SYS_RESOURCE)) {
        return -EPERM;
    }
    error = ipc_object_set_locked(&queue->object, &wanted->msg_perm);
    if (error != 0) {
        return error;
    }
    queue->bytes_max = wanted->msg_qbytes;
    queue->changed_at = ipc_now();
    message_wake_all_locked(queue, -EAGAIN);
    return 0;
}

int message_queue_set(int id, const struct uapi_msqid_ds *wanted)
{
    struct ipc_object *object;
    int error = ipc_table_lock_id(&message_table, id, &object);
    if (error != 0) {
        return error;
    }
    error = queue_set_locked(message_queue_of(object), wanted);
    ipc_object_unlock_put(object);
    return error;
}

int message_queue_remove(int id)
{
    return ipc_table_remove(&message_table, id, NULL);
}
