/*
 * RamFS against a model that knows nothing of it, under random operations that repeat; rename in every combination; and what
 * stat, statfs and directory reading show.
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
#include "fs/name_entry.h"
#include "fs/ramfs/ramfs.h"
#include "uapi/limits.h"
#include "uapi/mount.h"

static struct fs_context *const root = &fake_context;

static int start(void **state)
{
    fake_fs_start();
    return 0;
}

/* --- the model: names in one flat directory, files by number --- */

enum { MODEL_NAMES = 12, MODEL_FILES = 12, MODEL_BYTES = 20000, MODEL_STEPS = 6000 };

struct model_file {
    bool is_directory;
    unsigned links;
    size_t size;
    char bytes[MODEL_BYTES];
};
static struct model_file model_files[MODEL_FILES];
static int model_names[MODEL_NAMES]; /* number of the file, -1: no such name */
static uint64_t random_state = 42;

static unsigned random_below(unsigned limit)
{
    return (unsigned)(test_random(&random_state) % limit);
}

static const char *model_path(int name, int which)
{
    static char text[2][32];
    snprintf(text[which], sizeof(text[which]), "/model/name%d", name);
    return text[which];
}

static int model_new_file(bool is_directory)
{
    for (int i = 0; i < MODEL_FILES; i++) {
        if (model_files[i].links == 0) {
            memset(&model_files[i], 0, sizeof(model_files[i]));
            model_files[i].links = 1;
            model_files[i].is_directory = is_directory;
            return i;
        }
    }
    return -1;
}

static void model_drop(int name)
{
    model_files[model_names[name]].links--;
    model_names[name] = -1;
}

static void step_make_directory(int name)
{
    int error = vfs_make_directory(root, NULL, model_path(name, 0), 0755);
    assert_int_equal(error, model_names[name] >= 0 ? -EEXIST : 0);
    if (error == 0) {
        model_names[name] = model_new_file(true);
    }
}

static void step_write(int name)
{
    struct open_file *file;
    int error = vfs_open(root, NULL, model_path(name, 0), O_WRONLY | O_CREAT, 0644, &file);
    bool is_directory = model_names[name] >= 0 && model_files[model_names[name]].is_directory;
    assert_int_equal(error, is_directory ? -EISDIR : 0);
    if (error != 0) {
        return;
    }
    if (model_names[name] < 0) {
        model_names[name] = model_new_file(false);
    }
    struct model_file *model = &model_files[model_names[name]];
    size_t at = random_below(MODEL_BYTES / 2), bytes = random_below(MODEL_BYTES / 2);
    static char data[MODEL_BYTES];
    memset(data, 'a' + (int)random_below(26), bytes);
    struct io_iter iter;
    io_iter_init_kernel(&iter, data, bytes);
    assert_int_equal(file_write_at(file, &iter, at), bytes);
    memcpy(model->bytes + at, data, bytes);
    model->size = bytes > 0 ? MAX(model->size, at + bytes) : model->size;
    open_file_put(file);
}

static void step_truncate(int name)
{
    struct path path;
    if (walk_path(root, NULL, model_path(name, 0), 0, &path) != 0) {
        assert_true(model_names[name] < 0);
        return;
    }
    struct model_file *model = &model_files[model_names[name]];
    size_t size = random_below(MODEL_BYTES);
    assert_int_equal(vfs_truncate(root, &path, size), model->is_directory ? -EISDIR : 0);
    path_put(&path);
    if (!model->is_directory) {
        memset(model->bytes + MIN(size, model->size), 0, MODEL_BYTES - MIN(size, model->size));
        model->size = size;
    }
}

static void step_link(int from, int to)
{
    int error = vfs_link(root, NULL, model_path(from, 0), NULL, model_path(to, 1), 0);
    if (model_names[from] < 0) {
        assert_int_equal(error, -ENOENT);
    } else if (model_names[to] >= 0) {
        assert_int_equal(error, -EEXIST);
    } else if (model_files[model_names[from]].is_directory) {
        assert_int_equal(error, -EPERM);
    } else {
        assert_int_equal(error, 0);
        model_names[to] = model_names[from];
        model_files[model_names[to]].links++;
    }
}

