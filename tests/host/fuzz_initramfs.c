/*
 * Any bytes as an initial RAM disk, unpacked into a small tmpfs that is thrown away: no access outside, no broken assert, no lock
 * or reference left behind, and all memory back.
 *
 * host-sources: memory/fail_nth.c
 * host-sources: fs/directory_file.c fs/file_system.c
 * host-sources: fs/fs_init.c fs/memory_file.c fs/generated.c fs/generated_file.c fs/mount_calls.c fs/mount_table.c
 * host-sources: fs/name_cache.c fs/name_entry.c fs/path.c fs/vfs_attributes.c fs/vfs_make.c
 * host-sources: fs/vfs_open.c fs/vfs_remove.c fs/vfs_rename.c fs/vfs_status.c fs/vnode.c
 * host-sources: fs/seal.c fs/vnode_file.c fs/walk.c fs/walk_link.c fs/walk_covered.c fs/ramfs/ramfs_instance.c fs/ramfs/ramfs_names.c
 * host-sources: fs/anonymous.c fs/ramfs/ramfs_node.c fs/ramfs/ramfs_options.c fs/devfs/devfs.c fs/devfs/devpts.c
 * host-sources: file/file_lock.c file/file_lock_record.c
 * host-sources: file/open_file.c file/transfer.c file/pipe.c file/pipe_transfer.c file/poll.c
 * host-sources: memory/io_iter.c scheduler/wait_queue.c scheduler/mutex.c scheduler/sleep.c
 * host-sources: scheduler/credentials.c sync/spinlock.c sync/preempt.c sync/percpu.c
 * host-sources: sync/lock_debug.c sync/lock_graph.c lib/text.c lib/format.c lib/string_text.c
 * host-sources: fs/initramfs.c lib/cpio.c lib/cpio_links.c lib/inflate.c lib/inflate_code.c
 * host-sources: lib/inflate_gzip.c lib/crc32.c
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/cpu_block.h"
#include "arch/page.h"
#include "log/log.h"

/* The shared fakes speak cmocka; here a broken expectation is a crash. */
#define assert_true(condition)        ((condition) ? (void)0 : abort())
#define assert_int_equal(left, right) assert_true((long)(left) == (long)(right))

void host_physical_memory_add(uint64_t address, size_t bytes);

#include "fake_floor.h"

#include "fake_fs_floor.h"
#include "fs/initramfs.h"
#include "uapi/mount.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

_Thread_local struct cpu_block host_cpu_block;
_Thread_local bool host_interrupts_enabled = true;

void host_physical_memory_add(uint64_t address, size_t bytes)
{
    abort(); /* only pipes take frames, and nothing opens one */
}

void log_write(enum log_level level, const char *format, ...)
{
}

void upcall_reschedule(void);
void upcall_reschedule(void)
{
    host_cpu_block.reschedule_pending = 0;
}

static void settle(void)
{
    fake_reclaimer->shrink(1000);
    fake_grace_period();
}

/* A fresh tmpfs becomes the kernel's root for the run. */
static struct path fresh_root(void)
{
    struct path place;
    assert_int_equal(walk_path(&fake_context, NULL, "/fuzz", 0, &place), 0);
    assert_int_equal(mount_new("tmpfs", "", "size=64k,nr_inodes=100", 0, &place), 0);
    path_put(&place);
    assert_int_equal(walk_path(&fake_context, NULL, "/fuzz", 0, &place), 0);
    fs_context_kernel.root = place;
    fs_context_kernel.working_directory = place;
    return place;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int objects_before;
    if (fs_context_kernel.root.mount == NULL) {
        fake_fs_start();
        assert_int_equal(vfs_make_directory(&fake_context, NULL, "/fuzz", 0755), 0);
        settle();
        objects_before = live_objects;
    }
    struct path place = fresh_root();
    int error = initramfs_unpack(data, size);
    assert_true(error <= 0);
    fs_context_kernel.root = fake_context.root;
    fs_context_kernel.working_directory = fake_context.root;
    assert_int_equal(mount_remove(&place, 0), 0);
    path_put(&place);
    settle();
    assert_int_equal(live_objects, objects_before);
    return 0;
}
