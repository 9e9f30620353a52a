/*
 * fork and clone: what a child has of its own, what it shares, what it is told.
 */
#include "check.h"

#include <sched.h>
#include <sys/resource.h>

static long raw_clone(unsigned long flags, void *stack, int *parent_tid, int *child_tid)
{
    return syscall(SYS_clone, flags, stack, parent_tid, child_tid, 0);
}

TEST(a_child_has_its_own_memory)
{
    int *shared =
        CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    int *private = map_pages(1);
    *shared = *private = 1;
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        CHECK_EQUAL(*private, 1);
        *shared = *private = 2;
        _exit(0);
    }
    CHECK_EXITED(pid, 0);
    CHECK_EQUAL(*shared, 2);
    CHECK_EQUAL(*private, 1);
}

TEST(a_child_knows_its_parent_and_number)
{
    pid_t parent = getpid();
    int numbers[2];
    CHECK_OK(pipe(numbers));
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        pid_t own = getpid();
        CHECK_EQUAL(getppid(), parent);
        CHECK_EQUAL(syscall(SYS_gettid), own);
        CHECK_EQUAL(write(numbers[1], &own, sizeof(own)), sizeof(own));
        _exit(0);
    }
    pid_t seen;
    CHECK_EQUAL(read(numbers[0], &seen, sizeof(seen)), sizeof(seen));
    CHECK_EQUAL(seen, pid);
    CHECK_EXITED(pid, 0);
}

TEST(descriptors_are_copied_but_files_are_shared)
{
    make_file("f", "abcdef");
    int fd = CHECK_OK(open("f", O_RDONLY));
    char byte;
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        CHECK_EQUAL(read(fd, &byte, 1), 1);
        CHECK_OK(close(fd));
        _exit(0);
    }
    CHECK_EXITED(pid, 0);
    CHECK_EQUAL(read(fd, &byte, 1), 1);
    CHECK_EQUAL(byte, 'b');
}

TEST(directory_and_mask_are_copied)
{
    char before[PATH_MAX], after[PATH_MAX];
    CHECK(getcwd(before, sizeof(before)) != NULL);
    umask(027);
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        CHECK_EQUAL(umask(0), 027);
        CHECK_OK(chdir("/"));
        _exit(0);
    }
    CHECK_EXITED(pid, 0);
    CHECK_EQUAL(umask(022), 027);
    CHECK(getcwd(after, sizeof(after)) != NULL);
    CHECK_TEXT(after, before);
}

TEST(clone_with_fs_shares_directory_and_mask)
{
    umask(022);
    long pid = raw_clone(CLONE_FS | SIGCHLD, NULL, NULL, NULL);
    if (pid == 0) {
        umask(077);
        _exit(chdir("/"));
    }
    CHECK_EXITED((pid_t)CHECK_OK(pid), 0);
    char text[PATH_MAX];
    CHECK(getcwd(text, sizeof(text)) != NULL);
    CHECK_TEXT(text, "/");
    CHECK_EQUAL(umask(022), 077);
}

TEST(clone_with_files_shares_the_table)
{
    long pid = raw_clone(CLONE_FILES | SIGCHLD, NULL, NULL, NULL);
    if (pid == 0) {
        _exit(dup2(0, 77) == 77 ? 0 : 1);
    }
    CHECK_EXITED((pid_t)CHECK_OK(pid), 0);
    CHECK_EQUAL(fcntl(77, F_GETFD), 0);
}

TEST(clone_writes_thread_numbers)
{
    int parent_tid = 0, child_tid = 0;
    long pid = raw_clone(CLONE_PARENT_SETTID | CLONE_CHILD_SETTID | SIGCHLD, NULL, &parent_tid,
                         &child_tid);
    if (pid == 0) {
        _exit(child_tid == getpid() ? 0 : 1);
    }
    CHECK_EQUAL(parent_tid, CHECK_OK(pid));
    CHECK_EQUAL(child_tid, 0);
    CHECK_EXITED((pid_t)pid, 0);
}

TEST(clone_clears_the_tid_word_where_memory_is_shared)
{
    static volatile int word = 7;
    static char stack[65536] __attribute__((aligned(16)));
    volatile int *gone = &word;
    pid_t pid =
        clone((int (*)(void *))(void *)_exit, stack + sizeof(stack),
              CLONE_VM | CLONE_VFORK | CLONE_CHILD_CLEARTID | SIGCHLD, NULL, NULL, NULL, &word);
    CHECK_OK(pid);
    CHECK_EXITED(pid, 0);
    CHECK_EQUAL(*gone, 0);
}

