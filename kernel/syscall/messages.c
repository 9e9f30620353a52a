/*
 * Message queues of System V: decoding; the queues are in ipc/message_queue.c.
 */
#include "ipc/message_queue.h"
#include "ipc/settings.h"
#include "lib/macros.h"
#include "syscall/call.h"

/* What programs call struct msgbuf: a type, and then the text. */
struct message_head {
    int64_t type;
};

static void __user *text_of(struct message_head __user *user)
{
    return user + 1;
}

SYSTEM_CALL2(msgget, int, key, int, flags)
{
    return message_queue_get(key, flags);
}

SYSTEM_CALL4(msgsnd, int, id, struct message_head __user *, user, size_t, bytes, int, flags)
{
    struct message_head head;
    struct message *message;
    if (user_copy_in(&head, user, sizeof(head)) != 0) {
        return -EFAULT;
    }
    if (bytes > (size_t)READ_ONCE(ipc_settings.message_bytes_max) || id < 0 || head.type < 1) {
        return -EINVAL;
    }
    int error = message_create(head.type, bytes, &message);
    if (error != 0) {
        return error;
    }
    error = user_copy_in(message->text, text_of(user), bytes) != 0
                ? -EFAULT
                : message_send(id, message, flags);
    if (error != 0) {
        message_destroy(message);
    }
    return error;
}

SYSTEM_CALL5(msgrcv, int, id, struct message_head __user *, user, size_t, bytes, int64_t, type, int,
             flags)
{
    const struct message_request request = {.type = type, .bytes = bytes, .flags = flags};
    struct message *message;
    bool is_bad_copy =
        (flags & MSG_COPY) != 0 && ((flags & MSG_EXCEPT) != 0 || (flags & IPC_NOWAIT) == 0);
    if (id < 0 || (ssize_t)bytes < 0 || is_bad_copy) {
        return -EINVAL;
    }
    int error = message_receive(id, &request, &message);
    if (error != 0) {
        return error;
    }
    const struct message_head head = {.type = message->type};
    size_t moved = MIN(bytes, message->bytes);
    bool is_bad = user_copy_out(user, &head, sizeof(head)) != 0 ||
                  user_copy_out(text_of(user), message->text, moved) != 0;
    message_destroy(message);
    return is_bad ? -EFAULT : (long)moved;
}

/* ---- msgctl ------------------------------------------------------------------------------------ */

static long copy_status(int id, enum ipc_stat_kind kind, void __user *user)
{
    struct uapi_msqid_ds status;
    long result = message_queue_status(id, kind, &status);
    if (result >= 0 && user_copy_out(user, &status, sizeof(status)) != 0) {
        return -EFAULT;
    }
    return result;
}

static long copy_limits(bool tells_use, void __user *user)
{
    struct uapi_msginfo limits;
    long result = message_limits(tells_use, &limits);
    if (result >= 0 && user_copy_out(user, &limits, sizeof(limits)) != 0) {
        return -EFAULT;
    }
    return result;
}

static long set_from(int id, const void __user *user)
{
    struct uapi_msqid_ds wanted;
    return user_copy_in(&wanted, user, sizeof(wanted)) != 0 ? -EFAULT
                                                            : message_queue_set(id, &wanted);
}

SYSTEM_CALL3(msgctl, int, id, int, command, void __user *, user)
{
    if (id < 0) {
        return -EINVAL;
    }
    switch (command) {
    case IPC_INFO: return copy_limits(false, user);
    case MSG_INFO: return copy_limits(true, user);
    case IPC_STAT: return copy_status(id, IPC_STAT_ID, user);
    case MSG_STAT: return copy_status(id, IPC_STAT_PLACE, user);
    case MSG_STAT_ANY: return copy_status(id, IPC_STAT_ANY_PLACE, user);
    case IPC_SET: return set_from(id, user);
    case IPC_RMID: return message_queue_remove(id);
    default: return -EINVAL;
    }
}
