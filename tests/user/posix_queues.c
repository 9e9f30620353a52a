/*
 * POSIX message queues: names, attributes and limits, messages by priority, waiting, notification, poll, and the file system that
 * shows them.
 */
#include "check.h"
#include "sysv.h"

#include <mqueue.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/vfs.h>

#define MQUEUE_MAGIC   0x19800202
#define PRIORITIES     32768
#define DEFAULT_COUNT  10
#define DEFAULT_LENGTH 8192

static char buffer[DEFAULT_LENGTH];

/* A queue without a name, open for both. */
static mqd_t make_queue(long count, long length)
{
    struct mq_attr attributes = {.mq_maxmsg = count, .mq_msgsize = length};
    mqd_t queue = CHECK_OK(mq_open("/made", O_CREAT | O_EXCL | O_RDWR, 0600, &attributes));
    CHECK_OK(mq_unlink("/made"));
    return queue;
}

static void put(mqd_t queue, const char *text, unsigned priority)
{
    CHECK_OK(mq_send(queue, text, strlen(text), priority));
}

static void take(mqd_t queue, const char *text, unsigned priority)
{
    unsigned found;
    ssize_t length = CHECK_OK(mq_receive(queue, buffer, sizeof(buffer), &found));
    buffer[length] = '\0';
    CHECK_TEXT(buffer, text);
    CHECK_EQUAL(found, priority);
}

static long messages_in(mqd_t queue)
{
    struct mq_attr attributes;
    CHECK_OK(mq_getattr(queue, &attributes));
    return attributes.mq_curmsgs;
}

static struct timespec in_ms(long milliseconds)
{
    struct timespec time;
    CHECK_OK(clock_gettime(CLOCK_REALTIME, &time));
    time.tv_nsec += milliseconds * 1000000;
    time.tv_sec += time.tv_nsec / 1000000000;
    time.tv_nsec %= 1000000000;
    return time;
}

TEST(a_name_leads_to_one_queue)
{
    CHECK_ERRNO(mq_open("/name", O_RDWR), ENOENT);
    mqd_t queue = CHECK_OK(mq_open("/name", O_CREAT | O_RDWR, 0640, NULL));
    CHECK_ERRNO(mq_open("/name", O_CREAT | O_EXCL | O_RDWR, 0600, NULL), EEXIST);
    mqd_t other = CHECK_OK(mq_open("/name", O_CREAT | O_RDONLY, 0600, NULL));
    put(queue, "hello", 3);
    take(other, "hello", 3);
    CHECK_ERRNO(mq_send(other, "x", 1, 0), EBADF);
    CHECK_EQUAL(fcntl(queue, F_GETFD), FD_CLOEXEC);
    struct stat status;
    CHECK_OK(fstat(queue, &status));
    CHECK_EQUAL(status.st_mode, S_IFREG | 0640);
    CHECK_EQUAL(status.st_size, 80);
    CHECK_OK(mq_unlink("/name"));
    CHECK_ERRNO(mq_unlink("/name"), ENOENT);
    CHECK_ERRNO(mq_open("/name", O_RDWR), ENOENT);
    put(queue, "still there", 0);
    take(other, "still there", 0);
}

TEST(names_have_rules)
{
    char name[NAME_MAX + 3];
    memset(name, 'n', sizeof(name));
    name[0] = '/';
    name[NAME_MAX + 2] = '\0';
    CHECK_ERRNO(syscall(SYS_mq_open, name + 1, O_CREAT | O_RDWR, 0600, NULL), ENAMETOOLONG);
    name[NAME_MAX + 1] = '\0';
    CHECK_OK(syscall(SYS_mq_open, name + 1, O_CREAT | O_RDWR, 0600, NULL));
    CHECK_OK(syscall(SYS_mq_unlink, name + 1));
    CHECK_ERRNO(syscall(SYS_mq_open, "a/b", O_CREAT | O_RDWR, 0600, NULL), EACCES);
    CHECK_ERRNO(syscall(SYS_mq_open, "..", O_CREAT | O_RDWR, 0600, NULL), EACCES);
    CHECK_ERRNO(syscall(SYS_mq_open, ".", O_RDWR, 0, NULL), EACCES);
    CHECK_ERRNO(syscall(SYS_mq_open, "", O_RDWR, 0, NULL), ENOENT);
    CHECK_ERRNO(syscall(SYS_mq_open, (void *)1, O_RDWR, 0, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_open, "a/b", O_RDWR, 0, (void *)1), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_unlink, "a/b"), EACCES);
    CHECK_ERRNO(syscall(SYS_mq_unlink, ""), ENOENT);
}

