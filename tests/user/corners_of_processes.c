/*
 * Corners of processes, threads, timers, mounts and /proc: what test suites ask beside the usual way.
 */
#include "check.h"

#include <pthread.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/time.h>

static volatile int thread_number, thread_may_end;

static void *wait_in_thread(void *unused)
{
    thread_number = (int)syscall(SYS_gettid);
    while (!thread_may_end) {
        sleep_ms(5);
    }
    return unused;
}

static pthread_t start_thread(void)
{
    pthread_t thread;
    CHECK_EQUAL(pthread_create(&thread, NULL, wait_in_thread, NULL), 0);
    while (thread_number == 0) {
        sleep_ms(1);
    }
    return thread;
}

TEST(a_threads_number_stands_for_its_process)
{
    char path[64];
    pthread_t thread = start_thread();
    CHECK_OK(kill(thread_number, 0));
    CHECK_EQUAL(getpgid(thread_number), getpgid(0));
    CHECK_EQUAL(getsid(thread_number), getsid(0));
    CHECK_ERRNO(syscall(SYS_tgkill, thread_number, thread_number, 0), ESRCH);
    snprintf(path, sizeof(path), "/proc/%d/stat", thread_number);
    CHECK_OK(access(path, R_OK));
    thread_may_end = 1;
    pthread_join(thread, NULL);
}

TEST(threads_name_each_other)
{
    char path[64], text[32];
    pthread_t thread = start_thread();
    snprintf(path, sizeof(path), "/proc/self/task/%d/comm", thread_number);
    int fd = CHECK_OK(open(path, O_WRONLY));
    CHECK_EQUAL(write(fd, "other", 5), 5);
    read_file(path, text, sizeof(text));
    CHECK_TEXT(text, "other\n");
    thread_may_end = 1;
    pthread_join(thread, NULL);
}

TEST(small_answers)
{
    gid_t nobody = (gid_t)-1;
    struct timezone zone = {.tz_minuteswest = 10000};
    struct timespec short_time = {0, 1000};
    CHECK_ERRNO(setpgid(-1, 0), EINVAL);
    CHECK_EQUAL(syscall(SYS_sched_get_priority_max, 6 /* SCHED_DEADLINE */), 0);
    CHECK_ERRNO(syscall(SYS_setgroups, 1, &nobody), EINVAL);
    CHECK_ERRNO(syscall(SYS_settimeofday, NULL, &zone), EINVAL);
    CHECK_ERRNO(syscall(SYS_clock_nanosleep, CLOCK_THREAD_CPUTIME_ID, 0, &short_time, NULL),
                EOPNOTSUPP);
    CHECK_OK(kill(-1, 0));
}

TEST(prctl_tells_how_it_is)
{
    int number;
    void *place;
    CHECK_EQUAL(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 50000);
    CHECK_OK(prctl(PR_SET_TIMERSLACK, 100, 0, 0, 0));
    CHECK_EQUAL(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 100);
    CHECK_OK(prctl(PR_SET_TIMERSLACK, 0, 0, 0, 0));
    CHECK_EQUAL(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), 50000);
    CHECK_EQUAL(prctl(PR_GET_TIMING, 0, 0, 0, 0), PR_TIMING_STATISTICAL);
    CHECK_ERRNO(prctl(PR_SET_TIMING, 1, 0, 0, 0), EINVAL);
    CHECK_OK(prctl(PR_GET_TSC, &number, 0, 0, 0));
    CHECK_EQUAL(number, PR_TSC_ENABLE);
    CHECK_EQUAL(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
    CHECK_OK(prctl(PR_GET_TID_ADDRESS, &place, 0, 0, 0));
}

/* capset(2) with these words for the first 32 capabilities. */
static void set_capabilities(uint32_t effective, uint32_t permitted, uint32_t inheritable)
{
    uint32_t header[2] = {0x20080522, 0};
    uint32_t words[6] = {effective, permitted, inheritable, 0, 0, 0};
    CHECK_OK(syscall(SYS_capset, header, words));
}

TEST(ambient_capabilities_come_from_permitted_and_inheritable_ones)
{
    enum { KILL = 5, CHOWN = 0, IS_SET = 1, RAISE = 2, LOWER = 3, CLEAR = 4 };
    set_capabilities(1U << KILL, 1U << KILL | 1U << CHOWN, 1U << KILL);
    CHECK_OK(prctl(PR_CAP_AMBIENT, RAISE, KILL, 0, 0));
    CHECK_ERRNO(prctl(PR_CAP_AMBIENT, RAISE, CHOWN, 0, 0), EPERM);
    CHECK_EQUAL(prctl(PR_CAP_AMBIENT, IS_SET, KILL, 0, 0), 1);
    CHECK_OK(prctl(PR_CAP_AMBIENT, LOWER, KILL, 0, 0));
    CHECK_EQUAL(prctl(PR_CAP_AMBIENT, IS_SET, KILL, 0, 0), 0);
    CHECK_OK(prctl(PR_CAP_AMBIENT, RAISE, KILL, 0, 0));
    CHECK_OK(prctl(PR_CAP_AMBIENT, CLEAR, 0, 0, 0));
    CHECK_EQUAL(prctl(PR_CAP_AMBIENT, IS_SET, KILL, 0, 0), 0);
    CHECK_ERRNO(prctl(PR_CAP_AMBIENT, IS_SET, 64, 0, 0), EINVAL);
}

