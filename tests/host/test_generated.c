/*
 * Generated trees: tables as directories, live children that come and go, files as text; and file locks.
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
#include "file/file_lock.h"
#include "fs/generated.h"
#include "uapi/mount.h"

static struct fs_context *const root = &fake_context;

/* --- a small tree: a file, a large file, a writable one, and numbers that live and die --- */

static unsigned live_numbers; /* bit n: the child "n" exists */
static char stored[64];
static int shows;

static int show_hello(const struct generated_key *key, struct text_buffer *text)
{
    shows++;
    text_add_string(text, "hello\n");
    return 0;
}

static int show_large(const struct generated_key *key, struct text_buffer *text)
{
    for (int line = 0; line < 2000; line++) {
        text_format(text, "line %d\n", line);
    }
    return 0;
}

enum { RECORDS = 100000, LONG_RECORD = 500, LONG_RECORD_BYTES = 40000 };

/* More than may be made at once, and one record that is larger than a piece. */
static int show_records(const struct generated_key *key, uint64_t *cursor, struct text_buffer *text)
{
    for (; *cursor < RECORDS; ++*cursor) {
        size_t before = text->used;
        text_format(text, "record %06lu, %*s\n", (unsigned long)*cursor,
                    *cursor == LONG_RECORD ? LONG_RECORD_BYTES : 40, "");
        if (text_is_full(text)) {
            text->used = before;
            return GENERATED_MORE;
        }
    }
    return 0;
}

static ssize_t store_text(const struct generated_key *key, const char *data, size_t bytes)
{
    snprintf(stored, sizeof(stored), "%s", data);
    return (ssize_t)bytes;
}

static int show_number(const struct generated_key *key, struct text_buffer *text)
{
    if ((live_numbers >> key->value[0] & 1) == 0) {
        return -ESRCH;
    }
    text_format(text, "%lu\n", (unsigned long)key->value[0]);
    return 0;
}

static long link_to_hello(const struct generated_key *key, char *text, size_t size)
{
    return snprintf(text, size, "hello");
}

static int jump_to_root(const struct generated_key *key, struct path *result)
{
    *result = root->root;
    path_get(result);
    return 0;
}

static const struct generated_row number_rows[] = {
    {.name = "value", .mode = S_IFREG | 0444, .show = show_number},
    {.name = "root", .mode = S_IFLNK | 0777, .read_link = link_to_hello, .follow = jump_to_root},
    {NULL},
};
static const struct generated_directory number_directory = {.rows = number_rows};
static const struct generated_row number_row = {
    .name = "", .mode = S_IFDIR | 0555, .directory = &number_directory};

static int look_up_number(const struct generated_key *key, const char *name, size_t length,
                          const struct generated_row **row, struct generated_key *child_key)
{
    if (length != 1 || name[0] < '0' || name[0] > '9' || !(live_numbers >> (name[0] - '0') & 1)) {
        return -ENOENT;
    }
    *row = &number_row;
    child_key->value[0] = (uint64_t)(name[0] - '0');
    return 0;
}

static int next_number(const struct generated_key *key, uint64_t *cursor,
                       struct generated_child *child)
{
    for (uint64_t number = *cursor; number < 10; number++) {
        if (live_numbers >> number & 1) {
            *cursor = number + 1;
            child->row = &number_row;
            child->key = *key;
            child->key.value[0] = number;
            snprintf(child->name, sizeof(child->name), "%d", (int)number);
            return 0;
        }
    }
    return -ENOENT;
}

static bool number_is_valid(const struct generated_key *key)
{
    return (live_numbers >> key->value[0] & 1) != 0;
}

static void number_owner(const struct generated_key *key, uint32_t *uid, uint32_t *gid)
{
    *uid = 1000 + (uint32_t)key->value[0];
    *gid = 7;
}

