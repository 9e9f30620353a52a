/*
 * Path walk, and opening and making names: what resolves, and which error comes first.
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
 */
#include "support.h"

#include "fake_floor.h"

#include "fake_fs_floor.h"
#include "fs/generated.h"
#include "lib/format.h"
#include "uapi/limits.h"
#include "uapi/mount.h"

static struct fs_context *const root = &fake_context;
static struct fs_context *const user = &fake_user_context;

static int start(void **state)
{
    fake_fs_start();
    return 0;
}

static int make_directory(const char *name)
{
    return vfs_make_directory(root, NULL, name, 0755);
}

static int open_as(const struct fs_context *context, const char *name, unsigned flags)
{
    struct open_file *file;
    int error = vfs_open(context, NULL, name, flags, 0644, &file);
    if (error == 0) {
        open_file_put(file);
    }
    return error;
}

/* The path that a name resolves to, as text. */
static const char *resolve(const char *name, unsigned flags)
{
    static char text[PATH_MAX];
    struct path path;
    int error = walk_path(root, NULL, name, flags, &path);
    if (error != 0) {
        snprintf(text, sizeof(text), "error %d", -error);
        return text;
    }
    assert_true(path_describe(&path, NULL, text, sizeof(text), true) > 0);
    path_put(&path);
    return text;
}

static void dots_slashes_and_links_resolve(void **state)
{
    assert_int_equal(make_directory("/w"), 0);
    assert_int_equal(make_directory("/w/a"), 0);
    assert_int_equal(make_directory("/w/a/b"), 0);
    fake_fs_put("/w/file", "contents");
    assert_int_equal(vfs_symlink(root, "a/b", NULL, "/w/relative"), 0);
    assert_int_equal(vfs_symlink(root, "/w/file", NULL, "/w/absolute"), 0);
    assert_int_equal(vfs_symlink(root, "a/", NULL, "/w/slashed"), 0);
    assert_string_equal(resolve("/", 0), "/");
    assert_string_equal(resolve("//w///a/./b/..//b/", 0), "/w/a/b");
    assert_string_equal(resolve("/../../w", 0), "/w");
    assert_string_equal(resolve("w/relative", WALK_FOLLOW), "/w/a/b");
    assert_string_equal(resolve("w/relative", 0), "/w/relative");
    assert_string_equal(resolve("w/relative/", 0), "/w/a/b");
    assert_string_equal(resolve("w/relative/../../file", 0), "/w/file");
    assert_string_equal(resolve("w/absolute", WALK_FOLLOW), "/w/file");
    assert_string_equal(resolve("w/slashed/b", 0), "/w/a/b");
    assert_string_equal(resolve("", WALK_EMPTY), "/");
    assert_string_equal(resolve("", 0), "error 2");
    assert_string_equal(resolve("/w/none", 0), "error 2");
    assert_string_equal(resolve("/w/none/x", 0), "error 2");
    assert_string_equal(resolve("/w/file/", 0), "error 20");
    assert_string_equal(resolve("/w/file/.", 0), "error 20");
    assert_string_equal(resolve("/w/absolute/", 0), "error 20");
    assert_string_equal(resolve("/w/file", WALK_DIRECTORY), "error 20");
}

static void link_chains_end_at_forty(void **state)
{
    char name[32], target[32];
    assert_int_equal(make_directory("/l"), 0);
    fake_fs_put("/l/0", "end");
    for (int i = 1; i <= 41; i++) {
        snprintf(name, sizeof(name), "/l/%d", i);
        snprintf(target, sizeof(target), "%d", i - 1);
        assert_int_equal(vfs_symlink(root, target, NULL, name), 0);
    }
    assert_string_equal(resolve("/l/40", WALK_FOLLOW), "/l/0");
    assert_string_equal(resolve("/l/41", WALK_FOLLOW), "error 40");
    assert_int_equal(vfs_symlink(root, "me/x", NULL, "/l/me"), 0);
    assert_string_equal(resolve("/l/me", WALK_FOLLOW), "error 40");
    assert_int_equal(open_as(root, "/l/me", O_RDWR | O_CREAT), -ELOOP);
    assert_int_equal(open_as(root, "/l/1", O_RDONLY | O_NOFOLLOW), -ELOOP);
    assert_int_equal(open_as(root, "/l/1", O_RDONLY | O_NOFOLLOW | O_PATH), 0);
    assert_int_equal(open_as(root, "/l/1", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), -ENOTDIR);
}

