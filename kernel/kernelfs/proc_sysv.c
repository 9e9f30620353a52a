/*
 * /proc/sysvipc: a line for each object of System V, in the order of the places of its table. Anybody may look, as on Linux.
 */
#include "ipc/segment.h"
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

static const struct generated_row rows[] = {
    {.name = "shm", .mode = S_IFREG | 0444, .show = show_segments},
    {0},
};
const struct generated_directory proc_sysv_directory = {.rows = rows};
