// Generated trees: nodes and directories. See generated.h for what a file system brings.
//
// Names of live children are cached like others, but every walk through one asks whether its object
// still exists. "Not there" is an error of the look-up and never cached, so that making a name fails
// like looking for one, as in Linux's procfs; but for directories that remember it, as in its sysfs. A node takes the owner from the nearest
// directory above that knows one. Inode numbers are a hash of row and key, so that a node made
// again has the number it had.
#include "fs/generated_internal.h"

#include "fs/name_entry.h"
#include "lib/errno.h"
#include "lib/hash.h"
#include "lib/string.h"
#include "memory/heap.h"
#include "uapi/dirent.h"
#include "uapi/limits.h"
#include "uapi/statfs.h"

static const struct vnode_ops generated_ops;
static const struct vnode_ops generated_checked_ops;
static struct slab_cache generated_node_cache;

void generated_init(void)
{
    slab_cache_init(&generated_node_cache, "generated_node", sizeof(struct generated_node), 64);
}

static uint64_t generated_number(const struct generated_row *row, const struct generated_key *key)
{
    uint64_t hash = hash_combine((uint64_t)(uintptr_t)row, key->value[0]);
    return (hash_combine(hash, key->value[1]) & 0x7fffffff) | 0x80000000;
}

// Directories among the rows: what the link count shows beyond "." and the name.
static uint32_t generated_subdirectories(const struct generated_directory *directory)
{
    uint32_t count = 0;
    for (const struct generated_row *row = directory->rows; row != NULL && row->name != NULL;
         row++) {
        count += S_ISDIR(row->mode) ? 1 : 0;
    }
    return count;
}

static void generated_refresh_owner(struct generated_node *node)
{
    if (node->ownership != NULL) {
        node->ownership->owner(&node->key, &node->vnode.uid, &node->vnode.gid);
    }
}

// `from` has what the node stands below and, where it is a live child, the directory that knows it:
// see generated_look_up.
static struct vnode *generated_node_create(struct file_system *file_system,
                                           const struct generated_node *from)
{
    struct generated_node *node = slab_alloc(&generated_node_cache);
    if (node == NULL) {
        return NULL;
    }
    const struct generated_row *row = from->row;
    vnode_init(&node->vnode, file_system,
               from->validity != NULL ? &generated_checked_ops : &generated_ops,
               generated_number(row, &from->key), row->mode);
    // Rows are asked under the directory's mutex, and they may look into processes.
    mutex_init(&node->vnode.mutex, LOCK_RANK_GENERATED_FILE);
    node->row = row;
    node->key = from->key;
    node->validity = from->validity;
    node->ownership = from->ownership;
    node->vnode.is_magic_link = row->follow != NULL;
    node->vnode.pages.size_bytes = row->size;
    if (row->directory != NULL) {
        node->vnode.link_count = 2 + generated_subdirectories(row->directory);
    }
    generated_refresh_owner(node);
    return &node->vnode;
}

static void generated_node_free(struct rcu_head *head)
{
    slab_free(&generated_node_cache, container_of(head, struct generated_node, vnode.rcu));
}

static void generated_inactive(struct vnode *vnode)
{
    vnode_fini(vnode);
    rcu_defer(&vnode->rcu, generated_node_free);
}

// ---- look-up ------------------------------------------------------------------------------------

static const struct generated_row *generated_find_row(const struct generated_directory *directory,
                                                      const char *name, size_t length)
{
    for (const struct generated_row *row = directory->rows; row != NULL && row->name != NULL;
         row++) {
        if (strlen(row->name) == length && memcmp(row->name, name, length) == 0) {
            return row;
        }
    }
    return NULL;
}

// A row goes before a live child of the same name. What stands below a live child asks the directory that knows it whether it is still
// there and whose it is.
static int generated_look_up(struct vnode *vnode, struct name_entry *entry)
{
    const struct generated_node *node = generated_node_of(vnode);
    const struct generated_directory *directory = node->row->directory;
    struct generated_node wanted = {
        .key = node->key, .validity = node->validity, .ownership = node->ownership};
    wanted.row = generated_find_row(directory, entry->name, entry->length);
    if (wanted.row == NULL && directory->look_up != NULL) {
        int error =
            directory->look_up(&node->key, entry->name, entry->length, &wanted.row, &wanted.key);
        if (error != 0) {
            return error;
        }
        wanted.validity = directory->is_valid != NULL ? directory : wanted.validity;
        wanted.ownership = directory->owner != NULL ? directory : wanted.ownership;
    }
    if (wanted.row == NULL) {
        return directory->remembers_missing ? 0 : -ENOENT;
    }
    struct vnode *child = generated_node_create(vnode->file_system, &wanted);
    if (child == NULL) {
        return -ENOMEM;
    }
    name_entry_attach(entry, child, false);
    return 0;
}

