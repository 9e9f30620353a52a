/*
 * Other processes' memory and what two tasks share: process_vm_readv, process_vm_writev, kcmp, and the files of /proc that show memory.
 */
#include "check.h"

#include <pthread.h>
#include <sys/prctl.h>
#include <sys/uio.h>

enum { PAGES = 8, NO_ACCESS = 4, READ_ONLY = 5, GONE = 6, NOBODY_THERE = 99999 };
enum { KCMP_FILE, KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND, KCMP_IO };

static char *remote, local[20000];

static ssize_t fetch(pid_t pid, void *to, size_t bytes, void *from, size_t wanted)
{
    struct iovec here = {to, bytes}, there = {from, wanted};
    return process_vm_readv(pid, &here, 1, &there, 1, 0);
}

static ssize_t store(pid_t pid, void *from, size_t bytes, void *to, size_t wanted)
{
    struct iovec here = {from, bytes}, there = {to, wanted};
    return process_vm_writev(pid, &here, 1, &there, 1, 0);
}

static long compare(pid_t first, pid_t second, int type, long first_fd, long second_fd)
{
    return syscall(SYS_kcmp, first, second, type, first_fd, second_fd);
}

/* A child that waits, of this user, with pages of each kind. */
static pid_t make_child(uid_t user)
{
    int ready[2];
    char byte;
    remote = map_pages(PAGES);
    for (int i = 0; i < PAGES * PAGE; i++) {
        remote[i] = (char)(i * 7 + i / 253);
    }
    CHECK_OK(pipe(ready));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        if (user != 0) {
            become_user(user);
        }
        CHECK_OK(prctl(PR_SET_DUMPABLE, 1));
        CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGKILL));
        CHECK_OK(mprotect(remote + NO_ACCESS * PAGE, PAGE, PROT_NONE));
        CHECK_OK(mprotect(remote + READ_ONLY * PAGE, PAGE, PROT_READ));
        CHECK_OK(munmap(remote + GONE * PAGE, PAGE));
        CHECK_EQUAL(write(ready[1], "x", 1), 1);
        for (;;) {
            pause();
        }
    }
    CHECK_EQUAL(read(ready[0], &byte, 1), 1);
    return child;
}

static void end_child(pid_t child)
{
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
}

/* ---- memory -------------------------------------------------------------------------------------- */

TEST(bytes_are_gathered_there_and_scattered_here)
{
    pid_t child = make_child(0);
    struct iovec here[] = {{local, 10}, {local + 10, 5000}, {local + 5010, 3}};
    struct iovec there[] = {{remote + 100, 3000}, {remote, 0}, {remote + 9000, 4000}};
    CHECK_EQUAL(process_vm_readv(child, here, 3, there, 3, 0), 5013);
    CHECK(memcmp(local, remote + 100, 3000) == 0 && memcmp(local + 3000, remote + 9000, 2013) == 0);
    memset(local, 'w', 5013);
    CHECK_EQUAL(process_vm_writev(child, here, 3, there, 3, 0), 5013);
    CHECK_EQUAL(fetch(child, local + 6000, 3001, remote + 99, 3001), 3001);
    CHECK(local[6000] == remote[99] && memcmp(local + 6001, local, 3000) == 0);
    CHECK(remote[100] != 'w' || remote[101] != 'w');
    end_child(child);
}

TEST(what_can_be_moved_before_bad_memory_is_moved)
{
    pid_t child = make_child(0);
    char *edge = edge_of_memory(96);
    CHECK_EQUAL(fetch(child, local, 20000, remote + NO_ACCESS * PAGE - 4000, 20000), 4000);
    CHECK_ERRNO(fetch(child, local, 10, remote + NO_ACCESS * PAGE, 10), EFAULT);
    CHECK_ERRNO(fetch(child, local, 10, remote + GONE * PAGE, 10), EFAULT);
    CHECK_ERRNO(fetch(child, local, 10, KERNEL_ADDRESS, 10), EFAULT);
    CHECK_EQUAL(fetch(child, local, 20000, remote + READ_ONLY * PAGE, 5000), PAGE);
    CHECK_ERRNO(store(child, local, 10, remote + READ_ONLY * PAGE, 10), EFAULT);
    CHECK_EQUAL(fetch(child, edge, 200, remote, 200), 96);
    CHECK_EQUAL(store(child, edge, 200, remote, 200), 96);
    CHECK_ERRNO(fetch(child, unmapped_address(), 10, remote, 10), EFAULT);
    CHECK_ERRNO(store(child, unmapped_address(), 10, remote, 10), EFAULT);
    end_child(child);
}