static void names_have_255_bytes(void **state)
{
    char name[300];
    memset(name, 'n', sizeof(name));
    name[0] = '/';
    name[256] = '\0';
    fake_fs_put(name, "long");
    assert_string_equal(fake_fs_get(name), "long");
    name[256] = 'n';
    name[257] = '\0';
    assert_string_equal(resolve(name, 0), "error 36");
    assert_int_equal(open_as(root, name, O_RDWR | O_CREAT), -ENAMETOOLONG);
    assert_int_equal(make_directory(name), -ENAMETOOLONG);
    name[256] = '\0';
    assert_int_equal(vfs_unlink(root, NULL, name), 0);
}

static void creating_has_linux_errors(void **state)
{
    assert_int_equal(make_directory("/c"), 0);
    assert_int_equal(make_directory("/c"), -EEXIST);
    assert_int_equal(make_directory("/c/d/"), 0);
    assert_int_equal(make_directory("/c/x/y"), -ENOENT);
    assert_int_equal(make_directory("/c/."), -EEXIST);
    assert_int_equal(make_directory("/c/.."), -EEXIST);
    assert_int_equal(make_directory("/"), -EEXIST);
    assert_int_equal(open_as(root, "/c/new/", O_WRONLY | O_CREAT), -EISDIR);
    assert_int_equal(open_as(root, "/c/d", O_WRONLY | O_CREAT), -EISDIR);
    assert_int_equal(open_as(root, "/c/d", O_RDONLY | O_CREAT | O_EXCL), -EEXIST);
    assert_int_equal(open_as(root, "/c/d", O_WRONLY), -EISDIR);
    assert_int_equal(open_as(root, "/c/d/.", O_RDONLY | O_CREAT), -EISDIR);
    assert_int_equal(vfs_symlink(root, "target", NULL, "/c/dangling"), 0);
    assert_int_equal(open_as(root, "/c/dangling", O_RDONLY), -ENOENT);
    assert_int_equal(open_as(root, "/c/dangling", O_WRONLY | O_CREAT | O_EXCL), -EEXIST);
    assert_int_equal(open_as(root, "/c/dangling", O_WRONLY | O_CREAT), 0);
    assert_string_equal(resolve("/c/dangling", WALK_FOLLOW), "/c/target");
    assert_int_equal(vfs_symlink(root, "x", NULL, "/c/s/"), -ENOENT);
    assert_int_equal(vfs_symlink(root, "", NULL, "/c/s"), -ENOENT);
    assert_int_equal(vfs_make_node(root, NULL, "/c/f/", S_IFIFO | 0644, 0), -ENOENT);
    assert_int_equal(vfs_make_node(root, NULL, "/c/f", S_IFDIR, 0), -EPERM);
    assert_int_equal(vfs_make_node(root, NULL, "/c/f", S_IFLNK, 0), -EINVAL);
    assert_int_equal(vfs_make_node(user, NULL, "/c/f", S_IFCHR | 0644, 0x103), -EACCES);
    assert_int_equal(vfs_make_node(root, NULL, "/c/sock", S_IFSOCK | 0644, 0), 0);
    assert_int_equal(open_as(root, "/c/sock", O_RDONLY), -ENXIO);
    assert_int_equal(vfs_link(root, NULL, "/c/d", NULL, "/c/e", 0), -EPERM);
    assert_int_equal(vfs_link(root, NULL, "/c/target", NULL, "/c/d", 0), -EEXIST);
    assert_int_equal(open_as(root, "/c/target", O_RDONLY | O_DIRECTORY), -ENOTDIR);
    assert_int_equal(open_as(root, "/c/target/", O_RDONLY), -ENOTDIR);
    assert_int_equal(open_as(root, "/c/target", O_RDONLY | O_DIRECT), -EINVAL);
}

