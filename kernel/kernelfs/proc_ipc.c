/*
 * /proc/sys/kernel and /proc/sys/fs/mqueue: the limits of System V's objects and of POSIX queues (ipc/settings.h). Each is one number that can be written; a number outside of
 * its bounds is refused, and what stands after it but white space too.
 */
#include "ipc/settings.h"
#include "kernelfs/proc_internal.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "uapi/mqueue.h"
#include "uapi/stat.h"

enum { LEAST_MESSAGE = 128 }; /* bytes */

static bool is_space(char character)
{
    return character == ' ' || character == '\t' || character == '\n';
}

/* The next number, after which *data stands; -EINVAL: there is none, or it is out of bounds. */
static int take_number(const char **data, uint64_t least, uint64_t most, uint64_t *value)
{
    const char *end;
    while (is_space(**data)) {
        (*data)++;
    }
    if (string_to_u64(*data, 10, value, &end) != 0 || *value < least || *value > most ||
        (*end != '\0' && !is_space(*end))) {
        return -EINVAL;
    }
    *data = end;
    return 0;
}

static bool has_more(const char *data)
{
    while (is_space(*data)) {
        data++;
    }
    return *data != '\0';
}

#define SETTING(NAME, FIELD, LEAST, MOST)                                                          \
    int proc_show_##NAME(const struct generated_key *key, struct text_buffer *text)                \
    {                                                                                              \
        (void)key;                                                                                 \
        text_format(text, "%lu\n", (uint64_t)READ_ONCE(ipc_settings.FIELD));                       \
        return 0;                                                                                  \
    }                                                                                              \
    ssize_t proc_store_##NAME(const struct generated_key *key, const char *data, size_t bytes)     \
    {                                                                                              \
        (void)key;                                                                                 \
        uint64_t value;                                                                            \
        int error = take_number(&data, LEAST, MOST, &value);                                       \
        if (error != 0) {                                                                          \
            return error;                                                                          \
        }                                                                                          \
        WRITE_ONCE(ipc_settings.FIELD, (__typeof__(ipc_settings.FIELD))value);                     \
        return (ssize_t)bytes;                                                                     \
    }

SETTING(msgmax, message_bytes_max, 0, INT32_MAX)
SETTING(msgmnb, queue_bytes_max, 0, INT32_MAX)
SETTING(msgmni, queues_max, 0, IPC_OBJECTS_MAX)
SETTING(msg_default, posix_messages_default, 1, MQ_HARD_MESSAGES)
SETTING(msg_max, posix_messages_max, 1, MQ_HARD_MESSAGES)
SETTING(msgsize_default, posix_message_bytes_default, LEAST_MESSAGE, MQ_HARD_MESSAGE_BYTES)
SETTING(msgsize_max, posix_message_bytes_max, LEAST_MESSAGE, MQ_HARD_MESSAGE_BYTES)
SETTING(queues_max, posix_queues_max, 0, INT32_MAX)
SETTING(shmall, segment_pages_all, 0, UINT64_MAX)
SETTING(shmmax, segment_bytes_max, 0, UINT64_MAX)
SETTING(shmmni, segments_max, 0, IPC_OBJECTS_MAX)

int proc_show_sem(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%d\t%d\t%d\t%d\n", READ_ONCE(ipc_settings.semaphores_in_set_max),
                READ_ONCE(ipc_settings.semaphores_in_all_max),
                READ_ONCE(ipc_settings.semaphore_operations_max),
                READ_ONCE(ipc_settings.semaphore_sets_max));
    return 0;
}

/* The first of the four, or more of them. */
ssize_t proc_store_sem(const struct generated_key *key, const char *data, size_t bytes)
{
    (void)key;
    int *const fields[] = {&ipc_settings.semaphores_in_set_max, &ipc_settings.semaphores_in_all_max,
                           &ipc_settings.semaphore_operations_max,
                           &ipc_settings.semaphore_sets_max};
    const uint64_t most[] = {INT32_MAX, INT32_MAX, INT32_MAX, IPC_OBJECTS_MAX};
    uint64_t values[ARRAY_SIZE(fields)];
    size_t count = 0;
    while (count < ARRAY_SIZE(fields) && has_more(data)) {
        int error = take_number(&data, 0, most[count], &values[count]);
        if (error != 0) {
            return error;
        }
        count++;
    }
    for (size_t i = 0; i < count; i++) {
        WRITE_ONCE(*fields[i], (int)values[i]);
    }
    return count > 0 ? (ssize_t)bytes : -EINVAL;
}

static const struct generated_row mqueue_rows[] = {
    PROC_SETTING_ROW(msg_default), PROC_SETTING_ROW(msg_max),    PROC_SETTING_ROW(msgsize_default),
    PROC_SETTING_ROW(msgsize_max), PROC_SETTING_ROW(queues_max), {0},
};
const struct generated_directory proc_mqueue_directory = {.rows = mqueue_rows};
