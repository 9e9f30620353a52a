/* Areas and page faults. Where only faults are timed, mapping and unmapping stand outside: they have lines of their own. */
#define _GNU_SOURCE
#include "bench.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { AREA_PAGES = 64, FAULT_PAGES = 256, READ_WRITE = PROT_READ | PROT_WRITE };

static volatile char *area;
static int file = -1, hold[2];
static pid_t holder;

static char *pages_map(size_t pages)
{
    return mmap(NULL, pages * PAGE_BYTES, READ_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static bool map_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        char *mapped = pages_map(AREA_PAGES);
        is_right &= mapped != MAP_FAILED && munmap(mapped, AREA_PAGES * PAGE_BYTES) == 0;
    }
    return is_right;
}

static bool map_touch_run(unsigned repeat)
{
    bool is_right = true;
    for (unsigned i = 0; i < repeat && is_right; i++) {
        volatile char *mapped = pages_map(AREA_PAGES);
        is_right = mapped != MAP_FAILED;
        for (size_t page = 0; is_right && page < AREA_PAGES; page++) {
            mapped[page * PAGE_BYTES] = 1;
        }
        is_right = is_right && munmap((void *)mapped, AREA_PAGES * PAGE_BYTES) == 0;
    }
    return is_right;
}

static bool anonymous_make(void)
{
    area = pages_map(FAULT_PAGES);
    return area != MAP_FAILED;
}

static void area_unmap(void)
{
    if (munmap((void *)area, FAULT_PAGES * PAGE_BYTES) != 0) {
        abort();
    }
}

static bool write_fault_run(unsigned repeat)
{
    bool is_right = true;
    for (size_t page = 0; page < repeat; page++) {
        is_right &= area[page * PAGE_BYTES] == 0;
        area[page * PAGE_BYTES + 1] = 1;
    }
    return is_right;
}

static bool anonymous_fault_run(unsigned repeat)
{
    for (size_t page = 0; page < repeat; page++) {
        area[page * PAGE_BYTES] = 1;
    }
    return area[(repeat - 1) * PAGE_BYTES] == 1;
}

static bool file_map(void)
{
    static char pattern[PAGE_BYTES];
    pattern[0] = 'f';
    file = open(BENCH_FOLDER "/mapped", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    for (size_t page = 0; file >= 0 && page < FAULT_PAGES; page++) {
        if (pwrite(file, pattern, PAGE_BYTES, (off_t)(page * PAGE_BYTES)) != PAGE_BYTES) {
            return false;
        }
    }
    area = mmap(NULL, FAULT_PAGES * PAGE_BYTES, PROT_READ, MAP_SHARED, file, 0);
    return file >= 0 && area != MAP_FAILED;
}

static bool file_fault_run(unsigned repeat)
{
    bool is_right = true;
    for (size_t page = 0; page < repeat; page++) {
        is_right &= area[page * PAGE_BYTES] == 'f';
    }
    return is_right;
}

static void file_unmap(void)
{
    area_unmap();
    close(file);
}

/* Pages that a child shares until it is told to end. */
static bool shared_pages_make(void)
{
    if (!anonymous_make() || pipe(hold) != 0) {
        return false;
    }
    for (size_t page = 0; page < FAULT_PAGES; page++) {
        area[page * PAGE_BYTES + PAGE_BYTES - 1] = 2;
    }
    holder = fork();
    if (holder == 0) {
        char byte;
        close(hold[1]);
        _exit(read(hold[0], &byte, 1) == 0 ? 0 : 1);
    }
    return holder > 0;
}

static bool copy_run(unsigned repeat)
{
    return write_fault_run(repeat) && area[repeat * PAGE_BYTES - 1] == 2;
}

static void shared_pages_end(void)
{
    close(hold[0]);
    close(hold[1]);
    if (!child_ended_well(holder)) {
        abort();
    }
    area_unmap();
}

static bool protected_make(void)
{
    if (!anonymous_make()) {
        return false;
    }
    return anonymous_fault_run(FAULT_PAGES);
}

static bool protect_run(unsigned repeat)
{
    char *page = (char *)area + PAGE_BYTES;
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i += 2) {
        is_right &= mprotect(page, PAGE_BYTES, PROT_READ) == 0;
        is_right &= mprotect(page, PAGE_BYTES, READ_WRITE) == 0;
    }
    *page = 3;
    return is_right;
}

static bool break_run(unsigned repeat)
{
    long start = syscall(SYS_brk, 0), grown = start + 16 * PAGE_BYTES;
    bool is_right = true;
    for (unsigned i = 0; i < repeat; i++) {
        is_right &= syscall(SYS_brk, grown) == grown && syscall(SYS_brk, start) == start;
    }
    return is_right;
}

const struct line memory_lines[] = {
    {"mmap and munmap, untouched", LINE_CALL, 200, NULL, map_run, NULL},
    {"mmap and munmap, 64 pages touched", LINE_CALL, 10, NULL, map_touch_run, NULL},
    {"page fault, anonymous", LINE_CALL, FAULT_PAGES, anonymous_make, anonymous_fault_run,
     area_unmap},
    {"page fault, file", LINE_CALL, FAULT_PAGES, file_map, file_fault_run, file_unmap},
    {"page fault, copy on write", LINE_CALL, FAULT_PAGES, shared_pages_make, copy_run,
     shared_pages_end},
    {"mprotect", LINE_CALL, 200, protected_make, protect_run, area_unmap},
    {"brk up and down", LINE_CALL, 200, NULL, break_run, NULL},
    {0},
};