static const struct generated_row tree_rows[] = {
    {.name = "hello", .mode = S_IFREG | 0444, .show = show_hello},
    {.name = "large", .mode = S_IFREG | 0444, .show = show_large, .size = 4096},
    {.name = "records", .mode = S_IFREG | 0444, .show_records = show_records},
    {.name = "switch", .mode = S_IFREG | 0644, .show = show_hello, .store = store_text},
    {.name = "link", .mode = S_IFLNK | 0777, .read_link = link_to_hello},
    {NULL},
};
static const struct generated_directory tree = {
    .rows = tree_rows,
    .look_up = look_up_number,
    .next = next_number,
    .is_valid = number_is_valid,
    .owner = number_owner,
};

static int tree_mount(const struct file_system_type *type, const char *source, const char *options,
                      unsigned long flags, struct file_system **result)
{
    return generated_mount(type, &tree, result);
}
static struct file_system_type tree_type = {.name = "tree", .mount = tree_mount};

static int start(void **state)
{
    fake_fs_start();
    file_system_type_register(&tree_type);
    struct path place;
    assert_int_equal(vfs_make_directory(root, NULL, "/tree", 0755), 0);
    assert_int_equal(walk_path(root, NULL, "/tree", 0, &place), 0);
    assert_int_equal(mount_new("tree", "tree", "", 0, &place), 0);
    path_put(&place);
    return 0;
}

static void rows_are_files(void **state)
{
    live_numbers = 1 << 3 | 1 << 5;
    assert_string_equal(fake_fs_list("/tree"), "hello large records switch link 3 5 ");
    assert_string_equal(fake_fs_get("/tree/hello"), "hello\n");
    assert_string_equal(fake_fs_get("/tree/link"), "hello\n");
    assert_null(fake_fs_get("/tree/none"));
    struct uapi_stat status;
    assert_int_equal(fake_fs_status("/tree/large", 0, &status), 0);
    assert_int_equal(status.st_size, 4096);
    assert_int_equal(fake_fs_status("/tree/hello", 0, &status), 0);
    assert_int_equal(status.st_size, 0);
    assert_int_equal(vfs_make_directory(root, NULL, "/tree/new", 0755), -ENOENT);
    assert_int_equal(vfs_unlink(root, NULL, "/tree/hello"), -EPERM);
}

static void text_holds_together_while_it_is_read(void **state)
{
    struct open_file *file;
    char text[16];
    struct io_iter iter;
    shows = 0;
    assert_int_equal(vfs_open(root, NULL, "/tree/hello", O_RDONLY, 0, &file), 0);
    for (int i = 0; i < 6; i++) {
        io_iter_init_kernel(&iter, text, 1);
        assert_int_equal(file_read(file, &iter), 1);
    }
    io_iter_init_kernel(&iter, text, 1);
    assert_int_equal(file_read(file, &iter), 0);
    assert_int_equal(shows, 1);
    assert_int_equal(file_seek(file, 0, SEEK_SET), 0);
    io_iter_init_kernel(&iter, text, sizeof(text));
    assert_int_equal(file_read(file, &iter), 6);
    assert_int_equal(shows, 2);
    open_file_put(file);
    const char *large = fake_fs_get("/tree/large");
    assert_non_null(strstr(large, "line 1500\n"));
}

/* What the file of records has from `position` on. */
static size_t records_read(struct open_file *file, char *text, size_t bytes, uint64_t position)
{
    struct io_iter iter;
    io_iter_init_kernel(&iter, text, bytes);
    ssize_t count = file_read_at(file, &iter, position);
    assert_true(count >= 0);
    return (size_t)count;
}

