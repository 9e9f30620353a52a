/*
 * User and group ids, capabilities. Credentials are immutable: each change publishes a new object.
 *
 * Ids belong to a thread here, as on Linux; POSIX wants them to be the process's, and the C library makes each thread call (nptl(7)).
 * Every id exists in four roles: real (who it is), effective (by what right it acts), saved (what it may go back to), file (the same for
 * files alone, which follows the effective one). UINT32_MAX is no id: it means "as it is" where a call sets several.
 *
 * All calls check first and then make the copy: a refusal costs no memory, and -ENOMEM is the last that can happen.
 */
#include "lib/assert.h"
#include "lib/macros.h"
#include "lib/sort.h"
#include "memory/fail_nth.h"
#include "memory/heap.h"
#include "process/process.h"
#include "syscall/call.h"
#include "uapi/capability.h"
#include "uapi/limits.h"

#define KEEP 0xffffffffu

static const struct credentials *own(void)
{
    return task_current()->credentials;
}

#define ID_GETTER(call, field)                                                                     \
    SYSTEM_CALL0(call)                                                                             \
    {                                                                                              \
        return own()->field;                                                                       \
    }
ID_GETTER(getuid, uid)
ID_GETTER(geteuid, euid)
ID_GETTER(getgid, gid)
ID_GETTER(getegid, egid)

/*
 * Leaving uid 0 behind drops capabilities, as capabilities(7) tells: all of them when no id is 0 any more (PR_SET_KEEPCAPS saves
 * the permitted ones), the effective ones when the effective id is not; coming back to an effective 0 raises the permitted ones.
 */
static void capabilities_follow_ids(struct credentials *changed, const struct credentials *old)
{
    if ((old->securebits & SECBIT_NO_SETUID_FIXUP) != 0) {
        return;
    }
    bool had_root = old->uid == 0 || old->euid == 0 || old->suid == 0;
    bool has_root = changed->uid == 0 || changed->euid == 0 || changed->suid == 0;
    if (had_root && !has_root) {
        bool keeps = (old->securebits & SECBIT_KEEP_CAPS) != 0;
        changed->capabilities_permitted = keeps ? old->capabilities_permitted : 0;
        changed->capabilities_effective = 0;
        changed->capabilities_ambient = 0;
    }
    if (old->euid == 0 && changed->euid != 0) {
        changed->capabilities_effective = 0;
    }
    if (old->euid != 0 && changed->euid == 0) {
        changed->capabilities_effective = changed->capabilities_permitted;
    }
}

struct three_ids {
    uint32_t real, effective, saved;
};

static bool id_is_one_of(uint32_t id, const struct three_ids *ids)
{
    return id == KEEP || id == ids->real || id == ids->effective || id == ids->saved;
}

static long set_users(const struct three_ids *wanted)
{
    const struct credentials *old = own();
    struct credentials *changed = credentials_copy(old, old->group_count);
    if (changed == NULL) {
        return -ENOMEM;
    }
    changed->uid = wanted->real == KEEP ? old->uid : wanted->real;
    changed->euid = wanted->effective == KEEP ? old->euid : wanted->effective;
    changed->suid = wanted->saved == KEEP ? old->suid : wanted->saved;
    changed->fsuid = changed->euid;
    assert(changed->uid != KEEP && changed->euid != KEEP && changed->suid != KEEP);
    capabilities_follow_ids(changed, old);
    task_set_credentials(task_current(), changed);
    return 0;
}

static long set_groups_of_process(const struct three_ids *wanted)
{
    const struct credentials *old = own();
    struct credentials *changed = credentials_copy(old, old->group_count);
    if (changed == NULL) {
        return -ENOMEM;
    }
    changed->gid = wanted->real == KEEP ? old->gid : wanted->real;
    changed->egid = wanted->effective == KEEP ? old->egid : wanted->effective;
    changed->sgid = wanted->saved == KEEP ? old->sgid : wanted->saved;
    changed->fsgid = changed->egid;
    assert(changed->gid != KEEP && changed->egid != KEEP && changed->sgid != KEEP);
    task_set_credentials(task_current(), changed);
    return 0;
}

static struct three_ids user_ids(void)
{
    return (struct three_ids){own()->uid, own()->euid, own()->suid};
}

