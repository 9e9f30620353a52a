/*
 * Corners of what calls tell and refuse: the order in which errors are looked for, what is told of files without a name, and who a
 * signal says that it is from. As test suites ask, beside the usual way.
 */
#include "check.h"

#include <poll.h>
#include <sched.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/signalfd.h>
#include <sys/statfs.h>
#include <sys/timerfd.h>
#include <sys/uio.h>

#define ANON_INODE_FS_MAGIC 0x09041934

static siginfo_t received;
static volatile int received_count;

static void take(int number, siginfo_t *info, void *context)
{
    (void)number;
    (void)context;
    received = *info;
    received_count++;
}

static void take_signal(int number)
{
    struct sigaction action = {.sa_sigaction = take, .sa_flags = SA_SIGINFO};
    CHECK_OK(sigaction(number, &action, NULL));
    received_count = 0;
}

static void check_is_from_here(int number)
{
    CHECK_EQUAL(received_count, 1);
    CHECK_EQUAL(received.si_signo, number);
    CHECK_EQUAL(received.si_code, SI_USER);
    CHECK_EQUAL(received.si_pid, getpid());
}

TEST(a_broken_pipe_is_a_signal_from_the_writer_itself)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    CHECK_OK(close(ends[0]));
    take_signal(SIGPIPE);
    CHECK_ERRNO(write(ends[1], "x", 1), EPIPE);
    check_is_from_here(SIGPIPE);
}

TEST(a_file_that_is_too_large_is_a_signal_from_the_writer_itself)
{
    const struct rlimit limit = {1, RLIM_INFINITY};
    int fd = make_open_file("file");
    CHECK_OK(setrlimit(RLIMIT_FSIZE, &limit));
    take_signal(SIGXFSZ);
    CHECK_ERRNO(pwrite(fd, "x", 1, 1), EFBIG);
    check_is_from_here(SIGXFSZ);
}

TEST(a_file_without_a_name_remembers_how_it_was_opened)
{
    int fd = CHECK_OK(open(".", O_TMPFILE | O_RDWR, 0600));
    CHECK_EQUAL(CHECK_OK(fcntl(fd, F_GETFL)) & (O_TMPFILE | O_ACCMODE), O_TMPFILE | O_RDWR);
}

TEST(a_fifo_opened_for_nothing_is_refused)
{
    CHECK_OK(mkfifo("fifo", 0600));
    CHECK_ERRNO(open("fifo", 3 | O_NONBLOCK), EINVAL);
}

TEST(a_node_that_would_be_a_directory_is_refused_before_its_name)
{
    CHECK_ERRNO(mknod(unmapped_address(), S_IFDIR | 0755, 0), EPERM);
}

TEST(allocation_modes_that_contradict_themselves_come_before_the_range)
{
    enum { KEEP = 1, PUNCH = 2, COLLAPSE = 8, ZERO = 16, INSERT = 32 };
    int fd = make_open_file("file");
    CHECK_ERRNO(fallocate(fd, PUNCH, LONG_MAX, 1), EOPNOTSUPP);
    CHECK_ERRNO(fallocate(fd, COLLAPSE | KEEP, 0, 4096), EINVAL);
    CHECK_ERRNO(fallocate(fd, INSERT | KEEP, 0, 4096), EINVAL);
    CHECK_ERRNO(fallocate(fd, PUNCH | ZERO | KEEP, 0, 4096), EOPNOTSUPP);
    CHECK_ERRNO(fallocate(CHECK_OK(eventfd(0, 0)), 0, 0, 1), ENODEV);
}

TEST(a_place_in_a_pipe_is_refused_before_the_vector_is_read)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    CHECK_ERRNO(preadv(ends[0], unmapped_address(), 1, 0), ESPIPE);
    CHECK_ERRNO(pwritev(ends[1], unmapped_address(), 1, 0), ESPIPE);
}

TEST(sendfile_takes_no_negative_count)
{
    int from = make_open_file("from"), to = make_open_file("to");
    CHECK_ERRNO(sendfile(to, from, NULL, (size_t)-1), EINVAL);
}

TEST(counters_are_ready_in_no_band)
{
    struct pollfd entry = {.fd = CHECK_OK(eventfd(1, 0)), .events = -1};
    CHECK_EQUAL(CHECK_OK(poll(&entry, 1, 0)), 1);
    CHECK_EQUAL(entry.revents, POLLIN | POLLOUT);
}

