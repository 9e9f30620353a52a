/*
 * The vDSO: what getauxval(AT_SYSINFO_EHDR) points to is an ELF shared object whose functions answer as the system calls do.
 */
#include "check.h"

#include <elf.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <threads.h>

struct object {
    char *base;
    const Elf64_Sym *symbols;
    const char *strings;
    const uint16_t *versions;
    const Elf64_Verdef *definitions;
    size_t symbol_count;
};

static void take_dynamic(struct object *object, const Elf64_Dyn *entry)
{
    for (; entry->d_tag != DT_NULL; entry++) {
        void *place = object->base + entry->d_un.d_ptr;
        switch (entry->d_tag) {
        case DT_SYMTAB: object->symbols = place; break;
        case DT_STRTAB: object->strings = place; break;
        case DT_VERSYM: object->versions = place; break;
        case DT_VERDEF: object->definitions = place; break;
        case DT_HASH: object->symbol_count = ((const uint32_t *)place)[1]; break;
        }
    }
}

/* As a C library reads it: linked at 0, one segment. */
static struct object read_object(void)
{
    struct object object = {.base = (char *)getauxval(AT_SYSINFO_EHDR)};
    CHECK(object.base != NULL);
    const Elf64_Ehdr *header = (const Elf64_Ehdr *)object.base;
    CHECK_EQUAL(memcmp(header->e_ident, ELFMAG, SELFMAG), 0);
    CHECK_EQUAL(header->e_type, ET_DYN);
    CHECK_EQUAL(header->e_machine, EM_X86_64);
    const Elf64_Phdr *segment = (const Elf64_Phdr *)(object.base + header->e_phoff);
    unsigned loads = 0;
    for (int i = 0; i < header->e_phnum; i++) {
        if (segment[i].p_type == PT_LOAD) {
            CHECK_EQUAL(segment[i].p_vaddr, 0);
            CHECK_EQUAL(segment[i].p_flags, PF_R | PF_X);
            loads++;
        } else if (segment[i].p_type == PT_DYNAMIC) {
            take_dynamic(&object, (const Elf64_Dyn *)(object.base + segment[i].p_vaddr));
        }
    }
    CHECK_EQUAL(loads, 1);
    CHECK(object.symbols && object.strings && object.versions && object.definitions);
    return object;
}

static const char *version_name(const struct object *object, unsigned index)
{
    const Elf64_Verdef *definition = object->definitions;
    while (definition->vd_ndx != index) {
        CHECK(definition->vd_next != 0);
        definition = (const Elf64_Verdef *)((const char *)definition + definition->vd_next);
    }
    const Elf64_Verdaux *name =
        (const Elf64_Verdaux *)((const char *)definition + definition->vd_aux);
    return object->strings + name->vda_name;
}

static void *function(const char *name)
{
    struct object object = read_object();
    for (size_t i = 1; i < object.symbol_count; i++) {
        if (strcmp(object.strings + object.symbols[i].st_name, name) == 0) {
            CHECK_EQUAL(strcmp(version_name(&object, object.versions[i] & 0x7fff), "LINUX_2.6"), 0);
            CHECK_EQUAL(ELF64_ST_TYPE(object.symbols[i].st_info), STT_FUNC);
            return object.base + object.symbols[i].st_value;
        }
    }
    check_fail(__FILE__, __LINE__, "no %s", name);
}

typedef int gettime_function(clockid_t, struct timespec *);
typedef int gettimeofday_function(struct timeval *, struct timezone *);
typedef time_t time_function(time_t *);
typedef long getcpu_function(unsigned *, unsigned *, void *);

static int64_t ns_of(const struct timespec *time)
{
    return (int64_t)time->tv_sec * 1000000000 + time->tv_nsec;
}

static int64_t call_ns(clockid_t clock)
{
    struct timespec time;
    CHECK_OK(syscall(SYS_clock_gettime, clock, &time));
    return ns_of(&time);
}