static int model_rename_error(int from, int to)
{
    if (model_names[from] < 0) {
        return -ENOENT;
    }
    if (model_names[to] < 0 || model_names[from] == model_names[to]) {
        return 0;
    }
    bool from_is_directory = model_files[model_names[from]].is_directory;
    if (from_is_directory == model_files[model_names[to]].is_directory) {
        return 0;
    }
    return from_is_directory ? -ENOTDIR : -EISDIR;
}

static void step_rename(int from, int to)
{
    int error = vfs_rename(root, NULL, model_path(from, 0), NULL, model_path(to, 1), 0);
    assert_int_equal(error, model_rename_error(from, to));
    if (error == 0 && model_names[from] != model_names[to]) {
        if (model_names[to] >= 0) {
            model_drop(to);
        }
        model_names[to] = model_names[from];
        model_names[from] = -1;
    }
}

static void step_exchange(int from, int to)
{
    int error =
        vfs_rename(root, NULL, model_path(from, 0), NULL, model_path(to, 1), RENAME_EXCHANGE);
    bool exist = model_names[from] >= 0 && model_names[to] >= 0;
    assert_int_equal(error, exist ? 0 : -ENOENT);
    if (exist) {
        int file = model_names[from];
        model_names[from] = model_names[to];
        model_names[to] = file;
    }
}

static void step_remove(int name)
{
    bool is_directory = model_names[name] >= 0 && model_files[model_names[name]].is_directory;
    int error = is_directory ? vfs_rmdir(root, NULL, model_path(name, 0))
                             : vfs_unlink(root, NULL, model_path(name, 0));
    assert_int_equal(error, model_names[name] < 0 ? -ENOENT : 0);
    if (error == 0) {
        model_drop(name);
    }
}

static void check_name(int name)
{
    struct uapi_stat status;
    int error = fake_fs_status(model_path(name, 0), 0, &status);
    if (model_names[name] < 0) {
        assert_int_equal(error, -ENOENT);
        return;
    }
    const struct model_file *model = &model_files[model_names[name]];
    assert_int_equal(error, 0);
    assert_int_equal(S_ISDIR(status.st_mode), model->is_directory);
    assert_int_equal(status.st_nlink, model->is_directory ? 2 : model->links);
    if (!model->is_directory) {
        static char bytes[MODEL_BYTES];
        struct open_file *file;
        assert_int_equal(status.st_size, model->size);
        assert_int_equal(vfs_open(root, NULL, model_path(name, 0), O_RDONLY, 0, &file), 0);
        assert_int_equal(file_read_kernel(file, bytes, sizeof(bytes), 0), model->size);
        assert_memory_equal(bytes, model->bytes, model->size);
        open_file_put(file);
    }
}

static void check_all(void)
{
    unsigned names = 0, directories = 0;
    for (int name = 0; name < MODEL_NAMES; name++) {
        check_name(name);
        names += model_names[name] >= 0;
        directories += model_names[name] >= 0 && model_files[model_names[name]].is_directory;
    }
    struct uapi_stat status;
    assert_int_equal(fake_fs_status("/model", 0, &status), 0);
    assert_int_equal(status.st_size, 40 + 20 * names);
    assert_int_equal(status.st_nlink, 2 + directories);
}

static void random_operations_match_the_model(void **state)
{
    assert_int_equal(vfs_make_directory(root, NULL, "/model", 0755), 0);
    memset(model_names, 0xff, sizeof(model_names));
    for (int step = 0; step < MODEL_STEPS; step++) {
        int from = (int)random_below(MODEL_NAMES), to = (int)random_below(MODEL_NAMES);
        switch (random_below(8)) {
        case 0: step_make_directory(from); break;
        case 1:
        case 2: step_write(from); break;
        case 3: step_truncate(from); break;
        case 4: step_link(from, to); break;
        case 5: step_rename(from, to); break;
        case 6: step_exchange(from, to); break;
        default: step_remove(from); break;
        }
        if (step % 16 == 0) {
            check_all();
            fake_grace_period();
        }
    }
    for (int name = 0; name < MODEL_NAMES; name++) {
        if (model_names[name] >= 0) {
            step_remove(name);
        }
    }
    assert_int_equal(vfs_rmdir(root, NULL, "/model"), 0);
}

