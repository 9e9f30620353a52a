/*
 * Where pages are and where they shall be, on a machine whose memory is one node: move_pages, migrate_pages. Both ask for what is so
 * already, or for what there is not.
 */
#include "arch/page.h"
#include "lib/assert.h"
#include "process/process.h"
#include "syscall/call.h"
#include "syscall/node_mask.h"
#include "uapi/capability.h"
#include "uapi/mempolicy.h"

/* The memory of the task of that number, 0 for the caller, with a reference. -ESRCH, -EPERM, -EINVAL (it has none). */
static int find_space(int number, struct address_space **space)
{
    if (number == 0) {
        *space = task_current()->space;
        address_space_get(*space);
        return 0;
    }
    struct task *task = task_find(number);
    if (task == NULL) {
        return -ESRCH;
    }
    int result = task_trace_space(task, space);
    task_put(task);
    return result == -ESRCH ? -EINVAL : result;
}

/* The page's node; -EFAULT: nothing is mapped there, or nothing but zeros were ever read; -ENOENT: the object's page is not mapped. */
static int page_node(struct address_space *space, vaddr_t address)
{
    shared_mutex_look(&space->mutex);
    const struct area *area = area_find_locked(space, address);
    bool is_mapped = area != NULL && area->start <= address;
    bool is_object = is_mapped && area->cache != NULL;
    shared_mutex_leave(&space->mutex);
    if (!is_mapped) {
        return -EFAULT;
    }
    struct page_state state;
    address_space_page_states(space, address & PAGE_MASK, 1, &state);
    return state.is_present ? 0 : is_object ? -ENOENT : -EFAULT;
}

struct page_list {
    const uint64_t __user *pages;
    const int __user *nodes; /* NULL: only asked */
    int __user *status;
};

static int move_page(struct address_space *space, const struct page_list *list, uint64_t i)
{
    uint64_t address;
    int node = 0;
    if (user_copy_in(&address, list->pages + i, sizeof(address)) != 0 ||
        (list->nodes != NULL && user_copy_in(&node, list->nodes + i, sizeof(node)) != 0)) {
        return -EFAULT;
    }
    if (node != 0) {
        return -ENODEV;
    }
    int status = page_node(space, address);
    assert(status <= 0);
    return user_copy_out(list->status + i, &status, sizeof(status));
}

SYSTEM_CALL6(move_pages, int, number, uint64_t, count, const uint64_t __user *, pages,
             const int __user *, nodes, int __user *, status, int, flags)
{
    if ((flags & ~(MPOL_MF_MOVE | MPOL_MF_MOVE_ALL)) != 0) {
        return -EINVAL;
    }
    bool can_move_all = credentials_can(task_current()->credentials, CAP_SYS_NICE);
    if ((flags & MPOL_MF_MOVE_ALL) != 0 && !can_move_all) {
        return -EPERM;
    }
    struct address_space *space;
    const struct page_list list = {pages, nodes, status};
    int result = find_space(number, &space);
    if (result != 0) {
        return result;
    }
    for (uint64_t i = 0; i < count && result == 0; i++) {
        result = thread_is_killed() ? -EINTR : move_page(space, &list, i);
    }
    address_space_put(space);
    return result;
}

/* How many pages stayed where they were though they should have moved: none, ever. */
SYSTEM_CALL4(migrate_pages, int, number, uint64_t, max_node, const uint64_t __user *, user_old,
             const uint64_t __user *, user_new)
{
    struct node_mask old, new;
    int result = node_mask_copy_in(&old, user_old, max_node);
    if (result == 0) {
        result = node_mask_copy_in(&new, user_new, max_node);
    }
    struct address_space *space;
    if (result == 0) {
        result = find_space(number, &space);
    }
    if (result != 0) {
        return result;
    }
    address_space_put(space);
    if (new.has_others && !credentials_can(task_current()->credentials, CAP_SYS_NICE)) {
        return -EPERM;
    }
    return new.has_first ? 0 : -EINVAL;
}
