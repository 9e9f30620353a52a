// What process/ asks of ipc/, which stands above it: set once, before the first program.
#pragma once

struct process_ipc_ops {
    void (*shut_down)(void); // the machine ends: every object goes
};

void process_set_ipc_ops(const struct process_ipc_ops *ops);

// For process/.
void process_ipc_shut_down(void);
