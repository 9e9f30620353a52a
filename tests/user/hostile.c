/*
 * What a program must not get away with: registers and numbers that only a kernel would fault on,
 * privilege that is kept, lent or looked up, and loads that would starve everybody else.
 */
#include "check.h"

#include <sched.h>
#include <sys/fsuid.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <ucontext.h>

struct capability_header {
    uint32_t version;
    int pid;
};

struct capability_data {
    uint32_t effective, permitted, inheritable;
};

enum {
    CAPABILITY_VERSION_3 = 0x20080522,
    CAP_SETPCAP = 8,
    OTHER_USER = 4711,
    MANY_ARGUMENTS = 560000,
};

static void capabilities_get(struct capability_data data[2])
{
    struct capability_header header = {CAPABILITY_VERSION_3, 0};
    CHECK_OK(syscall(SYS_capget, &header, data));
}

static long capabilities_set(const struct capability_data data[2])
{
    struct capability_header header = {CAPABILITY_VERSION_3, 0};
    return syscall(SYS_capset, &header, data);
}

/* ---- clone ----------------------------------------------------------------------------------- */

static long clone_raw(unsigned long flags, unsigned long tls)
{
    return syscall(SYS_clone, flags, NULL, NULL, NULL, tls);
}

TEST(a_thread_pointer_outside_of_user_memory_is_refused)
{
    static const unsigned long bases[] = {0x8000000000000000UL, ~0UL, 0xffffffff80000000UL};
    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        CHECK_ERRNO(clone_raw(CLONE_SETTLS | SIGCHLD, bases[i]), EPERM);
    }
}

TEST(an_exit_signal_that_is_none_sends_nothing)
{
    for (unsigned long signal = 65; signal <= 255; signal += 38) {
        long child = CHECK_OK(clone_raw(signal, 0));
        if (child == 0) {
            _exit(3);
        }
        int status;
        CHECK_EQUAL(waitpid((pid_t)child, &status, __WALL), child);
        CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3);
    }
}

/* ---- exec ------------------------------------------------------------------------------------ */

int check_reexec(int argc, char **argv)
{
    if (strcmp(argv[1], "@personality") == 0) {
        return (personality(0xffffffff) & ADDR_NO_RANDOMIZE) != 0;
    }
    if (strcmp(argv[1], "@dumpable") == 0) {
        return prctl(PR_GET_DUMPABLE);
    }
    if (strcmp(argv[1], "@count") == 0) {
        return argc == 2 + MANY_ARGUMENTS ? 0 : 1;
    }
    if (strcmp(argv[1], "@effective") == 0) {
        return geteuid() == NOBODY;
    }
    return argc == 2 && strcmp(argv[1], "@nothing") == 0 ? 0 : 1;
}

static void copy_self(const char *name, mode_t mode)
{
    char buffer[PAGE];
    ssize_t count;
    int from = CHECK_OK(open("/proc/self/exe", O_RDONLY));
    int to = CHECK_OK(open(name, O_WRONLY | O_CREAT, 0700));
    while ((count = CHECK_OK(read(from, buffer, sizeof(buffer)))) > 0) {
        CHECK_EQUAL(write(to, buffer, (size_t)count), count);
    }
    CHECK_OK(fchmod(to, mode));
    CHECK_OK(close(from));
    CHECK_OK(close(to));
}

TEST(after_exec_an_end_is_told_by_sigchld)
{
    int ends[2];
    char byte;
    copy_self("program", 0755);
    CHECK_OK(pipe2(ends, O_CLOEXEC));
    long child = CHECK_OK(clone_raw(0, 0));
    if (child == 0) {
        execl("./program", "program", "@nothing", NULL);
        _exit(1);
    }
    CHECK_OK(close(ends[1]));
    CHECK_EQUAL(read(ends[0], &byte, 1), 0); /* the child's end is closed by its execve */
    CHECK_EXITED((pid_t)child, 0);           /* without __WALL: it is an ordinary child now */
}

TEST(a_set_id_program_is_random_all_the_same)
{
    copy_self("secure", 04755);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(OTHER_USER);
        CHECK_OK(personality(ADDR_NO_RANDOMIZE));
        execl("./secure", "secure", "@personality", NULL);
        _exit(2);
    }
    CHECK_EXITED(child, 0);
}

