/*
 * Races of threads, futexes, signals, pipes, memory and files (races.h), for many seeds: nothing may be lost, and nothing may
 * stand still. Prints how many iterations each race made.
 *
 *     races @seed FIRST COUNT MILLISECONDS [NAME...]     each race (or those named) so long, for each of these seeds
 *     races @list                                        the names
 *
 * A race that makes no iteration for STALL_SECONDS has lost a wake-up, or hangs: what its threads do is printed, and the run fails.
 */
#include "races.h"

#include <dirent.h>
#include <ftw.h>
#include <stdarg.h>
#include <sys/prctl.h>

enum { STALL_SECONDS = 25, FAILED = 99, MAXIMUM_RACES = 96, MAXIMUM_THREADS = 16 };

/* Shared by all processes of a run. */
static struct shared {
    _Atomic uint64_t iterations; /* of the race that runs */
    int64_t end_ns;              /* of its time */
    atomic_flag has_report;
    char report[1024];
} * shared;

static const struct race *const families[] = {
    futex_races,  lock_races, pipe_races,   process_races,    group_races,  signal_races,
    memory_races, file_races, folder_races, descriptor_races, policy_races,
};
static const struct race *races[MAXIMUM_RACES];
static uint64_t totals[MAXIMUM_RACES];
static unsigned race_total;

static pid_t runner;

static __thread uint64_t draw_state = 1;

/* ---- what the races call ------------------------------------------------------------------------ */

static int64_t now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

void race_fail(const char *file, int line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    if (!atomic_flag_test_and_set(&shared->has_report)) {
        int length = snprintf(shared->report, sizeof(shared->report) / 2, "%s:%d: ", file, line);
        vsnprintf(shared->report + length, sizeof(shared->report) / 2, format, arguments);
    }
    va_end(arguments);
    if (getpid() == runner) {
        puts(shared->report);
    }
    _exit(FAILED);
}

bool race_goes_on(void)
{
    return now_ns() < shared->end_ns || shared->iterations == 0; /* a busy host starts late */
}

void race_count(void)
{
    shared->iterations++;
}

uint32_t race_draw(void)
{
    draw_state ^= draw_state << 13;
    draw_state ^= draw_state >> 7;
    draw_state ^= draw_state << 17;
    return (uint32_t)(draw_state * 0x2545f4914f6cdd1dUL >> 33);
}

void race_pause(void)
{
    struct timespec nap = {0, race_draw() % 100000};
    switch (race_draw() % 8) {
    case 0: nanosleep(&nap, NULL); break;
    case 1:
    case 2: sched_yield(); break;
    case 3:
    case 4:
        for (volatile uint32_t i = race_draw() % 2000; i > 0; i--) {}
        break;
    default: break;
    }
}

struct thread_start {
    void (*body)(unsigned index);
    unsigned index;
    uint64_t draw_state;
};

static void *run_thread(void *argument)
{
    const struct thread_start *start = argument;
    draw_state = start->draw_state;
    start->body(start->index);
    return NULL;
}

void race_threads(unsigned count, void (*body)(unsigned index))
{
    pthread_t threads[MAXIMUM_THREADS];
    struct thread_start starts[MAXIMUM_THREADS];
    RACE_CHECK(count <= MAXIMUM_THREADS);
    for (unsigned i = 0; i < count; i++) {
        starts[i] = (struct thread_start){body, i, (race_draw() | 1UL) << 20 | i};
        RACE_CHECK(pthread_create(&threads[i], NULL, run_thread, &starts[i]) == 0);
    }
    for (unsigned i = 0; i < count; i++) {
        RACE_CHECK(pthread_join(threads[i], NULL) == 0);
    }
}

pid_t race_process(void (*body)(unsigned index), unsigned index)
{
    uint64_t state = (race_draw() | 1UL) << 20 | index;
    pid_t child = RACE_OK(fork());
    if (child == 0) {
        draw_state = state;
        body(index);
        _exit(0);
    }
    return child;
}

