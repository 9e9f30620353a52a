/*
 * Several CPUs: where threads run, and that all of them see the same memory, time and signals. With one CPU the same promises hold;
 * the races are worth running with several (ASTRA_SMP).
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/time.h>

#include "check.h"

enum { CPUS_MAX = 64, WORKERS = 4 };

static int cpus[CPUS_MAX];
static int cpu_count;

/* The CPUs that this process may use. */
static void find_cpus(void)
{
    cpu_set_t set;
    CHECK_OK(sched_getaffinity(0, sizeof(set), &set));
    cpu_count = 0;
    for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
        if (CPU_ISSET(cpu, &set)) {
            cpus[cpu_count++] = cpu;
        }
    }
    CHECK(cpu_count > 0);
}

static int current_cpu(void)
{
    unsigned cpu, node;
    CHECK_OK(syscall(SYS_getcpu, &cpu, &node, NULL));
    return (int)cpu;
}

static void stay_on(int cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    CHECK_OK(sched_setaffinity(0, sizeof(set), &set));
}

static void start(pthread_t *thread, void *(*run)(void *), void *argument)
{
    CHECK_EQUAL(pthread_create(thread, NULL, run, argument), 0);
}

static void join(pthread_t thread)
{
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
}

static int count_lines(const char *path, const char *prefix, bool with_digit)
{
    static char text[65536];
    size_t length = 0;
    int fd = CHECK_OK(open(path, O_RDONLY)), count = 0;
    for (ssize_t got; (got = CHECK_OK(read(fd, text + length, sizeof(text) - 1 - length))) > 0;) {
        length += (size_t)got;
    }
    CHECK_OK(close(fd));
    text[length] = '\0';
    for (char *line = text; line != NULL && *line != '\0';) {
        char next = line[strlen(prefix)];
        count += strncmp(line, prefix, strlen(prefix)) == 0 &&
                 (!with_digit || (next >= '0' && next <= '9'));
        line = strchr(line, '\n');
        line += line != NULL;
    }
    return count;
}

TEST(every_place_tells_the_same_number_of_cpus)
{
    find_cpus();
    CHECK_EQUAL(sysconf(_SC_NPROCESSORS_ONLN), cpu_count);
    CHECK_EQUAL(count_lines("/proc/cpuinfo", "processor\t:", false), cpu_count);
    CHECK_EQUAL(count_lines("/proc/stat", "cpu", true), cpu_count);
}

/* The row of /proc/interrupts with that label: its counts, and the text behind them. */
static const char *interrupts_read(const char *label, unsigned long *counts)
{
    static char text[65536];
    read_file("/proc/interrupts", text, sizeof(text));
    char *row = strstr(text, label);
    CHECK(row != NULL);
    row += strlen(label);
    for (int i = 0; i < cpu_count; i++) {
        char *end;
        counts[i] = strtoul(row, &end, 10);
        CHECK(end != row);
        row = end;
    }
    row += strspn(row, " ");
    row[strcspn(row, "\n")] = '\0';
    return row;
}

TEST(interrupts_are_counted_for_each_cpu)
{
    unsigned long before[CPUS_MAX], after[CPUS_MAX];
    find_cpus();
    CHECK_TEXT(interrupts_read("LOC:", before), "Local timer interrupts");
    CHECK_TEXT(interrupts_read("RES:", after), "Rescheduling interrupts");
    CHECK_TEXT(interrupts_read("CAL:", after), "Function call interrupts");
    stay_on(cpus[cpu_count - 1]);
    do { /* a CPU that computes takes its timer's interrupts */
        interrupts_read("LOC:", after);
    } while (after[cpu_count - 1] < before[cpu_count - 1] + 3);
    CHECK(strstr(interrupts_read("\n  4:", after), "4-edge") != NULL);
}