TEST(attributes_are_kept_and_limited)
{
    struct mq_attr attributes;
    mqd_t queue = CHECK_OK(mq_open("/default", O_CREAT | O_RDWR | O_NONBLOCK, 0600, NULL));
    CHECK_OK(mq_unlink("/default"));
    CHECK_OK(mq_getattr(queue, &attributes));
    CHECK_EQUAL(attributes.mq_flags, O_NONBLOCK);
    CHECK_EQUAL(attributes.mq_maxmsg, DEFAULT_COUNT);
    CHECK_EQUAL(attributes.mq_msgsize, DEFAULT_LENGTH);
    CHECK_EQUAL(attributes.mq_curmsgs, 0);
    struct mq_attr wanted = {.mq_flags = 0, .mq_maxmsg = 99}, old;
    CHECK_OK(mq_setattr(queue, &wanted, &old));
    CHECK_EQUAL(old.mq_flags, O_NONBLOCK);
    CHECK_OK(mq_getattr(queue, &attributes));
    CHECK_EQUAL(attributes.mq_flags, 0);
    CHECK_EQUAL(attributes.mq_maxmsg, DEFAULT_COUNT);
    CHECK_EQUAL(fcntl(queue, F_GETFL) & O_NONBLOCK, 0);
    wanted.mq_flags = O_APPEND;
    CHECK_ERRNO(mq_setattr(queue, &wanted, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_mq_getsetattr, queue, NULL, (void *)1), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_getsetattr, -1, (void *)1, NULL), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_getsetattr, -1, NULL, NULL), EBADF);
    CHECK_ERRNO(syscall(SYS_mq_getsetattr, 0, NULL, NULL), EBADF);
}

static void try_limits(long count, long length, int error)
{
    struct mq_attr attributes = {.mq_maxmsg = count, .mq_msgsize = length};
    mqd_t queue = mq_open("/limits", O_CREAT | O_EXCL | O_RDWR, 0600, &attributes);
    if (error != 0) {
        CHECK_EQUAL(queue, -1);
        CHECK_EQUAL(errno, error);
        CHECK_ERRNO(mq_unlink("/limits"), ENOENT);
        return;
    }
    CHECK_OK(queue);
    CHECK_OK(close(queue));
    CHECK_OK(mq_unlink("/limits"));
}

TEST(sizes_are_limited)
{
    try_limits(0, 10, EINVAL);
    try_limits(10, 0, EINVAL);
    try_limits(-1, 10, EINVAL);
    try_limits(65537, 1, EINVAL);
    try_limits(1, 16 * 1024 * 1024 + 1, EINVAL);
    try_limits(11, 100, 0);
    try_limits(100, 8192, EMFILE);
    CHECK_OK(setrlimit(RLIMIT_MSGQUEUE, &(struct rlimit){10 * (100 + 96), 100000}));
    try_limits(10, 100, 0);
    try_limits(10, 101, EMFILE);
    mqd_t queue = make_queue(5, 100);
    try_limits(6, 100, EMFILE);
    try_limits(5, 100, 0);
    CHECK_OK(close(queue));
    try_limits(10, 100, 0);
    become_user(NOBODY);
    try_limits(11, 10, EINVAL);
    try_limits(1, 8193, EINVAL);
    try_limits(10, 10, 0);
}

TEST(higher_priorities_come_first)
{
    mqd_t queue = make_queue(10, DEFAULT_LENGTH);
    put(queue, "low", 0);
    put(queue, "high", 7);
    put(queue, "middle", 5);
    put(queue, "high too", 7);
    put(queue, "", 32767);
    CHECK_EQUAL(messages_in(queue), 5);
    CHECK_ERRNO(mq_send(queue, "x", 1, PRIORITIES), EINVAL);
    take(queue, "", 32767);
    take(queue, "high", 7);
    take(queue, "high too", 7);
    take(queue, "middle", 5);
    take(queue, "low", 0);
    CHECK_EQUAL(messages_in(queue), 0);
}

