/*
 * What /proc tells of a process's memory, transfers and place in the family: smaps, pagemap, io, children, and the lists of the whole
 * system that programs read beside them.
 */
#include "check.h"

#include <sys/file.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>

static char text[262144];

/* The number behind "NAME:" after `from`; -1: no such line. */
static long number_after(const char *from, const char *name)
{
    char key[64];
    snprintf(key, sizeof(key), "\n%s:", name);
    const char *line = from != NULL ? strstr(from, key) : NULL;
    return line != NULL ? atol(line + strlen(key)) : -1;
}

/* The part of smaps that begins with the line of the area at `address`. */
static const char *area_at(const void *address)
{
    char start[32];
    snprintf(start, sizeof(start), "%08lx-", (unsigned long)address);
    read_file("/proc/self/smaps", text, sizeof(text));
    return strstr(text, start);
}

static char *map(size_t bytes, int flags)
{
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags | MAP_ANONYMOUS, -1, 0);
    CHECK(memory != MAP_FAILED);
    return memory;
}

TEST(smaps_counts_the_pages_of_an_area)
{
    char *memory = map(8 * PAGE, MAP_PRIVATE);
    CHECK_OK(mprotect(memory + 5 * PAGE, PAGE, PROT_NONE)); /* ends the area */
    memset(memory, 1, 3 * PAGE);
    const char *area = area_at(memory);
    CHECK(area != NULL);
    CHECK_EQUAL(number_after(area, "Size"), 20);
    CHECK_EQUAL(number_after(area, "KernelPageSize"), 4);
    CHECK_EQUAL(number_after(area, "Rss"), 12);
    CHECK_EQUAL(number_after(area, "Pss"), 12);
    CHECK_EQUAL(number_after(area, "Anonymous"), 12);
    CHECK_EQUAL(number_after(area, "Private_Dirty"), 12);
    CHECK_EQUAL(number_after(area, "Shared_Dirty"), 0);
    CHECK_EQUAL(number_after(area, "Swap"), 0);
    CHECK(strncmp(strstr(area, "VmFlags:"), "VmFlags: rd wr mr mw me ", 24) == 0);
}

