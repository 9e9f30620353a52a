/*
 * The system as a whole: names, mounts, power, random numbers.
 */
#include "device/random.h"
#include "device/terminal.h"
#include "fs/vfs.h"
#include "interrupt/clock.h"
#include "lib/assert.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "log/log.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "process/init.h"
#include "process/process.h"
#include "scheduler/thread.h"
#include "syscall/call.h"
#include "syscall/names.h"
#include "syscall/system_name.h"
#include "uapi/capability.h"
#include "uapi/limits.h"
#include "uapi/mount.h"
#include "uapi/random.h"
#include "uapi/reboot.h"
#include "uapi/sysinfo.h"
#include "uapi/utsname.h"

static struct spinlock name_lock = SPINLOCK_INIT(LOCK_RANK_FS_STATE);
static char node_name[UTSNAME_FIELD_SIZE] = "(none)";   /* [l] */
static char domain_name[UTSNAME_FIELD_SIZE] = "(none)"; /* [l] */

static bool current_can(unsigned capability)
{
    return credentials_can(task_current()->credentials, capability);
}

/* Programs take the release for a version of Linux and choose by it what to ask for: it names the interface that this kernel speaks. */
void system_name_get(struct uapi_utsname *name)
{
    memset(name, 0, sizeof(*name));
    (void)strscpy(name->sysname, "Linux", sizeof(name->sysname));
    (void)strscpy(name->release, SYSTEM_RELEASE, sizeof(name->release));
    (void)strscpy(name->version, SYSTEM_VERSION, sizeof(name->version));
    (void)strscpy(name->machine, "x86_64", sizeof(name->machine));
    spin_lock(&name_lock);
    memcpy(name->nodename, node_name, sizeof(node_name));
    memcpy(name->domainname, domain_name, sizeof(domain_name));
    spin_unlock(&name_lock);
}

SYSTEM_CALL1(uname, struct uapi_utsname __user *, user)
{
    struct uapi_utsname name;
    system_name_get(&name);
    return user_copy_out(user, &name, sizeof(name));
}

static void name_store(char *field, const char *text, size_t length)
{
    assert(length < UTSNAME_FIELD_SIZE); /* one byte stays 0 */
    spin_lock(&name_lock);
    memset(field, 0, UTSNAME_FIELD_SIZE);
    memcpy(field, text, length);
    spin_unlock(&name_lock);
}

void system_node_name_set(const char *text, size_t length)
{
    name_store(node_name, text, length);
}

void system_domain_name_set(const char *text, size_t length)
{
    name_store(domain_name, text, length);
}

static long set_name(char *field, const char __user *user, int length)
{
    char copy[UTSNAME_FIELD_SIZE] = {0};
    if (!current_can(CAP_SYS_ADMIN)) {
        return -EPERM;
    }
    if (length < 0 || length >= UTSNAME_FIELD_SIZE) {
        return -EINVAL;
    }
    if (user_copy_in(copy, user, (size_t)length) != 0) {
        return -EFAULT;
    }
    name_store(field, copy, (size_t)length);
    return 0;
}

SYSTEM_CALL2(sethostname, const char __user *, name, int, length)
{
    return set_name(node_name, name, length);
}

SYSTEM_CALL2(setdomainname, const char __user *, name, int, length)
{
    return set_name(domain_name, name, length);
}

SYSTEM_CALL1(sysinfo, struct uapi_sysinfo __user *, user)
{
    uint32_t load[3];
    unsigned runnable;
    unsigned total;
    scheduler_load(load, &runnable, &total);
    /* Up to the next second, as Linux rounds it. Swap and high memory there are none: zeros. */
    struct uapi_sysinfo info = {
        .uptime = (int64_t)DIV_ROUND_UP(clock_monotonic_ns(), NS_PER_SECOND),
        .totalram = frame_total_count() * PAGE_SIZE,
        .freeram = frame_free_count() * PAGE_SIZE,
        .procs = (uint16_t)MIN(total, 65535u),
        .mem_unit = 1,
    };
    for (int i = 0; i < 3; i++) {
        info.loads[i] = (uint64_t)load[i] << (SI_LOAD_SHIFT - 11);
    }
    return user_copy_out(user, &info, sizeof(info));
}

