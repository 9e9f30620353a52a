/*
 * /proc/sysvipc: a line for each object of System V, in the order of the places of its table. Anybody may look, as on Linux.
 */
#include "ipc/message_queue.h"
#include "ipc/segment.h"
#include "ipc/semaphore.h"
#include "kernelfs/proc_internal.h"
#include "uapi/stat.h"

static void add_segment(struct ipc_object *object, void *context)
{
    const struct segment *segment = segment_of(object);
    text_format(context, "%10d %10d  %4o %21lu %5u %5u  %5lu %5u %5u %5u %5u", object->key,
                object->id, object->mode, segment->bytes, (unsigned)segment->creator,
                (unsigned)segment->last_user, segment->attachments, object->uid, object->gid,
                object->creator_uid, object->creator_gid);
    text_format(context, " %10lu %10lu %10lu %21lu %21lu\n", (uint64_t)segment->attached_at,
                (uint64_t)segment->detached_at, (uint64_t)segment->changed_at,
                segment_resident_pages(segment) * PAGE_SIZE, 0UL);
}

static int show_segments(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text,
                    "       key      shmid perms                  size  cpid  lpid nattch   uid"
                    "   gid  cuid  cgid      atime      dtime      ctime                   rss"
                    "                  swap\n");
    ipc_table_visit(&segment_table, add_segment, text);
    return 0;
}

static void add_set(struct ipc_object *object, void *context)
{
    const struct semaphore_set *set = semaphore_set_of(object);
    text_format(context, "%10d %10d  %4o %10u %5u %5u %5u %5u %10lu %10lu\n", object->key,
                object->id, object->mode, set->count, object->uid, object->gid, object->creator_uid,
                object->creator_gid, (uint64_t)set->operated_at, (uint64_t)set->changed_at);
}

static int show_sets(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text,
                    "       key      semid perms      nsems   uid   gid  cuid  cgid      otime"
                    "      ctime\n");
    ipc_table_visit(&semaphore_table, add_set, text);
    return 0;
}

static void add_queue(struct ipc_object *object, void *context)
{
    const struct message_queue *queue = message_queue_of(object);
    text_format(context, "%10d %10d  %4o  %10lu %10lu %5u %5u %5u %5u %5u %5u", object->key,
                object->id, object->mode, queue->bytes, queue->count, (unsigned)queue->last_sender,
                (unsigned)queue->last_receiver, object->uid, object->gid, object->creator_uid,
                object->creator_gid);
    text_format(context, " %10lu %10lu %10lu\n", (uint64_t)queue->sent_at,
                (uint64_t)queue->received_at, (uint64_t)queue->changed_at);
}

static int show_queues(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text,
                    "       key      msqid perms      cbytes       qnum lspid lrpid   uid   gid"
                    "  cuid  cgid      stime      rtime      ctime\n");
    ipc_table_visit(&message_table, add_queue, text);
    return 0;
}

static const struct generated_row rows[] = {
    {.name = "msg", .mode = S_IFREG | 0444, .show = show_queues},
    {.name = "sem", .mode = S_IFREG | 0444, .show = show_sets},
    {.name = "shm", .mode = S_IFREG | 0444, .show = show_segments},
    {0},
};
const struct generated_directory proc_sysv_directory = {.rows = rows};
