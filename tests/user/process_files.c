/*
 * Processes by descriptor: pidfd_open, pidfd_send_signal, pidfd_getfd, P_PIDFD, CLONE_PIDFD.
 */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/uio.h>

#define P_PIDFD_OLD 3

enum { PIDFD_NONBLOCK = O_NONBLOCK };

static int open_process(pid_t pid, unsigned flags)
{
    return (int)syscall(SYS_pidfd_open, pid, flags);
}

static long send_signal(int fd, int signal, siginfo_t *info, unsigned flags)
{
    return syscall(SYS_pidfd_send_signal, fd, signal, info, flags);
}

static pid_t start_sleeper(void)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        for (;;) {
            pause();
        }
    }
    return child;
}

static bool has_ended(int fd, int timeout_ms)
{
    struct pollfd entry = {fd, POLLIN, 0};
    int ready = CHECK_OK(poll(&entry, 1, timeout_ms));
    return ready == 1 && (entry.revents & POLLIN) != 0;
}

TEST(the_end_is_seen_by_poll)
{
    pid_t child = start_sleeper();
    int fd = CHECK_OK(open_process(child, 0));
    CHECK_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK(!has_ended(fd, 0));
    CHECK_OK(send_signal(fd, 0, NULL, 0));
    CHECK_OK(send_signal(fd, SIGKILL, NULL, 0));
    CHECK(has_ended(fd, 5000));
    CHECK_KILLED(child, SIGKILL);
    CHECK(has_ended(fd, 0));
    CHECK_ERRNO(send_signal(fd, SIGTERM, NULL, 0), ESRCH);
    siginfo_t info;
    CHECK_ERRNO(waitid((idtype_t)P_PIDFD_OLD, (id_t)fd, &info, WEXITED), ECHILD);
}

static void *end_in_a_while(void *argument)
{
    usleep(30000);
    kill(*(pid_t *)argument, SIGTERM);
    return NULL;
}

TEST(who_polls_is_woken)
{
    pthread_t thread;
    pid_t child = start_sleeper();
    int fd = CHECK_OK(open_process(child, 0));
    CHECK_EQUAL(pthread_create(&thread, NULL, end_in_a_while, &child), 0);
    CHECK(has_ended(fd, 10000));
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_KILLED(child, SIGTERM);
}

TEST(a_folder_of_proc_stands_for_its_process)
{
    char name[64];
    pid_t child = start_sleeper();
    snprintf(name, sizeof(name), "/proc/%d", child);
    int fd = CHECK_OK(open(name, O_RDONLY | O_DIRECTORY)), path = CHECK_OK(open(name, O_PATH));
    snprintf(name, sizeof(name), "/proc/%d/task/%d", child, child);
    int task = CHECK_OK(open(name, O_RDONLY));
    CHECK_ERRNO(send_signal(path, 0, NULL, 0), EBADF);
    CHECK_ERRNO(send_signal(task, 0, NULL, 0), EBADF);
    CHECK_ERRNO(send_signal(CHECK_OK(open("/proc", O_RDONLY)), 0, NULL, 0), EBADF);
    CHECK_ERRNO(send_signal(CHECK_OK(open(".", O_RDONLY)), 0, NULL, 0), EBADF);
    siginfo_t info;
    CHECK_ERRNO(waitid((idtype_t)P_PIDFD_OLD, (id_t)fd, &info, WEXITED), EBADF);
    CHECK_OK(send_signal(fd, 0, NULL, 0));
    CHECK_OK(send_signal(fd, SIGKILL, NULL, 0));
    CHECK_KILLED(child, SIGKILL);
    CHECK_ERRNO(send_signal(fd, 0, NULL, 0), ESRCH);
}

