/*
 * Files of /proc about the whole system, in proc(5)'s formats.
 */
#include "arch/boot_info.h"
#include "arch/cpu.h"
#include "device/node.h"
#include "interrupt/clock.h"
#include "interrupt/ipi.h"
#include "interrupt/irq.h"
#include "kernelfs/proc_internal.h"
#include "lib/format.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "memory/frame.h"
#include "memory/heap.h"
#include "scheduler/id.h"
#include "scheduler/thread.h"
#include "sync/percpu.h"
#include "syscall/system_name.h"
#include "uapi/device_number.h"
#include "uapi/time.h"
#include "vm/reclaim.h"

static unsigned long long kib(size_t frames)
{
    return (unsigned long long)frames * (PAGE_SIZE / 1024);
}

static void add_meminfo(struct text_buffer *text, const char *name, unsigned long long value)
{
    text_format(text, "%-15s %8llu kB\n", name, value);
}

int proc_show_meminfo(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    struct frame_statistics frames;
    struct vm_statistics vm;
    frame_get_statistics(&frames);
    vm_get_statistics(&vm);
    add_meminfo(text, "MemTotal:", kib(frames.total_frames));
    add_meminfo(text, "MemFree:", kib(frames.free_frames));
    add_meminfo(text, "MemAvailable:", kib(vm_available_frames()));
    /* There is no buffer cache beside the page cache, no swap, and no slab that reclaim could shrink: zeros, since tools add these up. */
    add_meminfo(text, "Buffers:", 0);
    add_meminfo(text, "Cached:", kib(vm.page_cache_frames));
    add_meminfo(text, "SwapCached:", 0);
    add_meminfo(text, "SwapTotal:", 0);
    add_meminfo(text, "SwapFree:", 0);
    add_meminfo(text, "Dirty:", kib(vm.dirty_frames));
    add_meminfo(text, "Writeback:", 0);
    add_meminfo(text, "AnonPages:", kib(vm.anonymous_frames));
    add_meminfo(text, "Shmem:", kib(vm.shared_frames));
    add_meminfo(text, "KReclaimable:", 0);
    add_meminfo(text, "Slab:", kib(frames.kind_frames[FRAME_SLAB]));
    add_meminfo(text, "SReclaimable:", 0);
    add_meminfo(text, "SUnreclaim:", kib(frames.kind_frames[FRAME_SLAB]));
    add_meminfo(text, "KernelStack:", kib(frames.kind_frames[FRAME_STACK]));
    add_meminfo(text, "PageTables:", kib(frames.kind_frames[FRAME_PAGE_TABLE]));
    add_meminfo(text, "CommitLimit:", vm.commit_limit_bytes / 1024);
    add_meminfo(text, "Committed_AS:", vm.committed_bytes / 1024);
    return 0;
}

/* The sum over all CPUs, so that it may grow faster than the time (proc(5), uptime). */
static uint64_t idle_ns(void)
{
    uint64_t total = 0;
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        struct cpu_times times;
        scheduler_cpu_times(cpu, &times);
        total += times.idle_ns;
    }
    return total;
}

int proc_show_uptime(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    uint64_t up = clock_monotonic_ns();
    uint64_t idle = idle_ns();
    text_format(text, "%llu.%02llu %llu.%02llu\n", (unsigned long long)(up / NS_PER_SECOND),
                (unsigned long long)(up % NS_PER_SECOND / 10000000),
                (unsigned long long)(idle / NS_PER_SECOND),
                (unsigned long long)(idle % NS_PER_SECOND / 10000000));
    return 0;
}

static void add_cpu_line(struct text_buffer *text, const char *name, const struct cpu_times *times)
{
    const uint64_t tick = NS_PER_SECOND / USER_HZ;
    text_format(
        text, "%s %llu %llu %llu %llu 0 %llu 0 0 0 0\n", name,
        (unsigned long long)(times->user_ns / tick), (unsigned long long)(times->nice_ns / tick),
        (unsigned long long)(times->system_ns / tick), (unsigned long long)(times->idle_ns / tick),
        (unsigned long long)(times->interrupt_ns / tick));
}

static void add_cpu_lines(struct text_buffer *text)
{
    struct cpu_times all = {0};
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        struct cpu_times one;
        scheduler_cpu_times(cpu, &one);
        all.user_ns += one.user_ns;
        all.nice_ns += one.nice_ns;
        all.system_ns += one.system_ns;
        all.idle_ns += one.idle_ns;
        all.interrupt_ns += one.interrupt_ns;
    }
    add_cpu_line(text, "cpu ", &all);
    for (unsigned cpu = 0; cpu < percpu_cpu_count(); cpu++) {
        char name[8];
        struct cpu_times one;
        scheduler_cpu_times(cpu, &one);
        (void)format_string(name, sizeof(name), "cpu%u", cpu);
        add_cpu_line(text, name, &one);
    }
}