TEST(bad_clone_flags_are_refused)
{
    CHECK_ERRNO(raw_clone(CLONE_SIGHAND | SIGCHLD, NULL, NULL, NULL), EINVAL);
    CHECK_ERRNO(raw_clone(CLONE_THREAD | CLONE_VM | SIGCHLD, NULL, NULL, NULL), EINVAL);
    CHECK_ERRNO(raw_clone(CLONE_NEWNS | CLONE_FS | SIGCHLD, NULL, NULL, NULL), EINVAL);
}

static long raw_clone3(uint64_t flags, uint64_t exit_signal, uint64_t stack, uint64_t stack_bytes)
{
    const uint64_t arguments[8] = {[0] = flags, [4] = exit_signal, [5] = stack, [6] = stack_bytes};
    return syscall(SYS_clone3, arguments, sizeof(arguments));
}

TEST(clone3_refuses_what_clone_passes_over)
{
    const uint64_t clear_handlers = 1UL << 32;
    CHECK_ERRNO(raw_clone3(1UL << 40, SIGCHLD, 0, 0), EINVAL);
    CHECK_ERRNO(raw_clone3(CLONE_VM | CLONE_SIGHAND | clear_handlers, SIGCHLD, 0, 0), EINVAL);
    CHECK_ERRNO(raw_clone3(0, 65, 0, 0), EINVAL);
    CHECK_ERRNO(raw_clone3(0, SIGCHLD, PAGE, 0), EINVAL);
    CHECK_ERRNO(raw_clone3(CLONE_VM, SIGCHLD, (uintptr_t)KERNEL_ADDRESS, PAGE), EINVAL);
    CHECK_ERRNO(raw_clone3(CLONE_VM, SIGCHLD, PAGE, UINT64_MAX), EINVAL);
    signal(SIGUSR1, SIG_IGN);
    signal(SIGUSR2, (void (*)(int))(uintptr_t)_exit);
    long child = CHECK_OK(raw_clone3(clear_handlers, SIGCHLD, 0, 0));
    if (child == 0) {
        struct sigaction ignored, handled;
        sigaction(SIGUSR1, NULL, &ignored);
        sigaction(SIGUSR2, NULL, &handled);
        _exit(ignored.sa_handler == SIG_IGN && handled.sa_handler == SIG_DFL ? 0 : 1);
    }
    CHECK_EXITED((pid_t)child, 0);
}

TEST(a_parent_that_dies_leaves_its_child_to_init)
{
    int ends[2];
    CHECK_OK(pipe(ends));
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        if (fork() == 0) {
            for (int i = 0; i < 400 && getppid() != 1; i++) {
                sleep_ms(5);
            }
            pid_t parent = getppid();
            CHECK_EQUAL(write(ends[1], &parent, sizeof(parent)), sizeof(parent));
        }
        _exit(0);
    }
    CHECK_EXITED(pid, 0);
    pid_t parent;
    CHECK_EQUAL(read(ends[0], &parent, sizeof(parent)), sizeof(parent));
    CHECK_EQUAL(parent, 1);
}

TEST(pending_signals_are_not_inherited)
{
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_OK(raise(SIGUSR1));
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        CHECK_OK(sigpending(&pending));
        CHECK(!sigismember(&pending, SIGUSR1));
        CHECK_OK(sigprocmask(SIG_BLOCK, NULL, &set));
        CHECK(sigismember(&set, SIGUSR1));
        _exit(0);
    }
    CHECK_EXITED(pid, 0);
    CHECK_OK(sigpending(&pending));
    CHECK(sigismember(&pending, SIGUSR1));
}

TEST(the_process_limit_holds_for_ordinary_users)
{
    struct rlimit limit = {1, 1};
    become_user(NOBODY);
    CHECK_OK(setrlimit(RLIMIT_NPROC, &limit));
    CHECK_ERRNO(fork(), EAGAIN);
}

TEST(a_thousand_children_come_and_go)
{
    for (int i = 0; i < 1000; i++) {
        pid_t pid = CHECK_OK(fork());
        if (pid == 0) {
            _exit(i & 0x3f);
        }
        CHECK_EXITED(pid, i & 0x3f);
    }
}

TEST(many_children_live_at_once)
{
    enum { COUNT = 200 };
    int gate[2];
    pid_t pids[COUNT];
    char byte;
    CHECK_OK(pipe(gate));
    for (int i = 0; i < COUNT; i++) {
        pids[i] = CHECK_OK(fork());
        if (pids[i] == 0) {
            close(gate[1]);
            _exit((int)read(gate[0], &byte, 1));
        }
    }
    CHECK_OK(close(gate[1]));
    for (int i = 0; i < COUNT; i++) {
        CHECK_EXITED(pids[i], 0);
    }
}