TEST(smaps_halves_what_two_processes_map)
{
    char *memory = map(4 * PAGE, MAP_SHARED);
    memset(memory, 1, 4 * PAGE);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        for (int i = 0; i < 4; i++) {
            CHECK_EQUAL(((volatile char *)memory)[i * PAGE], 1);
        }
        const char *area = area_at(memory);
        CHECK_EQUAL(number_after(area, "Rss"), 16);
        CHECK_EQUAL(number_after(area, "Pss"), 8);
        CHECK_EQUAL(number_after(area, "Shared_Clean") + number_after(area, "Shared_Dirty"), 16);
        CHECK_EQUAL(number_after(area, "Anonymous"), 0);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(smaps_rollup_is_the_sum_of_smaps)
{
    char first[128];
    long resident = 0;
    read_file("/proc/self/smaps", text, sizeof(text));
    for (const char *at = text; (at = strstr(at, "\nRss:")) != NULL; at++) {
        resident += atol(at + 5);
    }
    read_file("/proc/self/smaps_rollup", text, sizeof(text));
    CHECK_EQUAL(sscanf(text, "%*x-%*x ---p 00000000 00:00 0 %127s", first), 1);
    CHECK_TEXT(first, "[rollup]");
    CHECK(labs(number_after(text, "Rss") - resident) <= 64);
    CHECK(number_after(text, "Pss") <= number_after(text, "Rss"));
    CHECK(number_after(text, "Pss_Anon") >= 0 && number_after(text, "Pss_File") >= 0);
}

TEST(pagemap_shows_which_pages_are_there)
{
    char *memory = map(4 * PAGE, MAP_PRIVATE);
    memory[0] = memory[2 * PAGE] = 1;
    uint64_t entries[4];
    int fd = CHECK_OK(open("/proc/self/pagemap", O_RDONLY));
    off_t place = (off_t)((uintptr_t)memory / PAGE * 8);
    CHECK_EQUAL(pread(fd, entries, sizeof(entries), place), sizeof(entries));
    CHECK(entries[0] >> 63 == 1 && entries[2] >> 63 == 1);
    CHECK(entries[1] >> 63 == 0 && entries[3] >> 63 == 0);
    CHECK((entries[0] >> 56 & 1) == 1 && (entries[0] >> 61 & 1) == 0);
    uint64_t frames = (UINT64_C(1) << 55) - 1;
    CHECK((entries[0] & frames) != 0 && (entries[0] & frames) != (entries[2] & frames));
    CHECK_ERRNO(pread(fd, entries, sizeof(entries), place + 1), EINVAL);
    CHECK_ERRNO(pread(fd, entries, 9, place), EINVAL);
    CHECK_EQUAL(pread(fd, entries, 8, (off_t)(UINT64_C(1) << 57 >> 12 << 3)), 0);
}

static void look_without_rights(void)
{
    char *memory = map(PAGE, MAP_PRIVATE);
    memory[0] = 1;
    CHECK_OK(setresuid(NOBODY, NOBODY, NOBODY));
    CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
    uint64_t entry;
    int fd = CHECK_OK(open("/proc/self/pagemap", O_RDONLY));
    CHECK_EQUAL(pread(fd, &entry, 8, (off_t)((uintptr_t)memory / PAGE * 8)), 8);
    CHECK(entry >> 63 == 1);
    CHECK_EQUAL(entry & ((UINT64_C(1) << 55) - 1), 0);
    CHECK_ERRNO(open("/proc/1/pagemap", O_RDONLY), EACCES);
    CHECK_ERRNO(open("/proc/1/io", O_RDONLY), EACCES);
}

TEST(pagemap_hides_frames_from_ordinary_users)
{
    CHECK_IN_CHILD(look_without_rights);
}

static void io_numbers(long numbers[4])
{
    char lines[512];
    read_file("/proc/self/io", lines, sizeof(lines));
    CHECK_EQUAL(sscanf(lines, "rchar: %ld\nwchar: %ld\nsyscr: %ld\nsyscw: %ld\n", &numbers[0],
                       &numbers[1], &numbers[2], &numbers[3]),
                4);
    CHECK(strstr(lines, "\nread_bytes: ") && strstr(lines, "\nwrite_bytes: ") &&
          strstr(lines, "\ncancelled_write_bytes: "));
}

TEST(io_counts_transfers_and_their_bytes)
{
    char buffer[100] = {0};
    long before[4], after[4];
    int fd = CHECK_OK(open("transferred", O_RDWR | O_CREAT, 0600));
    CHECK_EQUAL(write(fd, buffer, 100), 100); /* its page is there: no call below asks for memory */
    io_numbers(before);
    for (int i = 0; i < 5; i++) {
        CHECK_EQUAL(pwrite(fd, buffer, 100, 0), 100);
        CHECK_EQUAL(pread(fd, buffer, 60, 0), 60);
        CHECK_EQUAL(pread(fd, buffer, 100, 60), 40);
    }
    io_numbers(after);
    CHECK_EQUAL(after[1] - before[1], 500);
    CHECK_EQUAL(after[3] - before[3], 5);
    CHECK(after[0] - before[0] >= 500 && after[0] - before[0] <= 1000); /* and /proc/self/io */
    CHECK(after[2] - before[2] >= 10 && after[2] - before[2] <= 40);
}

static void touch_and_exit(void)
{
    struct rusage before, after;
    char *memory = map(200 * PAGE, MAP_PRIVATE);
    CHECK_OK(madvise(memory, 200 * PAGE, MADV_NOHUGEPAGE));
    CHECK_OK(getrusage(RUSAGE_SELF, &before));
    for (int i = 0; i < 200; i++) {
        memory[i * PAGE] = 1;
    }
    CHECK_OK(getrusage(RUSAGE_SELF, &after));
    long faults = after.ru_minflt - before.ru_minflt;
    CHECK(faults >= 200 && faults < 240);
    CHECK_EQUAL(after.ru_majflt, before.ru_majflt);
}

TEST(a_fault_is_counted_once)
{
    CHECK_IN_CHILD(touch_and_exit);
}

TEST(children_lists_who_was_forked)
{
    char path[64], expected[64];
    snprintf(path, sizeof(path), "/proc/self/task/%d/children", getpid());
    CHECK_EQUAL(read_file(path, text, sizeof(text)), 0);
    pid_t children[2];
    for (int i = 0; i < 2; i++) {
        children[i] = CHECK_OK(fork());
        if (children[i] == 0) {
            pause();
            _exit(0);
        }
    }
    snprintf(expected, sizeof(expected), "%d %d ", children[0], children[1]);
    read_file(path, text, sizeof(text));
    CHECK_TEXT(text, expected);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(kill(children[i], SIGKILL));
        CHECK_KILLED(children[i], SIGKILL);
    }
    CHECK_EQUAL(read_file(path, text, sizeof(text)), 0);
}