TEST(the_vectors_are_checked_before_the_process)
{
    struct iovec good = {local, 10}, none = {local, 0}, negative = {local, (size_t)-1};
    struct iovec kernel = {KERNEL_ADDRESS, 10};
    pid_t pid = NOBODY_THERE;
    CHECK_ERRNO(process_vm_readv(pid, &good, 1, &good, 1, 0), ESRCH);
    CHECK_ERRNO(process_vm_readv(-1, &good, 1, &good, 1, 0), ESRCH);
    CHECK_ERRNO(process_vm_readv(pid, &good, 1, &good, 1, 1), EINVAL);
    CHECK_ERRNO(process_vm_readv(pid, &good, 1025, &good, 1, 0), EINVAL);
    CHECK_ERRNO(process_vm_readv(pid, &good, 1, &good, 1025, 0), EINVAL);
    CHECK_ERRNO(process_vm_readv(pid, &negative, 1, &good, 1, 0), EINVAL);
    CHECK_ERRNO(process_vm_readv(pid, &good, 1, &negative, 1, 0), EINVAL);
    CHECK_ERRNO(process_vm_readv(pid, &kernel, 1, &good, 1, 0), EFAULT);
    CHECK_ERRNO(process_vm_readv(pid, &good, 1, NULL, 1, 0), EFAULT);
    CHECK_EQUAL(process_vm_readv(pid, &none, 1, NULL, 1, 0), 0);
    CHECK_EQUAL(process_vm_readv(pid, &good, 1, &none, 1, 0), 0);
    CHECK_EQUAL(process_vm_readv(pid, &good, 0, &good, 1, 0), 0);
}

TEST(ones_own_memory_can_be_asked_and_a_zombies_not)
{
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        _exit(0);
    }
    memcpy(local, "hello", 5);
    CHECK_EQUAL(fetch(getpid(), local + 10, 5, local, 5), 5);
    CHECK(memcmp(local + 10, "hello", 5) == 0);
    siginfo_t info;
    CHECK_OK(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT));
    CHECK_ERRNO(fetch(child, local, 5, local, 5), ESRCH);
    CHECK_EXITED(child, 0);
}

/* ---- permission ---------------------------------------------------------------------------------- */

static pid_t target;

static void as_the_same_user(void)
{
    become_user(1000);
    CHECK_EQUAL(fetch(target, local, 10, remote, 10), 10);
    CHECK(compare(getpid(), target, KCMP_VM, 0, 0) > 0);
}

static void as_another_user(void)
{
    become_user(1001);
    CHECK_ERRNO(fetch(target, local, 10, remote, 10), EPERM);
    CHECK_ERRNO(compare(getpid(), target, 99, 0, 0), EPERM);
    CHECK_EQUAL(fetch(getpid(), local, 10, remote, 10), 10);
}

/* The real ids count here, as those for files do in /proc. */
static void with_the_same_real_user_only(void)
{
    CHECK_OK(syscall(SYS_setresgid, 1000, 1000, 1000));
    CHECK_OK(syscall(SYS_setresuid, 1000, 1001, 1001));
    CHECK_EQUAL(fetch(target, local, 10, remote, 10), 10);
}

static void with_another_real_user_only(void)
{
    CHECK_OK(syscall(SYS_setresgid, 1000, 1000, 1000));
    CHECK_OK(syscall(SYS_setresuid, 1001, 1000, 1001));
    CHECK_ERRNO(fetch(target, local, 10, remote, 10), EPERM);
}

TEST(only_who_may_trace_a_process_sees_its_memory)
{
    target = make_child(1000);
    CHECK_IN_CHILD(as_the_same_user);
    CHECK_IN_CHILD(as_another_user);
    CHECK_IN_CHILD(with_the_same_real_user_only);
    CHECK_IN_CHILD(with_another_real_user_only);
    end_child(target);
}

/* ---- kcmp ---------------------------------------------------------------------------------------- */

TEST(kcmp_tells_whether_descriptors_are_one_open_file)
{
    pid_t me = getpid();
    int first = make_open_file("f"), copy = CHECK_OK(dup(first));
    int second = CHECK_OK(open("f", O_RDWR));
    CHECK_EQUAL(compare(me, me, KCMP_FILE, first, copy), 0);
    long order = compare(me, me, KCMP_FILE, first, second);
    CHECK(order == 1 || order == 2);
    CHECK_EQUAL(compare(me, me, KCMP_FILE, second, first), 3 - order);
    CHECK_ERRNO(compare(me, me, KCMP_FILE, first, 900), EBADF);
    CHECK_ERRNO(compare(me, me, KCMP_FILE, -1, -1), EBADF);
    pid_t child = make_child(0);
    CHECK_EQUAL(compare(child, me, KCMP_FILE, first, copy), 0);
    end_child(child);
}

static void *wait_here(void *number)
{
    __atomic_store_n((int *)number, (int)syscall(SYS_gettid), __ATOMIC_RELEASE);
    pause();
    return NULL;
}

