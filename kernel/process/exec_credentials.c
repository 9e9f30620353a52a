// Who the new program is: set-id bits, and capabilities by the rules of capabilities(7) without file capabilities.
#include "fs/mount.h"
#include "fs/vnode.h"
#include "lib/assert.h"
#include "lib/errno.h"
#include "process/exec_internal.h"
#include "uapi/capability.h"
#include "uapi/mount.h"
#include "uapi/personality.h"

// What a set-id program does not inherit: a caller must not choose where it lies or what it may execute.
#define PERSONALITY_UNSAFE                                                                         \
    (MMAP_PAGE_ZERO | ADDR_COMPAT_LAYOUT | READ_IMPLIES_EXEC | ADDR_NO_RANDOMIZE)

// Does another process share the directories (CLONE_FS)? It could change those of the program that has more rights. The caller's own
// other threads end before that program begins, so they do not count.
static bool directories_are_shared(const struct task *task)
{
    struct task *other;
    unsigned own = 0;
    spin_lock(&process_tree_lock);
    list_for_each_entry(other, &task->process->tasks, process_link) {
        own += other->fs == task->fs;
    }
    bool are_shared = atomic32_load(&task->fs->users) > own;
    spin_unlock(&process_tree_lock);
    assert(own > 0);
    return are_shared;
}

// Ids after the set-id bits. True: something differs.
static bool ids_after_exec(const struct exec_call *call, uint32_t *euid, uint32_t *egid)
{
    const struct credentials *old = call->task->credentials;
    const struct vnode *vnode = call->image.vnode;
    bool is_shared = directories_are_shared(call->task) && !credentials_can(old, CAP_SETUID);
    *euid = old->euid;
    *egid = old->egid;
    // Who promised to gain nothing (PR_SET_NO_NEW_PRIVS), or mounted without set-id bits, runs the program as itself.
    if (is_shared || call->task->no_new_privileges ||
        (call->image.path.mount->flags & MS_NOSUID) != 0) {
        return false;
    }
    if ((vnode->mode & S_ISUID) != 0) {
        *euid = vnode->uid;
    }
    // Without the group's right to execute, the set-group-id bit once meant mandatory locking.
    if ((vnode->mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP)) {
        *egid = vnode->gid;
    }
    return *euid != old->euid || *egid != old->egid;
}

// Root gets what the bounding set allows; others keep only the ambient set, which a set-id program loses.
static void capabilities_after_exec(struct credentials *new, bool is_set_id)
{
    bool is_root = (new->uid == 0 || new->euid == 0) && (new->securebits &SECBIT_NOROOT) == 0;
    if (is_set_id) {
        new->capabilities_ambient = 0;
    }
    if (is_root) {
        new->capabilities_permitted = new->capabilities_inheritable | new->capabilities_bounding;
        new->capabilities_effective =
            new->euid == 0 ? new->capabilities_permitted : new->capabilities_ambient;
    } else {
        new->capabilities_permitted = new->capabilities_ambient;
        new->capabilities_effective = new->capabilities_ambient;
    }
}

// The common case: root stays root with everything, or an ordinary user has nothing to lose.
static bool nothing_changes(const struct credentials *old)
{
    bool saved_ids_agree = old->suid == old->euid && old->sgid == old->egid &&
                           old->fsuid == old->euid && old->fsgid == old->egid;
    uint64_t root_set = old->capabilities_inheritable | old->capabilities_bounding;
    bool is_root = old->uid == 0 && old->euid == 0;
    uint64_t expected = is_root ? root_set : old->capabilities_ambient;
    bool is_plain = (old->securebits & (SECBIT_KEEP_CAPS | SECBIT_NOROOT)) == 0;
    return saved_ids_agree && is_plain && (is_root || (old->uid != 0 && old->euid != 0)) &&
           old->capabilities_permitted == expected && old->capabilities_effective == expected;
}

int exec_prepare_credentials(struct exec_call *call)
{
    const struct credentials *old = call->task->credentials;
    uint32_t euid, egid;
    bool is_set_id = ids_after_exec(call, &euid, &egid);
    call->is_secure = is_set_id || old->uid != old->euid || old->gid != old->egid;
    if (is_set_id) {
        call->personality &= ~(uint32_t)PERSONALITY_UNSAFE;
    }
    if (!is_set_id && nothing_changes(old)) {
        return 0;
    }
    struct credentials *new = credentials_copy(old, old->group_count);
    if (new == NULL) {
        return -ENOMEM;
    }
    new->euid = new->suid = new->fsuid = euid;
    new->egid = new->sgid = new->fsgid = egid;
    new->securebits &= ~(uint32_t)SECBIT_KEEP_CAPS;
    capabilities_after_exec(new, is_set_id);
    assert((new->capabilities_effective & ~new->capabilities_permitted) == 0);
    call->credentials = new;
    return 0;
}