TEST(a_thread_runs_where_its_affinity_says)
{
    find_cpus();
    for (int round = 0; round < 10; round++) {
        for (int i = 0; i < cpu_count; i++) {
            cpu_set_t set;
            stay_on(cpus[i]);
            CHECK_EQUAL(current_cpu(), cpus[i]);
            sched_yield();
            CHECK_EQUAL(current_cpu(), cpus[i]);
            CHECK_OK(sched_getaffinity(0, sizeof(set), &set));
            CHECK_EQUAL(CPU_COUNT(&set), 1);
        }
    }
}

static void check_inherited_cpu(void)
{
    CHECK_EQUAL(current_cpu(), cpus[cpu_count - 1]);
}

TEST(a_child_inherits_the_affinity)
{
    find_cpus();
    stay_on(cpus[cpu_count - 1]);
    CHECK_IN_CHILD(check_inherited_cpu);
}

TEST(an_affinity_without_any_cpu_is_refused)
{
    cpu_set_t set;
    find_cpus();
    CPU_ZERO(&set);
    CHECK_ERRNO(sched_setaffinity(0, sizeof(set), &set), EINVAL);
    CPU_SET(cpus[cpu_count - 1] + 1, &set);
    CHECK_ERRNO(sched_setaffinity(0, sizeof(set), &set), EINVAL);
}

static atomic_int other_tid;
static atomic_bool must_stop;

static void *spin_and_tell(void *unused)
{
    (void)unused;
    atomic_store(&other_tid, (int)syscall(SYS_gettid));
    while (!atomic_load(&must_stop)) {}
    return NULL;
}

TEST(a_spinning_thread_can_be_moved_by_another)
{
    pthread_t thread;
    cpu_set_t set;
    find_cpus();
    atomic_store(&must_stop, false);
    atomic_store(&other_tid, 0);
    start(&thread, spin_and_tell, NULL);
    while (atomic_load(&other_tid) == 0) {
        sched_yield();
    }
    for (int round = 0; round < 20; round++) {
        CPU_ZERO(&set);
        CPU_SET(cpus[round % cpu_count], &set);
        CHECK_OK(sched_setaffinity(atomic_load(&other_tid), sizeof(set), &set));
        sched_yield();
    }
    atomic_store(&must_stop, true);
    join(thread);
}

/* ---- memory ---------------------------------------------------------------------------------- */

static volatile long *shared_word;
static atomic_bool writer_caught, writer_may_go;

/* The page became read-only under the writer: it waits until it may write again. */
static void wait_for_leave(int number)
{
    (void)number;
    atomic_store(&writer_caught, true);
    while (!atomic_load(&writer_may_go)) {}
}

static void *write_for_ever(void *unused)
{
    (void)unused;
    while (!atomic_load(&must_stop)) {
        ++*shared_word;
    }
    return NULL;
}

TEST(protected_memory_stands_still_on_every_cpu)
{
    struct sigaction action = {.sa_handler = wait_for_leave};
    pthread_t thread;
    shared_word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(shared_word != MAP_FAILED);
    CHECK_OK(sigaction(SIGSEGV, &action, NULL));
    atomic_store(&must_stop, false);
    start(&thread, write_for_ever, NULL);
    for (int round = 0; round < 100; round++) {
        atomic_store(&writer_may_go, false);
        atomic_store(&writer_caught, false);
        CHECK_OK(mprotect((void *)shared_word, PAGE, PROT_READ));
        long before = *shared_word;
        for (int i = 0; i < 200; i++) {
            CHECK_EQUAL(*shared_word, before);
        }
        while (!atomic_load(&writer_caught)) {
            sched_yield();
        }
        CHECK_EQUAL(*shared_word, before);
        CHECK_OK(mprotect((void *)shared_word, PAGE, PROT_READ | PROT_WRITE));
        atomic_store(&writer_may_go, true);
        while (*shared_word == before) {
            sched_yield();
        }
    }
    atomic_store(&must_stop, true);
    join(thread);
}

static volatile long *early_word, *late_word;

