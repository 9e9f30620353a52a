// Between message_queue.c and message_transfer.c. The queue's mutex is held where a name ends in _locked.
#pragma once

#include "ipc/message_queue.h"

// The queue was removed, or its limits have changed: whoever waits looks again (`result` -EAGAIN) or gives up.
void message_wake_all_locked(struct message_queue *queue, int result);