static void removing_has_linux_errors(void **state)
{
    assert_int_equal(make_directory("/r"), 0);
    assert_int_equal(make_directory("/r/d"), 0);
    fake_fs_put("/r/d/f", "x");
    fake_fs_put("/r/f", "x");
    assert_int_equal(vfs_rmdir(root, NULL, "/r/d/."), -EINVAL);
    assert_int_equal(vfs_rmdir(root, NULL, "/r/d/.."), -ENOTEMPTY);
    assert_int_equal(vfs_rmdir(root, NULL, "/"), -EBUSY);
    assert_int_equal(vfs_rmdir(root, NULL, "/r/d"), -ENOTEMPTY);
    assert_int_equal(vfs_rmdir(root, NULL, "/r/f"), -ENOTDIR);
    assert_int_equal(vfs_rmdir(root, NULL, "/r/none"), -ENOENT);
    assert_int_equal(vfs_unlink(root, NULL, "/r/d"), -EISDIR);
    assert_int_equal(vfs_unlink(root, NULL, "/r/d/"), -EISDIR);
    assert_int_equal(vfs_unlink(root, NULL, "/r/f/"), -ENOTDIR);
    assert_int_equal(vfs_unlink(root, NULL, "/r/none/"), -ENOENT);
    assert_int_equal(vfs_unlink(root, NULL, "/"), -EISDIR);
    assert_int_equal(vfs_unlink(root, NULL, "/r/d/f"), 0);
    assert_int_equal(vfs_rmdir(root, NULL, "/r/d/"), 0);
    assert_int_equal(make_directory("/r/sticky"), 0);
    struct path path;
    assert_int_equal(walk_path(root, NULL, "/r/sticky", 0, &path), 0);
    assert_int_equal(vfs_change_mode(root, &path, 01777), 0);
    path_put(&path);
    fake_fs_put("/r/sticky/roots", "x");
    assert_int_equal(vfs_unlink(user, NULL, "/r/sticky/roots"), -EPERM);
    assert_int_equal(open_as(user, "/r/sticky/mine", O_WRONLY | O_CREAT), 0);
    assert_int_equal(vfs_unlink(user, NULL, "/r/sticky/mine"), 0);
}

/* A directory that is removed while somebody stands in it takes no new names. */
static void removed_directories_are_dead(void **state)
{
    assert_int_equal(make_directory("/gone"), 0);
    struct path path;
    assert_int_equal(walk_path(root, NULL, "/gone", 0, &path), 0);
    struct uapi_stat status;
    assert_int_equal(fake_fs_status("/gone/negative", 0, &status), -ENOENT);
    assert_int_equal(vfs_rmdir(root, NULL, "/gone"), 0);
    struct open_file *file;
    assert_int_equal(vfs_open(root, &path, "x", O_WRONLY | O_CREAT, 0644, &file), -ENOENT);
    assert_int_equal(vfs_make_directory(root, &path, "x", 0755), -ENOENT);
    assert_int_equal(vfs_status(&path, &status), 0);
    assert_int_equal(status.st_nlink, 0);
    char text[64];
    assert_true(path_describe(&path, NULL, text, sizeof(text), true) > 0);
    assert_string_equal(text, "/gone (deleted)");
    path_put(&path);
    assert_string_equal(resolve("/gone", 0), "error 2");
}

static void search_needs_the_right(void **state)
{
    assert_int_equal(vfs_make_directory(root, NULL, "/closed", 0700), 0);
    fake_fs_put("/closed/f", "x");
    assert_int_equal(open_as(user, "/closed/f", O_RDONLY), -EACCES);
    assert_int_equal(open_as(user, "/closed/none", O_RDONLY), -EACCES);
    assert_int_equal(open_as(root, "/closed/f", O_RDONLY), 0);
    assert_int_equal(vfs_make_directory(user, NULL, "/mine", 0755), -EACCES);
    fake_fs_put("/readable", "x");
    assert_int_equal(open_as(user, "/readable", O_RDONLY), 0);
    assert_int_equal(open_as(user, "/readable", O_RDWR), -EACCES);
    assert_int_equal(open_as(user, "/readable", O_RDONLY | O_NOATIME), -EPERM);
    assert_int_equal(open_as(user, "/readable", O_RDONLY | O_TRUNC), -EACCES);
}

