/* Races in one address space and on shared pages: faults against unmapping, protection, truncation and fork. A page shows what was
 * written to it, or zeroes, or a fault. */
#include "races.h"

#include <setjmp.h>

enum { PAGES = 12, LOOKERS = 3, MAPPERS = 4, OWN_PAGES = 8 };

static __thread sigjmp_buf faulted;
static __thread volatile bool may_fault;

static void on_fault(int signal)
{
    if (!may_fault) {
        race_fail(__FILE__, __LINE__, "signal %d at a place that cannot fault", signal);
    }
    siglongjmp(faulted, 1);
}

static void catch_faults(void)
{
    struct sigaction action = {.sa_handler = on_fault, .sa_flags = SA_NODEFER};
    RACE_OK(sigaction(SIGSEGV, &action, NULL));
    RACE_OK(sigaction(SIGBUS, &action, NULL));
}

static volatile uint64_t *ground;

static uint64_t tag_of(unsigned page)
{
    return 0x1234567800000001UL * (page + 1);
}

/* Reads a page, or writes its tag. Returns false where that faulted. */
static bool touch(unsigned page)
{
    volatile uint64_t *word = ground + page * (PAGE / 8) + race_draw() % (PAGE / 8);
    if (sigsetjmp(faulted, 0) != 0) {
        may_fault = false;
        return false;
    }
    may_fault = true;
    uint64_t seen = *word;
    if (race_draw() % 2) {
        *word = tag_of(page);
    }
    may_fault = false;
    RACE_CHECK(seen == 0 || seen == tag_of(page));
    return true;
}

/* ---- unmapping under faults ---------------------------------------------------------------------------------------- */