int proc_show_system_stat(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    uint32_t load[3];
    unsigned runnable;
    unsigned total;
    scheduler_load(load, &runnable, &total);
    add_cpu_lines(text);
    text_format(
        text,
        "intr %llu\nctxt %llu\nbtime %llu\nprocesses %llu\nprocs_running %u\nprocs_blocked 0\n",
        (unsigned long long)interrupt_total(), (unsigned long long)scheduler_switch_count(),
        (unsigned long long)((clock_realtime_ns() - clock_monotonic_ns()) / NS_PER_SECOND),
        (unsigned long long)id_total_count(), runnable);
    return 0;
}

int proc_show_loadavg(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    uint32_t load[3];
    unsigned runnable;
    unsigned total;
    scheduler_load(load, &runnable, &total);
    for (int i = 0; i < 3; i++) {
        /* In units of 1/2048, as the scheduler keeps them; rounded to two places. */
        uint32_t value = load[i] + (1 << 11) / 200;
        text_format(text, "%u.%02u ", value >> 11, ((value & 2047) * 100) >> 11);
    }
    text_format(text, "%u/%u %d\n", runnable, total, id_last_number());
    return 0;
}

int proc_show_cpuinfo(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    const struct cpu_description *cpu = cpu_describe();
    unsigned khz = (unsigned)(clock_tsc_frequency_hz() / 1000);
    for (unsigned number = 0; number < percpu_cpu_count(); number++) {
        text_format(
            text,
            "processor\t: %u\nvendor_id\t: %s\ncpu family\t: %u\nmodel\t\t: %u\nmodel name\t: %s\n",
            number, cpu->vendor, cpu->family, cpu->model, cpu->brand);
        text_format(
            text,
            "stepping\t: %u\ncpu MHz\t\t: %u.%03u\nphysical id\t: %u\nsiblings\t: 1\ncore id\t\t: 0\n",
            cpu->stepping, khz / 1000, khz % 1000, number);
        text_format(
            text,
            "cpu cores\t: 1\napicid\t\t: %u\nfpu\t\t: yes\nfpu_exception\t: yes\nwp\t\t: yes\nflags\t\t: %s\n",
            ipi_cpu_apic(number), cpu->flags);
        text_format(
            text,
            "clflush size\t: %u\ncache_alignment\t: %u\naddress sizes\t: %u bits physical, %u bits virtual\n\n",
            cpu->cache_line_bytes, cpu->cache_line_bytes, cpu->physical_address_bits,
            cpu->virtual_address_bits);
    }
    return 0;
}

int proc_show_command_line(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_format(text, "%s\n", boot_information.command_line);
    return 0;
}

static bool add_type(const struct file_system_type *type, void *context)
{
    text_format(context, "%s\t%s\n", type->needs_device ? "" : "nodev", type->name);
    return true;
}

int proc_show_filesystems(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    file_system_type_visit(add_type, text);
    return 0;
}

int proc_show_version(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    text_add_string(text, "Linux version " SYSTEM_RELEASE " (Astra " ASTRA_VERSION
                          ") " SYSTEM_VERSION "\n");
    return 0;
}

/* Each major once, by its first node's name. */
struct devices_visit {
    struct text_buffer *text;
    enum device_kind kind;
    uint64_t seen[4]; /* bit per major below 256 */
};

static bool add_device(struct device_node *node, void *context)
{
    struct devices_visit *visit = context;
    uint32_t major = device_number_major(node->number);
    if (node->kind != visit->kind || major >= 256 ||
        (visit->seen[major / 64] >> (major % 64) & 1) != 0) {
        return true;
    }
    visit->seen[major / 64] |= 1ULL << (major % 64);
    text_format(visit->text, "%3u %s\n", major, node->name);
    return true;
}

int proc_show_devices(const struct generated_key *key, struct text_buffer *text)
{
    (void)key;
    struct devices_visit characters = {.text = text, .kind = DEVICE_CHARACTER};
    struct devices_visit blocks = {.text = text, .kind = DEVICE_BLOCK};
    text_add_string(text, "Character devices:\n");
    device_node_visit(add_device, &characters);
    text_add_string(text, "\nBlock devices:\n");
    device_node_visit(add_device, &blocks);
    return 0;
}
