/*
 * Files of pidfd_open and CLONE_PIDFD: a reference on the process, which keeps its structure, not its number.
 */
#include "process/process_file.h"

#include "file/open_file.h"
#include "lib/assert.h"
#include "lib/text.h"
#include "process/process.h"

static unsigned process_file_poll(struct open_file *file, struct poll_context *context)
{
    struct process *process = file->private_data;
    poll_wait(context, &process->ended);
    // Queued first, then looked: an end between the two wakes the queue.
    spin_lock(&process_tree_lock);
    bool has_ended = process->is_zombie;
    spin_unlock(&process_tree_lock);
    return has_ended ? POLLIN | POLLRDNORM : 0;
}

// -1: it has been waited for, and its number may be another's by now.
static void process_file_describe(struct open_file *file, struct text_buffer *text)
{
    const struct process *process = file->private_data;
    struct process *found = process_find(process->id->number);
    int number = found == process ? process->id->number : -1;
    if (found != NULL) {
        process_put(found);
    }
    text_format(text, "Pid:\t%d\nNSpid:\t%d\n", number, number);
}

static void process_file_release(struct open_file *file)
{
    process_put(file->private_data);
}

static const struct file_ops process_file_ops = {
    .name = "pidfd",
    .flags = FILE_OPS_NONSEEK_ZERO | FILE_OPS_NO_POSITION_LOCK | FILE_OPS_NO_SPLICE,
    .poll = process_file_poll,
    .describe = process_file_describe,
    .release = process_file_release,
};

struct open_file *process_file_create(struct process *process, unsigned flags,
                                      struct credentials *credentials)
{
    struct open_file *file =
        open_file_create(&process_file_ops, O_RDWR | flags, process, credentials, NULL);
    if (file != NULL) {
        process_get(process);
    }
    return file;
}

struct process *process_from_file(const struct open_file *file)
{
    if (file->ops != &process_file_ops) {
        return NULL;
    }
    assert(file->private_data != NULL);
    process_get(file->private_data);
    return file->private_data;
}
