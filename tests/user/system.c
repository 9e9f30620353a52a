/*
 * What the system tells about itself, random numbers, the process's small settings, unknown calls.
 */
#include "check.h"

#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

TEST(uname_tells_what_libraries_accept)
{
    struct utsname names;
    int major, minor;
    CHECK_OK(uname(&names));
    CHECK_TEXT(names.sysname, "Linux");
    CHECK_TEXT(names.machine, "x86_64");
    CHECK_EQUAL(sscanf(names.release, "%d.%d", &major, &minor), 2);
    CHECK(major >= 4);
    CHECK(names.version[0] != '\0');
    CHECK_ERRNO(syscall(SYS_uname, KERNEL_ADDRESS), EFAULT);
    CHECK_ERRNO(syscall(SYS_uname, edge_of_memory(sizeof(names) - 1)), EFAULT);
}

TEST(the_host_name_can_be_set)
{
    struct utsname old, names;
    CHECK_OK(uname(&old));
    CHECK_OK(sethostname("new-name", 8));
    CHECK_OK(setdomainname("domain", 6));
    CHECK_OK(uname(&names));
    CHECK_TEXT(names.nodename, "new-name");
    CHECK_TEXT(names.domainname, "domain");
    CHECK_ERRNO(sethostname("x", 65), EINVAL);
    CHECK_ERRNO(syscall(SYS_sethostname, "x", -1), EINVAL);
    CHECK_ERRNO(syscall(SYS_sethostname, KERNEL_ADDRESS, 5), EFAULT);
    CHECK_OK(sethostname(old.nodename, strlen(old.nodename)));
    CHECK_OK(setdomainname(old.domainname, strlen(old.domainname)));
    become_user(NOBODY);
    CHECK_ERRNO(sethostname("x", 1), EPERM);
}

TEST(sysinfo_makes_sense)
{
    struct sysinfo info;
    CHECK_OK(sysinfo(&info));
    CHECK(info.totalram > 0 && info.freeram <= info.totalram);
    CHECK(info.mem_unit >= 1);
    CHECK(info.procs >= 2);
    CHECK(info.uptime < 100000000);
    CHECK_ERRNO(syscall(SYS_sysinfo, KERNEL_ADDRESS), EFAULT);
}

TEST(random_bytes_differ)
{
    unsigned char a[64], b[64];
    int distinct = 0;
    CHECK_EQUAL(getrandom(a, sizeof(a), 0), sizeof(a));
    CHECK_EQUAL(getrandom(b, sizeof(b), GRND_NONBLOCK), sizeof(b));
    CHECK(memcmp(a, b, sizeof(a)) != 0);
    for (int i = 1; i < 64; i++) {
        distinct += a[i] != a[0];
    }
    CHECK(distinct > 50);
    CHECK_EQUAL(getrandom(a, 0, 0), 0);
    CHECK_ERRNO(getrandom(a, 1, 0x100), EINVAL);
    CHECK_ERRNO(getrandom(KERNEL_ADDRESS, 1, 0), EFAULT);
}

TEST(large_random_reads_are_whole)
{
    static unsigned char block[100000];
    int zeroes = 0;
    CHECK_EQUAL(getrandom(block, sizeof(block), 0), sizeof(block));
    int fd = CHECK_OK(open("/dev/urandom", O_RDONLY));
    CHECK_EQUAL(read(fd, block, sizeof(block)), sizeof(block));
    for (size_t i = 0; i < sizeof(block); i++) {
        zeroes += block[i] == 0;
    }
    CHECK(zeroes > 200 && zeroes < 700);
    CHECK_EQUAL(read(CHECK_OK(open("/dev/random", O_RDONLY)), block, 100), 100);
}

TEST(unknown_calls_give_enosys)
{
    CHECK_ERRNO(syscall(1000), ENOSYS);
    CHECK_ERRNO(syscall(2000000), ENOSYS);
    CHECK_ERRNO(syscall(-1), ENOSYS);
    CHECK_ERRNO(syscall(INT_MAX), ENOSYS);
    CHECK_ERRNO(syscall(400), ENOSYS);
}

TEST(a_call_number_has_32_bits)
{
    CHECK_EQUAL(syscall((1L << 32) | SYS_getpid), getpid());
    CHECK_EQUAL(syscall(LONG_MIN | SYS_getpid), getpid());
}