TEST(each_clock_says_what_the_call_says)
{
    static const clockid_t clocks[] = {
        CLOCK_REALTIME, CLOCK_MONOTONIC,          CLOCK_MONOTONIC_RAW,    CLOCK_BOOTTIME,
        CLOCK_TAI,      CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
    gettime_function *gettime = function("__vdso_clock_gettime");
    for (size_t i = 0; i < sizeof(clocks) / sizeof(clocks[0]); i++) {
        struct timespec time = {-1, -1};
        int64_t before = call_ns(clocks[i]);
        CHECK_EQUAL(gettime(clocks[i], &time), 0);
        int64_t after = call_ns(clocks[i]);
        CHECK(time.tv_nsec >= 0 && time.tv_nsec < 1000000000);
        CHECK(before <= ns_of(&time) && ns_of(&time) <= after);
    }
}

TEST(coarse_clocks_are_not_ahead)
{
    struct timespec time;
    gettime_function *gettime = function("__vdso_clock_gettime");
    CHECK_EQUAL(gettime(CLOCK_MONOTONIC_COARSE, &time), 0);
    CHECK(ns_of(&time) <= call_ns(CLOCK_MONOTONIC));
    CHECK_EQUAL(gettime(CLOCK_REALTIME_COARSE, &time), 0);
    CHECK(ns_of(&time) <= call_ns(CLOCK_REALTIME));
}

TEST(an_unknown_clock_is_refused)
{
    struct timespec time;
    gettime_function *gettime = function("__vdso_clock_gettime");
    CHECK_EQUAL(gettime(99, &time), -EINVAL);
    CHECK_EQUAL(gettime(31, &time), -EINVAL);
    CHECK_EQUAL(gettime(-1000000, &time), -EINVAL);
}

TEST(the_resolution_is_the_call_s)
{
    struct timespec own, kernel;
    gettime_function *getres = function("__vdso_clock_getres");
    CHECK_EQUAL(getres(CLOCK_MONOTONIC, &own), 0);
    CHECK_OK(syscall(SYS_clock_getres, CLOCK_MONOTONIC, &kernel));
    CHECK_EQUAL(ns_of(&own), ns_of(&kernel));
    CHECK_EQUAL(getres(99, &own), -EINVAL);
}

TEST(the_time_of_day_agrees)
{
    struct timeval day;
    struct timezone zone = {1, 1};
    time_t word = 0;
    gettimeofday_function *get = function("__vdso_gettimeofday");
    time_function *seconds = function("__vdso_time");
    int64_t before = call_ns(CLOCK_REALTIME) / 1000;
    CHECK_EQUAL(get(&day, NULL), 0);
    int64_t between = (int64_t)day.tv_sec * 1000000 + day.tv_usec;
    CHECK(before <= between && between <= call_ns(CLOCK_REALTIME) / 1000);
    CHECK_EQUAL(get(&day, &zone), 0);
    CHECK_EQUAL(zone.tz_minuteswest, 0);
    CHECK_EQUAL(get(NULL, NULL), 0);
    time_t now = seconds(&word);
    CHECK_EQUAL(now, word);
    CHECK(now >= day.tv_sec - 1 && now <= day.tv_sec + 1);
    CHECK(seconds(NULL) >= now);
}

TEST(a_new_wall_clock_is_seen_at_once)
{
    struct timespec now, later;
    gettime_function *gettime = function("__vdso_clock_gettime");
    CHECK_OK(clock_gettime(CLOCK_REALTIME, &now));
    later = (struct timespec){now.tv_sec + 5000, now.tv_nsec};
    CHECK_OK(syscall(SYS_clock_settime, CLOCK_REALTIME, &later));
    CHECK_EQUAL(gettime(CLOCK_REALTIME, &later), 0);
    int64_t moved = ns_of(&later) - ns_of(&now);
    CHECK_OK(syscall(SYS_clock_settime, CLOCK_REALTIME, &now));
    CHECK(moved >= 5000000000000 && moved < 5100000000000);
}

TEST(getcpu_names_the_cpu_that_one_is_bound_to)
{
    unsigned cpu, node;
    cpu_set_t all, one;
    getcpu_function *get = function("__vdso_getcpu");
    CHECK_OK(sched_getaffinity(0, sizeof(all), &all));
    for (unsigned i = 0; i < CPU_SETSIZE; i++) {
        if (CPU_ISSET(i, &all)) {
            CPU_ZERO(&one);
            CPU_SET(i, &one);
            CHECK_OK(sched_setaffinity(0, sizeof(one), &one));
            cpu = node = 99;
            CHECK_EQUAL(get(&cpu, &node, NULL), 0);
            CHECK_EQUAL(cpu, i);
            CHECK_EQUAL(node, 0);
        }
    }
    CHECK_EQUAL(get(NULL, NULL, NULL), 0);
}

enum { HANDS = 4, ROUNDS = 20000 };

static _Atomic int64_t latest;

static int push_time_on(void *argument)
{
    gettime_function *gettime = argument;
    for (int i = 0; i < ROUNDS; i++) {
        struct timespec time;
        int64_t seen = latest;
        gettime(CLOCK_MONOTONIC, &time);
        int64_t now = ns_of(&time);
        if (now < seen) {
            return 1;
        }
        while (now > seen && !__atomic_compare_exchange_n((int64_t *)&latest, &seen, now, false,
                                                          __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)) {}
    }
    return 0;
}

TEST(time_does_not_go_back_from_thread_to_thread)
{
    thrd_t threads[HANDS];
    gettime_function *gettime = function("__vdso_clock_gettime");
    for (int i = 0; i < HANDS; i++) {
        CHECK_EQUAL(thrd_create(&threads[i], push_time_on, gettime), thrd_success);
    }
    for (int i = 0; i < HANDS; i++) {
        int result = 1;
        CHECK_EQUAL(thrd_join(threads[i], &result), thrd_success);
        CHECK_EQUAL(result, 0);
    }
}

static void find_area(const char *name, uint64_t *start, uint64_t *end, char rights[8])
{
    static char text[16384];
    unsigned long first, last, offset, inode;
    char device[16], found[64];
    read_file("/proc/self/maps", text, sizeof(text));
    for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
        if (sscanf(line, "%lx-%lx %7s %lx %15s %lu %63s", &first, &last, rights, &offset, device,
                   &inode, found) == 7 &&
            strcmp(found, name) == 0) {
            CHECK_EQUAL(offset, 0);
            CHECK_EQUAL(inode, 0);
            CHECK_EQUAL(strcmp(device, "00:00"), 0);
            *start = first;
            *end = last;
            return;
        }
    }
    check_fail(__FILE__, __LINE__, "no %s in maps", name);
}

