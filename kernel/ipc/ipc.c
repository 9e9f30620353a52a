// The beginning and the end of System V's objects, and their limits.
#include "ipc/ipc.h"

#include "ipc/segment.h"
#include "ipc/settings.h"
#include "process/ipc_ops.h"

// As Linux starts.
struct ipc_settings ipc_settings = {
    .segment_bytes_max = SHMMAX,
    .segment_pages_all = SHMALL,
    .segments_max = SHMMNI,
};

void ipc_destroy_all(void)
{
    ipc_table_clear(&segment_table);
}

static const struct process_ipc_ops process_ops = {
    .shut_down = ipc_destroy_all,
};

void ipc_init(void)
{
    segment_module_init();
    process_set_ipc_ops(&process_ops);
}