static struct three_ids group_ids(void)
{
    return (struct three_ids){own()->gid, own()->egid, own()->sgid};
}

static bool ids_are_permitted(const struct three_ids *wanted, const struct three_ids *old,
                              unsigned capability)
{
    return credentials_can(own(), capability) ||
           (id_is_one_of(wanted->real, old) && id_is_one_of(wanted->effective, old) &&
            id_is_one_of(wanted->saved, old));
}

/* Without privilege each may become any of the three that there are: so rights can be put aside and taken back, but none gained. */
SYSTEM_CALL3(setresuid, uint32_t, real, uint32_t, effective, uint32_t, saved)
{
    const struct three_ids wanted = {real, effective, saved};
    const struct three_ids old = user_ids();
    return ids_are_permitted(&wanted, &old, CAP_SETUID) ? set_users(&wanted) : -EPERM;
}

SYSTEM_CALL3(setresgid, uint32_t, real, uint32_t, effective, uint32_t, saved)
{
    const struct three_ids wanted = {real, effective, saved};
    const struct three_ids old = group_ids();
    return ids_are_permitted(&wanted, &old, CAP_SETGID) ? set_groups_of_process(&wanted) : -EPERM;
}

SYSTEM_CALL1(setuid, uint32_t, id)
{
    if (id == KEEP) {
        return -EINVAL;
    }
    /* With the right to, all three and for good: root's way to become somebody. Without, only the effective one, and back (setuid(2)). */
    const struct three_ids old = user_ids();
    if (credentials_can(own(), CAP_SETUID)) {
        return set_users(&(struct three_ids){id, id, id});
    }
    return id == old.real || id == old.saved ? set_users(&(struct three_ids){KEEP, id, KEEP})
                                             : -EPERM;
}

SYSTEM_CALL1(setgid, uint32_t, id)
{
    if (id == KEEP) {
        return -EINVAL;
    }
    const struct three_ids old = group_ids();
    if (credentials_can(own(), CAP_SETGID)) {
        return set_groups_of_process(&(struct three_ids){id, id, id});
    }
    return id == old.real || id == old.saved
               ? set_groups_of_process(&(struct three_ids){KEEP, id, KEEP})
               : -EPERM;
}

/* setreuid's rule: the saved id follows the effective one when the real id is set or the effective one becomes another. */
static uint32_t saved_follows(const struct three_ids *old, uint32_t real, uint32_t effective)
{
    uint32_t new_effective = effective == KEEP ? old->effective : effective;
    return real != KEEP || (effective != KEEP && effective != old->real) ? new_effective : KEEP;
}

SYSTEM_CALL2(setreuid, uint32_t, real, uint32_t, effective)
{
    const struct three_ids old = user_ids();
    bool is_permitted = (real == KEEP || real == old.real || real == old.effective) &&
                        id_is_one_of(effective, &old);
    if (!is_permitted && !credentials_can(own(), CAP_SETUID)) {
        return -EPERM;
    }
    return set_users(&(struct three_ids){real, effective, saved_follows(&old, real, effective)});
}

SYSTEM_CALL2(setregid, uint32_t, real, uint32_t, effective)
{
    const struct three_ids old = group_ids();
    bool is_permitted = (real == KEEP || real == old.real || real == old.effective) &&
                        id_is_one_of(effective, &old);
    if (!is_permitted && !credentials_can(own(), CAP_SETGID)) {
        return -EPERM;
    }
    return set_groups_of_process(
        &(struct three_ids){real, effective, saved_follows(&old, real, effective)});
}

static long copy_three_out(const struct three_ids *ids, uint32_t __user *real,
                           uint32_t __user *effective, uint32_t __user *saved)
{
    if (user_copy_out(real, &ids->real, sizeof(uint32_t)) != 0 ||
        user_copy_out(effective, &ids->effective, sizeof(uint32_t)) != 0 ||
        user_copy_out(saved, &ids->saved, sizeof(uint32_t)) != 0) {
        return -EFAULT;
    }
    return 0;
}

SYSTEM_CALL3(getresuid, uint32_t __user *, real, uint32_t __user *, effective, uint32_t __user *,
             saved)
{
    const struct three_ids ids = user_ids();
    return copy_three_out(&ids, real, effective, saved);
}