void race_processes(unsigned count, void (*body)(unsigned index))
{
    pid_t children[MAXIMUM_THREADS];
    RACE_CHECK(count <= MAXIMUM_THREADS);
    for (unsigned i = 0; i < count; i++) {
        children[i] = race_process(body, i);
    }
    for (unsigned i = 0; i < count; i++) {
        RACE_CHECK(race_wait(children[i]) == 0);
    }
}

int race_wait(pid_t child)
{
    int status;
    pid_t ended;
    do {
        ended = waitpid(child, &status, 0);
    } while (ended < 0 && errno == EINTR);
    if (ended != child) {
        race_fail(__FILE__, __LINE__, "waitpid of %d gives %d, %s", child, ended, strerror(errno));
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == FAILED) {
        _exit(FAILED);
    }
    return status;
}

void *race_shared_pages(size_t pages)
{
    return RACE_OK(
        mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
}

static void do_nothing(int signal)
{
    (void)signal;
}

void race_catch(int signal, int flags)
{
    struct sigaction action = {.sa_handler = do_nothing, .sa_flags = flags};
    RACE_OK(sigaction(signal, &action, NULL));
}

long race_futex(void *word, int operation, uint32_t value, const void *timeout, void *second,
                uint32_t third)
{
    long result = syscall(SYS_futex, word, operation, value, timeout, second, third);
    return result < 0 ? -errno : result;
}

/* ---- watching a race ---------------------------------------------------------------------------- */

static void print_file(const char *path)
{
    char text[512];
    int fd = open(path, O_RDONLY);
    ssize_t length = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    close(fd);
    text[length > 0 ? length : 0] = '\0';
    printf("  %s: %s\n", path, text);
}

/* What every thread of every process does, but this one's and pid 1's. */
static void print_threads(void)
{
    char path[PATH_MAX];
    struct dirent *process, *thread;
    DIR *all = opendir("/proc");
    while (all != NULL && (process = readdir(all)) != NULL) {
        int number = atoi(process->d_name);
        snprintf(path, sizeof(path), "/proc/%s/task", process->d_name);
        DIR *threads = number > 1 && number != getpid() ? opendir(path) : NULL;
        while (threads != NULL && (thread = readdir(threads)) != NULL) {
            if (atoi(thread->d_name) > 0) {
                snprintf(path, sizeof(path), "/proc/%s/task/%s/stat", process->d_name,
                         thread->d_name);
                print_file(path);
            }
        }
        if (threads != NULL) {
            closedir(threads);
        }
    }
    if (all != NULL) {
        closedir(all);
    }
}

__attribute__((noreturn)) static void report_stall(const char *name, uint64_t seed, pid_t leader,
                                                   const char *how)
{
    printf("race %s of seed %lu %s after %lu iterations\n", name, (unsigned long)seed, how,
           (unsigned long)shared->iterations);
    print_threads();
    fflush(stdout);
    kill(-leader, SIGKILL);
    exit(1);
}

/* Waits for the race's process, which must get on. */
static int watch_race(const char *name, uint64_t seed, pid_t leader)
{
    struct timespec nap = {0, 10000000};
    uint64_t seen = 0;
    int64_t since = now_ns();
    int status;
    while (waitpid(leader, &status, WNOHANG) != leader) {
        nanosleep(&nap, NULL);
        if (seen != shared->iterations) {
            seen = shared->iterations;
            since = now_ns();
        }
        if (now_ns() - since > STALL_SECONDS * 1000000000L) {
            report_stall(name, seed, leader, "does not get on");
        }
    }
    return status;
}

/* What the race left running came to this process when its parents ended. All of it ends when it is killed. */
static void end_rest(const char *name, uint64_t seed, pid_t leader)
{
    struct timespec nap = {0, 1000000};
    int64_t since = now_ns();
    pid_t child;
    while ((child = waitpid(-1, NULL, WNOHANG)) >= 0) {
        if (child == 0) {
            kill(-leader, SIGKILL);
            nanosleep(&nap, NULL);
        }
        if (now_ns() - since > STALL_SECONDS * 1000000000L) {
            report_stall(name, seed, leader, "leaves processes that cannot be killed");
        }
    }
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static void be_race(const struct race *race, uint64_t seed)
{
    draw_state = (seed * MAXIMUM_RACES + (uint64_t)race->name[0] + 1) * 0x9e3779b97f4a7c15UL;
    setpgid(0, 0);
    RACE_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    RACE_OK(chdir("race"));
    race->run();
    exit(0);
}

/* False where something did not hold. */
static bool run_race(unsigned index, uint64_t seed, long milliseconds)
{
    const struct race *race = races[index];
    RACE_OK(mkdir("race", 0777));
    shared->iterations = 0;
    shared->end_ns = now_ns() + milliseconds * 1000000L;
    pid_t leader = RACE_OK(fork());
    if (leader == 0) {
        be_race(race, seed);
    }
    int status = watch_race(race->name, seed, leader);
    end_rest(race->name, seed, leader);
    RACE_OK(nftw("race", remove_one, 16, FTW_DEPTH | FTW_PHYS));
    totals[index] += shared->iterations;
    if (status != 0) {
        printf("race %s of seed %lu ended with wait status %#x: %s\n", race->name,
               (unsigned long)seed, status, shared->report);
    }
    return status == 0;
}

/* ---- the run ------------------------------------------------------------------------------------- */

static bool is_wanted(const char *name, int count, char **names)
{
    bool wanted = count == 0;
    for (int i = 0; i < count; i++) {
        wanted = wanted || strcmp(name, names[i]) == 0;
    }
    return wanted;
}

static void collect_races(int count, char **names)
{
    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        for (const struct race *race = families[i]; race->name != NULL; race++) {
            if (is_wanted(race->name, count, names)) {
                races[race_total++] = race;
            }
        }
    }
}

static bool run_seeds(uint64_t first, uint64_t count, long milliseconds)
{
    bool is_well = true;
    for (uint64_t seed = first; is_well && seed < first + count; seed++) {
        uint64_t iterations = 0;
        for (unsigned i = 0; is_well && i < race_total; i++) {
            is_well = run_race(i, seed, milliseconds);
            iterations += totals[i];
        }
        printf("seed %lu: %lu iterations so far\n", (unsigned long)seed, (unsigned long)iterations);
    }
    return is_well;
}

static int run_all(int argc, char **argv)
{
    uint64_t iterations = 0;
    bool is_well = true;
    runner = getpid();
    RACE_OK(prctl(PR_SET_CHILD_SUBREAPER, 1));
    collect_races(argc - 5, argv + 5);
    is_well = run_seeds(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10), atol(argv[4]));
    for (unsigned i = 0; i < race_total; i++) {
        printf("race %s iterations %lu\n", races[i]->name, (unsigned long)totals[i]);
        iterations += totals[i];
        is_well = is_well && totals[i] > 0;
    }
    printf("races: %u, %lu iterations\n%s\n", race_total, (unsigned long)iterations,
           is_well && race_total > 0 ? "hunt ended well" : "hunt ended badly");
    return is_well && race_total > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc == 3 && strcmp(argv[1], "@exit") == 0) {
        return atoi(argv[2]); /* what the races execute */
    }
    if (argc == 2 && strcmp(argv[1], "@list") == 0) {
        collect_races(0, NULL);
        for (unsigned i = 0; i < race_total; i++) {
            puts(races[i]->name);
        }
        return 0;
    }
    if (argc < 5 || strcmp(argv[1], "@seed") != 0 || getenv("THROWAWAY") == NULL) {
        fputs("usage: THROWAWAY=1 races @seed FIRST COUNT MILLISECONDS [NAME...]\n", stderr);
        return 2;
    }
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return shared == MAP_FAILED ? 2 : run_all(argc, argv);
}
