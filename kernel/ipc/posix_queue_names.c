// The file system `mqueue`: names of POSIX queues, the making of queues, and what limits it. There is one instance, which is always there;
// mount(2) shows it once more. Its name entries are its directory, pinned while the name exists.
//
// Locks: the root's vnode mutex over names; posix_queues.mutex (IPC_TABLE) over the list of all queues, also those without a name.
#include "fs/mount.h"
#include "fs/name_entry.h"
#include "fs/vfs.h"
#include "ipc/posix_queue_internal.h"
#include "ipc/settings.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/panic.h"
#include "memory/heap.h"
#include "process/process.h"
#include "uapi/capability.h"
#include "uapi/statfs.h"

enum { QUEUE_FILE_BYTES = 80, NAME_BYTES = 20 }; // the sizes that stat shows, as Linux has them

// What Linux counts for a message beside its text: its head, and a node for its priority.
enum { MESSAGE_OVERHEAD = 48 + 48 };

static struct posix_queues {
    struct mutex mutex;
    struct list_head all; // [l]
    unsigned count;       // [l]
    struct slab_cache cache;
    struct file_system file_system;
    struct mount *mount; // [I] the kernel's own, shown nowhere; NULL: no memory at the start
} posix_queues = {.mutex = MUTEX_INIT(posix_queues.mutex, LOCK_RANK_IPC_TABLE),
                  .all = LIST_INIT(posix_queues.all)};

// ---- making a queue ---------------------------------------------------------------------------------------

// Sizes of a new queue. 0 or -EINVAL.
static int decode_sizes(const struct uapi_mq_attr *attributes,
                        const struct credentials *credentials, uint64_t *messages, uint64_t *bytes)
{
    uint64_t most_messages = (uint64_t)READ_ONCE(ipc_settings.posix_messages_max);
    uint64_t most_bytes = (uint64_t)READ_ONCE(ipc_settings.posix_message_bytes_max);
    if (attributes == NULL) {
        *messages = MIN(most_messages, (uint64_t)READ_ONCE(ipc_settings.posix_messages_default));
        *bytes = MIN(most_bytes, (uint64_t)READ_ONCE(ipc_settings.posix_message_bytes_default));
    } else {
        *messages = (uint64_t)attributes->mq_maxmsg; // what is negative is far above the most
        *bytes = (uint64_t)attributes->mq_msgsize;
    }
    if (credentials_can(credentials, CAP_SYS_RESOURCE)) {
        most_messages = MQ_HARD_MESSAGES;
        most_bytes = MQ_HARD_MESSAGE_BYTES;
    }
    bool is_valid =
        *messages != 0 && *bytes != 0 && *messages <= most_messages && *bytes <= most_bytes;
    return is_valid ? 0 : -EINVAL;
}

// Counts the queue for its user. 0, or -EMFILE: RLIMIT_MSGQUEUE.
static int charge_locked(struct posix_queue *queue)
{
    assert(mutex_is_held(&posix_queues.mutex));
    struct posix_queue *other;
    uint64_t sum = queue->charged_bytes;
    list_for_each_entry(other, &posix_queues.all, all_link) {
        sum += other->owner == queue->owner ? other->charged_bytes : 0;
    }
    if (sum > process_limit(process_current(), RLIMIT_MSGQUEUE)) {
        return -EMFILE;
    }
    list_add_tail(&posix_queues.all, &queue->all_link);
    posix_queues.count++;
    return 0;
}

// The order of the refusals is Linux's: how many, how large, how much for one user, memory last.
static int queue_enter_locked(const struct credentials *credentials,
                              const struct uapi_mq_attr *attributes, struct posix_queue **result)
{
    uint64_t messages, bytes;
    bool is_full = posix_queues.count >= (unsigned)READ_ONCE(ipc_settings.posix_queues_max);
    if (is_full && !credentials_can(credentials, CAP_SYS_RESOURCE)) {
        return -ENOSPC;
    }
    int error = decode_sizes(attributes, credentials, &messages, &bytes);
    if (error != 0) {
        return error;
    }
    struct posix_queue *queue = slab_alloc(&posix_queues.cache);
    if (queue == NULL) {
        return -ENOMEM;
    }
    list_init(&queue->all_link);
    queue->owner = credentials->uid;
    queue->charged_bytes = messages * (bytes + MESSAGE_OVERHEAD);
    error = charge_locked(queue);
    if (error != 0) {
        slab_free(&posix_queues.cache, queue);
        return error;
    }
    posix_queue_init(queue, (unsigned)messages, (unsigned)bytes);
    *result = queue;
    return 0;
}

