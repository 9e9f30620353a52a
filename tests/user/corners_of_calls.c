/*
 * Corners of calls: which of two mistakes is told, and what rare arguments mean. Each differed from Linux once.
 */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/uio.h>

/* futex(2); musl brings no header for it. */
enum { FUTEX_WAIT_OPERATION = 0, FUTEX_WAKE_OPERATION = 1 };

static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
    caught = signal;
}

static sigset_t set_of(int signal)
{
    sigset_t set;
    sigemptyset(&set);
    if (signal != 0) {
        sigaddset(&set, signal);
    }
    return set;
}

/* ---- names and descriptors ------------------------------------------------------------------------- */

/* Else whoever is passed a descriptor could give its file a name. */
TEST(a_descriptor_is_linked_by_privilege_only)
{
    make_file("f", "");
    CHECK_OK(chown("f", NOBODY, NOBODY));
    CHECK_OK(chmod(".", 0777));
    int fd = CHECK_OK(open("f", O_RDWR));
    CHECK_OK(linkat(fd, "", AT_FDCWD, "by_root", 0x1000 /* AT_EMPTY_PATH */));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(NOBODY);
        CHECK_ERRNO(linkat(fd, "", AT_FDCWD, "by_nobody", 0x1000), ENOENT);
        CHECK_ERRNO(linkat(AT_FDCWD, "f", AT_FDCWD, "by_nobody", 0x1000), ENOENT);
        CHECK_OK(linkat(AT_FDCWD, "f", AT_FDCWD, "by_nobody", 0));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
}

TEST(a_place_is_ready_for_select_as_what_is_no_file)
{
    int place = CHECK_OK(open(".", O_PATH));
    struct timeval at_once = {0, 0};
    fd_set readable, writable;
    FD_ZERO(&readable);
    FD_SET(place, &readable);
    writable = readable;
    CHECK_EQUAL(select(place + 1, &readable, &writable, NULL, &at_once), 2);
}

TEST(what_is_left_before_the_end_may_be_less_than_nothing)
{
    int left = 0;
    make_file("f", "four");
    int fd = CHECK_OK(open("f", O_RDONLY));
    CHECK_OK(ioctl(fd, FIONREAD, &left));
    CHECK_EQUAL(left, 4);
    CHECK_OK(lseek(fd, 10, SEEK_SET));
    CHECK_OK(ioctl(fd, FIONREAD, &left));
    CHECK_EQUAL(left, -6);
}

TEST(a_vector_is_looked_at_before_the_descriptors_mode)
{
    int fd = CHECK_OK(open("f", O_RDONLY | O_CREAT, 0600));
    char byte = 0;
    const struct iovec good = {&byte, 1}, endless = {&byte, (size_t)-1};
    const struct iovec both[2] = {{KERNEL_ADDRESS, 1}, endless};
    CHECK_ERRNO(syscall(SYS_writev, fd, KERNEL_ADDRESS, 1), EFAULT);
    CHECK_ERRNO(writev(fd, &endless, 1), EINVAL);
    CHECK_ERRNO(writev(fd, &good, 1), EBADF);
    CHECK_ERRNO(writev(fd, NULL, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_writev, 99, KERNEL_ADDRESS, 1), EBADF);
    /* A length that is none at all is told before any address. */
    CHECK_ERRNO(readv(fd, both, 2), EINVAL);
    CHECK_ERRNO(readv(fd, both, 1), EFAULT);
    CHECK_ERRNO(syscall(SYS_readv, CHECK_OK(open(".", O_PATH)), KERNEL_ADDRESS, 1), EBADF);
}

TEST(the_size_limit_is_for_descriptors_that_write)
{
    int fd = CHECK_OK(open("f", O_RDONLY | O_CREAT, 0600));
    CHECK_OK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){0, 0}));
    CHECK_ERRNO(write(fd, "x", 1), EBADF); /* without SIGXFSZ, which would end this program */
    CHECK_ERRNO(pwrite(fd, "x", 1, 5), EBADF);
}

