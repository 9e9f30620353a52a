/*
 * The files of /proc, as programs parse them.
 */
#include "check.h"

#include <dirent.h>
#include <sys/prctl.h>
#include <sys/sysinfo.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>

static char text[65536];

static const char *field_of(const char *name)
{
    static char value[512];
    char *line = text;
    size_t length = strlen(name);
    while (line && !(strncmp(line, name, length) == 0 && line[length] == ':')) {
        line = strchr(line, '\n');
        line = line ? line + 1 : NULL;
    }
    CHECK(line != NULL);
    line += length + 1;
    line += strspn(line, " \t");
    snprintf(value, sizeof(value), "%.*s", (int)strcspn(line, "\n"), line);
    return value;
}

static void read_proc(const char *format, int number)
{
    char path[64];
    snprintf(path, sizeof(path), format, number);
    read_file(path, text, sizeof(text));
}

enum { MANY_AREAS = 9000 };

static char large[64 * 1024];

/* How often lines with these two beginnings stand in a file, which may be larger than what is read at once. */
static void count_lines(const char *path, const char *const beginnings[2], int counts[2])
{
    char line[2 * PAGE];
    FILE *file = fopen(path, "r");
    CHECK(file != NULL && setvbuf(file, large, _IOFBF, sizeof(large)) == 0);
    while (fgets(line, sizeof(line), file) != NULL) {
        for (int i = 0; i < 2; i++) {
            counts[i] += strncmp(line, beginnings[i], strlen(beginnings[i])) == 0;
        }
    }
    CHECK(!ferror(file));
    CHECK_OK(fclose(file));
}

/* The areas of a range, each as large as it was made and told once, in order. */
static int count_areas(const char *start, const char *end)
{
    char line[2 * PAGE];
    int count = 0;
    unsigned long first, last, before = 0;
    FILE *file = fopen("/proc/self/maps", "r");
    CHECK(file != NULL && setvbuf(file, large, _IOFBF, sizeof(large)) == 0);
    while (fgets(line, sizeof(line), file) != NULL) {
        CHECK(sscanf(line, "%lx-%lx ", &first, &last) == 2);
        CHECK(first >= before && last > first);
        before = last;
        count += first >= (unsigned long)start && last <= (unsigned long)end;
    }
    CHECK(!ferror(file));
    CHECK_OK(fclose(file));
    return count;
}

/* In debug kernels calls may be made again for each allocation that they can be refused: there is no time for as many there. */
static int many_areas(void)
{
    return access("/proc/self/fail-nth", F_OK) == 0 ? MANY_AREAS / 30 : MANY_AREAS;
}