/* Nothing is left of what was made: memory, pages and inodes are all back. */
static void everything_comes_back(void **state)
{
    struct path path;
    struct uapi_statfs before, after;
    assert_int_equal(walk_path(root, NULL, "/", 0, &path), 0);
    fake_reclaimer->shrink(1000);
    fake_grace_period();
    int objects = live_objects;
    assert_int_equal(vfs_fs_status(&path, &before), 0);
    fake_fs_put("/file", "some text");
    assert_int_equal(vfs_link(root, NULL, "/file", NULL, "/again", 0), 0);
    assert_int_equal(vfs_make_directory(root, NULL, "/directory", 0755), 0);
    assert_int_equal(vfs_symlink(root, "short", NULL, "/directory/link"), 0);
    assert_int_equal(vfs_fs_status(&path, &after), 0);
    assert_int_equal(before.f_ffree - after.f_ffree, 4);
    assert_int_equal(before.f_bfree - after.f_bfree, 1);
    struct open_file *file;
    assert_int_equal(vfs_open(root, NULL, "/file", O_RDONLY, 0, &file), 0);
    assert_int_equal(vfs_unlink(root, NULL, "/file"), 0);
    assert_int_equal(vfs_unlink(root, NULL, "/again"), 0);
    char text[16];
    assert_int_equal(file_read_kernel(file, text, sizeof(text), 0), 9); /* unlinked while open */
    open_file_put(file);
    assert_int_equal(vfs_unlink(root, NULL, "/directory/link"), 0);
    assert_int_equal(vfs_rmdir(root, NULL, "/directory"), 0);
    assert_int_equal(vfs_fs_status(&path, &after), 0);
    assert_int_equal(before.f_ffree, after.f_ffree);
    assert_int_equal(before.f_bfree, after.f_bfree);
    fake_reclaimer->shrink(1000);
    fake_grace_period();
    assert_int_equal(live_objects, objects);
    path_put(&path);
}

/* --- rename, in every combination of what is there --- */

static const char *const rename_kinds[] = {"none", "file", "empty", "full"};

static void rename_prepare(const char *name, int kind)
{
    char below[64];
    snprintf(below, sizeof(below), "%s/x", name);
    (void)!vfs_unlink(root, NULL, below);
    (void)!vfs_rmdir(root, NULL, name);
    (void)!vfs_unlink(root, NULL, name);
    if (kind == 1) {
        fake_fs_put(name, name);
    } else if (kind >= 2) {
        assert_int_equal(vfs_make_directory(root, NULL, name, 0755), 0);
    }
    if (kind == 3) {
        fake_fs_put(below, "x");
    }
}

static void renames_have_linux_errors(void **state)
{
    static const int plain[4][4] = {
        {-ENOENT, -ENOENT, -ENOENT, -ENOENT},
        {0, 0, -EISDIR, -EISDIR},
        {0, -ENOTDIR, 0, -ENOTEMPTY},
        {0, -ENOTDIR, 0, -ENOTEMPTY},
    };
    assert_int_equal(vfs_make_directory(root, NULL, "/p", 0755), 0);
    assert_int_equal(vfs_make_directory(root, NULL, "/q", 0755), 0);
    for (int i = 0; i < 4 * 4 * 2; i++) {
        int from = i / 8, to = i / 2 % 4;
        const char *target = i % 2 ? "/q/to" : "/p/to";
        rename_prepare("/p/from", from);
        rename_prepare(target, to);
        print_message("rename %s over %s\n", rename_kinds[from], rename_kinds[to]);
        assert_int_equal(vfs_rename(root, NULL, "/p/from", NULL, target, 0), plain[from][to]);
        rename_prepare("/p/from", from);
        rename_prepare(target, to);
        int expected = from == 0 ? -ENOENT : to != 0 ? -EEXIST : 0;
        assert_int_equal(vfs_rename(root, NULL, "/p/from", NULL, target, RENAME_NOREPLACE),
                         expected);
        rename_prepare("/p/from", from);
        rename_prepare(target, to);
        expected = from == 0 || to == 0 ? -ENOENT : 0;
        assert_int_equal(vfs_rename(root, NULL, "/p/from", NULL, target, RENAME_EXCHANGE),
                         expected);
        rename_prepare("/p/from", 0);
        rename_prepare(target, 0);
    }
    struct uapi_stat status;
    assert_int_equal(fake_fs_status("/p", 0, &status), 0);
    assert_int_equal(status.st_nlink, 2);
    assert_int_equal(status.st_size, 40);
}