TEST(a_range_beyond_all_files_needs_a_descriptor_first)
{
    CHECK_ERRNO(fallocate(99, 0, LONG_MAX, 1), EBADF);
    int fd = CHECK_OK(open("f", O_RDWR | O_CREAT, 0600));
    CHECK_ERRNO(fallocate(fd, 0, LONG_MAX, 1), EFBIG);
    CHECK_ERRNO(fallocate(99, 0, -1, 1), EBADF);
    CHECK_ERRNO(fallocate(CHECK_OK(open("f", O_RDONLY)), 0, -1, 1), EINVAL);
}

TEST(a_file_is_sought_before_its_new_times_are_looked_at)
{
    const struct timespec bad[2] = {{0, 1000000000}, {0, 0}};
    make_file("f", "");
    CHECK_ERRNO(utimensat(AT_FDCWD, "none", bad, 0), ENOENT);
    CHECK_ERRNO(utimensat(AT_FDCWD, "f", bad, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_utimensat, 99, NULL, bad, 0), EBADF);
}

/* ---- masks and waiting ------------------------------------------------------------------------------- */

/* What the mask of the call lets through counts while it waits: where something was ready it is not taken. */
TEST(a_call_that_did_not_wait_leaves_signals_blocked)
{
    int ends[2];
    const sigset_t usr1 = set_of(SIGUSR1), none = set_of(0);
    const struct timespec at_once = {0, 0};
    fd_set readable;
    CHECK_OK(pipe(ends));
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    signal(SIGUSR1, on_signal);
    CHECK_OK(sigprocmask(SIG_BLOCK, &usr1, NULL));
    CHECK_OK(raise(SIGUSR1));
    struct pollfd ask = {ends[0], POLLIN, 0};
    CHECK_EQUAL(ppoll(&ask, 1, NULL, &none), 1);
    CHECK_EQUAL(caught, 0);
    FD_ZERO(&readable);
    FD_SET(ends[0], &readable);
    CHECK_EQUAL(pselect(ends[0] + 1, &readable, NULL, NULL, &at_once, &none), 1);
    CHECK_EQUAL(caught, 0);
    ask.events = POLLPRI;
    CHECK_ERRNO(ppoll(&ask, 1, &at_once, &none), EINTR);
    CHECK_EQUAL(caught, SIGUSR1);
}

/* The rest of the time cannot be stored, so the call cannot go on with it after a stop. */
TEST(a_wait_whose_rest_cannot_be_told_ends_at_a_stop)
{
    struct timespec *wait = map_pages(1);
    *wait = (struct timespec){1000, 0};
    CHECK_OK(mprotect(wait, PAGE, PROT_READ));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_ERRNO(syscall(SYS_ppoll, NULL, 0, wait, NULL, 8), EINTR);
        _exit(0);
    }
    wait_until_asleep(child);
    CHECK_OK(kill(child, SIGSTOP));
    int status;
    CHECK_EQUAL(waitpid(child, &status, WUNTRACED), child);
    CHECK_OK(kill(child, SIGCONT));
    CHECK_EXITED(child, 0);
}

static uint32_t word;

static void *wait_for_word(void *unused)
{
    syscall(SYS_futex, &word, FUTEX_WAIT_OPERATION, 0, NULL, NULL, 0);
    return unused;
}

TEST(waking_fewer_than_one_wakes_one)
{
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) {
        CHECK_EQUAL(pthread_create(&threads[i], NULL, wait_for_word, NULL), 0);
    }
    sleep_ms(200);
    CHECK_EQUAL(syscall(SYS_futex, &word, FUTEX_WAKE_OPERATION, -5, NULL, NULL, 0), 1);
    CHECK_EQUAL(syscall(SYS_futex, &word, FUTEX_WAKE_OPERATION, 0, NULL, NULL, 0), 1);
    CHECK_EQUAL(syscall(SYS_futex, &word, FUTEX_WAKE_OPERATION, -1, NULL, NULL, 0), 0);
    pthread_join(threads[0], NULL);
    pthread_join(threads[1], NULL);
}

/* ---- signals and identity ---------------------------------------------------------------------------- */

static siginfo_t info_of_kernel(void)
{
    siginfo_t info = {0};
    info.si_signo = SIGUSR1;
    info.si_code = SI_KERNEL;
    return info;
}

static int first_number;