static void change_ground(void)
{
    unsigned page = race_draw() % PAGES, count = 1 + race_draw() % 3;
    char *place = (char *)ground + page * PAGE;
    size_t bytes = (page + count > PAGES ? PAGES - page : count) * PAGE;
    switch (race_draw() % 5) {
    case 0: RACE_OK(mprotect(place, bytes, PROT_READ)); break;
    case 1: RACE_OK(mprotect(place, bytes, PROT_READ | PROT_WRITE)); break;
    case 2: RACE_OK(madvise(place, bytes, MADV_DONTNEED)); break;
    default:
        if (race_draw() % 2) {
            RACE_OK(mprotect(place, bytes, PROT_NONE));
        }
        RACE_CHECK(mmap(place, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == place);
    }
}

static void change_or_touch(unsigned index)
{
    while (race_goes_on()) {
        if (index == 0) {
            change_ground();
            race_pause();
        } else {
            touch(race_draw() % PAGES);
            race_count();
        }
    }
}

static void unmapped_under_faults(void)
{
    catch_faults();
    ground = RACE_OK(
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    race_threads(1 + LOOKERS, change_or_touch);
}

/* ---- a file that is cut and grown under its mappings ----------------------------------------------------------------- */

static int file;

static void cut_or_touch(unsigned index)
{
    while (race_goes_on()) {
        if (index == 0) {
            RACE_OK(ftruncate(file, race_draw() % (PAGES + 1) * PAGE));
            race_pause();
        } else {
            touch(race_draw() % PAGES);
            race_count();
        }
    }
}

static void map_file(void)
{
    catch_faults();
    file = RACE_OK(open("mapped", O_RDWR | O_CREAT, 0600));
    ground = RACE_OK(mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
}

static void cut_under_threads(void)
{
    map_file();
    race_threads(1 + LOOKERS, cut_or_touch);
}

static void cut_under_processes(void)
{
    map_file();
    race_processes(1 + LOOKERS, cut_or_touch);
}

/* ---- mappings that many threads make at once ---------------------------------------------------------------------------- */

static void fill(uint64_t *pages, size_t count, uint64_t tag)
{
    for (size_t i = 0; i < count * (PAGE / 8); i += 64) {
        pages[i] = tag;
    }
}

static void check_filled(const uint64_t *pages, size_t count, uint64_t tag)
{
    for (size_t i = 0; i < count * (PAGE / 8); i += 64) {
        RACE_CHECK(pages[i] == tag);
    }
}

static void map_own(unsigned index)
{
    while (race_goes_on()) {
        size_t count = 1 + race_draw() % OWN_PAGES, grown = count + race_draw() % OWN_PAGES;
        uint64_t tag = tag_of(index);
        uint64_t *pages = RACE_OK(
            mmap(NULL, count * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        fill(pages, count, tag);
        race_pause();
        check_filled(pages, count, tag);
        pages = RACE_OK(mremap(pages, count * PAGE, grown * PAGE, 1 /* may move */));
        check_filled(pages, count, tag);
        fill(pages, grown, tag + 1);
        race_pause();
        check_filled(pages, grown, tag + 1);
        RACE_OK(munmap(pages, grown * PAGE));
        race_count();
    }
}

static void mappings_do_not_overlap(void)
{
    race_threads(MAPPERS, map_own);
}

/* ---- fork while threads write ------------------------------------------------------------------------------------------- */

static void look_twice(unsigned index)
{
    uint64_t seen[PAGES];
    for (unsigned i = 0; i < PAGES; i++) {
        seen[i] = ground[i * (PAGE / 8)];
    }
    race_pause();
    for (unsigned i = 0; i < PAGES; i++) {
        RACE_CHECK(ground[i * (PAGE / 8)] == seen[i]);
        ground[i * (PAGE / 8)] = 0;
    }
    (void)index;
}

static atomic_bool is_over;

static void fork_or_write(unsigned index)
{
    uint64_t written[PAGES] = {0};
    while (index == 0 ? race_goes_on() : !is_over) {
        if (index == 0) {
            RACE_CHECK(race_wait(race_process(look_twice, 0)) == 0);
            race_count();
            continue;
        }
        /* Each page has one writer. */
        unsigned page = race_draw() % (PAGES / LOOKERS) * LOOKERS + index - 1;
        RACE_CHECK(ground[page * (PAGE / 8)] == written[page]);
        ground[page * (PAGE / 8)] = ++written[page];
    }
    is_over = true;
}

static void forked_under_writes(void)
{
    ground = RACE_OK(
        mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    race_threads(1 + LOOKERS, fork_or_write);
}

/* ---- processes on the same pages ------------------------------------------------------------------------------------------ */

static _Atomic uint64_t *shared_counters;
static _Atomic uint64_t *expected;

static void add_and_leave(unsigned index)
{
    for (unsigned i = race_draw() % 50; i > 0; i--) {
        shared_counters[race_draw() % PAGES * (PAGE / 8)]++;
        ++*expected;
    }
    if (index % 2) {
        RACE_OK(munmap((void *)shared_counters, PAGES * PAGE));
    }
}

static void shared_pages_are_one(void)
{
    shared_counters = race_shared_pages(PAGES);
    expected = race_shared_pages(1);
    while (race_goes_on()) {
        uint64_t sum = 0;
        race_processes(MAPPERS, add_and_leave);
        for (unsigned i = 0; i < PAGES; i++) {
            sum += shared_counters[i * (PAGE / 8)];
        }
        RACE_CHECK(sum == *expected);
        race_count();
    }
}

/* ---- a page that is replaced under those who look ------------------------------------------------------------------------- */

static _Atomic uint64_t published;

static void replace_page(void)
{
    for (uint64_t number = 1; race_goes_on(); number++) {
        uint64_t *fresh =
            RACE_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        *fresh = number;
        RACE_CHECK(mremap(fresh, PAGE, PAGE, 3 /* may move, fixed */, ground) == (void *)ground);
        published = number;
        race_count();
    }
}

/* Who has heard of a page may never see the one before it: not by a load of its own, and not by the kernel's. */
static void look_at_page(void)
{
    int ends[2];
    RACE_OK(pipe(ends));
    while (race_goes_on()) {
        uint64_t least = published, seen = 0;
        if (race_draw() % 4 == 0) {
            seen = *ground;
        } else {
            RACE_CHECK(write(ends[1], (const void *)ground, sizeof(seen)) == sizeof(seen));
            RACE_CHECK(read(ends[0], &seen, sizeof(seen)) == sizeof(seen));
        }
        RACE_CHECK(seen >= least);
    }
    close(ends[0]);
    close(ends[1]);
}

static void replace_or_look(unsigned index)
{
    if (index == 0) {
        replace_page();
    } else {
        look_at_page();
    }
}

static void replaced_pages_are_gone(void)
{
    published = 0;
    ground = RACE_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    race_threads(1 + LOOKERS, replace_or_look);
}

/* ---- pages of threads that map for themselves, and look at each other's now and then --------------------------------------- */

enum { OWNERS = 4, MANY_PAGES = 100 };

static struct {
    volatile uint64_t *_Atomic page;
    _Atomic uint64_t published;
} owned[OWNERS];

static uint64_t *page_make(uint64_t number)
{
    uint64_t *page =
        RACE_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    *page = number;
    return page;
}

static void own_page_replace(unsigned index)
{
    uint64_t number = owned[index].published + 1;
    void *page = (void *)(uintptr_t)owned[index].page;
    RACE_CHECK(mremap(page_make(number), PAGE, PAGE, 3 /* may move, fixed */, page) == page);
    owned[index].published = number;
    race_count();
}

static void owned_page_look(unsigned index)
{
    volatile uint64_t *page = owned[index].page;
    uint64_t least = owned[index].published;
    RACE_CHECK(page == NULL || *page >= least);
}

/* So much that no CPU flushes page by page. */
static void many_pages_come_and_go(void)
{
    char *pages = RACE_OK(
        mmap(NULL, MANY_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    for (size_t page = 0; page < MANY_PAGES; page++) {
        pages[page * PAGE] = 1;
    }
    RACE_OK(munmap(pages, MANY_PAGES * PAGE));
}

static void own_and_look(unsigned index)
{
    for (unsigned i = 0; i < 3; i++) {
        many_pages_come_and_go(); /* so that threads are known to run side by side before they own anything */
        race_pause();
    }
    owned[index].page = page_make(0);
    while (race_goes_on()) {
        switch (race_draw() % 8) {
        case 0:
        case 1:
        case 2: own_page_replace(index); break;
        case 3: race_pause(); break;
        case 4:
            if (race_draw() % 16 == 0) {
                many_pages_come_and_go();
            }
            break;
        default: owned_page_look(race_draw() % OWNERS); break;
        }
    }
}

static void owned_pages_are_gone(void)
{
    race_threads(OWNERS, own_and_look);
}

const struct race memory_races[] = {
    {"unmapped_under_faults", unmapped_under_faults},
    {"cut_under_threads", cut_under_threads},
    {"cut_under_processes", cut_under_processes},
    {"mappings_do_not_overlap", mappings_do_not_overlap},
    {"forked_under_writes", forked_under_writes},
    {"shared_pages_are_one", shared_pages_are_one},
    {"replaced_pages_are_gone", replaced_pages_are_gone},
    {"owned_pages_are_gone", owned_pages_are_gone},
    {NULL, NULL},
};