/* Their pointers alone take more than 4 MiB. */
TEST(half_a_million_arguments_arrive)
{
    char **arguments = map_pages((MANY_ARGUMENTS + 3) * sizeof(char *) / PAGE + 1);
    arguments[0] = "program";
    arguments[1] = "@count";
    for (int i = 0; i < MANY_ARGUMENTS; i++) {
        arguments[2 + i] = "";
    }
    CHECK_OK(setrlimit(RLIMIT_STACK, &(struct rlimit){64UL << 20, RLIM_INFINITY}));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        execv("/proc/self/exe", arguments);
        _exit(2);
    }
    CHECK_EXITED(child, 0);
}

static int dumpable_as_user(const char *program)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(OTHER_USER);
        execl(program, "program", "@dumpable", NULL);
        _exit(2);
    }
    return WEXITSTATUS(check_wait(child, __FILE__, __LINE__));
}

TEST(a_program_that_cannot_be_read_cannot_be_looked_into)
{
    copy_self("open", 0755);
    copy_self("closed", 0711);
    CHECK_EQUAL(dumpable_as_user("./open"), 1);
    CHECK_EQUAL(dumpable_as_user("./closed"), 0);
}

static int effective_with(unsigned long flags)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        become_user(OTHER_USER);
        long grandchild = CHECK_OK(clone_raw(flags | SIGCHLD, 0));
        if (grandchild == 0) {
            execl("./secure", "secure", "@effective", NULL);
            _exit(2);
        }
        int status;
        CHECK_EQUAL(waitpid((pid_t)grandchild, &status, 0), grandchild);
        _exit(WEXITSTATUS(status));
    }
    return WEXITSTATUS(check_wait(child, __FILE__, __LINE__));
}

TEST(a_shared_directory_gives_no_rights)
{
    copy_self("secure", 0755);
    CHECK_OK(chown("secure", NOBODY, NOBODY));
    CHECK_OK(chmod("secure", 04755));
    CHECK_EQUAL(effective_with(0), 1);
    CHECK_EQUAL(effective_with(CLONE_FS), 0);
}

/* ---- registers ------------------------------------------------------------------------------- */

static unsigned long bad_register;
static bool is_stack;

static void spoil_context(int signal, siginfo_t *info, void *context)
{
    ucontext_t *user = context;
    (void)signal;
    (void)info;
    user->uc_mcontext.gregs[is_stack ? REG_RSP : REG_RIP] = (greg_t)bad_register;
}

static void return_into(void)
{
    sigaction(SIGUSR1, &(struct sigaction){.sa_sigaction = spoil_context, .sa_flags = SA_SIGINFO},
              NULL);
    raise(SIGUSR1);
    __asm__ volatile("pushq $0\n\tpopq %%rax" : : : "rax", "memory");
    _exit(0);
}

TEST(returning_to_a_bad_address_kills_the_program_alone)
{
    static const unsigned long values[] = {0x800000000000UL, 0x8000000000000000UL,
                                           0xffffffff80000000UL, ~0UL, 0};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        bad_register = values[i];
        is_stack = false;
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            return_into();
        }
        CHECK_KILLED(child, SIGSEGV);
    }
}

TEST(returning_to_a_bad_stack_kills_the_program_alone)
{
    static const unsigned long values[] = {0x8000000000000000UL, 0xffffffff80000000UL, 8};
    for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
        bad_register = values[i];
        is_stack = true;
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            return_into();
        }
        int status = check_wait(child, __FILE__, __LINE__);
        CHECK(WIFSIGNALED(status) && (WTERMSIG(status) == SIGSEGV || WTERMSIG(status) == SIGBUS));
    }
}

static unsigned char *stack_bottom;

static void nested(int signal)
{
    if (signal != SIGUSR1) {
        return;
    }
    /* Near the lower end of the alternate stack: no frame fits below. */
    unsigned char here;
    size_t left = (size_t)(&here - stack_bottom) - 700;
    volatile unsigned char *room = __builtin_alloca(left);
    room[0] = 1;
    raise(SIGUSR2);
    room[1] = 1;
}

static void overrun_alternate_stack(void)
{
    unsigned char *pages = map_pages(8);
    stack_bottom = pages + 4 * PAGE;
    CHECK_OK(sigaltstack(&(stack_t){.ss_sp = stack_bottom, .ss_size = 4 * PAGE}, NULL));
    const struct sigaction action = {.sa_handler = nested, .sa_flags = SA_ONSTACK};
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    CHECK_OK(sigaction(SIGUSR2, &action, NULL));
    raise(SIGUSR1);
}

