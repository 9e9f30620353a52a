// The beginning and the end of System V's objects, and their limits.
#include "ipc/ipc.h"

#include "ipc/message_queue.h"
#include "ipc/posix_queue.h"
#include "ipc/segment.h"
#include "ipc/semaphore.h"
#include "ipc/settings.h"
#include "process/ipc_ops.h"

// As Linux starts.
struct ipc_settings ipc_settings = {
    .segment_bytes_max = SHMMAX,
    .segment_pages_all = SHMALL,
    .segments_max = SHMMNI,
    .semaphores_in_set_max = SEMMSL,
    .semaphores_in_all_max = SEMMNS,
    .semaphore_operations_max = SEMOPM,
    .semaphore_sets_max = SEMMNI,
    .message_bytes_max = MSGMAX,
    .queue_bytes_max = MSGMNB,
    .queues_max = MSGMNI,
    .posix_queues_max = 256,
    .posix_messages_max = 10,
    .posix_messages_default = 10,
    .posix_message_bytes_max = 8192,
    .posix_message_bytes_default = 8192,
};

void ipc_destroy_all(void)
{
    ipc_table_clear(&segment_table);
    ipc_table_clear(&semaphore_table);
    ipc_table_clear(&message_table);
    posix_queue_remove_all();
}

static const struct process_ipc_ops process_ops = {
    .undo_share = semaphore_undo_share,
    .undo_leave = semaphore_undo_leave,
    .shut_down = ipc_destroy_all,
};

void ipc_init(void)
{
    segment_module_init();
    semaphore_module_init();
    message_module_init();
    posix_queue_module_init();
    process_set_ipc_ops(&process_ops);
}