/* A thread may say of a signal what the kernel says to itself alone, not to its fellows. */
static void *queue_from_thread(void *unused)
{
    siginfo_t info = info_of_kernel();
    pid_t own = (pid_t)syscall(SYS_gettid);
    CHECK_ERRNO(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info), EPERM);
    CHECK_ERRNO(syscall(SYS_rt_tgsigqueueinfo, getpid(), first_number, SIGUSR1, &info), EPERM);
    int fd = CHECK_OK((int)syscall(SYS_pidfd_open, getpid(), 0));
    CHECK_ERRNO(syscall(SYS_pidfd_send_signal, fd, SIGUSR1, &info, 0), EPERM);
    CHECK_OK(syscall(SYS_rt_tgsigqueueinfo, getpid(), own, SIGUSR1, &info));
    return unused;
}

TEST(the_kernels_word_is_given_to_oneself_alone)
{
    pthread_t thread;
    siginfo_t info = info_of_kernel();
    signal(SIGUSR1, SIG_IGN);
    first_number = getpid();
    CHECK_OK(syscall(SYS_rt_sigqueueinfo, getpid(), SIGUSR1, &info));
    CHECK_OK(syscall(SYS_rt_tgsigqueueinfo, getpid(), first_number, SIGUSR1, &info));
    CHECK_EQUAL(pthread_create(&thread, NULL, queue_from_thread, NULL), 0);
    pthread_join(thread, NULL);
}

struct capability_header {
    uint32_t version;
    int pid;
};

struct capability_data {
    uint32_t effective, permitted, inheritable;
};

static void *set_own_capabilities(void *unused)
{
    struct capability_header header = {0x20080522, 0};
    struct capability_data data[2];
    CHECK_OK(syscall(SYS_capget, &header, data));
    header.pid = (int)syscall(SYS_gettid);
    CHECK_OK(syscall(SYS_capset, &header, data));
    header.pid = getpid();
    CHECK_ERRNO(syscall(SYS_capset, &header, data), EPERM);
    return unused;
}

TEST(capset_is_about_the_calling_thread)
{
    pthread_t thread;
    struct capability_header header = {0x20080522, 0};
    struct capability_data data[2];
    CHECK_OK(syscall(SYS_capget, &header, data));
    uint32_t before = data[1].effective;
    data[1] = (struct capability_data){UINT32_MAX, UINT32_MAX, UINT32_MAX};
    CHECK_OK(syscall(SYS_capset, &header, data)); /* rights that there are not are left out */
    CHECK_OK(syscall(SYS_capget, &header, data));
    CHECK_EQUAL(data[1].effective, before);
    CHECK_EQUAL(data[1].inheritable, before);
    header.pid = -1;
    CHECK_ERRNO(syscall(SYS_capset, &header, data), EPERM);
    CHECK_ERRNO(syscall(SYS_capget, &header, data), EINVAL);
    header.pid = 1000000;
    CHECK_OK(syscall(SYS_capget, &header, NULL)); /* asks for the version alone */
    CHECK_EQUAL(pthread_create(&thread, NULL, set_own_capabilities, NULL), 0);
    pthread_join(thread, NULL);
}

TEST(a_robust_list_can_be_asked_by_the_same_user)
{
    void *head;
    size_t bytes;
    pid_t other = CHECK_OK(fork());
    if (other == 0) {
        become_user(NOBODY);
        CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            pause();
        }
        CHECK_OK(syscall(SYS_get_robust_list, child, &head, &bytes));
        CHECK_ERRNO(syscall(SYS_get_robust_list, getpgid(0), &head, &bytes), EPERM);
        CHECK_OK(kill(child, SIGKILL));
        _exit(0);
    }
    CHECK_EXITED(other, 0);
}

TEST(ports_are_for_who_may)
{
    CHECK_ERRNO(syscall(SYS_iopl, 4), EINVAL);
    CHECK_OK(syscall(SYS_iopl, 0));
    CHECK_ERRNO(syscall(SYS_ioperm, 0UL, 0UL, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_ioperm, 65535UL, 2UL, 1), EINVAL);
    CHECK_OK(syscall(SYS_ioperm, 0UL, 65536UL, 0));
    become_user(NOBODY);
    CHECK_ERRNO(syscall(SYS_iopl, 3), EPERM);
    CHECK_ERRNO(syscall(SYS_ioperm, 0x80UL, 1UL, 1), EPERM);
    CHECK_OK(syscall(SYS_ioperm, 0x80UL, 1UL, 0));
}