static void renames_keep_the_tree_a_tree(void **state)
{
    assert_int_equal(vfs_make_directory(root, NULL, "/t", 0755), 0);
    assert_int_equal(vfs_make_directory(root, NULL, "/t/a", 0755), 0);
    assert_int_equal(vfs_make_directory(root, NULL, "/t/a/b", 0755), 0);
    assert_int_equal(vfs_rename(root, NULL, "/t/a", NULL, "/t/a/b/c", 0), -EINVAL);
    assert_int_equal(vfs_rename(root, NULL, "/t/a", NULL, "/t/a/c", 0), -EINVAL);
    assert_int_equal(vfs_rename(root, NULL, "/t/a/b", NULL, "/t/a", 0), -ENOTEMPTY);
    assert_int_equal(vfs_rename(root, NULL, "/t/a/b", NULL, "/t/a", RENAME_EXCHANGE), -EINVAL);
    assert_int_equal(vfs_rename(root, NULL, "/t/.", NULL, "/u", 0), -EBUSY);
    assert_int_equal(vfs_rename(root, NULL, "/t/a", NULL, "/t/..", 0), -EBUSY);
    assert_int_equal(vfs_rename(root, NULL, "/t/a", NULL, "/t/..", RENAME_NOREPLACE), -EEXIST);
    assert_int_equal(vfs_rename(root, NULL, "/t/a/b", NULL, "/t/moved/", 0), 0);
    fake_fs_put("/t/file", "x");
    assert_int_equal(vfs_rename(root, NULL, "/t/file", NULL, "/t/other/", 0), -ENOTDIR);
    assert_int_equal(vfs_rename(root, NULL, "/t/file/", NULL, "/t/other", 0), -ENOTDIR);
    struct uapi_stat status;
    assert_int_equal(fake_fs_status("/t", 0, &status), 0);
    assert_int_equal(status.st_nlink, 4);
}

/* --- reading directories --- */

static void directories_list_newest_first(void **state)
{
    char long_name[101] = "/o/";
    memset(long_name + 3, 'l', 97);
    assert_int_equal(vfs_make_directory(root, NULL, "/o", 0755), 0);
    for (const char *name = "abcdefg"; *name != '\0'; name++) {
        char path[] = {'/', 'o', '/', *name, '\0'};
        fake_fs_put(path, "");
    }
    assert_string_equal(fake_fs_list("/o"), "g f e d c b a ");
    assert_int_equal(vfs_rename(root, NULL, "/o/b", NULL, "/o/z", 0), 0);
    assert_string_equal(fake_fs_list("/o"), "z g f e d c a ");
    assert_int_equal(vfs_rename(root, NULL, "/o/c", NULL, "/o/f", 0), 0);
    assert_string_equal(fake_fs_list("/o"), "f z g e d a ");
    assert_int_equal(vfs_unlink(root, NULL, "/o/g"), 0);
    struct uapi_stat status;
    assert_int_equal(fake_fs_status("/o/negative", 0, &status), -ENOENT);
    fake_fs_put("/o/g", "");
    fake_fs_put("/o/negative", "");
    assert_string_equal(fake_fs_list("/o"), "negative g f z e d a ");
    assert_int_equal(vfs_rename(root, NULL, "/o/a", NULL, long_name, 0), 0);
    assert_int_equal(vfs_rename(root, NULL, long_name, NULL, "/o/a", 0), 0);
    assert_string_equal(fake_fs_list("/o"), "a negative g f z e d ");
}

