// System V's shared memory, semaphores and message queues as a whole.
#pragma once

// Tables, caches, and the answers to process/ (process/ipc_ops.h). After process_init.
void ipc_init(void);
// Takes every object away, as IPC_RMID would; memory that programs have attached stays until they end. For the end of the machine.
void ipc_destroy_all(void);