static void records_are_made_as_they_are_read(void **state)
{
    enum { RECORD_BYTES = 8 + 6 + 41 + 1, LONG_START = LONG_RECORD * RECORD_BYTES };
    const uint64_t end = (uint64_t)RECORDS * RECORD_BYTES + LONG_RECORD_BYTES - 40;
    static char text[3 * LONG_RECORD_BYTES];
    struct open_file *file;
    uint64_t position = 0;
    unsigned lines = 0;
    assert_int_equal(vfs_open(root, NULL, "/tree/records", O_RDONLY, 0, &file), 0);
    for (size_t count; (count = records_read(file, text, 7777, position)) != 0; position += count) {
        for (size_t i = 0; i < count; i++) {
            lines += text[i] == '\n';
        }
    }
    assert_int_equal(lines, RECORDS);
    assert_int_equal(position, end);
    /* Backwards, across pieces, and at the very end. */
    assert_int_equal(records_read(file, text, RECORD_BYTES, 7 * RECORD_BYTES), RECORD_BYTES);
    assert_memory_equal(text, "record 000007,", 14);
    assert_int_equal(records_read(file, text, sizeof(text), LONG_START), sizeof(text));
    assert_memory_equal(text, "record 000500,", 14);
    assert_memory_equal(text + RECORD_BYTES + LONG_RECORD_BYTES - 40, "record 000501,", 14);
    assert_int_equal(records_read(file, text, 100, end - 3), 3);
    assert_int_equal(records_read(file, text, 100, end), 0);
    assert_int_equal(records_read(file, text, 100, end + 100), 0);
    open_file_put(file);
}

static void writes_reach_the_store(void **state)
{
    fake_fs_put("/tree/switch", "on");
    assert_string_equal(stored, "on");
}

static void live_children_die(void **state)
{
    live_numbers = 1 << 4;
    assert_string_equal(fake_fs_get("/tree/4/value"), "4\n");
    struct uapi_stat status;
    assert_int_equal(fake_fs_status("/tree/4/value", 0, &status), 0);
    assert_int_equal(status.st_uid, 1004);
    struct open_file *file;
    assert_int_equal(vfs_open(root, NULL, "/tree/4/value", O_RDONLY, 0, &file), 0);
    live_numbers = 0;
    char text[8];
    assert_int_equal(file_read_kernel(file, text, sizeof(text), 0), -ESRCH);
    open_file_put(file);
    assert_int_equal(fake_fs_status("/tree/4", 0, &status), -ENOENT);
    assert_int_equal(fake_fs_status("/tree/4/value", 0, &status), -ENOENT);
    assert_int_equal(fake_fs_status("/tree/5", 0, &status), -ENOENT);
    live_numbers = 1 << 5;
    assert_int_equal(fake_fs_status("/tree/5", 0, &status), 0);
    fake_grace_period();
}

static void links_jump(void **state)
{
    live_numbers = 1 << 2;
    struct path path;
    assert_int_equal(walk_path(root, NULL, "/tree/2/root", WALK_FOLLOW, &path), 0);
    assert_true(path_is_equal(&path, &root->root));
    path_put(&path);
    assert_string_equal(fake_fs_get("/tree/2/root/tree/hello"), "hello\n");
}

static void unmounting_gives_everything_back(void **state)
{
    struct path place;
    fake_reclaimer->shrink(1000);
    assert_int_equal(walk_path(root, NULL, "/tree/2/value", 0, &place), 0);
    path_put(&place);
    assert_int_equal(walk_path(root, NULL, "/tree", 0, &place), 0);
    assert_int_equal(mount_remove(&place, 0), 0);
    path_put(&place);
    fake_grace_period();
    assert_string_equal(fake_fs_list("/tree"), "");
}

/* --- locks --- */

static struct open_file *open_locked(void)
{
    struct open_file *file;
    assert_int_equal(vfs_open(root, NULL, "/locked", O_RDWR | O_CREAT, 0644, &file), 0);
    return file;
}

static void flocks_exclude(void **state)
{
    struct open_file *one = open_locked(), *two = open_locked();
    assert_int_equal(file_lock_flock(one, LOCK_SH, 1), 0);
    assert_int_equal(file_lock_flock(two, LOCK_SH, 1), 0);
    assert_int_equal(file_lock_flock(two, LOCK_EX | LOCK_NB, 1), -EWOULDBLOCK);
    assert_int_equal(file_lock_flock(one, LOCK_UN, 1), 0);
    assert_int_equal(file_lock_flock(two, LOCK_EX | LOCK_NB, 1), 0);
    assert_int_equal(file_lock_flock(one, LOCK_SH | LOCK_NB, 1), -EWOULDBLOCK);
    on_sleep = NULL;
    assert_int_equal(file_lock_flock(one, LOCK_SH, 1), -ERESTARTSYS);
    test_thread.arch.work = 0;
    open_file_put(two);
    assert_int_equal(file_lock_flock(one, LOCK_EX | LOCK_NB, 1), 0);
    assert_int_equal(file_lock_flock(one, 77, 1), -EINVAL);
    open_file_put(one);
}