TEST(a_call_keeps_all_registers_but_three)
{
    register uint64_t difference __asm__("r13");
    __asm__ volatile("mov %%rbp, %0\n\t"
                     "mov $1, %%rbx\n\tmov $2, %%rdx\n\tmov $3, %%rsi\n\tmov $4, %%rdi\n\t"
                     "mov $5, %%r8\n\tmov $6, %%r9\n\tmov $7, %%r10\n\tmov $8, %%r12\n\t"
                     "mov $39, %%eax\n\tsyscall\n\t"
                     "xor %%rbp, %0\n\tsub $1, %%rbx\n\tsub $2, %%rdx\n\tsub $3, %%rsi\n\t"
                     "sub $4, %%rdi\n\tsub $5, %%r8\n\tsub $6, %%r9\n\tsub $7, %%r10\n\t"
                     "sub $8, %%r12\n\t"
                     "or %%rbx, %0\n\tor %%rdx, %0\n\tor %%rsi, %0\n\tor %%rdi, %0\n\t"
                     "or %%r8, %0\n\tor %%r9, %0\n\tor %%r10, %0\n\tor %%r12, %0"
                     : "=&r"(difference)
                     :
                     : "rax", "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12",
                       "memory");
    CHECK_EQUAL(difference, 0);
}

TEST(prctl_sets_and_gets)
{
    char name[16];
    int signal = -1;
    CHECK_OK(prctl(PR_SET_NAME, "a new name that is long"));
    CHECK_OK(prctl(PR_GET_NAME, name));
    CHECK_TEXT(name, "a new name that");
    CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGTERM));
    CHECK_OK(prctl(PR_GET_PDEATHSIG, &signal));
    CHECK_EQUAL(signal, SIGTERM);
    CHECK_ERRNO(prctl(PR_SET_PDEATHSIG, 100), EINVAL);
    CHECK_EQUAL(prctl(PR_GET_DUMPABLE), 1);
    CHECK_EQUAL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 0);
    CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHECK_EQUAL(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), 1);
    CHECK_ERRNO(prctl(9999), EINVAL);
}

static int no_new_privileges(void)
{
    return CHECK_OK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
}

static bool status_says(const char *path, const char *line)
{
    char text[PAGE];
    read_file(path, text, sizeof(text));
    return strstr(text, line) != NULL;
}

static void *promises(void *argument)
{
    CHECK_EQUAL(no_new_privileges(), 0);
    CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHECK_EQUAL(no_new_privileges(), 1);
    CHECK(status_says("/proc/thread-self/status", "NoNewPrivs:\t1\n"));
    CHECK(status_says("/proc/self/status", "NoNewPrivs:\t0\n"));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(no_new_privileges() == 1 ? 0 : 1);
    }
    CHECK_EXITED(child, 0);
    return argument;
}

/* A thread's promise to gain nothing binds it and what it starts, not its siblings. */
TEST(no_new_privileges_is_each_threads_own)
{
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, promises, NULL) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_EQUAL(no_new_privileges(), 0);
    CHECK_OK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
    CHECK(status_says("/proc/self/status", "NoNewPrivs:\t1\n"));
}

TEST(personality_is_told)
{
    CHECK_EQUAL(syscall(SYS_personality, 0xffffffff), PER_LINUX);
}

TEST(arch_prctl_keeps_the_two_bases)
{
    unsigned long fs, gs;
    CHECK_OK(syscall(SYS_arch_prctl, 0x1003, &fs));
    CHECK_EQUAL(*(unsigned long *)fs, fs);
    CHECK_OK(syscall(SYS_arch_prctl, 0x1001, 0x12345000));
    sched_yield();
    CHECK_OK(syscall(SYS_arch_prctl, 0x1004, &gs));
    CHECK_EQUAL(gs, 0x12345000);
    CHECK_ERRNO(syscall(SYS_arch_prctl, 0x1002, KERNEL_ADDRESS), EPERM);
    CHECK_ERRNO(syscall(SYS_arch_prctl, 0x7777, 0), EINVAL);
}

TEST(thread_and_process_numbers_agree)
{
    CHECK_EQUAL(syscall(SYS_gettid), getpid());
    CHECK_EQUAL(syscall(SYS_set_tid_address, NULL), getpid());
    CHECK_OK(sched_yield());
    unsigned cpu = 99, node = 99;
    CHECK_OK(syscall(SYS_getcpu, &cpu, &node, NULL));
    CHECK(cpu < 64 && node == 0);
}