static volatile int signals_seen, overrun_seen;

static void note_timer(int signal, siginfo_t *info, void *context)
{
    (void)signal;
    (void)context;
    signals_seen++;
    overrun_seen = info->si_overrun;
}

TEST(a_timer_that_is_set_again_forgets_what_it_ran_over)
{
    timer_t timer;
    sigset_t blocked;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1};
    struct itimerspec often = {{0, 10000000}, {0, 10000000}}, off = {{0, 0}, {0, 0}};
    sigaction(SIGUSR1, &(struct sigaction){.sa_sigaction = note_timer, .sa_flags = SA_SIGINFO},
              NULL);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &blocked, NULL));
    CHECK_OK(timer_create(CLOCK_MONOTONIC, &event, &timer));
    CHECK_OK(timer_settime(timer, 0, &often, NULL));
    sleep_ms(100);
    CHECK_OK(timer_settime(timer, 0, &off, NULL));
    CHECK_OK(sigprocmask(SIG_UNBLOCK, &blocked, NULL));
    CHECK_EQUAL(signals_seen, 1);
    CHECK_EQUAL(overrun_seen, 0);
    CHECK_EQUAL(timer_getoverrun(timer), 0);
}

TEST(an_unused_mount_expires_when_asked_twice)
{
    CHECK_OK(mkdir("place", 0755));
    CHECK_OK(mount("t", "place", "tmpfs", 0, NULL));
    int fd = make_open_file("place/file");
    CHECK_ERRNO(umount2("place", MNT_EXPIRE), EBUSY);
    CHECK_OK(close(fd));
    CHECK_ERRNO(umount2("place", MNT_EXPIRE), EAGAIN);
    CHECK_OK(access("place/file", F_OK));
    CHECK_ERRNO(umount2("place", MNT_EXPIRE), EAGAIN);
    CHECK_OK(umount2("place", MNT_EXPIRE));
    CHECK_ERRNO(umount2("place", MNT_EXPIRE), EINVAL);
}

TEST(a_missing_place_is_missing_to_everybody)
{
    become_user(1000);
    CHECK_ERRNO(umount2("missing", 0), ENOENT);
    CHECK_ERRNO(umount2(".", 0), EPERM);
}

TEST(a_descriptor_is_described_in_proc)
{
    char path[64], text[256], expected[64];
    int fd = make_open_file("file");
    CHECK_OK(fcntl(fd, F_SETFD, FD_CLOEXEC));
    CHECK_OK(lseek(fd, 3, SEEK_SET));
    snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
    read_file(path, text, sizeof(text));
    snprintf(expected, sizeof(expected), "pos:\t3\nflags:\t0%o\nmnt_id:\t",
             (unsigned)fcntl(fd, F_GETFL) | O_CLOEXEC);
    text[strlen(expected)] = '\0';
    CHECK_TEXT(text, expected);
    CHECK_ERRNO(open("/proc/self/fdinfo/999", O_RDONLY), ENOENT);
}

TEST(settings_can_be_read)
{
    static const struct {
        const char *path, *text;
    } rows[] = {
        {"/proc/sys/fs/nr_open", "1048576\n"},
        {"/proc/sys/fs/pipe-max-size", "1048576\n"},
        {"/proc/sys/vm/max_map_count", "65530\n"},
        {"/proc/sys/vm/mmap_min_addr", "65536\n"},
        {"/proc/sys/kernel/overflowuid", "65534\n"},
        {"/proc/sys/fs/suid_dumpable", "0\n"},
        {"/proc/sys/kernel/domainname", "(none)\n"},
        {"/proc/self/setgroups", "allow\n"},
        {"/proc/sys/kernel/randomize_va_space", "2\n"},
        {"/proc/sys/kernel/shm_rmid_forced", "0\n"},
        {"/proc/sys/fs/pipe-user-pages-hard", "0\n"},
        {"/proc/sys/vm/nr_hugepages", "0\n"},
        {"/proc/sys/vm/swappiness", "60\n"},
        {"/proc/self/sessionid", "4294967295"},
        {"/proc/self/uid_map", "         0          0 4294967295\n"},
    };
    char text[64];
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        read_file(rows[i].path, text, sizeof(text));
        CHECK_TEXT(text, rows[i].text);
    }
}