TEST(oom_score_moves_with_its_adjustment)
{
    read_file("/proc/self/oom_score", text, sizeof(text));
    int score = atoi(text);
    CHECK(score >= 600 && score < 800);
    make_file("/proc/self/oom_score_adj", "500");
    read_file("/proc/self/oom_score", text, sizeof(text));
    CHECK(atoi(text) >= score + 300 && atoi(text) <= score + 360);
    make_file("/proc/self/oom_score_adj", "-1000");
    read_file("/proc/self/oom_score", text, sizeof(text));
    CHECK_EQUAL(atoi(text), 0);
}

static void check_adjustment(const char *old, const char *new)
{
    read_file("/proc/self/oom_adj", text, sizeof(text));
    CHECK_TEXT(text, old);
    read_file("/proc/self/oom_score_adj", text, sizeof(text));
    CHECK_TEXT(text, new);
}

TEST(the_older_adjustment_is_the_same_in_other_units)
{
    check_adjustment("0\n", "0\n");
    make_file("/proc/self/oom_adj", "15\n");
    check_adjustment("15\n", "1000\n");
    make_file("/proc/self/oom_adj", "-17");
    check_adjustment("-17\n", "-1000\n");
    make_file("/proc/self/oom_score_adj", "500");
    check_adjustment("8\n", "500\n");
    int fd = CHECK_OK(open("/proc/self/oom_adj", O_WRONLY));
    CHECK_ERRNO(write(fd, "16", 2), EINVAL);
    CHECK_ERRNO(write(fd, "-18", 3), EINVAL);
    become_user(NOBODY);
    CHECK_EQUAL(write(fd, "9", 1), 1);
    CHECK_ERRNO(write(fd, "7", 1), EACCES);
}