/* Links and hard links in a directory like /tmp lead nobody astray. */
static void shared_directories_are_guarded(void **state)
{
    assert_int_equal(make_directory("/shared"), 0);
    struct path path;
    assert_int_equal(walk_path(root, NULL, "/shared", 0, &path), 0);
    assert_int_equal(vfs_change_mode(root, &path, 01777), 0);
    path_put(&path);
    fake_fs_put("/roots", "x");
    assert_int_equal(vfs_symlink(user, "/roots", NULL, "/shared/users"), 0);
    assert_int_equal(vfs_symlink(root, "/roots", NULL, "/shared/roots"), 0);
    assert_int_equal(open_as(root, "/shared/users", O_RDONLY), -EACCES);
    assert_int_equal(open_as(root, "/shared/users", O_RDWR | O_CREAT), -EACCES);
    assert_int_equal(open_as(user, "/shared/users", O_RDONLY), 0);
    assert_int_equal(open_as(user, "/shared/roots", O_RDONLY), 0);
    assert_int_equal(vfs_link(user, NULL, "/roots", NULL, "/shared/hard", 0), -EPERM);
    assert_int_equal(vfs_link(root, NULL, "/roots", NULL, "/shared/hard", 0), 0);
}

static void mounts_cover_and_uncover(void **state)
{
    assert_int_equal(make_directory("/m"), 0);
    fake_fs_put("/m/below", "x");
    struct path place, top;
    assert_int_equal(walk_path(root, NULL, "/m", 0, &place), 0);
    assert_int_equal(mount_new("none", "", "", 0, &place), -ENODEV);
    assert_int_equal(mount_new("tmpfs", "tmpfs", "size=8k", 0, &place), 0);
    path_put(&place);
    assert_string_equal(fake_fs_list("/m"), "");
    fake_fs_put("/m/above", "y");
    assert_string_equal(resolve("/m/above/../..", 0), "error 20");
    assert_string_equal(resolve("/m/../m/./above", 0), "/m/above");
    assert_int_equal(vfs_rmdir(root, NULL, "/m"), -EBUSY);
    assert_int_equal(vfs_rename(root, NULL, "/m", NULL, "/n", 0), -EBUSY);
    assert_int_equal(vfs_rename(root, NULL, "/m/above", NULL, "/n", 0), -EXDEV);
    assert_int_equal(vfs_link(root, NULL, "/m/above", NULL, "/n", 0), -EXDEV);
    assert_int_equal(walk_path(root, NULL, "/m/above", 0, &top), 0);
    assert_int_equal(walk_path(root, NULL, "/m", 0, &place), 0);
    assert_int_equal(mount_remove(&place, 0), -EBUSY);
    path_put(&top);
    assert_int_equal(mount_remount(&place, MS_RDONLY, ""), 0);
    assert_int_equal(make_directory("/m/above"), -EEXIST);
    assert_int_equal(make_directory("/m/new"), -EROFS);
    assert_int_equal(open_as(root, "/m/above", O_WRONLY), -EROFS);
    assert_int_equal(open_as(root, "/m/x", O_WRONLY | O_CREAT), -EROFS);
    assert_int_equal(vfs_unlink(root, NULL, "/m/above"), -EROFS);
    assert_int_equal(open_as(root, "/m/above", O_RDONLY), 0);
    assert_int_equal(mount_remove(&place, 0), 0);
    path_put(&place);
    assert_string_equal(fake_fs_list("/m"), "below ");
    fake_grace_period();
}

/* A file system as sysfs is: what its root lacks shows through from below. */
static const struct generated_row no_rows[] = {{0}};
static const struct generated_directory class_directory = {.rows = no_rows};
static const struct generated_row covering_rows[] = {
    {.name = "class", .mode = S_IFDIR | 0755, .directory = &class_directory},
    {0},
};
static const struct generated_directory covering_directory = {.rows = covering_rows,
                                                              .remembers_missing = true};

static int covering_mount(const struct file_system_type *type, const char *source,
                          const char *options, unsigned long flags, struct file_system **result)
{
    return generated_mount(type, &covering_directory, result);
}

static struct file_system_type covering_type = {
    .name = "covering", .passes_covered = true, .mount = covering_mount};