static bool generated_is_valid(struct vnode *vnode)
{
    const struct generated_node *node = generated_node_of(vnode);
    return node->validity->is_valid(&node->key);
}

// ---- reading a directory ------------------------------------------------------------------------
// Positions: 2 and on the rows, then from LIVE_POSITION on the cursor of the live children.

#define ROW_POSITION  UINT64_C(2)
#define LIVE_POSITION UINT64_C(0x10000)

static bool generated_emit(struct directory_sink *sink, const char *name,
                           const struct generated_row *row, const struct generated_key *key,
                           uint64_t next_position)
{
    uint64_t number = generated_number(row, key);
    return sink->add(sink, name, strlen(name), number, DT_OF_MODE(row->mode), next_position);
}

static bool generated_read_rows(const struct generated_node *node, struct directory_sink *sink,
                                uint64_t *position)
{
    const struct generated_row *rows = node->row->directory->rows;
    uint64_t index = 0;
    for (; rows != NULL && rows[index].name != NULL; index++) {
        if (index + ROW_POSITION < *position) {
            continue;
        }
        uint64_t next = index + ROW_POSITION + 1;
        if (!generated_emit(sink, rows[index].name, &rows[index], &node->key, next)) {
            return false;
        }
        *position = next;
    }
    *position = LIVE_POSITION;
    return true;
}

static int generated_read_directory(struct vnode *vnode, struct name_entry *entry,
                                    struct directory_sink *sink, uint64_t *position)
{
    (void)entry;
    const struct generated_node *node = generated_node_of(vnode);
    const struct generated_directory *directory = node->row->directory;
    if (*position < LIVE_POSITION && !generated_read_rows(node, sink, position)) {
        return 0;
    }
    if (directory->next == NULL) {
        return 0;
    }
    struct generated_child *child = heap_alloc(sizeof(*child));
    if (child == NULL) {
        return -ENOMEM;
    }
    uint64_t cursor = *position - LIVE_POSITION;
    while (directory->next(&node->key, &cursor, child) == 0 &&
           generated_emit(sink, child->name, child->row, &child->key, LIVE_POSITION + cursor)) {
        *position = LIVE_POSITION + cursor;
    }
    heap_free(child);
    return 0;
}

// ---- links and files ----------------------------------------------------------------------------

static long generated_read_link(struct vnode *vnode, char *text, size_t size)
{
    const struct generated_node *node = generated_node_of(vnode);
    return node->row->read_link != NULL ? node->row->read_link(&node->key, text, size) : -EINVAL;
}

static int generated_follow(struct vnode *vnode, struct path *result)
{
    const struct generated_node *node = generated_node_of(vnode);
    return node->row->follow(&node->key, result);
}

static int generated_open_own(const struct generated_node *node, struct open_file *file)
{
    uint64_t token = 0;
    int error = node->row->bind != NULL ? node->row->bind(&node->key, &token) : 0;
    if (error == 0) {
        file->ops = node->row->ops;
        file->private_data = (void *)(uintptr_t)token;
    }
    return error;
}

static int generated_open(struct vnode *vnode, struct open_file *file)
{
    const struct generated_node *node = generated_node_of(vnode);
    if (vnode_is_directory(vnode)) {
        file->ops = &directory_file_ops;
        return 0;
    }
    return node->row->ops != NULL ? generated_open_own(node, file) : generated_file_prepare(file);
}

const struct generated_row *generated_file_row(const struct open_file *file,
                                               struct generated_key *key)
{
    const struct generated_node *node = generated_node_of(file->vnode);
    *key = node->key;
    if (node->row->ops != NULL && node->row->bind != NULL) {
        key->value[1] = (uint64_t)(uintptr_t)file->private_data;
    }
    return node->row;
}