static int queue_open(struct vnode *vnode, struct open_file *file)
{
    (void)vnode;
    file->ops = &posix_queue_file_ops;
    return 0;
}

static void queue_free(struct rcu_head *head)
{
    struct vnode *vnode = container_of(head, struct vnode, rcu);
    slab_free(&posix_queues.cache, container_of(vnode, struct posix_queue, vnode));
}

static void queue_inactive(struct vnode *vnode)
{
    struct posix_queue *queue = container_of(vnode, struct posix_queue, vnode);
    posix_queue_fini(queue);
    mutex_lock(&posix_queues.mutex);
    list_remove(&queue->all_link);
    posix_queues.count--;
    mutex_unlock(&posix_queues.mutex);
    vnode_fini(vnode);
    rcu_defer(&vnode->rcu, queue_free);
}

static const struct vnode_ops queue_vnode_ops = {
    .open = queue_open,
    .inactive = queue_inactive,
};

// A name came or went. The directory's mutex is held.
static void directory_grow(struct vnode *directory, int names)
{
    directory->pages.size_bytes += (uint64_t)(int64_t)(names * NAME_BYTES);
    vnode_touch_modify(directory);
}

static int queue_make_locked(struct vnode *directory, struct name_entry *entry,
                             const struct fs_context *context, uint32_t mode,
                             const struct uapi_mq_attr *attributes)
{
    assert(mutex_is_held(&directory->mutex) && S_ISREG(mode));
    struct posix_queue *queue;
    mutex_lock(&posix_queues.mutex);
    int error = queue_enter_locked(context->credentials, attributes, &queue);
    mutex_unlock(&posix_queues.mutex);
    if (error != 0) {
        return error;
    }
    vnode_init(&queue->vnode, &posix_queues.file_system, &queue_vnode_ops,
               file_system_next_inode(&posix_queues.file_system), mode);
    vnode_init_owner(&queue->vnode, directory, context);
    queue->vnode.pages.size_bytes = QUEUE_FILE_BYTES;
    name_entry_attach(entry, &queue->vnode, true);
    directory_grow(directory, 1);
    return 0;
}

// ---- the directory ----------------------------------------------------------------------------------------

static int directory_create(struct vnode *directory, struct name_entry *entry,
                            const struct fs_context *context, uint32_t mode, uint64_t device)
{
    (void)device;
    return S_ISREG(mode) ? queue_make_locked(directory, entry, context, mode, NULL) : -EPERM;
}

static int directory_unlink(struct vnode *directory, struct name_entry *entry)
{
    entry->vnode->link_count--;
    entry->vnode->change_time = file_time_now();
    name_entry_detach(entry);
    directory_grow(directory, -1);
    return 0;
}

// The kernel keeps the directory for ever.
static void directory_inactive(struct vnode *directory)
{
    (void)directory;
    panic("the directory of message queues was given back");
}

static const struct vnode_ops directory_ops = {
    .create = directory_create,
    .unlink = directory_unlink,
    .inactive = directory_inactive,
};

// ---- calls by name ----------------------------------------------------------------------------------------

// A name is one component of a path.
static int check_name(const char *name, size_t length)
{
    if (length == 0) {
        return -ENOENT;
    }
    bool is_dots = name[0] == '.' && (length == 1 || (length == 2 && name[1] == '.'));
    return is_dots || strchr(name, '/') != NULL ? -EACCES : 0;
}

