/*
 * Files of /proc about the kernel itself: its memory by kinds and blocks, its symbols, consoles and terminals, the locks on files, and
 * where physical memory lies. See proc(5).
 */
#include "arch/boot_info.h"
#include "device/console.h"
#include "device/node.h"
#include "device/terminal.h"
#include "file/file_lock.h"
#include "kernelfs/proc_internal.h"
#include "lib/macros.h"
#include "log/symbols.h"
#include "memory/frame.h"
#include "process/process.h"
#include "uapi/capability.h"
#include "uapi/device_number.h"
#include "vm/reclaim.h"

int proc_show_nothing(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    (void)text;
    return 0;
}

static bool caller_can(int capability)
{
    return thread_is_task(thread_current()) &&
           credentials_can(task_current()->credentials, capability);
}

/* Nothing is swapped, and no file lies on a device yet. */
int proc_show_vmstat(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    struct frame_statistics frames;
    struct vm_statistics vm;
    frame_get_statistics(&frames);
    vm_get_statistics(&vm);
    const struct {
        const char *name;
        size_t value;
    } lines[] = {
        {"nr_free_pages", frames.free_frames},
        {"nr_slab_reclaimable", 0},
        {"nr_slab_unreclaimable", frames.kind_frames[FRAME_SLAB]},
        {"nr_anon_pages", vm.anonymous_frames},
        {"nr_file_pages", vm.page_cache_frames},
        {"nr_dirty", vm.dirty_frames},
        {"nr_writeback", 0},
        {"nr_shmem", vm.shared_frames},
        {"nr_kernel_stack", frames.kind_frames[FRAME_STACK] * (PAGE_SIZE / 1024)},
        {"nr_page_table_pages", frames.kind_frames[FRAME_PAGE_TABLE]},
        {"pgpgin", 0},
        {"pgpgout", 0},
        {"pswpin", 0},
        {"pswpout", 0},
    };
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        text_format(text, "%s %zu\n", lines[i].name, lines[i].value);
    }
    return 0;
}

/* One node, one zone; what lies in the CPUs' stocks is in no block. */
int proc_show_buddyinfo(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    struct frame_statistics frames;
    frame_get_statistics(&frames);
    text_format(text, "Node 0, zone %8s ", "Normal");
    for (unsigned order = 0; order <= FRAME_ORDER_MAX; order++) {
        text_format(text, "%6zu ", frames.free_blocks[order]);
    }
    text_add_char(text, '\n');
    return 0;
}

int proc_show_execdomains(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "0-0\tLinux           \t[kernel]\n");
    return 0;
}

/* Where things lie is for those alone who may read the log: others see the names. */
int proc_show_kallsyms(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    bool shows_addresses = caller_can(CAP_SYSLOG);
    for (uint32_t i = 0; i < symbol_count && !text_is_full(text); i++) {
        uint64_t address = KERNEL_IMAGE_BASE + symbol_offsets[i];
        text_format(text, "%016llx t %s\n", shows_addresses ? (unsigned long long)address : 0ULL,
                    symbol_names + symbol_name_offsets[i]);
    }
    return 0;
}

int proc_show_iomem(const struct generated_key *key, struct text_buffer *text)
{
    static const char *const names[] = {
        [BOOT_MEMORY_USABLE] = "System RAM",   [BOOT_MEMORY_RESERVED] = "Reserved",
        [BOOT_MEMORY_ACPI] = "ACPI Tables",    [BOOT_MEMORY_NVS] = "ACPI Non-volatile Storage",
        [BOOT_MEMORY_BAD] = "Unusable memory",
    };
    (void)key;
    bool shows_addresses = caller_can(CAP_SYS_ADMIN);
    for (unsigned i = 0; i < boot_information.memory_count; i++) {
        const struct boot_memory_range *range = &boot_information.memory[i];
        unsigned long long first = shows_addresses ? range->base : 0;
        unsigned long long last = shows_addresses ? range->base + range->bytes - 1 : 0;
        text_format(text, "%08llx-%08llx : %s\n", first, last, names[range->kind]);
    }
    return 0;
}

/* The terminal that /dev/console leads to, which the log goes to as well. */
int proc_show_consoles(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    const struct terminal *console = terminal_console();
    if (console != NULL) {
        text_format(text, "%-20s -W- (EC p a) %4u:%u\n", console->name,
                    device_number_major(console->number), device_number_minor(console->number));
    }
    return 0;
}

/* Kinds of character devices whose nodes come from several places: a kind is listed where it has a node. */
struct node_range {
    uint32_t major, first, last;
    bool is_found;
};

static bool note_node(struct device_node *node, void *context)
{
    struct node_range *range = context;
    uint32_t minor = device_number_minor(node->number);
    range->is_found = node->kind == DEVICE_CHARACTER &&
                      device_number_major(node->number) == range->major && minor >= range->first &&
                      minor <= range->last;
    return !range->is_found;
}

int proc_show_tty_drivers(const struct generated_key *key, struct text_buffer *text)
{
    static const struct {
        const char *name, *node, *minors, *type;
        struct node_range range;
    } drivers[] = {
        {"/dev/tty", "/dev/tty", "0", "system:/dev/tty", {5, 0, 0, false}},
        {"/dev/console", "/dev/console", "1", "system:console", {5, 1, 1, false}},
        {"/dev/vc/0", "/dev/vc/0", "0", "system:vtmaster", {4, 0, 0, false}},
        {"serial", "/dev/ttyS", "64-95", "serial", {4, 64, 95, false}},
        {"unknown", "/dev/tty", "1-63", "console", {4, 1, 63, false}},
    };
    (void)key;
    for (size_t i = 0; i < ARRAY_SIZE(drivers); i++) {
        struct node_range range = drivers[i].range;
        device_node_visit(note_node, &range);
        if (range.is_found) {
            text_format(text, "%-20s %-10s %6u %7s %s\n", drivers[i].name, drivers[i].node,
                        range.major, drivers[i].minors, drivers[i].type);
        }
    }
    return 0;
}

void proc_add_lock(const struct file_lock_view *view, void *context)
{
    struct proc_locks_text *locks = context;
    text_format(locks->text, "%s%u: %-6s ADVISORY  %s %d %02x:%02x:%llu ", locks->prefix,
                ++locks->count, view->kind, view->is_exclusive ? "WRITE" : "READ", view->pid,
                device_number_major(view->device), device_number_minor(view->device),
                (unsigned long long)view->inode);
    text_format(locks->text, view->end == INT64_MAX ? "%llu EOF\n" : "%llu %llu\n",
                (unsigned long long)view->start, (unsigned long long)view->end);
}

/* Who waits for a lock is not listed: waiters stand in no list by file. */
int proc_show_locks(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    struct proc_locks_text locks = {.text = text, .prefix = ""};
    file_lock_visit(proc_add_lock, &locks);
    return 0;
}