static void positions_survive_removal(void **state)
{
    struct open_file *file;
    struct fake_listing listing = {.sink.add = fake_listing_add, .limit = 4};
    assert_int_equal(vfs_open(root, NULL, "/o", O_RDONLY, 0, &file), 0);
    assert_int_equal(file->ops->read_directory(file, &listing.sink), 0);
    assert_string_equal(listing.text, ". .. a negative ");
    assert_int_equal(vfs_unlink(root, NULL, "/o/negative"), 0);
    assert_int_equal(vfs_unlink(root, NULL, "/o/g"), 0);
    fake_fs_put("/o/new", "");
    listing.limit = 100;
    assert_int_equal(file->ops->read_directory(file, &listing.sink), 0);
    assert_string_equal(listing.text, ". .. a negative f z e d ");
    open_file_put(file);
}

/* --- limits and the rest --- */

static void limits_end_with_enospc(void **state)
{
    struct path place;
    assert_int_equal(vfs_make_directory(root, NULL, "/lim", 0755), 0);
    assert_int_equal(walk_path(root, NULL, "/lim", 0, &place), 0);
    assert_int_equal(mount_new("tmpfs", "", "size=8k,bad=1", 0, &place), -EINVAL);
    assert_int_equal(mount_new("tmpfs", "", "size=8k,nr_inodes=4,mode=700", 0, &place), 0);
    path_put(&place);
    assert_int_equal(walk_path(root, NULL, "/lim", 0, &place), 0);
    char text[128];
    place.mount->file_system->ops->describe(place.mount->file_system, text, sizeof(text));
    assert_string_equal(text, "size=8k,nr_inodes=4,mode=700,inode64");
    path_put(&place);
    struct open_file *file;
    assert_int_equal(vfs_open(root, NULL, "/lim/f", O_RDWR | O_CREAT, 0644, &file), 0);
    static char bytes[3 * PAGE_SIZE];
    struct io_iter iter;
    io_iter_init_kernel(&iter, bytes, sizeof(bytes));
    assert_int_equal(file_write(file, &iter), 2 * PAGE_SIZE);
    io_iter_init_kernel(&iter, bytes, sizeof(bytes));
    assert_int_equal(file_write(file, &iter), -ENOSPC);
    assert_int_equal(vfs_file_truncate(file, &credentials_root, 100, UINT64_MAX), 0);
    assert_int_equal(vfs_file_truncate(file, &credentials_root, 200, 150), -EFBIG);
    open_file_put(file);
    fake_fs_put("/lim/g", "x");
    assert_int_equal(vfs_make_directory(root, NULL, "/lim/d", 0755), 0);
    assert_int_equal(vfs_make_directory(root, NULL, "/lim/e", 0755), -ENOSPC);
    assert_int_equal(vfs_symlink(root, "x", NULL, "/lim/e"), -ENOSPC);
    assert_int_equal(vfs_link(root, NULL, "/lim/g", NULL, "/lim/e", 0), -ENOSPC);
}

/* A page that is counted and then refused leaves the count too high for a moment. */
static void a_count_over_the_limit_leaves_nothing_free(void **state)
{
    struct path path;
    struct uapi_statfs status;
    assert_int_equal(walk_path(root, NULL, "/", 0, &path), 0);
    struct ramfs_instance *instance = ramfs_instance_of(path.entry->file_system);
    uint64_t pages = atomic64_load(&instance->used_pages);
    atomic64_store(&instance->used_pages, instance->parameters.max_pages + 1);
    assert_int_equal(vfs_fs_status(&path, &status), 0);
    assert_int_equal(status.f_bfree, 0);
    assert_int_equal(status.f_bavail, 0);
    atomic64_store(&instance->used_pages, pages);
    path_put(&path);
}