TEST(bad_arguments_are_refused)
{
    char byte;
    int fd = CHECK_OK(open_process(getpid(), 0));
    int pipe_ends[2];
    CHECK_OK(pipe(pipe_ends));
    CHECK_ERRNO(open_process(0, 0), EINVAL);
    CHECK_ERRNO(open_process(-5, 0), EINVAL);
    CHECK_ERRNO(open_process(32767, 0), ESRCH);
    CHECK_ERRNO(open_process(getpid(), 1), EINVAL);
    CHECK_ERRNO(send_signal(fd, 0, NULL, 8), EINVAL);
    CHECK_ERRNO(send_signal(fd, 99, NULL, 0), EINVAL);
    CHECK_ERRNO(send_signal(pipe_ends[0], 0, NULL, 0), EBADF);
    CHECK_ERRNO(send_signal(999, 0, NULL, 0), EBADF);
    CHECK_ERRNO(send_signal(fd, SIGUSR1, KERNEL_ADDRESS, 0), EFAULT);
    CHECK_ERRNO(read(fd, &byte, 1), EINVAL);
    CHECK_ERRNO(write(fd, &byte, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_waitid, P_PIDFD_OLD, pipe_ends[0], NULL, WEXITED, NULL), EBADF);
    CHECK_ERRNO(syscall(SYS_waitid, P_PIDFD_OLD, 999, NULL, WEXITED, NULL), EBADF);
    CHECK_ERRNO(syscall(SYS_waitid, P_PIDFD_OLD, -1, NULL, WEXITED, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_waitid, P_PIDFD_OLD, fd, NULL, WEXITED, NULL), ECHILD);
}

static siginfo_t received;

static void on_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    received = *info;
}

TEST(a_signal_can_carry_a_value)
{
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    int fd = CHECK_OK(open_process(getpid(), 0));
    CHECK_OK(send_signal(fd, SIGUSR1, NULL, 0));
    CHECK_EQUAL(received.si_code, SI_USER);
    CHECK_EQUAL(received.si_pid, getpid());
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    info.si_value.sival_int = 42;
    CHECK_OK(send_signal(fd, SIGUSR1, &info, 0));
    CHECK_EQUAL(received.si_code, SI_QUEUE);
    CHECK_EQUAL(received.si_value.sival_int, 42);
    CHECK_ERRNO(send_signal(fd, SIGUSR2, &info, 0), EINVAL);
    int parent = CHECK_OK(open_process(getppid(), 0));
    info.si_code = SI_USER;
    CHECK_ERRNO(send_signal(parent, SIGUSR1, &info, 0), EPERM);
}

TEST(a_child_is_waited_for_by_its_descriptor)
{
    siginfo_t info = {0};
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(23);
    }
    int fd = CHECK_OK(open_process(child, 0));
    CHECK_OK(waitid((idtype_t)P_PIDFD_OLD, (id_t)fd, &info, WEXITED | WNOWAIT));
    CHECK_EQUAL(info.si_pid, child);
    CHECK_OK(waitid((idtype_t)P_PIDFD_OLD, (id_t)fd, &info, WEXITED));
    CHECK_EQUAL(info.si_status, 23);
    CHECK_EQUAL(info.si_code, CLD_EXITED);
}

TEST(a_non_blocking_descriptor_does_not_wait)
{
    siginfo_t info = {0};
    pid_t child = start_sleeper();
    int fd = CHECK_OK(open_process(child, PIDFD_NONBLOCK));
    CHECK_EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    CHECK_ERRNO(waitid((idtype_t)P_PIDFD_OLD, (id_t)fd, &info, WEXITED), EAGAIN);
    CHECK_OK(waitid((idtype_t)P_PIDFD_OLD, (id_t)fd, &info, WEXITED | WNOHANG));
    CHECK_EQUAL(info.si_pid, 0);
    CHECK_OK(kill(child, SIGKILL));
    CHECK(has_ended(fd, 5000));
    CHECK_OK(waitid((idtype_t)P_PIDFD_OLD, (id_t)fd, &info, WEXITED));
    CHECK_EQUAL(info.si_code, CLD_KILLED);
}

