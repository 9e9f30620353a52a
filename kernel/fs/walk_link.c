// Path walk at symbolic links: which ones it may follow, and how it goes on in their text.
//
// A link's text is walked in place: what was left of the path goes on a stack. A link at the very end leaves nothing to push, so
// chains of such links take no stack; only their number is bounded. Magic links (/proc/self/exe) have no text to walk: they jump.
#include "fs/walk_internal.h"
#include "lib/assert.h"
#include "memory/heap.h"

// Goes on inside a link's text (ours in the referenced manner); an absolute one starts at the root.
static int walk_enter_text(struct walk *walk, const char *text, char *owned)
{
    if (*walk->rest == '\0') {
        heap_free(walk->text);
    } else {
        assert(walk->depth < SYMLOOP_MAX); // each text was a link, and links are counted
        walk->stack[walk->depth].rest = walk->rest;
        walk->stack[walk->depth].text = walk->text;
        walk->depth++;
    }
    walk->text = owned;
    walk->rest = text;
    if (*text != '/') {
        return 0;
    }
    int error = walk_check_absolute(walk->context, &walk->at);
    walk_set_borrowed(walk, &walk->context->root);
    return error;
}

// Goes where a magic link leads, whatever stands in the text that it shows. Consumes `link`.
static int walk_jump(struct walk *walk, struct path *link)
{
    const struct mount *before = walk->at.mount;
    struct path target;
    int error = link->entry->vnode->ops->follow(link->entry->vnode, &target);
    if (error == 0) {
        walk_set(walk, &target);
        error = walk_check_mount(walk, before);
    }
    path_put(link);
    return error;
}

// Follows a link that is not plain text in memory. Only in the referenced manner; consumes `link`.
static int walk_follow_slowly(struct walk *walk, struct path *link)
{
    struct vnode *vnode = link->entry->vnode;
    if (vnode->is_magic_link) {
        return walk_jump(walk, link);
    }
    char *text = heap_alloc(PATH_MAX);
    long length = -ENOMEM;
    if (text != NULL) {
        length = vnode_read_link(vnode, text, PATH_MAX);
    }
    path_put(link);
    if (length <= 0) {
        heap_free(text);
        return length < 0 ? (int)length : -ENOENT;
    }
    return walk_enter_text(walk, text, text);
}

// Linux's protected_symlinks: in a directory that everybody may write to, such as /tmp, a link is followed only for its owner or if
// the directory's owner made it. A program that writes to a name it thinks it owns would else be led elsewhere.
static bool walk_may_follow(const struct fs_context *context, const struct vnode *directory,
                            const struct vnode *link)
{
    const uint32_t shared = S_ISVTX | S_IWOTH;
    return context->credentials->fsuid == link->uid || (directory->mode & shared) != shared ||
           directory->uid == link->uid;
}

int walk_check_last_link(const struct fs_context *context, const struct vnode *directory,
                         const struct path *link)
{
    int error = walk_check_link(context, link);
    bool is_refused = error == 0 && !walk_may_follow(context, directory, link->entry->vnode);
    return is_refused ? -EACCES : error;
}

int walk_check_same_mount(const struct fs_context *context, const struct path *before,
                          const struct path *after)
{
    return walk_forbids(context, RESOLVE_NO_XDEV) && before->mount != after->mount ? -EXDEV : 0;
}

int walk_check_absolute(const struct fs_context *context, const struct path *from)
{
    return walk_forbids(context, RESOLVE_BENEATH)
               ? -EXDEV
               : walk_check_same_mount(context, from, &context->root);
}

// 0, or why the link is not followed; -ECHILD: not without references.
static int walk_prepare_to_follow(struct walk *walk, const struct path *link, bool is_last)
{
    const struct vnode *vnode = link->entry->vnode;
    int error = is_last ? walk_check_last_link(walk->context, walk->at.entry->vnode, link)
                        : walk_check_link(walk->context, link);
    if (error != 0) {
        return error;
    }
    if (walk->links++ == SYMLOOP_MAX) {
        return -ELOOP;
    }
    bool is_slow = vnode->link_text == NULL; // as magic links have it
    return walk->is_lockless && is_slow ? -ECHILD : 0;
}

int walk_follow(struct walk *walk, struct path *link, bool is_last)
{
    struct vnode *vnode = link->entry->vnode;
    int error = walk_prepare_to_follow(walk, link, is_last);
    if (error == 0) {
        vnode_touch_access(vnode, link);
    }
    if (walk->is_lockless) {
        return error != 0 ? error : walk_enter_text(walk, vnode->link_text, NULL);
    }
    if (error != 0) {
        path_put(link);
        return error;
    }
    return walk_follow_slowly(walk, link);
}