static void holes_are_found(void **state)
{
    struct open_file *file;
    assert_int_equal(vfs_open(root, NULL, "/holes", O_RDWR | O_CREAT, 0644, &file), 0);
    struct io_iter iter;
    char byte = 'x';
    io_iter_init_kernel(&iter, &byte, 1);
    assert_int_equal(file_write_at(file, &iter, 5 * PAGE_SIZE), 1);
    assert_int_equal(file_seek(file, 0, SEEK_DATA), 5 * PAGE_SIZE);
    assert_int_equal(file_seek(file, 100, SEEK_HOLE), 100);
    assert_int_equal(file_seek(file, 5 * PAGE_SIZE, SEEK_HOLE), 5 * PAGE_SIZE + 1);
    assert_int_equal(file_seek(file, 6 * PAGE_SIZE, SEEK_DATA), -ENXIO);
    struct uapi_stat status;
    assert_int_equal(vfs_file_status(file, &status), 0);
    assert_int_equal(status.st_blocks, 8);
    int keep = FALLOC_FL_KEEP_SIZE;
    assert_int_equal(file->ops->allocate(file, keep, 0, 2 * PAGE_SIZE), 0);
    assert_int_equal(vfs_file_status(file, &status), 0);
    assert_int_equal(status.st_blocks, 24);
    assert_int_equal(file->ops->allocate(file, FALLOC_FL_PUNCH_HOLE, 0, 1), -EOPNOTSUPP);
    assert_int_equal(file->ops->allocate(file, keep | FALLOC_FL_PUNCH_HOLE, 0, PAGE_SIZE), 0);
    assert_int_equal(vfs_file_status(file, &status), 0);
    assert_int_equal(status.st_blocks, 16);
    assert_int_equal(file->ops->allocate(file, 0, 0, 7 * PAGE_SIZE), 0);
    assert_int_equal(file_seek(file, 0, SEEK_END), 7 * PAGE_SIZE);
    open_file_put(file);
}

/* The bits go by the rights of whoever writes, which the caller of the floor names before the write. */
static void set_id_bits_go_with_a_write(void **state)
{
    struct path path;
    struct uapi_stat status;
    fake_fs_put("/setid", "x");
    assert_int_equal(walk_path(root, NULL, "/setid", 0, &path), 0);
    assert_int_equal(vfs_change_owner(root, &path, 1000, 1000), 0);
    assert_int_equal(vfs_change_mode(root, &path, 06755), 0);
    fake_fs_put("/setid", "y");
    assert_int_equal(vfs_status(&path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 06755); /* root may: CAP_FSETID */
    struct open_file *file;
    assert_int_equal(vfs_open(&fake_user_context, NULL, "/setid", O_WRONLY, 0, &file), 0);
    vfs_file_drop_set_id(file, &credentials_root);
    assert_int_equal(vfs_status(&path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 06755);
    vfs_file_drop_set_id(file, fake_user_context.credentials);
    open_file_put(file);
    assert_int_equal(vfs_status(&path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0755);
    assert_int_equal(vfs_change_mode(root, &path, 06755), 0);
    assert_int_equal(vfs_change_owner(root, &path, 0, 0), 0);
    assert_int_equal(vfs_status(&path, &status), 0);
    assert_int_equal(status.st_mode & 07777, 0755);
    path_put(&path);
}

static void running_programs_are_not_written(void **state)
{
    struct path path;
    struct open_file *file;
    fake_fs_put("/program", "x");
    assert_int_equal(walk_path(root, NULL, "/program", 0, &path), 0);
    assert_int_equal(vnode_deny_write(path_vnode(&path)), 0);
    assert_int_equal(vfs_open(root, NULL, "/program", O_WRONLY, 0, &file), -ETXTBSY);
    assert_int_equal(vfs_truncate(root, &path, 0), -ETXTBSY);
    vnode_allow_write(path_vnode(&path));
    assert_int_equal(vfs_open(root, NULL, "/program", O_WRONLY, 0, &file), 0);
    assert_int_equal(vnode_deny_write(path_vnode(&path)), -ETXTBSY);
    open_file_put(file);
    assert_int_equal(vnode_deny_write(path_vnode(&path)), 0);
    vnode_allow_write(path_vnode(&path));
    path_put(&path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_operations_match_the_model),
        cmocka_unit_test(everything_comes_back),
        cmocka_unit_test(renames_have_linux_errors),
        cmocka_unit_test(renames_keep_the_tree_a_tree),
        cmocka_unit_test(directories_list_newest_first),
        cmocka_unit_test(positions_survive_removal),
        cmocka_unit_test(limits_end_with_enospc),
        cmocka_unit_test(a_count_over_the_limit_leaves_nothing_free),
        cmocka_unit_test(holes_are_found),
        cmocka_unit_test(set_id_bits_go_with_a_write),
        cmocka_unit_test(running_programs_are_not_written),
    };
    return cmocka_run_group_tests(tests, start, NULL);
}