/* One page of text at most, as mount(2) has it. NULL pointers become empty strings. */
static int copy_text_in(const char __user *user, char **text)
{
    *text = path_text_alloc();
    if (*text == NULL) {
        return -ENOMEM;
    }
    (*text)[0] = '\0';
    if (user == NULL) {
        return 0;
    }
    long length = user_copy_string(*text, user, PATH_MAX);
    if (length >= 0) {
        return 0;
    }
    path_text_free(*text);
    return length == -ENAMETOOLONG ? -EINVAL : (int)length;
}

struct mount_call {
    struct name_call call;
    struct path place;
    char *source, *type, *options;
    unsigned long flags;
};

static int mount_do_bind(struct mount_call *mount, bool is_move)
{
    struct path source;
    if (mount->source[0] == '\0') {
        return -EINVAL;
    }
    int result = walk_path(&mount->call.context, NULL, mount->source, WALK_FOLLOW, &source);
    if (result != 0) {
        return result;
    }
    result = is_move ? mount_move(&source, &mount->place)
                     : mount_bind(&source, &mount->place, (mount->flags & MS_REC) != 0);
    path_put(&source);
    return result;
}

/*
 * Every mount here is private. Making it so is what is already the case, and so is making it a slave: of a mount that has no peers that
 * makes a private one (mount_namespaces(7)). One kind at a time.
 */
static int mount_do_propagation(const struct mount_call *mount, unsigned long flags)
{
    unsigned long kind = flags & ~(unsigned long)(MS_REC | MS_SILENT);
    if (mount->place.entry != mount->place.mount->root) {
        return -EINVAL;
    }
    return kind == MS_PRIVATE || kind == MS_SLAVE ? 0 : -EINVAL;
}

static int mount_do(struct mount_call *mount)
{
    /* mount(2) is five calls by their flags, told apart in this order. */
    unsigned long flags = mount->flags;
    if ((flags & MS_NOUSER) != 0) {
        return -EINVAL; /* the kernel's own mark */
    }
    if ((flags & MS_REMOUNT) != 0) {
        return mount_remount(&mount->place, flags & ~(unsigned long)MS_REMOUNT, mount->options);
    }
    if ((flags & (MS_BIND | MS_MOVE)) != 0) {
        return mount_do_bind(mount, (flags & MS_MOVE) != 0);
    }
    if ((flags & (MS_SHARED | MS_PRIVATE | MS_SLAVE | MS_UNBINDABLE)) != 0) {
        return mount_do_propagation(mount, flags);
    }
    if (mount->type[0] == '\0') {
        return -EINVAL;
    }
    return mount_new(mount->type, mount->source, mount->options, flags, &mount->place);
}

/* The right to mount is asked after the walk: who may not still learns of a bad name by its own error, as on Linux. */
static int mount_at_place(struct mount_call *mount, const char __user *place)
{
    int result = name_call_walk(AT_FDCWD, place, WALK_FOLLOW, &mount->call, &mount->place);
    if (result == 0) {
        result = current_can(CAP_SYS_ADMIN) ? mount_do(mount) : -EPERM;
        path_put(&mount->place);
        name_call_end(&mount->call);
    }
    return result;
}

SYSTEM_CALL5(mount, const char __user *, source, const char __user *, place, const char __user *,
             type, unsigned long, flags, const char __user *, options)
{
    struct mount_call mount = {.flags = flags};
    /* A mark from before Linux 2.4, when the upper half said that there were flags at all: programs still set it. */
    if ((flags & MS_MGC_MSK) == MS_MGC_VAL) {
        mount.flags &= ~(unsigned long)MS_MGC_MSK;
    }
    int result = copy_text_in(type, &mount.type);
    if (result != 0) {
        return result;
    }
    result = copy_text_in(source, &mount.source);
    if (result == 0) {
        result = copy_text_in(options, &mount.options);
        if (result == 0) {
            result = mount_at_place(&mount, place);
            path_text_free(mount.options);
        }
        path_text_free(mount.source);
    }
    path_text_free(mount.type);
    return result;
}