TEST(timer_slack_is_the_one_of_prctl)
{
    read_file("/proc/self/timerslack_ns", text, sizeof(text));
    CHECK_TEXT(text, "50000\n");
    make_file("/proc/self/timerslack_ns", "70000\n");
    CHECK_EQUAL(prctl(PR_GET_TIMERSLACK), 70000);
    CHECK_OK(prctl(PR_SET_TIMERSLACK, 60000));
    read_file("/proc/self/timerslack_ns", text, sizeof(text));
    CHECK_TEXT(text, "60000\n");
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_EQUAL(prctl(PR_GET_TIMERSLACK), 60000);
        CHECK_OK(prctl(PR_SET_TIMERSLACK, 0)); /* what it began with */
        CHECK_EQUAL(prctl(PR_GET_TIMERSLACK), 60000);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(a_bind_mount_names_its_root_in_mountinfo)
{
    char folder[PATH_MAX], line[2 * PATH_MAX + 64];
    CHECK_OK(mkdir("from", 0755));
    CHECK_OK(mkdir("from/below", 0755));
    CHECK_OK(mkdir("to", 0755));
    CHECK(getcwd(folder, sizeof(folder)) != NULL);
    CHECK_OK(mount("from/below", "to", NULL, MS_BIND, NULL));
    read_file("/proc/self/mountinfo", text, sizeof(text));
    snprintf(line, sizeof(line), "/from/below %s/to ", folder);
    bool is_there = strstr(text, line) != NULL;
    snprintf(line, sizeof(line), " mounted on %s/to with fstype ", folder);
    read_file("/proc/self/mountstats", text, sizeof(text));
    bool is_in_statistics = strstr(text, line) != NULL;
    CHECK_OK(umount("to"));
    CHECK(is_there && is_in_statistics);
}

TEST(lists_of_the_system_have_their_forms)
{
    read_file("/proc/vmstat", text, sizeof(text));
    CHECK(strncmp(text, "nr_free_pages ", 14) == 0);
    CHECK(strstr(text, "\npgpgin ") && strstr(text, "\npswpout ") &&
          strstr(text, "\nnr_anon_pages "));
    CHECK(read_file("/proc/buddyinfo", text, sizeof(text)) > 0);
    CHECK(strncmp(text, "Node 0, zone ", 13) == 0);
    CHECK(read_file("/proc/kallsyms", text, sizeof(text)) > 0);
    unsigned long address;
    char kind, name[128];
    CHECK_EQUAL(sscanf(text, "%lx %c %127s\n", &address, &kind, name), 3);
    CHECK(read_file("/proc/iomem", text, sizeof(text)) > 0);
    CHECK(strstr(text, " : System RAM\n") != NULL);
    CHECK(read_file("/proc/tty/drivers", text, sizeof(text)) > 0);
    CHECK(strstr(text, " /dev/tty        5       0 system:/dev/tty\n") != NULL);
    read_file("/proc/execdomains", text, sizeof(text));
    CHECK_TEXT(text, "0-0\tLinux           \t[kernel]\n");
    read_file("/proc/consoles", text, sizeof(text));
    CHECK(text[0] == '\0' || strstr(text, "(EC") != NULL);
    read_file("/proc/partitions", text, sizeof(text));
    CHECK_OK(access("/proc/self/cgroup", R_OK));
}

TEST(files_of_memory_count_as_shared_in_meminfo)
{
    read_file("/proc/meminfo", text, sizeof(text));
    long before = number_after(text, "Shmem");
    int fd = make_open_file("large");
    CHECK_OK(posix_fallocate(fd, 0, 4 << 20));
    read_file("/proc/meminfo", text, sizeof(text));
    CHECK(number_after(text, "Shmem") >= before + 4000);
}

/* Writes and gives back write's own answer. */
static long write_to(const char *path, const char *value)
{
    int fd = CHECK_OK(open(path, O_WRONLY));
    long result = write(fd, value, strlen(value));
    int error = errno;
    CHECK_OK(close(fd));
    errno = error;
    return result;
}

TEST(settings_of_the_system_can_be_read_and_some_written)
{
    char kept[128];
    read_file("/proc/sys/kernel/random/boot_id", kept, sizeof(kept));
    CHECK_EQUAL(strlen(kept), 37);
    read_file("/proc/sys/kernel/random/boot_id", text, sizeof(text));
    CHECK_TEXT(text, kept);
    read_file("/proc/sys/kernel/arch", text, sizeof(text));
    CHECK_TEXT(text, "x86_64\n");
    long used, unused, most;
    read_file("/proc/sys/fs/file-nr", text, sizeof(text));
    CHECK_EQUAL(sscanf(text, "%ld\t%ld\t%ld\n", &used, &unused, &most), 3);
    CHECK(used >= 0 && most > used);
    read_file("/proc/sys/kernel/sched_rr_timeslice_ms", text, sizeof(text));
    CHECK_EQUAL(atoi(text), 100);
    read_file("/proc/sys/vm/overcommit_ratio", text, sizeof(text));
    CHECK_EQUAL(atoi(text), 50);
    CHECK_EQUAL(write_to("/proc/sys/vm/drop_caches", "3\n"), 2);
    CHECK_ERRNO(write_to("/proc/sys/vm/drop_caches", "5\n"), EINVAL);
    CHECK_ERRNO(write_to("/proc/sys/vm/drop_caches", "x"), EINVAL);
}

TEST(a_setting_that_was_written_is_read_back)
{
    char kept[128], name[65];
    read_file("/proc/sys/kernel/panic", kept, sizeof(kept));
    CHECK_EQUAL(write_to("/proc/sys/kernel/panic", "17\n"), 3);
    read_file("/proc/sys/kernel/panic", text, sizeof(text));
    CHECK_TEXT(text, "17\n");
    CHECK_OK(write_to("/proc/sys/kernel/panic", kept));
    CHECK_ERRNO(write_to("/proc/sys/kernel/panic", "soon"), EINVAL);
    CHECK_OK(getdomainname(name, sizeof(name)));
    CHECK_OK(write_to("/proc/sys/kernel/domainname", "example\n"));
    read_file("/proc/sys/kernel/domainname", text, sizeof(text));
    CHECK_TEXT(text, "example\n");
    CHECK_OK(setdomainname(name, strlen(name)));
    read_file("/proc/sys/kernel/printk", kept, sizeof(kept));
    CHECK_OK(write_to("/proc/sys/kernel/printk", "3"));
    read_file("/proc/sys/kernel/printk", text, sizeof(text));
    CHECK(strncmp(text, "3\t", 2) == 0);
    CHECK_OK(write_to("/proc/sys/kernel/printk", kept));
}

static void see_no_addresses(void)
{
    CHECK_OK(setresuid(NOBODY, NOBODY, NOBODY));
    CHECK(read_file("/proc/iomem", text, sizeof(text)) > 0);
    CHECK(strncmp(text, "00000000-00000000 : ", 20) == 0);
    CHECK_ERRNO(open("/proc/sys/kernel/panic", O_WRONLY), EACCES);
    CHECK_ERRNO(open("/proc/sys/vm/drop_caches", O_RDONLY), EACCES);
}

TEST(ordinary_users_see_no_addresses_and_change_no_setting)
{
    CHECK_IN_CHILD(see_no_addresses);
}

static void below_sysfs(const char *path, const char *expected)
{
    char whole[256];
    snprintf(whole, sizeof(whole), "sys/devices/system/%s", path);
    read_file(whole, text, sizeof(text));
    CHECK_TEXT(text, expected);
}

TEST(sysfs_tells_of_cpus_and_memory)
{
    CHECK_OK(mkdir("sys", 0755));
    CHECK_OK(mount("sysfs", "sys", "sysfs", 0, NULL));
    below_sysfs("cpu/offline", "\n");
    below_sysfs("cpu/cpu0/topology/core_id", "0\n");
    below_sysfs("cpu/cpu0/topology/thread_siblings_list", "0\n");
    below_sysfs("cpu/cpu0/topology/physical_package_id", "0\n");
    below_sysfs("node/online", "0\n");
    below_sysfs("node/node0/distance", "10\n");
    read_file("sys/devices/system/node/node0/meminfo", text, sizeof(text));
    CHECK(strncmp(text, "Node 0 MemTotal: ", 17) == 0);
    CHECK_OK(access("sys/dev/block", F_OK));
    CHECK_OK(access("sys/dev/char", F_OK));
    CHECK_OK(umount("sys"));
}

/* The line of /proc/locks about the file of this inode and kind; false: none. */
static bool lock_line(const char *kind, ino_t inode, char type[8], int *pid, char range[48])
{
    char seen[8], start[20], end[20];
    unsigned long number;
    read_file("/proc/locks", text, sizeof(text));
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n")) {
        if (sscanf(line, "%*d: %7s ADVISORY %7s %d %*x:%*x:%lu %19s %19s", seen, type, pid, &number,
                   start, end) == 6 &&
            strcmp(seen, kind) == 0 && number == inode) {
            snprintf(range, 48, "%s %s", start, end);
            return true;
        }
    }
    return false;
}