TEST(wrong_arguments_are_refused_in_linuxs_order)
{
    mqd_t queue = make_queue(2, 10);
    struct timespec bad = {0, 1000000000}, past = {0, 0};
    CHECK_ERRNO(mq_send(queue, buffer, 11, 0), EMSGSIZE);
    CHECK_ERRNO(mq_send(queue, (void *)1, 11, 0), EMSGSIZE);
    CHECK_ERRNO(mq_send(queue, (void *)1, 10, 0), EFAULT);
    CHECK_ERRNO(mq_send(-1, buffer, 1, PRIORITIES), EINVAL);
    CHECK_ERRNO(mq_send(-1, buffer, 1, 0), EBADF);
    CHECK_ERRNO(mq_send(0, buffer, 1, 0), EBADF);
    CHECK_ERRNO(mq_receive(queue, buffer, 9, NULL), EMSGSIZE);
    CHECK_ERRNO(mq_receive(-1, buffer, 9, NULL), EBADF);
    CHECK_ERRNO(mq_timedreceive(-1, buffer, 9, NULL, &bad), EINVAL);
    CHECK_ERRNO(syscall(SYS_mq_timedreceive, -1, buffer, 9, NULL, (void *)1), EFAULT);
    CHECK_OK(mq_timedsend(queue, "a", 1, 1, &past));
    CHECK_ERRNO(mq_timedsend(queue, "a", 1, 1, &bad), EINVAL);
    CHECK_ERRNO(mq_receive(queue, (void *)1, 10, NULL), EFAULT);
    CHECK_EQUAL(messages_in(queue), 0);
    CHECK_ERRNO(write(queue, "x", 1), EINVAL);
    CHECK_ERRNO(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, queue, 0), ENODEV);
}

TEST(a_full_or_empty_queue_can_be_refused_or_waited_for)
{
    mqd_t queue = make_queue(1, 10);
    struct timespec soon = in_ms(30);
    int64_t start = now_ns(CLOCK_MONOTONIC);
    CHECK_ERRNO(mq_timedreceive(queue, buffer, 10, NULL, &soon), ETIMEDOUT);
    CHECK(now_ns(CLOCK_MONOTONIC) - start >= 20000000);
    put(queue, "full", 0);
    soon = in_ms(10);
    CHECK_ERRNO(mq_timedsend(queue, "more", 4, 0, &soon), ETIMEDOUT);
    struct timespec past = {1, 0};
    CHECK_ERRNO(mq_timedsend(queue, "more", 4, 0, &past), ETIMEDOUT);
    struct mq_attr nonblocking = {.mq_flags = O_NONBLOCK};
    CHECK_OK(mq_setattr(queue, &nonblocking, NULL));
    CHECK_ERRNO(mq_send(queue, "more", 4, 0), EAGAIN);
    take(queue, "full", 0);
    CHECK_ERRNO(mq_receive(queue, buffer, 10, NULL), EAGAIN);
}

TEST(who_waits_is_served_in_turn)
{
    int order[2];
    mqd_t queue = make_queue(1, DEFAULT_LENGTH);
    CHECK_OK(pipe(order));
    for (int i = 0; i < 3; i++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            ssize_t length = CHECK_OK(mq_receive(queue, buffer, sizeof(buffer), NULL));
            CHECK_EQUAL(length, 1);
            buffer[1] = (char)('a' + i);
            CHECK_EQUAL(write(order[1], buffer, 2), 2);
            _exit(0);
        }
        wait_until_asleep(child);
    }
    for (int i = 0; i < 3; i++) {
        char text[2] = {(char)('0' + i), 0}, seen[2];
        put(queue, text, 0);
        CHECK_EQUAL(read(order[0], seen, 2), 2);
        CHECK_EQUAL(seen[0], '0' + i);
        CHECK_EQUAL(seen[1], 'a' + i);
    }
}