static void *write_in_order(void *unused)
{
    (void)unused;
    for (long i = 1; !atomic_load(&must_stop); i++) {
        *early_word = i;
        *late_word = i;
    }
    return NULL;
}

static void check_snapshot(void)
{
    long late = *late_word, early = *early_word;
    CHECK(early == late || early == late + 1);
    *early_word = *late_word = -1;
    CHECK(*early_word == -1 && *late_word == -1);
}

TEST(fork_takes_a_picture_of_one_moment)
{
    pthread_t thread;
    char *pages = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(pages != MAP_FAILED);
    early_word = (long *)(void *)pages;
    late_word = (long *)(void *)(pages + 7 * PAGE);
    atomic_store(&must_stop, false);
    start(&thread, write_in_order, NULL);
    for (int round = 0; round < 50; round++) {
        CHECK_IN_CHILD(check_snapshot);
    }
    atomic_store(&must_stop, true);
    join(thread);
    CHECK(*early_word > 0 && *late_word > 0);
}

/* Few: each page that is replaced waits for every other CPU, and on a busy host these take their time to answer. */
enum { FAULT_PAGES = 32, FAULT_ROUNDS = 5 };
static char *fault_area;
static pthread_barrier_t barrier;

/* All touch the same fresh pages; each has a byte of its own in each. */
static void *touch_pages(void *argument)
{
    int own = (int)(long)argument;
    for (int round = 0; round < FAULT_ROUNDS; round++) {
        pthread_barrier_wait(&barrier);
        for (int i = 0; i < FAULT_PAGES; i++) {
            int page = (i + own * 7) % FAULT_PAGES;
            CHECK_EQUAL(fault_area[page * PAGE + own], 0);
            fault_area[page * PAGE + own] = (char)(own + 1);
        }
        pthread_barrier_wait(&barrier);
        for (int i = 0; i < FAULT_PAGES * WORKERS; i++) {
            CHECK_EQUAL(fault_area[i / WORKERS * PAGE + i % WORKERS], i % WORKERS + 1);
        }
        pthread_barrier_wait(&barrier);
        if (own == 0) {
            CHECK_OK(madvise(fault_area, FAULT_PAGES * PAGE, MADV_DONTNEED));
        }
    }
    return NULL;
}