TEST(a_file_can_be_taken_from_another_process)
{
    int ends[2];
    char text[8] = {0};
    CHECK_OK(pipe(ends));
    make_file("held", "inside");
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        int held = CHECK_OK(open("held", O_RDONLY));
        CHECK_OK(dup2(held, 50));
        CHECK_EQUAL(write(ends[1], "x", 1), 1);
        pause();
    }
    CHECK_EQUAL(read(ends[0], text, 1), 1);
    int fd = CHECK_OK(open_process(child, 0));
    int taken = CHECK_OK((int)syscall(SYS_pidfd_getfd, fd, 50, 0));
    CHECK_EQUAL(fcntl(taken, F_GETFD), FD_CLOEXEC);
    CHECK_EQUAL(read(taken, text, 6), 6);
    CHECK_TEXT(text, "inside");
    CHECK_ERRNO(syscall(SYS_pidfd_getfd, fd, 51, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_pidfd_getfd, fd, 50, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_pidfd_getfd, ends[0], 50, 0), EBADF);
    pid_t other = CHECK_OK(fork());
    if (other == 0) {
        become_user(NOBODY);
        CHECK_ERRNO(syscall(SYS_pidfd_getfd, fd, 50, 0), EPERM);
        CHECK_ERRNO(send_signal(fd, SIGTERM, NULL, 0), EPERM);
        _exit(0);
    }
    CHECK_EXITED(other, 0);
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
    CHECK_ERRNO(syscall(SYS_pidfd_getfd, fd, 50, 0), ESRCH);
}

TEST(clone_gives_a_descriptor)
{
    int fd = -1;
    siginfo_t info = {0};
    pid_t child = CHECK_OK((pid_t)syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, &fd, NULL, 0));
    if (child == 0) {
        _exit(7);
    }
    CHECK(fd >= 0);
    CHECK_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
    CHECK(has_ended(fd, 5000));
    CHECK_OK(waitid((idtype_t)P_PIDFD_OLD, (id_t)fd, &info, WEXITED));
    CHECK_EQUAL(info.si_pid, child);
    CHECK_EQUAL(info.si_status, 7);
    CHECK_ERRNO(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, NULL, &fd, NULL, 0),
                EINVAL);
    CHECK_ERRNO(syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, NULL, KERNEL_ADDRESS, NULL, 0), EFAULT);
    CHECK_ERRNO(waitpid(-1, NULL, 0), ECHILD);
}

TEST(clone3_gives_one_beside_the_number)
{
    int fd = -1;
    pid_t number = 0;
    uint64_t arguments[8] = {CLONE_PIDFD | CLONE_PARENT_SETTID, (uintptr_t)&fd, 0,
                             (uintptr_t)&number, SIGCHLD};
    pid_t child = CHECK_OK((pid_t)syscall(SYS_clone3, arguments, sizeof(arguments)));
    if (child == 0) {
        _exit(0);
    }
    CHECK_EQUAL(number, child);
    CHECK(has_ended(fd, 5000));
    CHECK_EXITED(child, 0);
}

static long advise(int fd, const struct iovec *ranges, unsigned long count, int advice)
{
    return syscall(SYS_process_madvise, fd, ranges, count, advice, 0);
}

TEST(advice_about_anothers_memory_is_taken)
{
    enum { WILLNEED = 3, DONTNEED = 4, COLD = 20, PAGEOUT = 21 };
    char *pages = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    pid_t child = start_sleeper();
    int fd = open_process(child, 0);
    struct iovec ranges[2] = {{pages, PAGE}, {pages + 2 * PAGE, 2 * PAGE}};
    CHECK_EQUAL(advise(fd, ranges, 2, COLD), 3 * PAGE);
    CHECK_EQUAL(advise(fd, ranges, 2, PAGEOUT), 3 * PAGE);
    CHECK_EQUAL(advise(fd, ranges, 1, WILLNEED), PAGE);
    CHECK_EQUAL(advise(fd, ranges, 0, COLD), 0);
    CHECK_ERRNO(advise(fd, ranges, 1, DONTNEED), EINVAL);
    CHECK_ERRNO(advise(fd, NULL, 1, COLD), EFAULT);
    CHECK_ERRNO(advise(fd, ranges, 1025, COLD), EINVAL);
    CHECK_ERRNO(advise(0, ranges, 1, COLD), EBADF);
    CHECK_ERRNO(syscall(SYS_process_madvise, fd, ranges, 1, COLD, 1), EINVAL);
    ranges[1].iov_base = pages + 1;
    CHECK_EQUAL(advise(fd, ranges, 2, COLD), PAGE);
    ranges[0].iov_base = (void *)PAGE;
    CHECK_ERRNO(advise(fd, ranges, 1, COLD), ENOMEM);
    int self = open_process(getpid(), 0);
    become_user(NOBODY);
    CHECK_ERRNO(advise(fd, ranges, 1, COLD), EACCES);
    CHECK_ERRNO(advise(self, ranges, 1, COLD), EPERM);
}