TEST(maps_names_both_parts)
{
    uint64_t start, end;
    char rights[8];
    find_area("[vdso]", &start, &end, rights);
    CHECK_EQUAL(start, getauxval(AT_SYSINFO_EHDR));
    CHECK_EQUAL(strcmp(rights, "r-xp"), 0);
    find_area("[vvar]", &start, &end, rights);
    CHECK_EQUAL(strcmp(rights, "r--p"), 0);
    CHECK(end <= getauxval(AT_SYSINFO_EHDR));
}

TEST(the_data_can_never_be_written)
{
    uint64_t start, end;
    char rights[8];
    find_area("[vvar]", &start, &end, rights);
    CHECK_ERRNO(mprotect((void *)start, PAGE, PROT_READ | PROT_WRITE), EACCES);
    CHECK_ERRNO(mprotect((void *)start, PAGE, PROT_READ | PROT_EXEC), EACCES);
}

static void write_to_code(void)
{
    *(volatile char *)getauxval(AT_SYSINFO_EHDR) = 0;
}

TEST(the_code_is_read_only_and_a_private_copy_may_be_changed)
{
    char *image = (char *)getauxval(AT_SYSINFO_EHDR);
    uint64_t start, end;
    char rights[8];
    find_area("[vdso]", &start, &end, rights);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        write_to_code();
        _exit(0);
    }
    CHECK_KILLED(child, SIGSEGV);
    child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(mprotect(image, end - start, PROT_READ | PROT_WRITE | PROT_EXEC));
        image[EI_PAD] = 77;
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(image[EI_PAD], 0);
}

TEST(a_program_can_do_without)
{
    static const char *const parts[] = {"[vvar]", "[vdso]"};
    for (size_t i = 0; i < 2; i++) {
        uint64_t start, end;
        char rights[8];
        find_area(parts[i], &start, &end, rights);
        CHECK_OK(munmap((void *)start, end - start));
    }
    CHECK(call_ns(CLOCK_MONOTONIC) > 0);
}