SYSTEM_CALL3(getresgid, uint32_t __user *, real, uint32_t __user *, effective, uint32_t __user *,
             saved)
{
    const struct three_ids ids = group_ids();
    return copy_three_out(&ids, real, effective, saved);
}

#define BIT_OF(capability) (1ULL << (capability))
/* The rights over files: they follow the file id alone. */
#define FILE_CAPABILITIES                                                                          \
    (BIT_OF(CAP_CHOWN) | BIT_OF(CAP_DAC_OVERRIDE) | BIT_OF(CAP_DAC_READ_SEARCH) |                  \
     BIT_OF(CAP_FOWNER) | BIT_OF(CAP_FSETID) | BIT_OF(CAP_LINUX_IMMUTABLE) | BIT_OF(CAP_MKNOD) |   \
     BIT_OF(CAP_MAC_OVERRIDE))

static void capabilities_follow_file_id(struct credentials *changed, const struct credentials *old)
{
    if (old->fsuid == 0 && changed->fsuid != 0) {
        changed->capabilities_effective &= ~FILE_CAPABILITIES;
    }
    if (old->fsuid != 0 && changed->fsuid == 0) {
        changed->capabilities_effective |= changed->capabilities_permitted & FILE_CAPABILITIES;
    }
}

/* setfsuid and setfsgid always answer the old id; a refused change is only seen by asking again. */
SYSTEM_CALL1(setfsuid, uint32_t, id)
{
    const struct credentials *old = own();
    uint32_t before = old->fsuid;
    const struct three_ids ids = user_ids();
    if (id != KEEP &&
        (id_is_one_of(id, &ids) || id == before || credentials_can(old, CAP_SETUID))) {
        struct credentials *changed = credentials_copy(old, old->group_count);
        if (changed != NULL) {
            changed->fsuid = id;
            if ((old->securebits & SECBIT_NO_SETUID_FIXUP) == 0) {
                capabilities_follow_file_id(changed, old);
            }
            task_set_credentials(task_current(), changed);
        } else {
            fail_nth_fail_silently();
        }
    }
    return before;
}

SYSTEM_CALL1(setfsgid, uint32_t, id)
{
    const struct credentials *old = own();
    uint32_t before = old->fsgid;
    const struct three_ids ids = group_ids();
    if (id != KEEP &&
        (id_is_one_of(id, &ids) || id == before || credentials_can(old, CAP_SETGID))) {
        struct credentials *changed = credentials_copy(old, old->group_count);
        if (changed != NULL) {
            changed->fsgid = id;
            task_set_credentials(task_current(), changed);
        } else {
            fail_nth_fail_silently();
        }
    }
    return before;
}

SYSTEM_CALL2(getgroups, int, count, uint32_t __user *, list)
{
    const struct credentials *credentials = own();
    if (count < 0) {
        return -EINVAL;
    }
    if (count == 0) {
        return credentials->group_count;
    }
    if ((uint32_t)count < credentials->group_count) {
        return -EINVAL;
    }
    if (user_copy_out(list, credentials->groups, credentials->group_count * sizeof(uint32_t)) !=
        0) {
        return -EFAULT;
    }
    return credentials->group_count;
}

static int compare_groups(const void *a, const void *b, void *context)
{
    (void)context;
    uint32_t first = *(const uint32_t *)a;
    uint32_t second = *(const uint32_t *)b;
    return first < second ? -1 : first > second;
}

SYSTEM_CALL2(setgroups, uint32_t, count, const uint32_t __user *, list)
{
    if (!credentials_can(own(), CAP_SETGID)) {
        return -EPERM;
    }
    if (count > NGROUPS_MAX) {
        return -EINVAL;
    }
    struct credentials *changed = credentials_copy(own(), count);
    if (changed == NULL) {
        return -ENOMEM;
    }
    if (user_copy_in(changed->groups, list, count * sizeof(uint32_t)) != 0) {
        credentials_put(changed);
        return -EFAULT;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (changed->groups[i] == UINT32_MAX) { /* nobody's: "keep" in other calls */
            credentials_put(changed);
            return -EINVAL;
        }
    }
    /* In order, so that the many questions whether somebody is a member take few steps. getgroups tells them in that order, too. */
    changed->group_count = count;
    sort_array(changed->groups, count, sizeof(uint32_t), compare_groups, NULL);
    task_set_credentials(task_current(), changed);
    return 0;
}