static void some_mounts_pass_covered_names_through(void **state)
{
    struct path place;
    file_system_type_register(&covering_type);
    assert_int_equal(make_directory("/s"), 0);
    assert_int_equal(make_directory("/s/bin"), 0);
    assert_int_equal(make_directory("/s/class"), 0);
    fake_fs_put("/s/bin/tool", "t");
    fake_fs_put("/s/class/hidden", "h");
    assert_int_equal(vfs_symlink(root, "bin/tool", NULL, "/s/link"), 0);
    assert_int_equal(walk_path(root, NULL, "/s", 0, &place), 0);
    assert_int_equal(mount_new("covering", "", "", 0, &place), 0);
    path_put(&place);
    for (int round = 0; round < 2; round++) { /* with references first, then lock-free */
        assert_string_equal(resolve("/s/bin/tool", 0), "/s/bin/tool");
        assert_string_equal(resolve("/s/bin/../class", 0), "/s/class");
        assert_string_equal(resolve("/s/link", WALK_FOLLOW), "/s/bin/tool");
        assert_string_equal(resolve("/s/class/hidden", 0), "error 2");
        assert_string_equal(resolve("/s/none", 0), "error 2");
    }
    assert_string_equal(fake_fs_get("/s/bin/tool"), "t");
    assert_string_equal(fake_fs_list("/s"), "class link bin ");
    assert_int_equal(make_directory("/s/bin"), -EEXIST);
    assert_int_equal(make_directory("/s/class"), -EEXIST);
    assert_int_equal(make_directory("/s/new"), -EPERM);
    assert_int_equal(open_as(root, "/s/new", O_WRONLY | O_CREAT), -EACCES);
    assert_int_equal(open_as(root, "/s/link", O_WRONLY | O_CREAT), 0);
    assert_int_equal(vfs_unlink(root, NULL, "/s/link"), 0);
    assert_string_equal(resolve("/s/link", 0), "error 2");
    assert_int_equal(walk_path(root, NULL, "/s", 0, &place), 0);
    assert_int_equal(mount_remove(&place, 0), 0);
    path_put(&place);
    assert_string_equal(resolve("/s/class/hidden", 0), "/s/class/hidden");
    fake_grace_period();
}

/* A link that somebody moves the directory around while it is read. */
static long read_moving_link(const struct generated_key *key, char *text, size_t size)
{
    (void)key;
    assert_int_equal(vfs_rename(root, NULL, "/scope/d", NULL, "/outside/d", 0), 0);
    return format_string(text, size, ".");
}

static const struct generated_row moving_rows[] = {
    {.name = "link", .mode = S_IFLNK | 0777, .read_link = read_moving_link},
    {0},
};
static const struct generated_directory moving_directory = {.rows = moving_rows};

static int moving_mount(const struct file_system_type *type, const char *source,
                        const char *options, unsigned long flags, struct file_system **result)
{
    return generated_mount(type, &moving_directory, result);
}

static struct file_system_type moving_type = {.name = "moving", .mount = moving_mount};

/* openat2's scope holds even while others move what the walk stands in: it is asked to begin anew. */
static void a_scope_is_not_left_through_a_directory_that_is_moved_out(void **state)
{
    struct path place, found;
    file_system_type_register(&moving_type);
    assert_int_equal(make_directory("/scope"), 0);
    assert_int_equal(make_directory("/scope/d"), 0);
    assert_int_equal(make_directory("/scope/d/m"), 0);
    assert_int_equal(make_directory("/outside"), 0);
    fake_fs_put("/outside/secret", "s");
    assert_int_equal(walk_path(root, NULL, "/scope/d/m", 0, &place), 0);
    assert_int_equal(mount_new("moving", "", "", 0, &place), 0);
    path_put(&place);
    struct fs_context scoped = *root;
    scoped.resolve = RESOLVE_IN_ROOT;
    assert_int_equal(walk_path(root, NULL, "/scope", 0, &place), 0);
    scoped.root = place;
    scoped.working_directory = place;
    assert_int_equal(walk_path(&scoped, NULL, "d/m/link/../../secret", 0, &found), -EAGAIN);
    path_put(&place);
    assert_int_equal(walk_path(root, NULL, "/outside/d/m", 0, &place), 0);
    assert_int_equal(mount_remove(&place, 0), 0);
    path_put(&place);
    fake_grace_period();
}

static void binds_and_lazy_removal(void **state)
{
    struct path source, place;
    assert_int_equal(make_directory("/bind"), 0);
    fake_fs_put("/m/below", "bound");
    assert_int_equal(walk_path(root, NULL, "/m", 0, &source), 0);
    assert_int_equal(walk_path(root, NULL, "/bind", 0, &place), 0);
    assert_int_equal(mount_bind(&source, &place, false), 0);
    path_put(&place);
    assert_string_equal(fake_fs_get("/bind/below"), "bound");
    assert_string_equal(resolve("/bind/below", 0), "/bind/below");
    struct path held;
    assert_int_equal(walk_path(root, NULL, "/bind/below", 0, &held), 0);
    assert_int_equal(walk_path(root, NULL, "/bind", 0, &place), 0);
    assert_int_equal(mount_remove(&place, MNT_DETACH), 0);
    path_put(&place);
    assert_null(fake_fs_get("/bind/below"));
    path_put(&held);
    path_put(&source);
    fake_grace_period();
}