TEST(maps_and_smaps_of_many_areas_are_whole)
{
    int many = many_areas();
    char *start = CHECK_OK(mmap(NULL, many * PAGE, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    for (int i = 0; i < many; i += 2) {
        CHECK_OK(mprotect(start + i * PAGE, PAGE, PROT_READ));
    }
    int areas = count_areas(start, start + many * PAGE);
    CHECK(areas >= many - 1 && areas <= many); /* the last may have met a neighbour */
    int counts[2] = {0};
    count_lines("/proc/self/smaps", (const char *const[2]){"Rss:", "VmFlags:"}, counts);
    CHECK(counts[0] >= areas && counts[0] == counts[1]);
}

TEST(self_leads_to_the_own_number)
{
    char target[32] = "", expected[32];
    CHECK_OK(readlink("/proc/self", target, sizeof(target) - 1));
    snprintf(expected, sizeof(expected), "%d", (int)getpid());
    CHECK_TEXT(target, expected);
    CHECK_OK(readlink("/proc/thread-self", target, sizeof(target) - 1));
    snprintf(expected, sizeof(expected), "%d/task/%d", (int)getpid(), (int)getpid());
    CHECK_TEXT(target, expected);
}

TEST(stat_has_its_fields_in_order)
{
    int pid, parent, group, session, count = 0;
    char name[32], state;
    read_proc("/proc/self/stat", 0);
    CHECK_EQUAL(
        sscanf(text, "%d (%31[^)]) %c %d %d %d", &pid, name, &state, &parent, &group, &session), 6);
    CHECK_EQUAL(pid, getpid());
    CHECK_EQUAL(state, 'R');
    CHECK_EQUAL(parent, getppid());
    CHECK_EQUAL(group, getpgrp());
    CHECK_EQUAL(session, getsid(0));
    for (char *at = strrchr(text, ')'); (at = strchr(at, ' ')); at++) {
        count++;
    }
    CHECK_EQUAL(count + 2, 52);
}

TEST(stat_shows_a_sleeper_and_a_zombie)
{
    char state;
    siginfo_t ended;
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        pause();
        _exit(0);
    }
    wait_until_asleep(child);
    read_proc("/proc/%d/stat", child);
    CHECK_EQUAL(sscanf(strrchr(text, ')'), ") %c", &state), 1);
    CHECK_EQUAL(state, 'S');
    CHECK_OK(kill(child, SIGKILL));
    CHECK_OK(waitid(P_PID, (id_t)child, &ended, WEXITED | WNOWAIT));
    read_proc("/proc/%d/stat", child);
    CHECK_EQUAL(sscanf(strrchr(text, ')'), ") %c", &state), 1);
    CHECK_EQUAL(state, 'Z');
    read_proc("/proc/%d/cmdline", child);
    CHECK_TEXT(text, "");
    CHECK_KILLED(child, SIGKILL);
    CHECK_ERRNO(open("/proc/1000000", O_RDONLY), ENOENT);
}

TEST(status_tells_names_numbers_and_memory)
{
    int ids[4];
    read_proc("/proc/self/status", 0);
    CHECK_EQUAL(atoi(field_of("Pid")), getpid());
    CHECK_EQUAL(atoi(field_of("Tgid")), getpid());
    CHECK_EQUAL(atoi(field_of("PPid")), getppid());
    CHECK_EQUAL(sscanf(field_of("Uid"), "%d %d %d %d", ids, ids + 1, ids + 2, ids + 3), 4);
    CHECK_EQUAL(ids[0] + ids[1] + ids[2] + ids[3], 0);
    CHECK_EQUAL(atoi(field_of("Threads")), 1);
    CHECK(atoi(field_of("VmSize")) > 0);
    CHECK(atoi(field_of("VmRSS")) > 0);
    CHECK_TEXT(field_of("Umask"), "0022");
    CHECK(field_of("State")[0] == 'R');
}

TEST(status_shows_signal_masks)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_SETMASK, &set, NULL));
    signal(SIGUSR2, SIG_IGN);
    CHECK_OK(raise(SIGUSR1));
    read_proc("/proc/self/status", 0);
    CHECK_TEXT(field_of("SigBlk"), "0000000000000200");
    CHECK_EQUAL(strtoull(field_of("SigIgn"), NULL, 16) & 0x800, 0x800);
    uint64_t pending =
        strtoull(field_of("ShdPnd"), NULL, 16) | strtoull(field_of("SigPnd"), NULL, 16);
    CHECK_EQUAL(pending, 0x200);
}

TEST(cmdline_holds_the_arguments)
{
    read_file("/proc/self/cmdline", text, sizeof(text));
    CHECK(strstr(text, "proc") != NULL);
}

/* Reads where the arguments and the environment stand: [arguments, environment) and [environment, end). */
static void find_arguments(char **arguments, char **environment, char **end)
{
    enum { FIRST_ADDRESS = 48, NUMBERS = 52 };
    unsigned long numbers[NUMBERS];
    read_proc("/proc/self/stat", 0);
    char *at = strrchr(text, ')') + 4; /* the state is the third */
    for (int i = 4; i < NUMBERS; i++) {
        numbers[i] = strtoul(at, &at, 10);
    }
    *arguments = (char *)numbers[FIRST_ADDRESS];
    *environment = (char *)numbers[FIRST_ADDRESS + 1];
    CHECK_EQUAL(numbers[FIRST_ADDRESS + 1], numbers[FIRST_ADDRESS + 2]);
    *end = (char *)numbers[FIRST_ADDRESS + 3];
}

TEST(cmdline_shows_a_title_that_is_written_over_the_arguments)
{
    static const char title[] = "me";
    char *arguments, *environment, *end;
    find_arguments(&arguments, &environment, &end);
    CHECK(environment - arguments > (long)sizeof(title) && end - environment > 4);
    memset(arguments, ' ', environment - arguments);
    memcpy(arguments, title, sizeof(title));
    CHECK_EQUAL(read_file("/proc/self/cmdline", text, sizeof(text)), sizeof(title));
    CHECK_TEXT(text, title);
    environment[-1] = 0;
    CHECK_EQUAL(read_file("/proc/self/cmdline", text, sizeof(text)), environment - arguments);
    memset(arguments, 'x', environment - arguments);
    memcpy(environment, "yy", 3);
    CHECK_EQUAL(read_file("/proc/self/cmdline", text, sizeof(text)), environment + 3 - arguments);
    CHECK_TEXT(text + (environment - arguments), "yy");
}