TEST(a_setting_is_told_as_it_was_written)
{
    char text[64], number[32];
    make_file("/proc/sys/vm/swappiness", "10\n");
    read_file("/proc/sys/vm/swappiness", text, sizeof(text));
    make_file("/proc/sys/vm/swappiness", "60\n");
    CHECK_TEXT(text, "10\n");
    int fd = CHECK_OK(open("/proc/sys/vm/swappiness", O_WRONLY));
    CHECK_ERRNO(write(fd, "201\n", 4), EINVAL);
    CHECK_ERRNO(write(fd, "x\n", 2), EINVAL);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(0);
    }
    read_file("/proc/sys/kernel/ns_last_pid", text, sizeof(text));
    snprintf(number, sizeof(number), "%d\n", child);
    CHECK_EXITED(child, 0);
    CHECK_TEXT(text, number);
    read_file("/proc/cgroups", text, sizeof(text));
    CHECK_EQUAL(strncmp(text, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n", 43), 0);
}

static void note_alarm(int signal)
{
    (void)signal;
}

TEST(reading_the_log_waits_for_more)
{
    char text[4096];
    long count;
    const struct itimerval soon = {{0, 0}, {0, 100000}};
    sigaction(SIGALRM, &(struct sigaction){.sa_handler = note_alarm}, NULL);
    do {
        CHECK_OK(setitimer(ITIMER_REAL, &soon, NULL));
        count = syscall(SYS_syslog, 2 /* SYSLOG_ACTION_READ */, text, sizeof(text));
    } while (count > 0);
    CHECK_EQUAL(count, -1);
    CHECK_EQUAL(errno, EINTR);
}

TEST(status_tells_where_a_process_may_run)
{
    static char text[8192];
    read_file("/proc/self/status", text, sizeof(text));
    CHECK(strstr(text, "\nCpus_allowed:\t") != NULL);
    CHECK(strstr(text, "\nCpus_allowed_list:\t0") != NULL);
    CHECK(strstr(text, "\nSigQ:\t0/") != NULL);
    CHECK(strstr(text, "\nSeccomp:\t0\n") != NULL);
}

static void check_wishes(int huge_pages, int failures)
{
    CHECK_EQUAL(prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0), huge_pages);
    CHECK_EQUAL(prctl(PR_MCE_KILL_GET, 0, 0, 0, 0), failures);
}

TEST(wishes_are_kept_and_inherited)
{
    check_wishes(0, PR_MCE_KILL_DEFAULT);
    CHECK_OK(prctl(PR_SET_THP_DISABLE, 5, 0, 0, 0));
    CHECK_OK(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
    check_wishes(1, PR_MCE_KILL_EARLY);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        check_wishes(1, PR_MCE_KILL_EARLY);
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_OK(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_LATE, 0, 0));
    CHECK_OK(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0));
    check_wishes(0, PR_MCE_KILL_LATE);
    CHECK_OK(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 0, 0, 0));
    check_wishes(0, PR_MCE_KILL_DEFAULT);
    CHECK_ERRNO(prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0), EINVAL);
    CHECK_ERRNO(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0), EINVAL);
    CHECK_ERRNO(prctl(PR_MCE_KILL, PR_MCE_KILL_CLEAR, 1, 0, 0), EINVAL);
    CHECK_ERRNO(prctl(PR_MCE_KILL, PR_MCE_KILL_SET, 3, 0, 0), EINVAL);
    CHECK_ERRNO(prctl(PR_MCE_KILL, 2, 0, 0, 0), EINVAL);
    CHECK_ERRNO(prctl(PR_MCE_KILL_GET, 1, 0, 0, 0), EINVAL);
    CHECK_OK(prctl(PR_TASK_PERF_EVENTS_DISABLE, 0, 0, 0, 0));
    CHECK_OK(prctl(PR_TASK_PERF_EVENTS_ENABLE, 0, 0, 0, 0));
}

TEST(only_who_may_writes_back_for_all)
{
    CHECK_EQUAL(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0), 0);
    CHECK_OK(prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0));
    CHECK_EQUAL(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0), 1);
    CHECK_ERRNO(prctl(PR_SET_IO_FLUSHER, 2, 0, 0, 0), EINVAL);
    CHECK_ERRNO(prctl(PR_GET_IO_FLUSHER, 1, 0, 0, 0), EINVAL);
    become_user(NOBODY);
    CHECK_ERRNO(prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0), EPERM);
    CHECK_ERRNO(prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0), EPERM);
}

TEST(what_the_cpu_guesses_can_be_asked)
{
    CHECK(prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, 0, 0, 0) >= 0);
    CHECK(prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH, 0, 0, 0) >= 0);
    CHECK_ERRNO(prctl(PR_GET_SPECULATION_CTRL, 3, 0, 0, 0), ENODEV);
    CHECK_ERRNO(prctl(PR_GET_SPECULATION_CTRL, 0, 1, 0, 0), EINVAL);
    CHECK_ERRNO(prctl(PR_SET_SPECULATION_CTRL, 3, PR_SPEC_ENABLE, 0, 0), ENODEV);
    CHECK_ERRNO(prctl(PR_SET_SPECULATION_CTRL, PR_SPEC_STORE_BYPASS, PR_SPEC_DISABLE, 0, 0), ENXIO);
    CHECK_EQUAL(syscall(SYS_arch_prctl, 0x1011, 0), 1);
    CHECK_OK(prctl(PR_SET_SYSCALL_USER_DISPATCH, 0, 0, 0, 0));
}