TEST(a_sender_that_waits_is_let_in)
{
    mqd_t queue = make_queue(1, DEFAULT_LENGTH);
    put(queue, "first", 1);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        put(queue, "second", 9);
        _exit(0);
    }
    wait_until_asleep(child);
    CHECK_EQUAL(messages_in(queue), 1);
    take(queue, "first", 1);
    CHECK_EQUAL(messages_in(queue), 1);
    CHECK_EXITED(child, 0);
    take(queue, "second", 9);
}

static void note_signal(int signal)
{
    (void)signal;
}

TEST(a_wait_is_restarted_where_the_handler_says_so)
{
    mqd_t queue = make_queue(1, DEFAULT_LENGTH);
    for (int i = 0; i < 2; i++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            struct sigaction action = {.sa_handler = note_signal,
                                       .sa_flags = i == 0 ? SA_RESTART : 0};
            CHECK_OK(sigaction(SIGUSR1, &action, NULL));
            if (i == 0) {
                take(queue, "late", 0);
            } else {
                CHECK_ERRNO(mq_receive(queue, buffer, sizeof(buffer), NULL), EINTR);
            }
            _exit(0);
        }
        wait_until_asleep(child);
        CHECK_OK(kill(child, SIGUSR1));
        wait_until_asleep(i == 0 ? child : getppid());
        if (i == 0) {
            put(queue, "late", 0);
        }
        CHECK_EXITED(child, 0);
    }
}

TEST(poll_tells_what_is_possible)
{
    mqd_t queue = make_queue(1, DEFAULT_LENGTH);
    struct pollfd entry = {.fd = queue, .events = POLLIN | POLLOUT};
    CHECK_EQUAL(poll(&entry, 1, 0), 1);
    CHECK_EQUAL(entry.revents, POLLOUT);
    put(queue, "x", 0);
    CHECK_EQUAL(poll(&entry, 1, 0), 1);
    CHECK_EQUAL(entry.revents, POLLIN);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        entry.events = POLLOUT;
        CHECK_EQUAL(poll(&entry, 1, 10000), 1);
        put(queue, "y", 0);
        entry.events = POLLIN;
        CHECK_EQUAL(poll(&entry, 1, 10000), 1);
        _exit(0);
    }
    wait_until_asleep(child);
    take(queue, "x", 0);
    CHECK_EXITED(child, 0);
    take(queue, "y", 0);
}

static siginfo_t seen_info;
static volatile sig_atomic_t seen_signals;

static void see_signal(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    seen_info = *info;
    seen_signals++;
}

TEST(a_process_can_be_notified_once)
{
    mqd_t queue = make_queue(4, DEFAULT_LENGTH);
    struct sigaction action = {.sa_sigaction = see_signal, .sa_flags = SA_SIGINFO};
    struct sigevent event = {
        .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value = {.sival_int = 42}};
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(mq_notify(queue, &event));
    CHECK_ERRNO(mq_notify(queue, &event), EBUSY);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_ERRNO(mq_notify(queue, &event), EBUSY);
        CHECK_OK(mq_notify(queue, NULL));
        put(queue, "x", 0);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(seen_signals, 1);
    CHECK_EQUAL(seen_info.si_code, SI_MESGQ);
    CHECK_EQUAL(seen_info.si_pid, child);
    CHECK_EQUAL(seen_info.si_uid, 0);
    CHECK_EQUAL(seen_info.si_value.sival_int, 42);
    CHECK_OK(mq_notify(queue, &event));
    put(queue, "not the first", 0);
    CHECK_EQUAL(seen_signals, 1);
    take(queue, "x", 0);
    take(queue, "not the first", 0);
    put(queue, "the first again", 0);
    CHECK_EQUAL(seen_signals, 2);
    CHECK_EQUAL(seen_info.si_pid, getpid());
    CHECK_OK(mq_notify(queue, NULL));
}