static int make_or_refuse_locked(const struct fs_context *context,
                                 const struct posix_queue_open *request, struct name_entry *entry,
                                 bool *is_made)
{
    bool creates = (request->flags & O_CREAT) != 0;
    if (name_entry_is_negative(entry)) {
        uint32_t mode = S_IFREG | (request->mode & S_IALLUGO & ~context->umask);
        int error = creates ? queue_make_locked(posix_queues.mount->root->vnode, entry, context,
                                                mode, request->attributes)
                            : -ENOENT;
        *is_made = error == 0;
        return error;
    }
    if (creates && (request->flags & O_EXCL) != 0) {
        return -EEXIST;
    }
    return (request->flags & O_ACCMODE) == O_ACCMODE ? -EINVAL : 0;
}

// Takes the name of a queue away that was just made and cannot be handed out, unless somebody else has done so.
static void queue_unmake(struct vnode *root, struct name_entry *entry)
{
    mutex_lock(&root->mutex);
    if (!entry->is_detached) {
        (void)directory_unlink(root, entry);
    }
    mutex_unlock(&root->mutex);
}

int posix_queue_open(const struct fs_context *context, const struct posix_queue_open *request,
                     struct open_file **file)
{
    struct mount *mount = posix_queues.mount;
    int error = mount == NULL ? -ENOMEM : check_name(request->name, request->length);
    if (error != 0) {
        return error;
    }
    struct name_entry *root = mount->root, *entry;
    bool is_made = false;
    mutex_lock(&root->vnode->mutex);
    error = name_entry_look_up(root, request->name, request->length, &entry);
    if (error == 0) {
        error = make_or_refuse_locked(context, request, entry, &is_made);
        if (error != 0) {
            name_entry_put(entry);
        }
    }
    mutex_unlock(&root->vnode->mutex);
    if (error != 0) {
        return error;
    }
    const struct path path = {mount, entry};
    unsigned flags = request->flags & (O_ACCMODE | O_NONBLOCK);
    error = is_made ? vfs_open_made(context, &path, flags, file)
                    : vfs_open_path(context, &path, flags, file);
    if (error != 0 && is_made) {
        queue_unmake(root->vnode, entry);
    }
    name_entry_put(entry);
    return error;
}

int posix_queue_unlink(const struct fs_context *context, const char *name, size_t length)
{
    struct mount *mount = posix_queues.mount;
    int error = mount == NULL ? -ENOMEM : check_name(name, length);
    const struct path start = {mount, mount != NULL ? mount->root : NULL};
    return error != 0 ? error : vfs_unlink(context, &start, name);
}

void posix_queue_remove_all(void)
{
    if (posix_queues.mount == NULL) {
        return;
    }
    struct name_entry *root = posix_queues.mount->root, *entry;
    mutex_lock(&root->vnode->mutex);
    while ((entry = name_entry_next_child(root, NULL)) != NULL) {
        (void)directory_unlink(root->vnode, entry);
    }
    mutex_unlock(&root->vnode->mutex);
}

// ---- the file system --------------------------------------------------------------------------------------

static int mqueue_mount(const struct file_system_type *type, const char *source,
                        const char *options, unsigned long flags, struct file_system **result)
{
    (void)type, (void)source, (void)options, (void)flags;
    if (posix_queues.mount == NULL) {
        return -ENOMEM;
    }
    file_system_get(&posix_queues.file_system);
    *result = &posix_queues.file_system;
    return 0;
}

static struct file_system_type mqueue_type = {
    .name = "mqueue", .magic = MQUEUE_MAGIC, .mount = mqueue_mount};
static const struct file_system_ops mqueue_ops = {0};

void posix_queue_module_init(void)
{
    static struct vnode root;
    slab_cache_init(&posix_queues.cache, "posix_queue", sizeof(struct posix_queue), 64);
    file_system_init(&posix_queues.file_system, &mqueue_type, &mqueue_ops);
    vnode_init(&root, &posix_queues.file_system, &directory_ops,
               file_system_next_inode(&posix_queues.file_system), S_IFDIR | S_ISVTX | S_IRWXUGO);
    root.pages.size_bytes = 2 * NAME_BYTES;
    posix_queues.file_system.root = name_entry_create_root(&posix_queues.file_system, &root);
    if (posix_queues.file_system.root != NULL) {
        posix_queues.mount = mount_create_internal(&posix_queues.file_system, "mqueue");
    }
    file_system_type_register(&mqueue_type);
}