/* The workers meet in a fresh area, at a barrier of so many. */
static void start_on_fresh_pages(pthread_t threads[WORKERS], void *(*run)(void *), unsigned parties)
{
    fault_area =
        mmap(NULL, FAULT_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(fault_area != MAP_FAILED);
    pthread_barrier_init(&barrier, NULL, parties);
    for (long i = 0; i < WORKERS; i++) {
        start(&threads[i], run, (void *)i);
    }
}

static void join_workers(const pthread_t threads[WORKERS])
{
    for (int i = 0; i < WORKERS; i++) {
        join(threads[i]);
    }
}

TEST(threads_that_fault_on_the_same_pages_agree)
{
    pthread_t threads[WORKERS];
    start_on_fresh_pages(threads, touch_pages, WORKERS);
    join_workers(threads);
}

static void *map_and_unmap(void *argument)
{
    int own = (int)(long)argument;
    for (int round = 0; round < 40; round++) {
        size_t bytes = (size_t)(1 + (round + own) % 40) * PAGE;
        volatile char *memory =
            mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(memory != MAP_FAILED);
        for (size_t at = 0; at < bytes; at += PAGE) {
            CHECK_EQUAL(memory[at], 0);
            memory[at] = (char)(own + 1);
        }
        for (size_t at = 0; at < bytes; at += PAGE) {
            CHECK_EQUAL(memory[at], own + 1);
        }
        CHECK_OK(munmap((void *)(uintptr_t)memory, bytes));
    }
    return NULL;
}

TEST(threads_map_and_unmap_side_by_side)
{
    pthread_t threads[WORKERS];
    for (long i = 0; i < WORKERS; i++) {
        start(&threads[i], map_and_unmap, (void *)i);
    }
    for (int i = 0; i < WORKERS; i++) {
        join(threads[i]);
    }
}

/* A private page that is copied by one thread is the new one for all from then on. */
static volatile long *copied_word;
static atomic_long copied_to;

static void *watch_copy(void *unused)
{
    (void)unused;
    while (!atomic_load(&must_stop)) {
        long seen = atomic_load(&copied_to);
        CHECK(*copied_word >= seen);
    }
    return NULL;
}

TEST(no_thread_sees_the_old_page_after_a_copy)
{
    pthread_t threads[WORKERS];
    copied_word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK((void *)copied_word != MAP_FAILED);
    *copied_word = 1;
    atomic_store(&copied_to, 1);
    atomic_store(&must_stop, false);
    for (int i = 0; i < WORKERS - 1; i++) {
        start(&threads[i], watch_copy, NULL);
    }
    for (int round = 0; round < 40; round++) {
        pid_t child =
            CHECK_OK(fork()); /* the page is shared and read-only for as long as it lives */
        if (child == 0) {
            pause();
            _exit(0);
        }
        ++*copied_word;
        atomic_store(&copied_to, *copied_word);
        CHECK_OK(kill(child, SIGKILL));
        CHECK_KILLED(child, SIGKILL);
    }
    atomic_store(&must_stop, true);
    for (int i = 0; i < WORKERS - 1; i++) {
        join(threads[i]);
    }
}

/* All write to the same pages, which a child shares as they were: each has a byte of its own in each. */
static void *write_pages(void *argument)
{
    int own = (int)(long)argument;
    for (int round = 0; round < FAULT_ROUNDS; round++) {
        pthread_barrier_wait(&barrier);
        for (int i = 0; i < FAULT_PAGES; i++) {
            int page = (i + own * 7) % FAULT_PAGES;
            CHECK_EQUAL(fault_area[page * PAGE + own], round);
            fault_area[page * PAGE + own] = (char)(round + 1);
        }
        pthread_barrier_wait(&barrier);
    }
    return NULL;
}

TEST(threads_that_copy_the_same_pages_lose_no_write)
{
    pthread_t threads[WORKERS];
    start_on_fresh_pages(threads, write_pages, WORKERS + 1);
    for (int round = 0; round < FAULT_ROUNDS; round++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            pause();
            _exit(0);
        }
        pthread_barrier_wait(&barrier);
        pthread_barrier_wait(&barrier);
        for (int i = 0; i < FAULT_PAGES * WORKERS; i++) {
            CHECK_EQUAL(fault_area[i / WORKERS * PAGE + i % WORKERS], round + 1);
        }
        CHECK_OK(kill(child, SIGKILL));
        CHECK_KILLED(child, SIGKILL);
    }
    join_workers(threads);
}

/* ---- time ------------------------------------------------------------------------------------ */

static _Atomic int64_t latest_ns;

static void *compare_clock(void *unused)
{
    (void)unused;
    for (int i = 0; i < 5000; i++) {
        int64_t latest = atomic_load(&latest_ns), now = now_ns(CLOCK_MONOTONIC);
        CHECK(now >= latest);
        atomic_store(&latest_ns, now);
    }
    return NULL;
}

TEST(the_clock_never_goes_backwards_between_threads)
{
    pthread_t threads[WORKERS];
    atomic_store(&latest_ns, 0);
    for (int i = 0; i < WORKERS; i++) {
        start(&threads[i], compare_clock, NULL);
    }
    for (int i = 0; i < WORKERS; i++) {
        join(threads[i]);
    }
}