TEST(a_notification_goes_with_its_owner)
{
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    mqd_t queue = make_queue(4, DEFAULT_LENGTH);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(mq_notify(queue, &event));
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(mq_notify(queue, &event));
    int copy = CHECK_OK(dup(queue));
    CHECK_OK(close(copy));
    CHECK_OK(mq_notify(queue, &event));
    event.sigev_notify = 17;
    CHECK_ERRNO(mq_notify(queue, &event), EINVAL);
    event.sigev_notify = SIGEV_SIGNAL;
    event.sigev_signo = 65;
    CHECK_ERRNO(mq_notify(queue, &event), EINVAL);
    CHECK_ERRNO(syscall(SYS_mq_notify, queue, (void *)1), EFAULT);
    CHECK_ERRNO(syscall(SYS_mq_notify, -1, NULL), EBADF);
}

/* What "@executed" does: argv[2] is what asking gives, argv[3] the queue if the descriptor was left open. */
int check_reexec(int argc, char **argv)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    mqd_t queue = CHECK_OK(mq_open("/executed", O_RDWR));
    CHECK_OK(mq_unlink("/executed"));
    CHECK_EQUAL(mq_notify(queue, &event) == 0 ? 0 : errno, atoi(argv[2]));
    if (argc > 3) {
        put(queue, "no signal for this program", 0);
        CHECK_OK(mq_notify(queue, &event)); /* the one before had its turn */
    }
    return 0;
}

static void check_notified_after_execution(const char *error, bool keeps_descriptor)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGTERM};
        mqd_t queue = CHECK_OK(mq_open("/executed", O_CREAT | O_EXCL | O_RDWR, 0600, NULL));
        CHECK_OK(mq_notify(queue, &event));
        CHECK_OK(fcntl(queue, F_SETFD, keeps_descriptor ? 0 : FD_CLOEXEC));
        execl("/proc/self/exe", "posix_queues", "@executed", error,
              keeps_descriptor ? "kept" : NULL, NULL);
        _exit(9);
    }
    CHECK_EXITED(child, 0);
}

TEST(a_notification_goes_with_a_descriptor_that_execve_closes)
{
    check_notified_after_execution("0", false);
}

TEST(a_program_is_not_told_what_the_one_before_asked_for)
{
    char error[8];
    snprintf(error, sizeof(error), "%d", EBUSY);
    check_notified_after_execution(error, true);
}

static void *closes_its_own_copy(void *queue)
{
    CHECK_OK(unshare(CLONE_FILES));
    CHECK_OK(close(*(mqd_t *)queue));
    return NULL;
}

TEST(any_close_by_the_process_ends_a_notification)
{
    pthread_t thread;
    struct sigevent event = {.sigev_notify = SIGEV_NONE};
    mqd_t queue = make_queue(4, DEFAULT_LENGTH);
    CHECK_OK(mq_notify(queue, &event));
    CHECK_ERRNO(mq_notify(queue, &event), EBUSY);
    CHECK(pthread_create(&thread, NULL, closes_its_own_copy, &queue) == 0);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK_OK(mq_notify(queue, &event));
}

TEST(a_waiting_receiver_is_not_a_reason_to_notify)
{
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct sigaction action = {.sa_sigaction = see_signal, .sa_flags = SA_SIGINFO};
    mqd_t queue = make_queue(4, DEFAULT_LENGTH);
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(mq_notify(queue, &event));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        take(queue, "direct", 0);
        _exit(0);
    }
    wait_until_asleep(child);
    put(queue, "direct", 0);
    CHECK_EXITED(child, 0);
    CHECK_EQUAL(seen_signals, 0);
}

static void user_without_rights(void)
{
    become_user(NOBODY);
    CHECK_ERRNO(mq_open("/rights", O_RDWR), EACCES);
    CHECK_ERRNO(mq_open("/rights", O_WRONLY | O_CREAT, 0600, NULL), EACCES);
    CHECK_OK(mq_open("/rights", O_RDONLY));
    CHECK_ERRNO(syscall(SYS_mq_unlink, "rights"), EPERM);
    mqd_t own = CHECK_OK(mq_open("/own", O_CREAT | O_RDWR, 0, NULL));
    put(own, "made, so open", 0);
    CHECK_ERRNO(mq_open("/own", O_RDONLY), EACCES);
    CHECK_OK(mq_unlink("/own"));
}