TEST(comm_can_be_read_and_written)
{
    int fd = CHECK_OK(open("/proc/self/comm", O_RDWR));
    CHECK_EQUAL(write(fd, "a-name-that-is-too-long", 23), 23);
    read_file("/proc/self/comm", text, sizeof(text));
    CHECK_TEXT(text, "a-name-that-is-\n");
    read_proc("/proc/self/stat", 0);
    CHECK(strstr(text, "(a-name-that-is-)") != NULL);
}

TEST(exe_and_cwd_and_root_are_links)
{
    char path[PATH_MAX] = "", here[PATH_MAX];
    struct stat a, b;
    ssize_t length = CHECK_OK(readlink("/proc/self/exe", path, sizeof(path) - 1));
    CHECK(length > 5 && strcmp(path + length - 5, "/proc") == 0);
    CHECK_OK(stat("/proc/self/exe", &a));
    CHECK_OK(stat(path, &b));
    CHECK_EQUAL(a.st_ino, b.st_ino);
    length = CHECK_OK(readlink("/proc/self/cwd", path, sizeof(path) - 1));
    path[length] = '\0';
    CHECK(getcwd(here, sizeof(here)));
    CHECK_TEXT(path, here);
    CHECK_EQUAL(readlink("/proc/self/root", path, sizeof(path)), 1);
    CHECK_EQUAL(path[0], '/');
}

TEST(fd_lists_what_is_open)
{
    char path[64], target[PATH_MAX], here[PATH_MAX];
    int ends[2], seen = 0;
    make_file("f", "hello");
    int fd = CHECK_OK(open("f", O_RDONLY));
    CHECK_OK(pipe(ends));
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder));) {
        seen += atoi(entry->d_name) == fd && entry->d_name[0] != '.';
    }
    CHECK_EQUAL(seen, 1);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ssize_t length = CHECK_OK(readlink(path, target, sizeof(target) - 1));
    target[length] = '\0';
    CHECK(getcwd(here, sizeof(here)));
    CHECK(strncmp(target, here, strlen(here)) == 0 && strcmp(target + strlen(here), "/f") == 0);
    CHECK_EQUAL(read(CHECK_OK(open(path, O_RDONLY)), target, 5), 5);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", ends[0]);
    CHECK_OK(readlink(path, target, sizeof(target) - 1));
    CHECK(strncmp(target, "pipe:[", 6) == 0);
    CHECK_ERRNO(readlink("/proc/self/fd/900", target, 8), ENOENT);
}

TEST(fd_links_show_deleted_files_and_open_them_again)
{
    char path[64], target[PATH_MAX], byte;
    make_file("f", "x");
    int fd = CHECK_OK(open("f", O_RDONLY));
    CHECK_OK(unlink("f"));
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    ssize_t length = CHECK_OK(readlink(path, target, sizeof(target) - 1));
    target[length] = '\0';
    CHECK(strstr(target, "/f (deleted)") != NULL);
    int again = CHECK_OK(open(path, O_RDONLY));
    CHECK_EQUAL(read(again, &byte, 1), 1);
    CHECK_EQUAL(lseek(fd, 0, SEEK_CUR), 0);
}

TEST(maps_has_a_line_for_each_area)
{
    char line[128];
    char *pages = map_pages(3);
    CHECK_OK(mprotect(pages + PAGE, PAGE, PROT_READ));
    read_proc("/proc/self/maps", 0);
    snprintf(line, sizeof(line), "%lx-%lx r--p 00000000 00:00 0", (long)(pages + PAGE),
             (long)(pages + 2 * PAGE));
    CHECK(strstr(text, line) != NULL);
    CHECK(strstr(text, " [stack]\n") != NULL);
    CHECK(strstr(text, "/proc\n") != NULL);
    uintptr_t last = 0;
    for (char *at = text; *at; at = strchr(at, '\n') + 1) {
        unsigned long start, end;
        char rights[5];
        CHECK_EQUAL(sscanf(at, "%lx-%lx %4s", &start, &end, rights), 3);
        CHECK(start >= last && end > start && strlen(rights) == 4);
        last = end;
    }
}