TEST(the_process_s_cpu_time_never_goes_backwards)
{
    pthread_t threads[WORKERS];
    atomic_store(&must_stop, false);
    for (int i = 0; i < WORKERS; i++) {
        start(&threads[i], spin_and_tell, NULL);
    }
    int64_t before = now_ns(CLOCK_PROCESS_CPUTIME_ID);
    int64_t end = now_ns(CLOCK_MONOTONIC) + 200000000;
    while (now_ns(CLOCK_MONOTONIC) < end) {
        int64_t now = now_ns(CLOCK_PROCESS_CPUTIME_ID);
        CHECK(now >= before);
        before = now;
    }
    atomic_store(&must_stop, true);
    for (int i = 0; i < WORKERS; i++) {
        join(threads[i]);
    }
    CHECK(now_ns(CLOCK_PROCESS_CPUTIME_ID) >= before);
}

/* Two that compute on one CPU share it by their nice values. */
static void compute(volatile long *count, int nice_value)
{
    stay_on(cpus[0]);
    CHECK_OK(setpriority(PRIO_PROCESS, 0, nice_value));
    for (;;) {
        ++*count;
    }
}

TEST(a_nice_program_gets_less_of_a_cpu)
{
    volatile long *counts =
        mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t children[2];
    CHECK((void *)counts != MAP_FAILED);
    find_cpus();
    for (int i = 0; i < 2; i++) {
        children[i] = CHECK_OK(fork());
        if (children[i] == 0) {
            compute(&counts[i * 8], i * 10);
        }
    }
    sleep(1);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(kill(children[i], SIGKILL));
        CHECK_KILLED(children[i], SIGKILL);
    }
    CHECK(counts[0] > 2 * counts[8]);
}

/* ---- signals, ends and switches -------------------------------------------------------------- */

static atomic_int signals_seen;

static void count_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals_seen, 1);
}

TEST(a_signal_reaches_a_thread_that_spins_in_user_code)
{
    struct sigaction action = {.sa_handler = count_signal};
    pthread_t thread;
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    atomic_store(&must_stop, false);
    atomic_store(&signals_seen, 0);
    start(&thread, spin_and_tell, NULL);
    for (int i = 1; i <= 200; i++) {
        CHECK_EQUAL(pthread_kill(thread, SIGUSR1), 0);
        while (atomic_load(&signals_seen) < i) {
            sched_yield();
        }
    }
    atomic_store(&must_stop, true);
    join(thread);
}

static atomic_bool may_leave;

/* Blocks and unblocks: what was meant for it while it did not block must go to somebody else. */
static void *block_and_unblock(void *unused)
{
    sigset_t set;
    (void)unused;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    while (!atomic_load(&must_stop)) {
        pthread_sigmask(SIG_BLOCK, &set, NULL);
        for (volatile int i = 0; i < 2000; i++) {}
        pthread_sigmask(SIG_UNBLOCK, &set, NULL);
    }
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    while (!atomic_load(&may_leave)) {
        sched_yield();
    }
    return NULL;
}

TEST(a_signal_to_the_process_finds_a_thread_that_takes_it)
{
    struct sigaction action = {.sa_handler = count_signal};
    pthread_t thread;
    CHECK_OK(sigaction(SIGUSR1, &action, NULL));
    atomic_store(&must_stop, false);
    atomic_store(&may_leave, false);
    atomic_store(&signals_seen, 0);
    start(&thread, block_and_unblock, NULL);
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        for (int i = 1; i <= 300; i++) {
            CHECK_OK(kill(getppid(), SIGUSR1));
            usleep(200);
        }
        _exit(0);
    }
    CHECK_EXITED(child, 0);
    int seen = atomic_load(&signals_seen);
    CHECK(seen > 0);
    atomic_store(&must_stop, true); /* from here on only this thread takes it */
    CHECK_OK(kill(getpid(), SIGUSR1));
    int64_t end = now_ns(CLOCK_MONOTONIC) + 5000000000;
    while (atomic_load(&signals_seen) == seen && now_ns(CLOCK_MONOTONIC) < end) {
        sched_yield();
    }
    CHECK(atomic_load(&signals_seen) > seen);
    atomic_store(&may_leave, true);
    join(thread);
}

static void spin_in_threads(void)
{
    pthread_t thread;
    atomic_store(&must_stop, false);
    for (int i = 0; i < WORKERS; i++) {
        start(&thread, spin_and_tell, NULL);
    }
}