/* Mounts on mounts are repeated by a recursive bind as deep as the kernel's stack allows. */
static void recursive_binds_have_a_bound(void **state)
{
    enum { DEEP = 20 };
    struct path source, place;
    char name[4 * DEEP] = "/deep";
    assert_int_equal(make_directory("/deep"), 0);
    assert_int_equal(make_directory("/copy"), 0);
    for (int depth = 0; depth < DEEP; depth++) {
        assert_int_equal(walk_path(root, NULL, name, 0, &place), 0);
        assert_int_equal(mount_new("ramfs", "", "", 0, &place), 0);
        path_put(&place);
        strcat(name, "/d");
        assert_int_equal(make_directory(name), 0);
        if (depth == 2) {
            fake_fs_put("/deep/d/d/file", "far");
        }
    }
    assert_int_equal(walk_path(root, NULL, "/deep", 0, &source), 0);
    assert_int_equal(walk_path(root, NULL, "/copy", 0, &place), 0);
    assert_int_equal(mount_bind(&source, &place, true), -ENOSPC);
    path_put(&place);
    path_put(&source);
    assert_string_equal(fake_fs_get("/copy/d/d/file"), "far");
    assert_int_equal(walk_path(root, NULL, "/copy", 0, &place), 0);
    assert_int_equal(mount_remove(&place, MNT_DETACH), 0);
    path_put(&place);
    assert_int_equal(walk_path(root, NULL, "/deep", 0, &place), 0);
    assert_int_equal(mount_remove(&place, MNT_DETACH), 0);
    path_put(&place);
    fake_grace_period();
}

/* What is not cached any more is walked with references and locks: the same answers. */
static void both_manners_agree(void **state)
{
    static const char *const names[] = {"/w/relative", "/w/none", "/w/file/", "/w/a/b/../b"};
    char before[PATH_MAX];
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        strcpy(before, resolve(names[i], WALK_FOLLOW));
        fake_reclaimer->shrink(1000);
        fake_grace_period();
        assert_string_equal(resolve(names[i], WALK_FOLLOW), before);
    }
    host_cpu_block.preempt_count = 0;
}

static void unnamed_files_get_names(void **state)
{
    struct open_file *file;
    assert_int_equal(vfs_open(root, NULL, "/w", O_TMPFILE | O_RDONLY, 0600, &file), -EINVAL);
    assert_int_equal(vfs_open(root, NULL, "/w", O_TMPFILE | O_RDWR, 0600, &file), 0);
    struct uapi_stat status;
    assert_int_equal(vfs_file_status(file, &status), 0);
    assert_int_equal(status.st_nlink, 0);
    struct path path;
    assert_true(vfs_file_path(file, &path));
    assert_int_equal(vfs_link(root, &path, "", NULL, "/w/named", WALK_EMPTY), 0);
    assert_int_equal(vfs_file_status(file, &status), 0);
    assert_int_equal(status.st_nlink, 1);
    open_file_put(file);
    assert_string_equal(fake_fs_get("/w/named"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(dots_slashes_and_links_resolve),
        cmocka_unit_test(link_chains_end_at_forty),
        cmocka_unit_test(names_have_255_bytes),
        cmocka_unit_test(creating_has_linux_errors),
        cmocka_unit_test(removing_has_linux_errors),
        cmocka_unit_test(removed_directories_are_dead),
        cmocka_unit_test(search_needs_the_right),
        cmocka_unit_test(shared_directories_are_guarded),
        cmocka_unit_test(mounts_cover_and_uncover),
        cmocka_unit_test(some_mounts_pass_covered_names_through),
        cmocka_unit_test(a_scope_is_not_left_through_a_directory_that_is_moved_out),
        cmocka_unit_test(binds_and_lazy_removal),
        cmocka_unit_test(recursive_binds_have_a_bound),
        cmocka_unit_test(both_manners_agree),
        cmocka_unit_test(unnamed_files_get_names),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