/* capget and capset know three versions of the header; 1 has one word for each set, 2 and 3 have two. */
static int capability_words(uint32_t version)
{
    switch (version) {
    case LINUX_CAPABILITY_VERSION_1: return 1;
    case LINUX_CAPABILITY_VERSION_2:
    case LINUX_CAPABILITY_VERSION_3: return 2;
    default: return -EINVAL;
    }
}

/* The header, checked. An unknown version is answered with the one that we prefer. Number of words or -errno. */
static int capability_header(struct uapi_cap_user_header __user *user,
                             struct uapi_cap_user_header *header)
{
    if (user_copy_in(header, user, sizeof(*header)) != 0) {
        return -EFAULT;
    }
    int words = capability_words(header->version);
    if (words < 0) {
        header->version = LINUX_CAPABILITY_VERSION_3;
        return user_copy_out(user, header, sizeof(*header)) != 0 ? -EFAULT : -EINVAL;
    }
    return words;
}

/* What fits into the words but is no capability is left out, as Linux does for programs that set all bits. */
static uint64_t capability_set(uint32_t low, uint32_t high)
{
    return (low | (uint64_t)high << 32) & (BIT_OF(CAP_LAST_CAP + 1) - 1);
}

SYSTEM_CALL2(capget, struct uapi_cap_user_header __user *, user_header,
             struct uapi_cap_user_data __user *, user_data)
{
    struct uapi_cap_user_header header;
    int words = capability_header(user_header, &header);
    if (user_data == NULL && (words > 0 || words == -EINVAL)) {
        return 0; /* only the version was asked for: it is in the header */
    }
    if (words < 0 || header.pid < 0) {
        return words < 0 ? words : -EINVAL;
    }
    struct task *task = task_find(header.pid == 0 ? thread_current()->number : header.pid);
    if (task == NULL) {
        return -ESRCH;
    }
    struct credentials *target = task_credentials_get(task);
    task_put(task);
    /* A version 1 program gets the low halves only and takes them for all: that is why version 2 came (capget(2)). */
    struct uapi_cap_user_data data[2];
    for (int i = 0; i < 2; i++) {
        data[i].effective = (uint32_t)(target->capabilities_effective >> 32 * i);
        data[i].permitted = (uint32_t)(target->capabilities_permitted >> 32 * i);
        data[i].inheritable = (uint32_t)(target->capabilities_inheritable >> 32 * i);
    }
    credentials_put(target);
    return user_copy_out(user_data, data, (size_t)words * sizeof(data[0]));
}

SYSTEM_CALL2(capset, struct uapi_cap_user_header __user *, user_header,
             const struct uapi_cap_user_data __user *, user_data)
{
    struct uapi_cap_user_header header;
    int words = capability_header(user_header, &header);
    if (words < 0) {
        return words;
    }
    if (header.pid != 0 && header.pid != thread_current()->number) {
        return -EPERM;
    }
    struct uapi_cap_user_data data[2] = {0};
    if (user_copy_in(data, user_data, (size_t)words * sizeof(data[0])) != 0) {
        return -EFAULT;
    }
    uint64_t effective = capability_set(data[0].effective, data[1].effective);
    uint64_t permitted = capability_set(data[0].permitted, data[1].permitted);
    uint64_t inheritable = capability_set(data[0].inheritable, data[1].inheritable);
    const struct credentials *old = own();
    /* capset(2): permitted only shrinks; effective stays within it; inheritable grows from what is permitted, or, with the right to, from
       what the bounding set holds. */
    if (!credentials_can(old, CAP_SETPCAP) &&
        (inheritable & ~(old->capabilities_inheritable | old->capabilities_permitted)) != 0) {
        return -EPERM;
    }
    if ((permitted & ~old->capabilities_permitted) != 0 || (effective & ~permitted) != 0 ||
        (inheritable & ~(old->capabilities_inheritable | old->capabilities_bounding)) != 0) {
        return -EPERM;
    }
    struct credentials *changed = credentials_copy(old, old->group_count);
    if (changed == NULL) {
        return -ENOMEM;
    }
    changed->capabilities_effective = effective;
    changed->capabilities_permitted = permitted;
    changed->capabilities_inheritable = inheritable;
    changed->capabilities_ambient &= permitted & inheritable;
    task_set_credentials(task_current(), changed);
    return 0;
}