TEST(a_wait_that_fails_leaves_zeros)
{
    siginfo_t info;
    memset(&info, 0x55, sizeof(info));
    CHECK_ERRNO(waitid(P_ALL, 0, &info, WEXITED), ECHILD);
    CHECK_EQUAL(info.si_signo, 0);
    CHECK_EQUAL(info.si_pid, 0);
}

TEST(a_process_descriptor_and_a_number_need_two_words)
{
    int word, other = 0;
    /* struct clone_args: flags, pidfd, child_tid, parent_tid, exit_signal, stack, its size, tls. */
    uint64_t args[8] = {0x1000 | CLONE_PARENT_SETTID, (uintptr_t)&word, 0, (uintptr_t)&word,
                        SIGCHLD};
    CHECK_ERRNO(syscall(SYS_clone3, args, sizeof(args)), EINVAL);
    args[3] = (uintptr_t)&other;
    long child = CHECK_OK(syscall(SYS_clone3, args, sizeof(args)));
    if (child == 0) {
        _exit(0);
    }
    CHECK_EQUAL(other, child);
    CHECK_EQUAL(waitpid((pid_t)child, NULL, 0), child);
}

TEST(the_size_of_a_descriptors_link_is_fixed)
{
    struct stat status;
    CHECK_OK(lstat("/proc/self/fd/0", &status));
    CHECK_EQUAL(status.st_size, 64);
    CHECK_OK(lstat("/proc/mounts", &status));
    CHECK_EQUAL(status.st_size, 11);
}

TEST(file_systems_without_a_mount_tell_their_kind)
{
    struct statfs status;
    int ends[2];
    CHECK_OK(pipe(ends));
    CHECK_OK(fstatfs(ends[0], &status));
    CHECK_EQUAL(status.f_flags, 0x20); /* ST_VALID */
    CHECK_OK(fstatfs(CHECK_OK(eventfd(0, 0)), &status));
    CHECK_EQUAL(status.f_type, ANON_INODE_FS_MAGIC);
}

TEST(low_memory_is_given_where_it_is_asked_for)
{
    const int flags = MAP_PRIVATE | MAP_ANONYMOUS | 0x40; /* MAP_32BIT */
    char *low = mmap(NULL, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
    CHECK(low != MAP_FAILED && (uintptr_t)low < 0x80000000);
    low[0] = 1;
    char *other = mmap(low, 4096, PROT_READ | PROT_WRITE, flags, -1, 0);
    CHECK(other != low && (uintptr_t)other < 0x80000000);
}

TEST(rights_of_a_growing_area_change_from_its_start)
{
    const int rights = PROT_READ | PROT_WRITE, flags = MAP_PRIVATE | MAP_ANONYMOUS;
    char *area = mmap(NULL, 3 * 4096, rights, flags | MAP_GROWSDOWN, -1, 0);
    char *other = mmap(NULL, 4096, rights, flags, -1, 0);
    CHECK(area != MAP_FAILED && other != MAP_FAILED);
    CHECK_ERRNO(mprotect(other, 4096, PROT_READ | PROT_GROWSDOWN), EINVAL);
    CHECK_OK(mprotect(area + 2 * 4096, 4096, PROT_READ | PROT_GROWSDOWN));
    int fd = CHECK_OK(open("/dev/zero", O_RDONLY));
    CHECK_ERRNO(read(fd, area, 1), EFAULT);
    CHECK_OK(mprotect(area, 0, 0xffff)); /* nothing is changed, so nothing is looked at */
}

TEST(secure_bits_keep_rights_over_a_change_of_ids)
{
    CHECK_OK(prctl(PR_SET_SECUREBITS, 4)); /* SECBIT_NO_SETUID_FIXUP */
    CHECK_OK(setresuid(1000, 1000, 1000));
    CHECK_OK(setresuid(0, 0, 0));
    CHECK_EQUAL(prctl(PR_GET_SECUREBITS), 4);
    CHECK_OK(prctl(PR_SET_SECUREBITS, 0x2f));
    CHECK_ERRNO(prctl(PR_SET_SECUREBITS, 0), EPERM);
    CHECK_ERRNO(prctl(PR_SET_SECUREBITS, 0x12f), EPERM);
    CHECK_ERRNO(prctl(PR_SET_KEEPCAPS, 1), EPERM);
}

/* What /proc/self/fdinfo tells of `fd`. */
static const char *told_of(int fd)
{
    static char text[512];
    char path[64];
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    int file = CHECK_OK(open(path, O_RDONLY));
    ssize_t bytes = CHECK_OK(read(file, text, sizeof(text) - 1));
    text[bytes] = '\0';
    CHECK_OK(close(file));
    return text;
}

TEST(files_without_a_name_say_what_is_in_them)
{
    CHECK(strstr(told_of(CHECK_OK(eventfd(26, 0))),
                 "\neventfd-count:               1a\neventfd-id: "));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(strstr(told_of(CHECK_OK(signalfd(-1, &set, 0))), "\nsigmask:\t0000000000000200\n"));
    int timer = CHECK_OK(timerfd_create(CLOCK_MONOTONIC, 0));
    const struct itimerspec setting = {.it_interval = {2, 3}, .it_value = {1L << 40, 0}};
    CHECK_OK(timerfd_settime(timer, TFD_TIMER_ABSTIME, &setting, NULL));
    const char *text = told_of(timer);
    CHECK(strstr(text, "\nclockid: 1\nticks: 0\nsettime flags: 01\nit_value: ("));
    CHECK(strstr(text, "\nit_interval: (2, 3)\n"));
}

TEST(a_process_descriptor_tells_its_number_until_it_was_waited_for)
{
    char line[64];
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(0);
    }
    int fd = CHECK_OK((int)syscall(SYS_pidfd_open, child, 0));
    snprintf(line, sizeof(line), "\nPid:\t%d\nNSpid:\t%d\n", child, child);
    CHECK(strstr(told_of(fd), line));
    CHECK_EQUAL(waitpid(child, NULL, 0), child);
    CHECK(strstr(told_of(fd), "\nPid:\t-1\nNSpid:\t-1\n"));
}