TEST(a_frame_does_not_run_over_the_end_of_the_alternate_stack)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        overrun_alternate_stack();
        _exit(0);
    }
    CHECK_KILLED(child, SIGSEGV);
}

/* ---- signals and timers ------------------------------------------------------------------------ */

TEST(signalling_everybody_skips_whom_one_may_not_signal)
{
    become_user(OTHER_USER);
    CHECK_EQUAL(kill(-1, 0), 0);
}

TEST(a_bad_signal_number_is_found_after_the_process)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    CHECK_ERRNO(kill(child, 999), ESRCH);
    CHECK_ERRNO(kill(getpid(), 999), EINVAL);
    CHECK_ERRNO(kill(getpid(), -1), EINVAL);
    CHECK_ERRNO(syscall(SYS_tkill, child, 999), ESRCH);
    CHECK_ERRNO(syscall(SYS_tkill, getpid(), 999), EINVAL);
}

static void do_nothing(int signal)
{
    (void)signal;
}

TEST(the_upper_half_of_a_calls_number_does_not_hide_an_interruption)
{
    long result = 0xffffffff00000000L | SYS_pause;
    CHECK_OK(sigaction(SIGALRM, &(struct sigaction){.sa_handler = do_nothing}, NULL));
    CHECK_OK(setitimer(ITIMER_REAL, &(struct itimerval){{0, 50000}, {0, 50000}}, NULL));
    __asm__ volatile("syscall" : "+a"(result) : : "rcx", "r11", "memory");
    CHECK_EQUAL(result, -EINTR);
}

TEST(a_timer_of_a_microsecond_leaves_time_for_others)
{
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGALRM);
    CHECK_OK(sigprocmask(SIG_BLOCK, &blocked, NULL));
    CHECK_OK(setitimer(ITIMER_REAL, &(struct itimerval){{0, 1}, {0, 1}}, NULL));
    for (int i = 0; i < 50; i++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            _exit(0);
        }
        CHECK_EXITED(child, 0);
    }
}

/* ---- privilege ---------------------------------------------------------------------------------- */

TEST(a_change_of_user_makes_undumpable_and_forgets_the_death_signal)
{
    int signal = -1;
    CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGUSR1));
    CHECK_EQUAL(prctl(PR_GET_DUMPABLE), 1);
    CHECK_OK(syscall(SYS_setresuid, OTHER_USER, OTHER_USER, OTHER_USER));
    CHECK_EQUAL(prctl(PR_GET_DUMPABLE), 0);
    CHECK_OK(prctl(PR_GET_PDEATHSIG, &signal));
    CHECK_EQUAL(signal, 0);
}

TEST(rights_over_files_follow_the_file_id)
{
    make_file("secret", "x");
    CHECK_OK(chmod("secret", 0600));
    setfsuid(OTHER_USER);
    CHECK_ERRNO(open("secret", O_RDONLY), EACCES);
    setfsuid(0);
    CHECK_OK(open("secret", O_RDONLY));
}

TEST(a_right_that_is_not_permitted_is_not_made_inheritable)
{
    struct capability_data data[2], wanted[2];
    capabilities_get(data);
    memcpy(wanted, data, sizeof(wanted));
    wanted[0].permitted = wanted[0].effective = 1; /* CAP_CHOWN alone */
    wanted[1].permitted = wanted[1].effective = 0;
    wanted[0].inheritable = wanted[1].inheritable = 0;
    CHECK_OK(capabilities_set(wanted));
    wanted[0].inheritable = 1;
    CHECK_OK(capabilities_set(wanted));
    wanted[0].inheritable = 1U << CAP_SETPCAP;
    CHECK_ERRNO(capabilities_set(wanted), EPERM);
}

TEST(access_asks_with_all_that_the_real_user_may)
{
    struct capability_data data[2];
    make_file("closed", "x");
    CHECK_OK(chmod("closed", 0));
    CHECK_OK(chown("closed", OTHER_USER, OTHER_USER));
    capabilities_get(data);
    data[0].effective = data[1].effective = 0;
    CHECK_OK(capabilities_set(data));
    CHECK_ERRNO(open("closed", O_RDONLY), EACCES);
    CHECK_OK(access("closed", R_OK | W_OK));
}

