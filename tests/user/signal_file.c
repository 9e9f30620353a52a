/*
 * Signals as data: read from a descriptor, and queued to one thread.
 */
#include "check.h"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>

static sigset_t block(int first, int second)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, first);
    sigaddset(&signals, second);
    CHECK_OK(sigprocmask(SIG_BLOCK, &signals, NULL));
    return signals;
}

TEST(a_pending_signal_can_be_read)
{
    sigset_t signals = block(SIGUSR1, SIGUSR2);
    int fd = CHECK_OK(signalfd(-1, &signals, SFD_CLOEXEC));
    struct signalfd_siginfo told[3];
    CHECK_OK(kill(getpid(), SIGUSR2));
    CHECK_OK(kill(getpid(), SIGUSR1));
    CHECK_EQUAL(read(fd, told, sizeof(told)), 2 * sizeof(told[0]));
    CHECK_EQUAL(told[0].ssi_signo, SIGUSR1);
    CHECK_EQUAL(told[1].ssi_signo, SIGUSR2);
    CHECK_EQUAL(told[0].ssi_code, SI_USER);
    CHECK_EQUAL(told[0].ssi_pid, getpid());
    CHECK_EQUAL(told[0].ssi_uid, getuid());
    CHECK_EQUAL(fcntl(fd, F_GETFD), FD_CLOEXEC);
}

TEST(a_queued_value_is_told)
{
    sigset_t signals = block(SIGRTMIN, SIGRTMIN + 1);
    int fd = CHECK_OK(signalfd(-1, &signals, 0));
    struct signalfd_siginfo told;
    CHECK_OK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 77}));
    CHECK_EQUAL(read(fd, &told, sizeof(told)), sizeof(told));
    CHECK_EQUAL(told.ssi_code, SI_QUEUE);
    CHECK_EQUAL(told.ssi_int, 77);
}

TEST(a_child_that_ended_is_told)
{
    sigset_t signals = block(SIGCHLD, SIGUSR1);
    int fd = CHECK_OK(signalfd(-1, &signals, 0));
    struct signalfd_siginfo told;
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(5);
    }
    CHECK_EQUAL(read(fd, &told, sizeof(told)), sizeof(told));
    CHECK_EQUAL(told.ssi_signo, SIGCHLD);
    CHECK_EQUAL(told.ssi_code, CLD_EXITED);
    CHECK_EQUAL(told.ssi_pid, child);
    CHECK_EQUAL(told.ssi_status, 5);
    CHECK_EXITED(child, 5);
}

TEST(a_signal_file_can_be_polled)
{
    sigset_t signals = block(SIGUSR1, SIGUSR2);
    int fd = CHECK_OK(signalfd(-1, &signals, SFD_NONBLOCK));
    struct pollfd entry = {fd, POLLIN, 0};
    struct signalfd_siginfo told;
    CHECK_EQUAL(poll(&entry, 1, 0), 0);
    CHECK_ERRNO(read(fd, &told, sizeof(told)), EAGAIN);
    pid_t parent = getpid(), child = CHECK_OK(fork());
    if (child == 0) {
        sleep_ms(30);
        kill(parent, SIGUSR2);
        _exit(0);
    }
    CHECK_EQUAL(poll(&entry, 1, 5000), 1);
    CHECK_EQUAL(entry.revents, POLLIN);
    CHECK_EQUAL(read(fd, &told, sizeof(told)), sizeof(told));
    CHECK_EQUAL(told.ssi_signo, SIGUSR2);
    CHECK_EXITED(child, 0);
}

TEST(the_set_can_be_changed)
{
    sigset_t signals = block(SIGUSR1, SIGUSR2);
    int fd = CHECK_OK(signalfd(-1, &signals, SFD_NONBLOCK));
    struct signalfd_siginfo told;
    sigdelset(&signals, SIGUSR1);
    CHECK_EQUAL(signalfd(fd, &signals, 0), fd);
    CHECK_OK(kill(getpid(), SIGUSR1));
    CHECK_ERRNO(read(fd, &told, sizeof(told)), EAGAIN);
    CHECK_OK(kill(getpid(), SIGUSR2));
    CHECK_EQUAL(read(fd, &told, sizeof(told)), sizeof(told));
    CHECK_EQUAL(told.ssi_signo, SIGUSR2);
}

TEST(a_child_reads_its_own_signals)
{
    sigset_t signals = block(SIGUSR1, SIGUSR2);
    int fd = CHECK_OK(signalfd(-1, &signals, SFD_NONBLOCK));
    struct signalfd_siginfo told;
    CHECK_OK(kill(getpid(), SIGUSR1));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_ERRNO(read(fd, &told, sizeof(told)), EAGAIN);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(read(fd, &told, sizeof(told)), sizeof(told));
}

TEST(signal_file_errors)
{
    sigset_t signals = block(SIGUSR1, SIGUSR2);
    int fd = CHECK_OK(signalfd(-1, &signals, SFD_NONBLOCK));
    char small[100];
    CHECK_ERRNO(read(fd, small, sizeof(small)), EINVAL);
    CHECK_ERRNO(write(fd, small, sizeof(small)), EINVAL);
    CHECK_EQUAL(lseek(fd, 0, SEEK_SET), 0);
    CHECK_ERRNO(syscall(SYS_signalfd4, -1, &signals, 4, 0), EINVAL);
    CHECK_ERRNO(syscall(SYS_signalfd4, -1, &signals, 8, 1), EINVAL);
    CHECK_ERRNO(syscall(SYS_signalfd4, -1, KERNEL_ADDRESS, 8, 0), EFAULT);
    CHECK_ERRNO(syscall(SYS_signalfd4, 99, &signals, 8, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_signalfd4, open("/dev/null", O_RDONLY), &signals, 8, 0), EINVAL);
    CHECK_EQUAL(syscall(SYS_signalfd, fd, &signals, 8), fd);
}

static pid_t queue_raw(pid_t group, pid_t thread, int signal, int code)
{
    siginfo_t info = {.si_signo = signal, .si_code = code};
    info.si_value.sival_int = 31;
    return (pid_t)syscall(SYS_rt_tgsigqueueinfo, group, thread, signal, &info);
}

TEST(a_value_can_be_queued_to_a_thread)
{
    sigset_t signals = block(SIGRTMIN, SIGUSR1);
    siginfo_t info;
    CHECK_EQUAL(queue_raw(getpid(), getpid(), SIGRTMIN, SI_QUEUE), 0);
    CHECK_EQUAL(sigwaitinfo(&signals, &info), SIGRTMIN);
    CHECK_EQUAL(info.si_code, SI_QUEUE);
    CHECK_EQUAL(info.si_value.sival_int, 31);
    CHECK_ERRNO(queue_raw(getpid(), 1, SIGUSR1, SI_QUEUE), ESRCH);
    CHECK_ERRNO(queue_raw(0, getpid(), SIGUSR1, SI_QUEUE), EINVAL);
    CHECK_ERRNO(queue_raw(getpid(), getpid(), 65, SI_QUEUE), EINVAL);
    CHECK_ERRNO(queue_raw(getppid(), getppid(), SIGUSR1, SI_USER), EPERM);
}
