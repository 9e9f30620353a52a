/*
 * Unpacking initial RAM disks: archives as cpio and gzip make them, several in a row, and damaged ones.
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
#include "support.h"

#include "fake_floor.h"

#include <unistd.h>

#include "fake_fs_floor.h"
#include "fs/initramfs.h"

static struct fs_context *const root = &fake_context;

static int start(void **state)
{
    fake_fs_start();
    return 0;
}

/* What a shell command writes: an archive, made in an empty directory of its own. */
static size_t made_size;
static char *make_archive(const char *command)
{
    static char archive[1 << 20];
    char line[2048];
    snprintf(line, sizeof(line),
             "set -e; d=$(mktemp -d); trap 'rm -rf $d' EXIT; cd $d; umask 022; mkdir t; cd t; "
             "pack() { find . -mindepth 1 | sort | cpio -o -H newc --quiet; }; %s",
             command);
    FILE *pipe = popen(line, "r");
    assert_non_null(pipe);
    made_size = fread(archive, 1, sizeof(archive), pipe);
    assert_int_equal(pclose(pipe), 0);
    assert_true(made_size > 0);
    return archive;
}

static uint32_t mode_of(const char *name)
{
    struct uapi_stat status;
    return fake_fs_status(name, 0, &status) == 0 ? status.st_mode : 0;
}

static int64_t time_of(const char *name)
{
    struct uapi_stat status;
    assert_int_equal(fake_fs_status(name, 0, &status), 0);
    return (int64_t)status.st_mtime_sec;
}

static void the_base_is_linux_s(void **state)
{
    const char *archive = make_archive("echo x > plain; pack");
    assert_int_equal(initramfs_unpack(archive, made_size), 0);
    assert_int_equal(mode_of("/dev"), S_IFDIR | 0755);
    assert_int_equal(mode_of("/dev/console"), S_IFCHR | 0600);
    assert_int_equal(mode_of("/root"), S_IFDIR | 0700);
    assert_string_equal(fake_fs_get("/plain"), "x\n");
}

static void modes_owners_and_times_are_kept(void **state)
{
    const char *archive =
        make_archive("mkdir -m 1771 d; echo hello > d/f; chmod 4755 d/f; ln -s ../x d/l; "
                     "mkfifo -m 620 d/p; touch -h -d @1000000 d/l; touch -d @2000000 d/f; "
                     "touch -d @3000000 d; pack");
    assert_int_equal(initramfs_unpack(archive, made_size), 0);
    assert_int_equal(mode_of("/d"), S_IFDIR | 01771);
    assert_int_equal(mode_of("/d/f"), S_IFREG | 04755);
    assert_int_equal(mode_of("/d/p"), S_IFIFO | 0620);
    assert_int_equal(mode_of("/d/l"), S_IFLNK | 0777);
    assert_int_equal(time_of("/d"), 3000000);
    assert_int_equal(time_of("/d/f"), 2000000);
    assert_int_equal(time_of("/d/l"), 1000000);
    assert_string_equal(fake_fs_get("/d/f"), "hello\n");
    char text[16];
    assert_int_equal(vfs_read_link(root, NULL, "/d/l", text, sizeof(text)), 4);
}

static void hard_links_share_a_file(void **state)
{
    const char *archive = make_archive("echo shared > h1; ln h1 h2; ln h1 h3; pack");
    assert_int_equal(initramfs_unpack(archive, made_size), 0);
    struct uapi_stat one, three;
    assert_int_equal(fake_fs_status("/h1", 0, &one), 0);
    assert_int_equal(fake_fs_status("/h3", 0, &three), 0);
    assert_int_equal(one.st_ino, three.st_ino);
    assert_int_equal(one.st_nlink, 3);
    assert_string_equal(fake_fs_get("/h2"), "shared\n");
}

static void later_archives_replace(void **state)
{
    const char *archive = make_archive("echo long content > r; mkdir k; ln -s r s; pack");
    assert_int_equal(initramfs_unpack(archive, made_size), 0);
    archive = make_archive("echo short > r; echo file > k; mkdir s; pack");
    assert_int_equal(initramfs_unpack(archive, made_size), 0);
    assert_string_equal(fake_fs_get("/r"), "short\n");
    assert_string_equal(fake_fs_get("/k"), "file\n");
    assert_int_equal(mode_of("/s"), S_IFDIR | 0755);
}

static void a_link_replaces_a_file_a_folder_and_a_link(void **state)
{
    const char *archive = make_archive("echo x > lf; mkdir ld; ln -s old ll; pack");
    assert_int_equal(initramfs_unpack(archive, made_size), 0);
    archive = make_archive("ln -s one lf; ln -s three ld; ln -s fifth ll; pack");
    assert_int_equal(initramfs_unpack(archive, made_size), 0);
    char text[16];
    assert_int_equal(vfs_read_link(root, NULL, "/lf", text, sizeof(text)), 3);
    assert_int_equal(vfs_read_link(root, NULL, "/ld", text, sizeof(text)), 5);
    assert_int_equal(vfs_read_link(root, NULL, "/ll", text, sizeof(text)), 5);
    assert_memory_equal(text, "fifth", 5);
}

static void plain_and_gzip_stand_in_a_row(void **state)
{
    const char *archive = make_archive(
        "echo 1 > one; pack; rm one; echo 2 > two; pack | gzip -9 | dd bs=512 conv=sync "
        "iflag=fullblock 2>/dev/null; rm two; head -c 512 /dev/zero; echo 3 > three; pack; rm three; seq 20000 > four; pack | gzip -1");
    assert_int_equal(initramfs_unpack(archive, made_size), 0);
    assert_string_equal(fake_fs_get("/one"), "1\n");
    assert_string_equal(fake_fs_get("/two"), "2\n");
    assert_string_equal(fake_fs_get("/three"), "3\n");
    assert_memory_equal(fake_fs_get("/four"), "1\n2\n3\n", 6);
    struct uapi_stat status;
    assert_int_equal(fake_fs_status("/four", 0, &status), 0);
    assert_int_equal(status.st_size, 108894);
}

static void damage_keeps_what_unpacked(void **state)
{
    char *archive = make_archive("echo good > a-good; echo bad > b-bad; pack");
    assert_int_not_equal(initramfs_unpack(archive, 200), 0);
    assert_string_equal(fake_fs_get("/a-good"), "good\n");
    archive = make_archive("echo packed > zipped; pack | gzip");
    archive[made_size / 2] ^= 0x55;
    assert_int_not_equal(initramfs_unpack(archive, made_size), 0);
    assert_int_not_equal(initramfs_unpack("not an archive at all", 21), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_base_is_linux_s),
        cmocka_unit_test(modes_owners_and_times_are_kept),
        cmocka_unit_test(hard_links_share_a_file),
        cmocka_unit_test(later_archives_replace),
        cmocka_unit_test(a_link_replaces_a_file_a_folder_and_a_link),
        cmocka_unit_test(plain_and_gzip_stand_in_a_row),
        cmocka_unit_test(damage_keeps_what_unpacked),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
