/*
 * Which memory a program wants its pages from. All memory is one node, number 0, so a policy is checked, kept and told, and every page
 * obeys it. See set_mempolicy(2), get_mempolicy(2).
 */
#include "syscall/node_mask.h"

#include "arch/page.h"
#include "lib/assert.h"
#include "lib/macros.h"
#include "process/process.h"
#include "syscall/call.h"
#include "uapi/mempolicy.h"

enum { WORD_BITS = 64 };

int node_mask_copy_in(struct node_mask *mask, const uint64_t __user *user, uint64_t max_node)
{
    *mask = (struct node_mask){.is_empty = true};
    uint64_t bits = max_node - 1;
    if (bits == 0 || user == NULL) {
        return 0;
    }
    if (bits > PAGE_SIZE * 8) {
        return -EINVAL;
    }
    for (uint64_t first = 0; first < bits; first += WORD_BITS) {
        uint64_t word;
        if (user_copy_in(&word, user + first / WORD_BITS, sizeof(word)) != 0) {
            return -EFAULT;
        }
        if (bits - first < WORD_BITS) {
            word &= (UINT64_C(1) << (bits - first)) - 1;
        }
        if (word != 0 && first >= MPOL_NODES_MAX) {
            return -EINVAL;
        }
        mask->is_empty &= word == 0;
        mask->has_first |= first == 0 && (word & 1) != 0;
        mask->has_others |= (first == 0 ? word & ~UINT64_C(1) : word) != 0;
    }
    return 0;
}

static int check_mode(unsigned mode, unsigned flags)
{
    bool is_both = (flags & MPOL_F_STATIC_NODES) != 0 && (flags & MPOL_F_RELATIVE_NODES) != 0;
    bool is_balancing_other = (flags & MPOL_F_NUMA_BALANCING) != 0 && mode != MPOL_BIND;
    return mode >= MPOL_MAX || is_both || is_balancing_other ? -EINVAL : 0;
}

/* The policy that results, or -EINVAL where the mask does not go with the mode. */
static int resolve(unsigned mode, unsigned flags, const struct node_mask *mask)
{
    switch (mode) {
    case MPOL_DEFAULT: return mask->is_empty ? MPOL_DEFAULT : -EINVAL;
    case MPOL_LOCAL: return mask->is_empty && flags == 0 ? MPOL_LOCAL : -EINVAL;
    case MPOL_PREFERRED:
        if (mask->is_empty) {
            return flags == 0 ? MPOL_LOCAL : -EINVAL;
        }
        fallthrough;
    default: break;
    }
    assert(mode < MPOL_MAX);
    /* Relative nodes are counted round the nodes that are there: any one is the first. */
    bool names_one = mask->has_first || ((flags & MPOL_F_RELATIVE_NODES) != 0 && !mask->is_empty);
    return names_one ? (int)mode : -EINVAL;
}

SYSTEM_CALL3(set_mempolicy, int, mode, const uint64_t __user *, user, uint64_t, max_node)
{
    struct node_mask mask;
    unsigned flags = (unsigned)mode & MPOL_MODE_FLAGS;
    unsigned kind = (unsigned)mode & ~(unsigned)MPOL_MODE_FLAGS;
    int result = check_mode(kind, flags);
    if (result == 0) {
        result = node_mask_copy_in(&mask, user, max_node);
    }
    if (result == 0) {
        result = resolve(kind, flags, &mask);
    }
    if (result < 0) {
        return result;
    }
    assert(((unsigned)result & MPOL_MODE_FLAGS) == 0);
    bool has_nodes = result != MPOL_DEFAULT && result != MPOL_LOCAL;
    task_current()->memory_policy =
        (uint16_t)((unsigned)result | (result == MPOL_DEFAULT ? 0 : flags));
    task_current()->memory_policy_has_nodes = has_nodes;
    return 0;
}

/* The whole words that max_node - 1 bits take: the first node, then zeros. */
static int node_mask_copy_out(uint64_t __user *user, uint64_t max_node, bool has_first)
{
    uint64_t words = ALIGN_UP(max_node - 1, WORD_BITS) / WORD_BITS;
    if (words * sizeof(uint64_t) > PAGE_SIZE) {
        return -EINVAL;
    }
    for (uint64_t i = 0; i < words; i++) {
        const uint64_t word = i == 0 && has_first ? 1 : 0;
        if (user_copy_out(user + i, &word, sizeof(word)) != 0) {
            return -EFAULT;
        }
    }
    return 0;
}

/* area_find_locked gives the first area that ends behind the address: it may begin behind it as well. */
static bool is_mapped(vaddr_t address)
{
    struct address_space *space = task_current()->space;
    shared_mutex_look(&space->mutex);
    const struct area *area = area_find_locked(space, address);
    bool found = area != NULL && area->start <= address;
    shared_mutex_leave(&space->mutex);
    return found;
}

/* What is asked for: a policy, the node of a page or of the next one, or the nodes that may be named. */
static int ask(uint64_t address, unsigned flags, int *policy, bool *has_first)
{
    const struct task *task = task_current();
    unsigned own = task->memory_policy;
    bool asks_node = (flags & MPOL_F_NODE) != 0, asks_address = (flags & MPOL_F_ADDR) != 0;
    if ((flags & MPOL_F_MEMS_ALLOWED) != 0) {
        *policy = 0;
        *has_first = true;
        return asks_node || asks_address ? -EINVAL : 0;
    }
    if (asks_address ? !is_mapped(address) : address != 0) {
        return asks_address ? -EFAULT : -EINVAL;
    }
    *has_first = task->memory_policy_has_nodes;
    *policy = (int)own;
    if (asks_node) {
        *policy = 0;
        bool is_interleaved = (own & ~(unsigned)MPOL_MODE_FLAGS) == MPOL_INTERLEAVE;
        return asks_address || is_interleaved ? 0 : -EINVAL;
    }
    return 0;
}

SYSTEM_CALL5(get_mempolicy, int __user *, user_policy, uint64_t __user *, user_nodes, uint64_t,
             max_node, uint64_t, address, uint64_t, flags)
{
    int policy = 0;
    bool has_first = false;
    if (user_nodes != NULL && max_node < 1) {
        return -EINVAL;
    }
    if ((flags & ~(uint64_t)(MPOL_F_NODE | MPOL_F_ADDR | MPOL_F_MEMS_ALLOWED)) != 0) {
        return -EINVAL;
    }
    int error = ask(address, (unsigned)flags, &policy, &has_first);
    if (error == 0) {
        error = copy_out_optional(user_policy, &policy, sizeof(policy));
    }
    if (error == 0 && user_nodes != NULL) {
        error = node_mask_copy_out(user_nodes, max_node, has_first);
    }
    return error;
}