TEST(maps_shows_a_mapped_file)
{
    struct stat status;
    make_file("mapped file", "hello");
    int fd = CHECK_OK(open("mapped file", O_RDWR));
    CHECK_OK(ftruncate(fd, 2 * PAGE));
    char *memory = CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, PAGE));
    CHECK_OK(fstat(fd, &status));
    char line[256];
    snprintf(line, sizeof(line), "%lx-%lx rw-s 00001000 %02lx:%02lx %lu ", (long)memory,
             (long)(memory + PAGE), (long)major(status.st_dev), (long)minor(status.st_dev),
             (long)status.st_ino);
    read_proc("/proc/self/maps", 0);
    char *found = strstr(text, line);
    CHECK(found != NULL);
    CHECK(strstr(found, "/mapped file\n") != NULL);
}

TEST(meminfo_adds_up)
{
    struct sysinfo info;
    CHECK_OK(sysinfo(&info));
    read_proc("/proc/meminfo", 0);
    unsigned long total = strtoul(field_of("MemTotal"), NULL, 10);
    CHECK_EQUAL(total, info.totalram * info.mem_unit / 1024);
    CHECK(strtoul(field_of("MemFree"), NULL, 10) < total);
    CHECK(strtoul(field_of("MemAvailable"), NULL, 10) < total);
    CHECK(strstr(text, "kB\n") != NULL);
    field_of("Buffers");
    field_of("Cached");
    field_of("SwapTotal");
    field_of("Shmem");
}

TEST(uptime_is_two_numbers)
{
    double up, idle;
    struct timespec boot;
    read_proc("/proc/uptime", 0);
    CHECK_EQUAL(sscanf(text, "%lf %lf\n", &up, &idle), 2);
    CHECK_OK(clock_gettime(CLOCK_BOOTTIME, &boot));
    CHECK(up <= (double)boot.tv_sec + 1 && up >= (double)boot.tv_sec - 2);
}

TEST(stat_of_the_system_counts_time_and_processes)
{
    read_proc("/proc/stat", 0);
    CHECK(strncmp(text, "cpu  ", 5) == 0);
    CHECK(strstr(text, "\ncpu0 ") != NULL);
    CHECK(strstr(text, "\nctxt ") != NULL);
    CHECK(strstr(text, "\nbtime ") != NULL);
    CHECK(strstr(text, "\nprocesses ") != NULL);
    CHECK(strstr(text, "\nprocs_running ") != NULL);
}

TEST(system_files_are_there)
{
    read_file("/proc/filesystems", text, sizeof(text));
    CHECK(strstr(text, "nodev\tproc\n") && strstr(text, "nodev\ttmpfs\n"));
    read_file("/proc/cpuinfo", text, sizeof(text));
    CHECK(strstr(text, "processor\t: 0\n") && strstr(text, "flags\t\t: "));
    CHECK(read_file("/proc/version", text, sizeof(text)) > 10);
    CHECK(strncmp(text, "Linux version ", 14) == 0);
    CHECK(read_file("/proc/cmdline", text, sizeof(text)) > 0);
    double one, five, fifteen;
    read_file("/proc/loadavg", text, sizeof(text));
    CHECK_EQUAL(sscanf(text, "%lf %lf %lf ", &one, &five, &fifteen), 3);
    read_file("/proc/sys/kernel/ostype", text, sizeof(text));
    CHECK_TEXT(text, "Linux\n");
    read_file("/proc/sys/kernel/pid_max", text, sizeof(text));
    CHECK(atoi(text) >= 32768);
}

TEST(processes_are_listed_by_number)
{
    bool self = false, first = false;
    DIR *folder = opendir("/proc");
    CHECK(folder != NULL);
    for (struct dirent *entry; (entry = readdir(folder));) {
        self = self || atoi(entry->d_name) == getpid();
        first = first || strcmp(entry->d_name, "1") == 0;
    }
    CHECK(self && first);
}

TEST(numbers_in_proc_are_written_one_way)
{
    static const char *const names[] = {
        "/proc/self/fd/00", "/proc/self/fd/+0", "/proc/self/fdinfo/01",
        "/proc/self/fd/ 0", "/proc/01",         "/proc/self/task/0"};
    char name[64];
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CHECK_ERRNO(access(names[i], F_OK), ENOENT);
    }
    snprintf(name, sizeof(name), "/proc/self/task/%d", getpid());
    CHECK_OK(access(name, F_OK));
    snprintf(name, sizeof(name), "/proc/self/task/0%d", getpid());
    CHECK_ERRNO(access(name, F_OK), ENOENT);
}