static int set_record(struct open_file *file, int type, int64_t start, int64_t length, int owner)
{
    struct uapi_flock lock = {.l_type = (int16_t)type, .l_start = start, .l_len = length};
    return file_lock_record(file, F_SETLK, &lock, (void *)(uintptr_t)owner, owner, 0);
}

static void records_have_a_bound(void **state)
{
    enum { MOST = 512 };
    struct open_file *file = open_locked();
    for (int i = 0; i < MOST - 1; i++) {
        assert_int_equal(set_record(file, F_WRLCK, 10 * i, 5, 1), 0);
    }
    assert_int_equal(set_record(file, F_WRLCK, 10 * MOST, 5, 1), 0);
    assert_int_equal(set_record(file, F_WRLCK, 20 * MOST, 5, 1), -ENOLCK);
    assert_int_equal(set_record(file, F_UNLCK, 2, 1, 1), -ENOLCK); /* would make two of one */
    assert_int_equal(set_record(file, F_UNLCK, 0, 5, 1), 0);
    assert_int_equal(set_record(file, F_WRLCK, 20 * MOST, 5, 1), 0);
    open_file_put(file); /* without a close that is told: none may stay behind */
    file = open_locked();
    assert_int_equal(set_record(file, F_WRLCK, 0, 0, 2), 0);
    open_file_put(file);
}

static void records_split_and_join(void **state)
{
    struct open_file *file = open_locked();
    assert_int_equal(set_record(file, F_WRLCK, 0, 100, 1), 0);
    assert_int_equal(set_record(file, F_RDLCK, 50, 1, 2), -EAGAIN);
    assert_int_equal(set_record(file, F_UNLCK, 40, 20, 1), 0);
    assert_int_equal(set_record(file, F_RDLCK, 50, 1, 2), 0);
    assert_int_equal(set_record(file, F_RDLCK, 39, 2, 2), -EAGAIN);
    assert_int_equal(set_record(file, F_RDLCK, 60, 1, 2), -EAGAIN);
    assert_int_equal(set_record(file, F_RDLCK, 0, 0, 1), 0);
    assert_int_equal(set_record(file, F_RDLCK, 60, 1, 2), 0);
    struct uapi_flock lock = {.l_type = F_WRLCK, .l_start = 10, .l_len = 5};
    assert_int_equal(file_lock_record(file, F_GETLK, &lock, (void *)2, 2, 0), 0);
    assert_int_equal(lock.l_type, F_RDLCK);
    assert_int_equal(lock.l_start, 0);
    assert_int_equal(lock.l_len, 0);
    assert_int_equal(lock.l_pid, 1);
    file_lock_release_owner(file, (void *)1);
    lock = (struct uapi_flock){.l_type = F_WRLCK, .l_start = 10, .l_len = 5};
    assert_int_equal(file_lock_record(file, F_GETLK, &lock, (void *)2, 2, 0), 0);
    assert_int_equal(lock.l_type, F_UNLCK);
    assert_int_equal(set_record(file, F_WRLCK, -5, 1, 2), -EINVAL);
    file_lock_release_owner(file, (void *)2);
    open_file_put(file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_files),
        cmocka_unit_test(text_holds_together_while_it_is_read),
        cmocka_unit_test(records_are_made_as_they_are_read),
        cmocka_unit_test(writes_reach_the_store),
        cmocka_unit_test(live_children_die),
        cmocka_unit_test(links_jump),
        cmocka_unit_test(unmounting_gives_everything_back),
        cmocka_unit_test(flocks_exclude),
        cmocka_unit_test(records_split_and_join),
        cmocka_unit_test(records_have_a_bound),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