TEST(locks_are_listed_with_their_holders)
{
    struct stat status;
    char type[8], range[48];
    int pid;
    int fd = make_open_file("locked");
    CHECK_OK(fstat(fd, &status));
    CHECK(!lock_line("POSIX", status.st_ino, type, &pid, range));
    struct flock lock = {.l_type = F_WRLCK, .l_start = 10, .l_len = 20};
    CHECK_OK(fcntl(fd, F_SETLK, &lock));
    CHECK(lock_line("POSIX", status.st_ino, type, &pid, range));
    CHECK_TEXT(type, "WRITE");
    CHECK_TEXT(range, "10 29");
    CHECK_EQUAL(pid, getpid());
    lock.l_type = F_UNLCK;
    CHECK_OK(fcntl(fd, F_SETLK, &lock));
    CHECK(!lock_line("POSIX", status.st_ino, type, &pid, range));
    lock = (struct flock){.l_type = F_RDLCK, .l_start = 5};
    CHECK_OK(fcntl(fd, F_OFD_SETLK, &lock));
    CHECK(lock_line("OFDLCK", status.st_ino, type, &pid, range));
    CHECK_TEXT(type, "READ");
    CHECK_TEXT(range, "5 EOF");
    CHECK_EQUAL(pid, -1);
    CHECK_OK(flock(fd, LOCK_EX));
    CHECK(lock_line("FLOCK", status.st_ino, type, &pid, range));
    CHECK_TEXT(type, "WRITE");
    CHECK_TEXT(range, "0 EOF");
    CHECK_EQUAL(pid, getpid());
    CHECK_OK(close(fd));
    CHECK(!lock_line("FLOCK", status.st_ino, type, &pid, range));
}