static void check_inodes(const char *folder)
{
    DIR *directory = opendir(folder);
    struct dirent *entry;
    struct stat status;
    int seen = 0;
    CHECK(directory != NULL);
    while ((entry = readdir(directory)) != NULL) {
        bool is_number = entry->d_name[0] >= '0' && entry->d_name[0] <= '9';
        if (is_number &&
            fstatat(dirfd(directory), entry->d_name, &status, AT_SYMLINK_NOFOLLOW) == 0) {
            CHECK_EQUAL(entry->d_ino, status.st_ino);
            seen++;
        }
    }
    CHECK(seen > 0);
    closedir(directory);
}

TEST(a_directory_of_proc_tells_the_inodes_that_stat_shows)
{
    CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_OK(open("/dev/null", O_WRONLY));
    check_inodes("/proc");
    check_inodes("/proc/self/fd");
    check_inodes("/proc/self/fdinfo");
    check_inodes("/proc/self/task");
}

TEST(proc_takes_no_new_names)
{
    CHECK_ERRNO(open("/proc/new", O_WRONLY | O_CREAT, 0600), ENOENT);
    CHECK_ERRNO(mkdir("/proc/new", 0700), ENOENT);
    CHECK_ERRNO(unlink("/proc/uptime"), EPERM);
    CHECK_ERRNO(rmdir("/proc/self/fd"), EPERM);
}

TEST(small_reads_give_the_same_text)
{
    char piece[1], whole[4096];
    size_t length = read_file("/proc/self/limits", whole, sizeof(whole)), at = 0;
    int fd = CHECK_OK(open("/proc/self/limits", O_RDONLY));
    while (CHECK_OK(read(fd, piece, 1)) == 1) {
        CHECK(at < length && whole[at] == piece[0]);
        at++;
    }
    CHECK_EQUAL(at, length);
    CHECK(strstr(whole, "Max open files") != NULL);
}

static void check_modes_stay(void)
{
    static const char *const names[] = {"/proc/self", "/proc/self/stat", "/proc/self/fd",
                                        "/proc/self/task"};
    char path[64];
    struct stat before, after;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        CHECK_OK(stat(names[i], &before));
        CHECK_ERRNO(chmod(names[i], 0), EPERM);
        CHECK_OK(stat(names[i], &after));
        CHECK_EQUAL(after.st_mode, before.st_mode);
    }
    snprintf(path, sizeof(path), "/proc/%d/fd", getpid());
    CHECK_OK(close(CHECK_OK(open(path, O_RDONLY | O_DIRECTORY))));
}

TEST(nobody_changes_the_modes_of_a_process_in_proc)
{
    check_modes_stay();
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(NOBODY);
        CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
        check_modes_stay();
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

enum { LOOK_PARTS = 1024, LOOK_BYTES = 1 << 20 };

/* A gigabyte of another place into small buffers, over and over. The last part of what was read is 1 until its read is at its end. */
static void read_own_memory_for_long(char *first, volatile char *last)
{
    static struct iovec parts[LOOK_PARTS];
    size_t bytes = (size_t)LOOK_PARTS * LOOK_BYTES;
    char *all = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    CHECK(all != MAP_FAILED);
    for (int i = 0; i < LOOK_PARTS; i++) {
        parts[i] = (struct iovec){i < LOOK_PARTS - 1 ? first : (char *)last, LOOK_BYTES};
    }
    int fd = CHECK_OK(open("/proc/self/mem", O_RDONLY));
    for (;;) {
        *last = 1;
        CHECK(preadv(fd, parts, LOOK_PARTS, (off_t)(uintptr_t)all) > 0);
    }
}

TEST(a_long_look_into_memory_ends_with_the_process)
{
    volatile char *shared =
        mmap(NULL, 2UL * LOOK_BYTES, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    *shared = 1;
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        read_own_memory_for_long((char *)shared, shared + LOOK_BYTES);
    }
    while (*shared == 1) {
        sleep_ms(1);
    }
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
    CHECK_EQUAL(shared[LOOK_BYTES], 1);
}