int generated_folder_process(const struct open_file *file, struct process **process)
{
    const struct vnode *vnode = file->vnode;
    bool is_generated =
        vnode != NULL && (vnode->ops == &generated_ops || vnode->ops == &generated_checked_ops);
    if (file->ops != &directory_file_ops || !is_generated) {
        return -EBADF;
    }
    const struct generated_node *node = generated_node_of(file->vnode);
    const struct generated_directory *directory = node->row->directory;
    return directory->process != NULL ? directory->process(&node->key, process) : -EBADF;
}

// Nothing is stored: modes and owners may be changed on the node, sizes may not. What belongs to a live object keeps its mode: the
// object's owner is a program like any other, and could close /proc to itself and to its kin.
static int generated_set_attributes(struct vnode *vnode, const struct attributes *attributes)
{
    bool has_live_owner = generated_node_of(vnode)->ownership != NULL;
    if ((attributes->valid & ATTRIBUTE_MODE) != 0 && has_live_owner) {
        return -EPERM;
    }
    if ((attributes->valid & ATTRIBUTE_MODE) != 0) {
        vnode->mode = (vnode->mode & S_IFMT) | (attributes->mode & S_IALLUGO);
    }
    if ((attributes->valid & ATTRIBUTE_UID) != 0) {
        vnode->uid = attributes->uid;
    }
    if ((attributes->valid & ATTRIBUTE_GID) != 0) {
        vnode->gid = attributes->gid;
    }
    return 0;
}

// Owners follow their object (a process that changed its ids).
static int generated_get_attributes(struct vnode *vnode, struct uapi_stat *status)
{
    generated_refresh_owner(generated_node_of(vnode));
    status->st_uid = vnode->uid;
    status->st_gid = vnode->gid;
    if (vnode->file_system->type->magic == PROC_SUPER_MAGIC) {
        status->st_blksize = 1024;
    }
    return 0;
}

static int generated_permission(struct vnode *vnode, const struct credentials *credentials,
                                unsigned access)
{
    struct generated_node *node = generated_node_of(vnode);
    if (node->ownership == NULL) {
        return vnode_permission_by_mode(vnode, credentials, access);
    }
    generated_refresh_owner(node);
    return vnode_permission_by_mode(vnode, credentials, access);
}

#define GENERATED_OPS                                                                              \
    .lookup = generated_look_up, .read_directory = generated_read_directory,                       \
    .read_link = generated_read_link, .follow = generated_follow,                                  \
    .get_attributes = generated_get_attributes, .set_attributes = generated_set_attributes,        \
    .open = generated_open, .inactive = generated_inactive

static const struct vnode_ops generated_ops = {
    GENERATED_OPS,
};

// Nodes of live children and of what is below them.
static const struct vnode_ops generated_checked_ops = {
    GENERATED_OPS,
    .permission = generated_permission,
    .is_valid = generated_is_valid,
};

// ---- instances ----------------------------------------------------------------------------------

struct generated_instance {
    struct file_system file_system; // first
    struct generated_row root_row;  // [I] the root has no row in any table
};

static void generated_destroy(struct file_system *file_system)
{
    name_entry_put(file_system->root);
    heap_free(container_of(file_system, struct generated_instance, file_system));
}

static const struct file_system_ops generated_file_system_ops = {
    .destroy = generated_destroy,
};

int generated_mount(const struct file_system_type *type,
                    const struct generated_directory *directory, struct file_system **result)
{
    struct generated_instance *instance = heap_alloc_zeroed(sizeof(*instance));
    if (instance == NULL) {
        return -ENOMEM;
    }
    file_system_init(&instance->file_system, type, &generated_file_system_ops);
    instance->root_row =
        (struct generated_row){.name = "/", .mode = S_IFDIR | 0555, .directory = directory};
    const struct generated_node root = {.row = &instance->root_row};
    struct vnode *vnode = generated_node_create(&instance->file_system, &root);
    struct name_entry *entry =
        vnode != NULL ? name_entry_create_root(&instance->file_system, vnode) : NULL;
    if (entry == NULL) {
        heap_free(instance);
        return -ENOMEM;
    }
    instance->file_system.root = entry;
    *result = &instance->file_system;
    return 0;
}