TEST(a_mount_without_peers_may_be_made_private_or_a_slave)
{
    CHECK_OK(mkdir("m", 0755));
    CHECK_ERRNO(mount(NULL, "m", NULL, MS_PRIVATE, NULL), EINVAL);
    CHECK_ERRNO(mount("name", "m", "tmpfs", MS_NOUSER, NULL), EINVAL);
    CHECK_OK(mount("name", "m", "tmpfs", 0, NULL));
    CHECK_OK(mount(NULL, "m", NULL, MS_SLAVE | MS_REC, NULL));
    CHECK_OK(mount(NULL, "m", NULL, MS_PRIVATE | MS_SILENT, NULL));
    CHECK_ERRNO(mount(NULL, "m", NULL, MS_PRIVATE | MS_SLAVE, NULL), EINVAL);
    CHECK_ERRNO(mount(NULL, "m", NULL, MS_PRIVATE | MS_NOEXEC, NULL), EINVAL);
    CHECK_OK(umount("m"));
}

TEST(a_mount_that_follows_no_links_says_so)
{
    struct statfs status;
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("name", "m", "tmpfs", 1 << 8, NULL)); /* MS_NOSYMFOLLOW */
    CHECK_OK(statfs("m", &status));
    CHECK_EQUAL(status.f_flags & 0x2000, 0x2000);
    CHECK_OK(symlink(".", "m/link"));
    CHECK_ERRNO(open("m/link", O_RDONLY), ELOOP);
    CHECK_OK(umount("m"));
}

TEST(a_process_clock_is_nobodys_to_set)
{
    const struct timespec time = {1, 0};
    CHECK_ERRNO(clock_settime(-2, &time), EPERM);
    CHECK_ERRNO(clock_settime(-1, &time), EINVAL);
}

TEST(private_barriers_are_announced_first)
{
    enum { QUERY, GLOBAL_EXPEDITED = 2, REGISTER_GLOBAL = 4, PRIVATE = 8, REGISTER = 16 };
    const long wanted = GLOBAL_EXPEDITED | REGISTER_GLOBAL | PRIVATE | REGISTER;
    CHECK_EQUAL(CHECK_OK(syscall(SYS_membarrier, QUERY, 0, 0)) & wanted, wanted);
    CHECK_ERRNO(syscall(SYS_membarrier, PRIVATE, 0, 0), EPERM);
    CHECK_OK(syscall(SYS_membarrier, REGISTER, 0, 0));
    CHECK_OK(syscall(SYS_membarrier, PRIVATE, 0, 0));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(syscall(SYS_membarrier, PRIVATE, 0, 0) != 0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(syscall(SYS_membarrier, REGISTER_GLOBAL, 0, 0));
    CHECK_OK(syscall(SYS_membarrier, GLOBAL_EXPEDITED, 0, 0));
    CHECK_ERRNO(syscall(SYS_membarrier, PRIVATE, 8, 0), EINVAL);
}