TEST(nobody_raises_descriptors_beyond_what_a_table_holds)
{
    const struct rlimit high = {1024, (1UL << 20) + 1};
    CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &high), EPERM);
    CHECK_ERRNO(setrlimit(RLIMIT_NOFILE, &(struct rlimit){RLIM_INFINITY, RLIM_INFINITY}), EPERM);
    CHECK_OK(setrlimit(RLIMIT_NOFILE, &(struct rlimit){1UL << 20, 1UL << 20}));
    CHECK_EQUAL(fcntl(0, F_DUPFD, 3000), 3000);
    CHECK_EQUAL(dup2(0, 200000), 200000);
    CHECK_EQUAL(fcntl(200000, F_GETFD), 0);
    CHECK_ERRNO(fcntl(199999, F_GETFD), EBADF);
}

TEST(sendfile_stops_at_the_size_limit)
{
    char bytes[300] = {0};
    int in = make_open_file("in");
    int out = make_open_file("out");
    CHECK_EQUAL(write(in, bytes, sizeof(bytes)), sizeof(bytes));
    signal(SIGXFSZ, SIG_IGN);
    CHECK_OK(setrlimit(RLIMIT_FSIZE, &(struct rlimit){100, RLIM_INFINITY}));
    off_t place = 0;
    CHECK_EQUAL(syscall(SYS_sendfile, out, in, &place, sizeof(bytes)), 100);
    CHECK_ERRNO(syscall(SYS_sendfile, out, in, &place, sizeof(bytes)), EFBIG);
}

/* ---- what /proc tells ---------------------------------------------------------------------------- */

/* Field of /proc/<pid>/stat, from 1 on. */
static unsigned long long stat_field(const char *path, int field)
{
    char text[1024];
    read_file(path, text, sizeof(text));
    char *place = strrchr(text, ')') + 2;
    for (int i = 3; i < field; i++) {
        place = strchr(place, ' ') + 1;
    }
    return strtoull(place, NULL, 10);
}

TEST(addresses_of_others_are_not_shown)
{
    CHECK(stat_field("/proc/1/stat", 26) > PAGE);
    become_user(OTHER_USER);
    CHECK_EQUAL(stat_field("/proc/1/stat", 26), 1);
    CHECK_EQUAL(stat_field("/proc/1/stat", 27), 1);
    CHECK_EQUAL(stat_field("/proc/1/stat", 28), 0);
    CHECK_EQUAL(stat_field("/proc/1/stat", 45), 0);
    CHECK_EQUAL(stat_field("/proc/1/stat", 48), 0);
    CHECK_EQUAL(stat_field("/proc/1/stat", 52), 0);
}

TEST(root_without_rights_does_not_look_into_one_with_them)
{
    struct capability_data none[2] = {{0}};
    char link[64];
    CHECK_OK(close(open("/proc/1/environ", O_RDONLY)));
    CHECK_OK(capabilities_set(none));
    CHECK_ERRNO(open("/proc/1/environ", O_RDONLY), EACCES);
    CHECK_ERRNO(readlink("/proc/1/exe", link, sizeof(link)), EACCES);
    CHECK_OK(close(open("/proc/self/environ", O_RDONLY)));
}

static long write_adjustment(const char *text)
{
    int fd = CHECK_OK(open("/proc/self/oom_score_adj", O_WRONLY));
    long result = write(fd, text, strlen(text));
    int seen = errno;
    CHECK_OK(close(fd));
    errno = seen;
    return result;
}

static void adjust_as_user(void)
{
    become_user(OTHER_USER);
    CHECK_OK(prctl(PR_SET_DUMPABLE, 1)); /* else the file is root's */
    CHECK_EQUAL(write_adjustment("500"), 3);
    CHECK_EQUAL(write_adjustment("100\n"), 4);
    CHECK_ERRNO(write_adjustment("99"), EACCES);
    CHECK_ERRNO(write_adjustment("-1000"), EACCES);
    CHECK_ERRNO(write_adjustment("1001"), EINVAL);
    CHECK_ERRNO(write_adjustment("200x"), EINVAL);
}

TEST(only_root_is_exempted_from_the_lack_of_memory)
{
    CHECK_EQUAL(write_adjustment("100"), 3);
    CHECK_IN_CHILD(adjust_as_user);
    CHECK_EQUAL(write_adjustment("-1000"), 5);
    CHECK_EQUAL(write_adjustment("0"), 1);
}