TEST(kcmp_tells_what_threads_share_and_processes_do_not)
{
    static const int kinds[] = {KCMP_VM, KCMP_FILES, KCMP_FS, KCMP_SIGHAND};
    static int thread;
    pthread_t handle;
    CHECK_EQUAL(pthread_create(&handle, NULL, wait_here, &thread), 0);
    while (__atomic_load_n(&thread, __ATOMIC_ACQUIRE) == 0) {
        sleep_ms(1);
    }
    pid_t me = getpid(), child = make_child(0);
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        CHECK_EQUAL(compare(me, thread, kinds[i], 0, 0), 0);
        CHECK(compare(me, child, kinds[i], 0, 0) > 0);
        CHECK_EQUAL(compare(me, child, kinds[i], 0, 0), compare(thread, child, kinds[i], 0, 0));
    }
    CHECK_EQUAL(compare(me, child, KCMP_IO, 0, 0), 0);
    end_child(child);
}

TEST(kcmp_wants_two_tasks_and_a_kind)
{
    pid_t me = getpid();
    CHECK_ERRNO(compare(NOBODY_THERE, me, KCMP_VM, 0, 0), ESRCH);
    CHECK_ERRNO(compare(me, NOBODY_THERE, 99, 0, 0), ESRCH);
    CHECK_ERRNO(compare(me, me, 99, 0, 0), EINVAL);
    CHECK_ERRNO(compare(me, me, -1, 0, 0), EINVAL);
}

/* ---- many at once ------------------------------------------------------------------------------ */

TEST(processes_can_reach_into_each_other_at_once)
{
    volatile pid_t *pids =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    remote = map_pages(PAGES);
    for (int i = 0; i < 2; i++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            while (pids[1] == 0) {
                sleep_ms(1);
            }
            for (int round = 0; round < 200; round++) {
                CHECK_EQUAL(fetch(pids[1 - i], local, 10000, remote, 10000), 10000);
                CHECK_EQUAL(store(pids[1 - i], local, 10000, remote + 3, 10000), 10000);
                CHECK(compare(pids[i], pids[1 - i], KCMP_FILES, 0, 0) > 0);
            }
            pids[2 + i] = 1;
            while (pids[2] == 0 || pids[3] == 0) {
                sleep_ms(1);
            }
            _exit(0);
        }
        pids[i] = child;
    }
    CHECK_EXITED(pids[0], 0);
    CHECK_EXITED(pids[1], 0);
}

/* ---- /proc/<pid>/mem and pagemap --------------------------------------------------------------- */

enum { READY_FD = 100 };

/* The new program says that it is there, and stays. */
int check_reexec(int argc, char **argv)
{
    if (argc != 2 || strcmp(argv[1], "@stay") != 0 || write(READY_FD, "x", 1) != 1) {
        return 1;
    }
    for (;;) {
        pause();
    }
}

/* Starts a child that waits for a byte and then becomes another program. */
static pid_t make_changing_child(int *go, int *ready)
{
    int to_child[2], from_child[2];
    char byte;
    CHECK_OK(pipe(to_child));
    CHECK_OK(pipe(from_child));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(prctl(PR_SET_PDEATHSIG, SIGKILL));
        CHECK_OK(dup2(from_child[1], READY_FD));
        CHECK_EQUAL(read(to_child[0], &byte, 1), 1);
        execl("/proc/self/exe", "program", "@stay", NULL);
        _exit(1);
    }
    *go = to_child[1];
    *ready = from_child[0];
    return child;
}

/* Where the first area of the process begins, by its maps. */
static off_t first_address(pid_t pid)
{
    char path[64], text[PAGE];
    snprintf(path, sizeof(path), "/proc/%d/maps", pid);
    read_file(path, text, sizeof(text));
    return (off_t)strtoul(text, NULL, 16);
}

/* Else a program could open its own memory, become a set-id program, and have that one write into itself. */
TEST(an_open_memory_file_is_of_the_program_before_the_exec)
{
    char path[64], byte = 0;
    uint64_t entry;
    int go, ready;
    pid_t child = make_changing_child(&go, &ready);
    snprintf(path, sizeof(path), "/proc/%d/mem", child);
    int memory = CHECK_OK(open(path, O_RDWR));
    snprintf(path, sizeof(path), "/proc/%d/pagemap", child);
    int pages = CHECK_OK(open(path, O_RDONLY));
    CHECK_EQUAL(pread(memory, &byte, 1, first_address(child)), 1);
    CHECK_EQUAL(pread(pages, &entry, sizeof(entry), first_address(child) / PAGE * 8),
                sizeof(entry));
    CHECK_EQUAL(write(go, "x", 1), 1);
    CHECK_EQUAL(read(ready, &byte, 1), 1);
    CHECK_EQUAL(pread(memory, &byte, 1, first_address(child)), 0);
    CHECK_EQUAL(pwrite(memory, &byte, 1, first_address(child)), 0);
    CHECK_EQUAL(pread(pages, &entry, sizeof(entry), first_address(child) / PAGE * 8), 0);
    CHECK_OK(kill(child, SIGKILL));
    CHECK_KILLED(child, SIGKILL);
}