TEST(sync_and_its_relatives_succeed)
{
    sync();
    CHECK_OK(syncfs(CHECK_OK(open(".", O_RDONLY))));
    CHECK_ERRNO(syscall(SYS_syncfs, 900), EBADF);
    CHECK_OK(syscall(SYS_fadvise64, make_open_file("f"), 0, 0, 0));
    CHECK_ERRNO(syscall(SYS_fadvise64, make_open_file("f"), 0, 0, 99), EINVAL);
}

TEST(reboot_wants_its_magic_numbers_and_privilege)
{
    CHECK_ERRNO(syscall(SYS_reboot, 1, 2, 0, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x99999999, NULL), EINVAL);
    become_user(NOBODY);
    CHECK_ERRNO(syscall(SYS_reboot, 0xfee1dead, 672274793, 0x4321fedc, NULL), EPERM);
}

TEST(the_kernel_log_tells_its_size_and_content)
{
    static char log[1 << 20];
    long size = CHECK_OK(syscall(SYS_syslog, 10, NULL, 0));
    CHECK(size > 1000);
    CHECK(CHECK_OK(syscall(SYS_syslog, 3, log, sizeof(log))) >= 0);
    CHECK_ERRNO(syscall(SYS_syslog, 99, NULL, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_syslog, 3, NULL, 10), EINVAL);
    CHECK_ERRNO(syscall(SYS_syslog, 3, log, -1), EINVAL);
}

TEST(sysfs_has_a_directory_for_each_cpu)
{
    cpu_set_t cpus;
    char path[64];
    int found = 0;
    struct stat status;
    CHECK_OK(mkdir("sys", 0755));
    CHECK_OK(mount("sysfs", "sys", "sysfs", 0, NULL));
    for (int i = 0; i < 64; i++) {
        snprintf(path, sizeof(path), "sys/devices/system/cpu/cpu%d", i);
        found += stat(path, &status) == 0 && S_ISDIR(status.st_mode);
    }
    CHECK_OK(sched_getaffinity(0, sizeof(cpus), &cpus));
    CHECK_EQUAL(found, CPU_COUNT(&cpus));
    CHECK_ERRNO(stat("sys/devices/system/cpu/cpu", &status), ENOENT);
    CHECK_ERRNO(stat("sys/devices/system/cpu/cpu00", &status), ENOENT);
    CHECK_OK(umount("sys"));
}

/* Does one of the records from here on end so? */
static bool log_has(int log, const char *end)
{
    char record[8192];
    bool is_there = false;
    for (long got; (got = read(log, record, sizeof(record) - 1)) > 0;) {
        record[got] = '\0';
        is_there = is_there || strstr(record, end) != NULL;
    }
    return is_there;
}

TEST(a_cleared_log_is_read_from_there_on)
{
    int log = CHECK_OK(open("/dev/kmsg", O_RDWR | O_NONBLOCK));
    CHECK_EQUAL(write(log, "<4>before it\n", 13), 13);
    CHECK_OK(syscall(SYS_syslog, 5 /* SYSLOG_ACTION_CLEAR */, NULL, 0));
    CHECK_EQUAL(write(log, "<4>after it\n", 12), 12);
    CHECK_OK(lseek(log, 0, SEEK_DATA));
    CHECK(!log_has(log, ";before it\n"));
    CHECK_OK(lseek(log, 0, SEEK_DATA));
    CHECK(log_has(log, ";after it\n"));
    CHECK_OK(lseek(log, 0, SEEK_SET)); /* nothing is gone */
    CHECK(log_has(log, ";before it\n"));
    CHECK_OK(close(log));
}

/* Sends a record, and checks the priority under which it is read back. */
static void check_priority(int log, const char *written, const char *priority)
{
    char record[8192];
    CHECK_OK(lseek(log, 0, SEEK_END));
    CHECK_EQUAL(write(log, written, strlen(written)), strlen(written));
    ssize_t got = CHECK_OK(read(log, record, sizeof(record) - 1));
    record[got] = '\0';
    CHECK(strncmp(record, priority, strlen(priority)) == 0);
}

TEST(a_record_keeps_the_facility_that_it_names)
{
    int log = CHECK_OK(open("/dev/kmsg", O_RDWR | O_NONBLOCK));
    check_priority(log, "no priority\n", "12,");
    check_priority(log, "<5>level only\n", "13,");
    check_priority(log, "<30>a daemon's\n", "30,");
    check_priority(log, "<191>the last one\n", "191,");
    check_priority(log, "<2047>as many bits as count\n", "2047,");
    CHECK_OK(close(log));
}
