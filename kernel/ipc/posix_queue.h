// POSIX message queues: files of the file system `mqueue`, of which there is one instance. mq_open finds them in it by name, and whoever
// mounts it sees them as files. A queue lives as long as its vnode: until it is unlinked and closed.
#pragma once

#include "ipc/message_queue.h"
#include "lib/compiler.h"
#include "uapi/mqueue.h"

struct fs_context;
struct open_file;
struct posix_queue;
struct uapi_sigevent;

void posix_queue_module_init(void); // registers the file system
// Takes every name away.
void posix_queue_remove_all(void);

struct posix_queue_open {
    const char *name;
    size_t length;
    unsigned flags;                        // O_*
    uint32_t mode;                         // of a new queue, the umask not applied
    const struct uapi_mq_attr *attributes; // of a new queue; NULL: the defaults
};
// mq_open: an open file with one reference. 0, -EACCES, -EEXIST, -EINVAL, -EMFILE (RLIMIT_MSGQUEUE), -ENOENT,
// -ENOMEM, -ENOSPC...
must_check int posix_queue_open(const struct fs_context *context,
                                const struct posix_queue_open *request, struct open_file **file);
must_check int posix_queue_unlink(const struct fs_context *context, const char *name,
                                  size_t length);

// The queue of an open file, NULL: it is another kind of file.
struct posix_queue *posix_queue_of_file(const struct open_file *file);
void posix_queue_attributes(struct posix_queue *queue, struct uapi_mq_attr *attributes); // no flags
size_t posix_queue_message_bytes(const struct posix_queue *queue); // what a message may have

// By priority; where there is no room, or nothing, waits until the deadline (monotonic; UINT64_MAX: none), unless `may_wait` is false.
// send consumes the message where it succeeds. 0, -EAGAIN, -ETIMEDOUT, -ERESTARTSYS.
must_check int posix_queue_send(struct posix_queue *queue, struct message *message, bool may_wait,
                                uint64_t deadline_ns);
must_check int posix_queue_receive(struct posix_queue *queue, bool may_wait, uint64_t deadline_ns,
                                   struct message **message);
// mq_notify of the current process; `event` NULL: it wants none any more. 0, -EBUSY.
must_check int posix_queue_notify(struct posix_queue *queue, const struct uapi_sigevent *event);