SYSTEM_CALL2(umount2, const char __user *, place, unsigned, flags)
{
    if ((flags & ~(unsigned)(MNT_FORCE | MNT_DETACH | MNT_EXPIRE | UMOUNT_NOFOLLOW)) != 0) {
        return -EINVAL;
    }
    struct name_call call;
    struct path path;
    int result = name_call_walk(AT_FDCWD, place, (flags & UMOUNT_NOFOLLOW) != 0 ? 0 : WALK_FOLLOW,
                                &call, &path);
    if (result != 0) {
        return result;
    }
    /* mount_remove consumes nothing but must not find our own reference in the way: it counts one borrowed path. */
    result = current_can(CAP_SYS_ADMIN) ? mount_remove(&path, flags) : -EPERM;
    path_put(&path);
    name_call_end(&call);
    return result;
}

SYSTEM_CALL0(vhangup)
{
    if (!current_can(CAP_SYS_TTY_CONFIG)) {
        return -EPERM;
    }
    terminal_hang_up_callers();
    return 0;
}

SYSTEM_CALL4(reboot, uint32_t, magic, uint32_t, second_magic, uint32_t, command,
             const void __user *, argument)
{
    (void)argument;
    if (!current_can(CAP_SYS_BOOT)) {
        return -EPERM;
    }
    if (magic != LINUX_REBOOT_MAGIC1 ||
        (second_magic != LINUX_REBOOT_MAGIC2 && second_magic != LINUX_REBOOT_MAGIC2A &&
         second_magic != LINUX_REBOOT_MAGIC2B && second_magic != LINUX_REBOOT_MAGIC2C)) {
        return -EINVAL;
    }
    switch (command) {
    case LINUX_REBOOT_CMD_CAD_ON:
    case LINUX_REBOOT_CMD_CAD_OFF:
        return 0; /* there is no Ctrl-Alt-Del handler to switch yet */
    /* None of these comes back. */
    case LINUX_REBOOT_CMD_POWER_OFF: process_end_machine(MACHINE_POWER_OFF, 0); return 0;
    case LINUX_REBOOT_CMD_HALT: process_end_machine(MACHINE_HALT, 0); return 0;
    case LINUX_REBOOT_CMD_RESTART:
    case LINUX_REBOOT_CMD_RESTART2: process_end_machine(MACHINE_RESTART, 0); return 0;
    default: return -EINVAL;
    }
}

enum { RANDOM_PIECE_BYTES = 256 };

SYSTEM_CALL3(getrandom, uint8_t __user *, buffer, size_t, bytes, unsigned, flags)
{
    if ((flags & ~(unsigned)(GRND_NONBLOCK | GRND_RANDOM | GRND_INSECURE)) != 0 ||
        (flags & (GRND_RANDOM | GRND_INSECURE)) == (GRND_RANDOM | GRND_INSECURE)) {
        return -EINVAL;
    }
    /* Up to 256 bytes come whole, whatever signals do: callers of random(7) rely on it. Larger requests may end early. */
    bytes = MIN(bytes, (size_t)INT32_MAX);
    size_t done = 0;
    while (done < bytes) {
        uint8_t piece[RANDOM_PIECE_BYTES];
        size_t now = MIN(bytes - done, sizeof(piece));
        random_bytes(piece, now);
        size_t left = user_copy_out_partial(buffer + done, piece, now);
        /* What makes keys of somebody must not stay on the kernel's stack. */
        memset(piece, 0, sizeof(piece));
        done += now - left;
        if (left != 0) {
            return done != 0 ? (long)done : -EFAULT;
        }
        if (thread_is_interrupted()) {
            break;
        }
    }
    return (long)done;
}

SYSTEM_CALL0(sched_yield)
{
    scheduler_yield();
    return 0;
}

SYSTEM_CALL3(getcpu, unsigned __user *, cpu, unsigned __user *, node, void __user *, cache)
{
    (void)cache;
    /* True when it was read; the thread may be elsewhere when it returns. The caller's cache is not used since Linux 2.6.24. */
    unsigned number = cpu_block_get(number);
    unsigned zero = 0;
    if (copy_out_optional(cpu, &number, sizeof(number)) != 0) {
        return -EFAULT;
    }
    return copy_out_optional(node, &zero, sizeof(zero));
}