TEST(modes_hold)
{
    mqd_t queue = CHECK_OK(mq_open("/rights", O_CREAT | O_RDWR, 0644, NULL));
    CHECK_IN_CHILD(user_without_rights);
    CHECK_OK(mq_unlink("/rights"));
    CHECK_OK(close(queue));
}

TEST(the_file_system_shows_queues)
{
    char text[256];
    struct statfs status;
    struct stat file;
    CHECK_OK(mkdir("m", 0755));
    CHECK_OK(mount("none", "m", "mqueue", 0, NULL));
    CHECK_OK(statfs("m", &status));
    CHECK_EQUAL(status.f_type, MQUEUE_MAGIC);
    CHECK_OK(stat("m", &file));
    CHECK_EQUAL(file.st_mode, S_IFDIR | 01777);
    mqd_t queue = CHECK_OK(mq_open("/shown", O_CREAT | O_RDWR, 0600, NULL));
    put(queue, "12345", 0);
    put(queue, "678", 0);
    read_file("m/shown", text, sizeof(text));
    CHECK_TEXT(text, "QSIZE:8          NOTIFY:0     SIGNO:0     NOTIFY_PID:0     \n");
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    CHECK_OK(mq_notify(queue, &event));
    char expected[256];
    snprintf(expected, sizeof(expected),
             "QSIZE:8          NOTIFY:0     SIGNO:10    NOTIFY_PID:%-6d\n", getpid());
    read_file("m/shown", text, sizeof(text));
    CHECK_TEXT(text, expected);
    int fd = CHECK_OK(open("m/shown", O_RDWR));
    CHECK_EQUAL(messages_in(fd), 2);
    CHECK_OK(close(fd));
    CHECK_OK(unlink("m/shown"));
    CHECK_ERRNO(mq_open("/shown", O_RDWR), ENOENT);
    fd = CHECK_OK(open("m/made", O_CREAT | O_EXCL | O_RDWR, 0644));
    mqd_t by_name = CHECK_OK(mq_open("/made", O_RDWR));
    put(by_name, "x", 0);
    CHECK_EQUAL(messages_in(fd), 1);
    CHECK_ERRNO(mkdir("m/folder", 0755), EPERM);
    CHECK_ERRNO(rename("m/made", "m/other"), EPERM);
    CHECK_ERRNO(symlink("x", "m/link"), EPERM);
    CHECK_ERRNO(link("m/made", "m/hard"), EPERM);
    CHECK_OK(mq_unlink("/made"));
    CHECK_OK(close(fd));
    CHECK_OK(umount("m"));
}

TEST(limits_can_be_set)
{
    char text[32];
    static const struct {
        const char *name, *text;
    } files[] = {{"queues_max", "256\n"},
                 {"msg_max", "10\n"},
                 {"msgsize_max", "8192\n"},
                 {"msg_default", "10\n"},
                 {"msgsize_default", "8192\n"}};
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[64];
        snprintf(path, sizeof(path), "/proc/sys/fs/mqueue/%s", files[i].name);
        read_file(path, text, sizeof(text));
        CHECK_TEXT(text, files[i].text);
    }
    make_file("/proc/sys/fs/mqueue/msg_default", "5");
    struct mq_attr attributes;
    mqd_t queue = CHECK_OK(mq_open("/set", O_CREAT | O_RDWR, 0600, NULL));
    CHECK_OK(mq_unlink("/set"));
    CHECK_OK(mq_getattr(queue, &attributes));
    CHECK_EQUAL(attributes.mq_maxmsg, 5);
    make_file("/proc/sys/fs/mqueue/msg_default", "10");
    make_file("/proc/sys/fs/mqueue/queues_max", "1");
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(NOBODY);
        CHECK_ERRNO(mq_open("/more", O_CREAT | O_RDWR, 0600, NULL), ENOSPC);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    make_file("/proc/sys/fs/mqueue/queues_max", "256");
    int fd = CHECK_OK(open("/proc/sys/fs/mqueue/msg_max", O_WRONLY));
    CHECK_ERRNO(write(fd, "0", 1), EINVAL);
    CHECK_ERRNO(write(fd, "65537", 5), EINVAL);
}