static void end_while_others_spin(void)
{
    spin_in_threads();
    syscall(SYS_exit_group, 0);
}

TEST(exit_group_ends_threads_that_spin_elsewhere)
{
    for (int round = 0; round < 8; round++) {
        CHECK_IN_CHILD(end_while_others_spin);
    }
}

int check_reexec(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return 0;
}

static void execute_while_others_spin(void)
{
    spin_in_threads();
    execl("/proc/self/exe", "cpus", "@again", NULL);
    _exit(1);
}

TEST(execve_ends_threads_that_spin_elsewhere)
{
    for (int round = 0; round < 8; round++) {
        CHECK_IN_CHILD(execute_while_others_spin);
    }
}

TEST(a_storm_of_forks_and_kills_leaves_nobody)
{
    for (int round = 0; round < 5; round++) {
        pid_t children[8];
        for (int i = 0; i < 8; i++) {
            children[i] = CHECK_OK(fork());
            if (children[i] == 0) {
                for (;;) {
                    CHECK_IN_CHILD(find_cpus);
                }
            }
        }
        for (int i = 0; i < 8; i++) {
            CHECK_OK(kill(children[i], SIGKILL));
            CHECK_KILLED(children[i], SIGKILL);
        }
    }
}

enum { RING = 5, RING_ROUNDS = 400 };

TEST(a_token_goes_round_through_pipes)
{
    int pipes[RING][2];
    int token = 0;
    for (int i = 0; i < RING; i++) {
        CHECK_OK(pipe(pipes[i]));
    }
    pid_t children[RING - 1];
    for (int i = 0; i < RING - 1; i++) {
        children[i] = CHECK_OK(fork());
        if (children[i] == 0) {
            for (int round = 0; round < RING_ROUNDS; round++) {
                CHECK_EQUAL(read(pipes[i][0], &token, sizeof(token)), sizeof(token));
                token++;
                CHECK_EQUAL(write(pipes[i + 1][1], &token, sizeof(token)), sizeof(token));
            }
            _exit(0);
        }
    }
    for (int round = 0; round < RING_ROUNDS; round++) {
        CHECK_EQUAL(write(pipes[0][1], &token, sizeof(token)), sizeof(token));
        CHECK_EQUAL(read(pipes[RING - 1][0], &token, sizeof(token)), sizeof(token));
        CHECK_EQUAL(token, (round + 1) * (RING - 1));
    }
    for (int i = 0; i < RING - 1; i++) {
        CHECK_EXITED(children[i], 0);
    }
}

/* Values of its own in registers that only the floating-point unit has, kept over moves between CPUs. */
static void *carry_registers(void *argument)
{
    double own = 1.0 + (double)(long)argument;
    for (int round = 0; round < 200; round++) {
        double seen;
        int cpu = cpus[(round + (int)(long)argument) % cpu_count];
        cpu_set_t set;
        CPU_ZERO(&set);
        CPU_SET(cpu, &set);
        long result;
        __asm__ volatile("movsd %[own], %%xmm7\n\tsyscall\n\tmovsd %%xmm7, %[seen]"
                         : "=a"(result), [seen] "=m"(seen)
                         : [own] "m"(own), "a"(SYS_sched_setaffinity), "D"(0), "S"(sizeof(set)),
                           "d"(&set)
                         : "rcx", "r11", "xmm7", "memory");
        CHECK_EQUAL(result, 0);
        CHECK(seen == own);
        CHECK_EQUAL(current_cpu(), cpu);
    }
    return NULL;
}

TEST(floating_point_registers_move_with_their_thread)
{
    pthread_t threads[WORKERS];
    find_cpus();
    for (long i = 0; i < WORKERS; i++) {
        start(&threads[i], carry_registers, (void *)i);
    }
    for (int i = 0; i < WORKERS; i++) {
        join(threads[i]);
    }
}
