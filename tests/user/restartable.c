/*
 * rseq: an area that tells the CPU, and sequences that go to their abort handler when they are disturbed. The C library of these
 * programs registers none itself.
 */
#include "check.h"

#include <pthread.h>
#include <sched.h>

enum { SIGNATURE = 0x53053053, UNREGISTER = 1, AREA_SIZE = 32 };

struct area {
    uint32_t cpu_start, cpu;
    uint64_t sequence;
    uint32_t flags, padding[3];
} __attribute__((aligned(32)));

static struct area area;

static long set_area(void *place, size_t size, int flags, uint32_t signature)
{
    return syscall(SYS_rseq, place, size, flags, signature);
}

static uint32_t cpu_now(void)
{
    unsigned cpu;
    CHECK_OK(syscall(SYS_getcpu, &cpu, NULL, NULL));
    return cpu;
}

/* Counts down within a sequence. True where it was aborted. */
static bool count_down(uint64_t count)
{
    bool is_aborted;
    __asm__ volatile(".pushsection .data\n"
                     ".balign 32\n"
                     "3: .long 0, 0\n"
                     "   .quad 1f, 2f - 1f, 4f\n"
                     ".popsection\n"
                     "   leaq 3b(%%rip), %%rax\n"
                     "   movq %%rax, %2\n"
                     "1: decq %1\n"
                     "   jnz 1b\n"
                     "2: movb $0, %0\n"
                     "   jmp 5f\n"
                     "   .long 0x53053053\n"
                     "4: movb $1, %0\n"
                     "5:\n"
                     : "=q"(is_aborted), "+r"(count), "=m"(area.sequence)
                     :
                     : "rax", "memory", "cc");
    return is_aborted;
}

TEST(an_area_is_registered_once)
{
    CHECK_ERRNO(set_area(&area, AREA_SIZE, 2, SIGNATURE), EINVAL);
    CHECK_ERRNO(set_area(&area, AREA_SIZE + 32, 0, SIGNATURE), EINVAL);
    CHECK_ERRNO(set_area((char *)&area + 8, AREA_SIZE, 0, SIGNATURE), EINVAL);
    CHECK_ERRNO(set_area(KERNEL_ADDRESS, AREA_SIZE, 0, SIGNATURE), EFAULT);
    CHECK_ERRNO(set_area(&area, AREA_SIZE, UNREGISTER, SIGNATURE), EINVAL);
    CHECK_OK(set_area(&area, AREA_SIZE, 0, SIGNATURE));
    CHECK_ERRNO(set_area(&area, AREA_SIZE, 0, SIGNATURE), EBUSY);
    CHECK_ERRNO(set_area(&area, AREA_SIZE, 0, 1), EPERM);
    CHECK_ERRNO(set_area(&area + 1, AREA_SIZE, 0, SIGNATURE), EINVAL);
    CHECK_ERRNO(set_area(&area, AREA_SIZE, UNREGISTER, 1), EPERM);
    CHECK_OK(set_area(&area, AREA_SIZE, UNREGISTER, SIGNATURE));
    CHECK(area.cpu_start == 0 && area.cpu == UINT32_MAX);
    CHECK_OK(set_area(&area, AREA_SIZE, 0, SIGNATURE));
}

TEST(the_area_tells_the_cpu_wherever_the_thread_goes)
{
    cpu_set_t all, one;
    CHECK_OK(sched_getaffinity(0, sizeof(all), &all));
    CHECK_OK(set_area(&area, AREA_SIZE, 0, SIGNATURE));
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &all)) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            CHECK_OK(sched_setaffinity(0, sizeof(one), &one));
            CHECK_EQUAL(area.cpu, cpu);
            CHECK_EQUAL(area.cpu_start, cpu);
            CHECK_EQUAL(cpu_now(), cpu);
        }
    }
}

static volatile int signals;

static void on_signal(int number)
{
    (void)number;
    signals++;
}

TEST(a_sequence_that_is_not_disturbed_comes_to_its_end)
{
    bool is_aborted = true;
    CHECK_OK(set_area(&area, AREA_SIZE, 0, SIGNATURE));
    for (int i = 0; i < 1000 && is_aborted; i++) {
        is_aborted = count_down(3);
    }
    CHECK(!is_aborted);
    area.sequence = 0;
}

TEST(a_signal_aborts_the_sequence)
{
    CHECK(signal(SIGALRM, on_signal) != SIG_ERR);
    CHECK_OK(set_area(&area, AREA_SIZE, 0, SIGNATURE));
    struct itimerspec soon = {.it_value = {0, 50000000}};
    timer_t timer;
    CHECK_OK(timer_create(CLOCK_MONOTONIC, NULL, &timer));
    CHECK_OK(timer_settime(timer, 0, &soon, NULL));
    while (signals == 0) {
        bool is_aborted = count_down(UINT64_MAX);
        CHECK(is_aborted);
        CHECK_EQUAL(area.sequence, 0);
    }
}

TEST(leaving_the_cpu_aborts_the_sequence)
{
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(cpu_now(), &one);
    CHECK_OK(sched_setaffinity(0, sizeof(one), &one));
    pid_t rival = CHECK_OK(fork());
    while (rival == 0) {}
    CHECK_OK(set_area(&area, AREA_SIZE, 0, SIGNATURE));
    CHECK(count_down(UINT64_MAX));
    CHECK_OK(kill(rival, SIGKILL));
    CHECK_KILLED(rival, SIGKILL);
}

static void in_the_child(void)
{
    CHECK_EQUAL(area.cpu, cpu_now());
    CHECK_ERRNO(set_area(&area, AREA_SIZE, 0, SIGNATURE), EBUSY);
    CHECK_OK(set_area(&area, AREA_SIZE, UNREGISTER, SIGNATURE));
}

static void *in_a_thread(void *unused)
{
    static struct area own;
    (void)unused;
    CHECK_OK(set_area(&own, AREA_SIZE, 0, SIGNATURE));
    CHECK(own.cpu != UINT32_MAX);
    CHECK_OK(set_area(&own, AREA_SIZE, UNREGISTER, SIGNATURE));
    return NULL;
}

TEST(a_child_has_the_area_and_a_thread_has_none)
{
    pthread_t thread;
    CHECK_OK(set_area(&area, AREA_SIZE, 0, SIGNATURE));
    CHECK_IN_CHILD(in_the_child);
    CHECK_EQUAL(pthread_create(&thread, NULL, in_a_thread, NULL), 0);
    CHECK_EQUAL(pthread_join(thread, NULL), 0);
    CHECK_ERRNO(set_area(&area, AREA_SIZE, 0, SIGNATURE), EBUSY);
}

static void with_area_that_goes_away(void)
{
    char *page = map_pages(1);
    CHECK_OK(set_area(page, AREA_SIZE, 0, SIGNATURE));
    CHECK_OK(munmap(page, PAGE));
    sleep_ms(50);
}

static void with_a_sequence_of_another_signature(void)
{
    CHECK_OK(set_area(&area, AREA_SIZE, 0, SIGNATURE + 1));
    (void)count_down(1);
    sleep_ms(50);
}

TEST(an_area_or_a_sequence_that_cannot_be_is_fatal)
{
    void (*const cases[])(void) = {with_area_that_goes_away, with_a_sequence_of_another_signature};
    for (int i = 0; i < 2; i++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            cases[i]();
            _exit(0);
        }
        CHECK_KILLED(child, SIGSEGV);
    }
}
