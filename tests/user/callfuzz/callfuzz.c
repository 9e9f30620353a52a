/*
 * Every system call of the one list, with arguments drawn by lot out of what its kinds allow (draw.h), repeatable by the
 * seed: whatever a program asks for, the kernel stays whole. Prints how often each call ran, succeeded and failed; what a single call
 * answers is not looked at.
 *
 * A seed has PASSES processes, one after the other, each with a folder of its own that it makes its root; even seeds are root there,
 * odd ones a user without rights. Each process makes every call once, in an order of its own. Calls that end, replace or double the caller are made in a child of
 * the process. A process that does not get on is killed; that it then ends is checked.
 *
 *     callfuzz @seed FIRST COUNT     makes the calls of these seeds
 *     callfuzz @fail SEED            makes each call once for every allocation that can fail (fail_nth.h)
 *     callfuzz @show SEED            prints the calls of a seed and makes none
 *
 * It sets clocks and names and mounts: only for a machine that is thrown away, which THROWAWAY=1 in the environment confirms.
 */
#include "draw.h"
#include "place.h"

#include <elf.h>
#include <ftw.h>
#include <sys/mount.h>
#include <sys/sysmacros.h>

enum { PASSES = 4, FIX_EVERY = 16, STALL_MS = 1500, END_MS = 20000, HUNG = 98 };
enum { SPECIAL_WAITS = 60 };

struct known_call {
    short number;
    bool is_missing;
    const char *name;
    uint8_t kinds[6];
};

#define CALL(name, ...)    {SYS_##name, false, #name, {__VA_ARGS__}},
#define CALL_MISSING(name) {SYS_##name, true, #name, {ARG_NONE}},
static const struct known_call calls[] = {
#include "../../../kernel/syscall/call_list.h"
};
enum { CALL_COUNT = sizeof(calls) / sizeof(calls[0]) };

/* Shared by all processes of a run. */
struct shared {
    struct {
        uint32_t ran, succeeded, failed;
    } counts[CALL_COUNT];
    uint64_t made; /* grows with each call: tells a process that hangs from one that works */
    int current;
    uint64_t arguments[6];
    bool has_returned; /* of a call made in a child */
};
static volatile struct shared *shared;
static bool is_showing;

/* ---- making a call ----------------------------------------------------------------------------- */

static bool is_doubling(long number)
{
    return number == SYS_fork || number == SYS_vfork || number == SYS_clone || number == SYS_clone3;
}

static bool is_special(long number)
{
    static const short special[] = {SYS_exit,   SYS_exit_group,   SYS_execve,  SYS_execveat,
                                    SYS_kill,   SYS_tkill,        SYS_tgkill,  SYS_rt_sigqueueinfo,
                                    SYS_ptrace, SYS_rt_sigreturn, SYS_seccomp, SYS_reboot};
    for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++) {
        if (special[i] == number) {
            return true;
        }
    }
    return is_doubling(number);
}

static long own_number(void)
{
    return RAW(SYS_getpid, 0);
}

static long make_call(long number, const uint64_t drawn[6])
{
    uint64_t arguments[6];
    for (int i = 0; i < 6; i++) {
        arguments[i] = drawn[i] == OWN_NUMBER ? (uint64_t)own_number() : drawn[i];
    }
    return is_doubling(number) ? call_doubling(number, arguments) : call_raw(number, arguments);
}

/* One return from a handler as it should be, and one from whatever lies on the stack. */
static void return_from_signal(const uint64_t arguments[6])
{
    if (arguments[0] % 2 == 0) {
        RAW(SYS_kill, (uint64_t)own_number(), SIGALRM);
        shared->has_returned = true;
        RAW(SYS_exit_group, 0);
    }
    call_raw(SYS_rt_sigreturn, arguments);
}

/* In a child: its status is 0 where the call succeeded. A call that does not return has succeeded where the child exits. */
static void make_special_call_here(long number, const uint64_t arguments[6])
{
    RAW(SYS_setpgid, 0, 0);
    RAW(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL);
    if (number == SYS_rt_sigreturn) {
        return_from_signal(arguments);
    }
    long result = make_call(number, arguments);
    RAW(SYS_exit_group, result >= 0 ? 0 : HUNG);
}

/* True where the call succeeded. */
static bool make_special_call(long number, const uint64_t arguments[6])
{
    int status = -1;
    set_signals();
    long child = RAW(SYS_fork, 0);
    if (child == 0) {
        make_special_call_here(number, arguments);
    }
    for (int waits = 0; child > 0; waits++) {
        long ended = RAW(SYS_wait4, child, (uintptr_t)&status, WUNTRACED, 0);
        if (ended == child && !WIFSTOPPED(status)) {
            break;
        }
        if (ended == child || waits == SPECIAL_WAITS) {
            RAW(SYS_kill, child, SIGKILL);
        }
        if (ended != child && ended != -EINTR) {
            return false;
        }
    }
    return child > 0 && WIFEXITED(status) && WEXITSTATUS(status) != HUNG;
}

static void count_call(int index, bool has_succeeded)
{
    if (has_succeeded) {
        shared->counts[index].succeeded++;
    } else {
        shared->counts[index].failed++;
    }
}

static void run_call(int index)
{
    const struct known_call *call = &calls[index];
    uint64_t arguments[6];
    draw_arguments(call->number, call->kinds, arguments);
    if (is_showing) {
        printf("%s(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)\n", call->name, arguments[0], arguments[1],
               arguments[2], arguments[3], arguments[4], arguments[5]);
        return;
    }
    shared->current = index;
    for (int i = 0; i < 6; i++) {
        shared->arguments[i] = arguments[i];
    }
    shared->made++;
    shared->counts[index].ran++;
    if (is_special(call->number)) {
        count_call(index, make_special_call(call->number, arguments));
    } else {
        long result = make_call(call->number, arguments);
        count_call(index, result >= 0 || result < -4095);
    }
}

/* Every call once, in an order of this pass. */
static void run_pass(uint64_t seed, uint64_t pass)
{
    uint16_t order[CALL_COUNT];
    draw_state = (seed * PASSES + pass + 1) * 0x9e3779b97f4a7c15UL;
    for (uint16_t i = 0; i < CALL_COUNT; i++) {
        uint16_t place = (uint16_t)(draw() % (i + 1U));
        order[i] = order[place];
        order[place] = i;
    }
    for (int i = 0; i < CALL_COUNT; i++) {
        if (i % FIX_EVERY == 0) {
            uint64_t state = draw_state;
            draw_state = state + 1;
            if (!is_showing) {
                mend();
            }
            draw_state = state;
        }
        run_call(order[i]);
    }
}

#include "fail_nth.h"

/* ---- the seeds ------------------------------------------------------------------------------------ */

/* A program that exits with 0, for the calls that execute one. */
static void make_program(const char *path)
{
    static const uint8_t code[] = {0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 0x05};
    struct {
        Elf64_Ehdr header;
        Elf64_Phdr segment;
        uint8_t code[sizeof(code)];
    } image = {
        .header = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
                   .e_type = ET_EXEC,
                   .e_machine = EM_X86_64,
                   .e_version = EV_CURRENT,
                   .e_entry = 0x400000 + sizeof(Elf64_Ehdr) + sizeof(Elf64_Phdr),
                   .e_phoff = sizeof(Elf64_Ehdr),
                   .e_ehsize = sizeof(Elf64_Ehdr),
                   .e_phentsize = sizeof(Elf64_Phdr),
                   .e_phnum = 1},
        .segment = {.p_type = PT_LOAD,
                    .p_flags = PF_R | PF_X,
                    .p_vaddr = 0x400000,
                    .p_filesz = sizeof(image),
                    .p_memsz = sizeof(image),
                    .p_align = PAGE},
    };
    memcpy(image.code, code, sizeof(code));
    int fd = CHECK_OK(open(path, O_WRONLY | O_CREAT | O_TRUNC, 0755));
    CHECK_EQUAL(write(fd, &image, sizeof(image)), sizeof(image));
    CHECK_OK(close(fd));
}

static void make_folder(const char *folder)
{
    CHECK_OK(mkdir(folder, 0777));
    CHECK_OK(chmod(folder, 0777));
    CHECK_OK(chdir(folder));
    CHECK_OK(mkdir("d", 0777));
    CHECK_OK(chmod("d", 0777));
    CHECK_OK(mkdir("proc", 0755));
    CHECK_OK(mount("proc", "proc", "proc", 0, NULL));
    CHECK_OK(symlink("d", "s"));
    CHECK_OK(symlink("loop", "loop"));
    CHECK_OK(mkfifo("p", 0666));
    CHECK_OK(mknod("zero", S_IFCHR | 0666, makedev(1, 5)));
    CHECK_OK(mknod("null", S_IFCHR | 0666, makedev(1, 3)));
    make_file("f", "a few bytes to begin with");
    make_file("g", "");
    CHECK_OK(chmod("f", 0666));
    make_program("x");
    CHECK_OK(chdir(".."));
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

/* The mount point in a line of /proc/self/mounts, whose source before the first blank may be empty. Blanks and the like in it are
 * written as three octal digits. */
static bool read_point(const char *line, char *point)
{
    const char *from = strchr(line, ' ');
    if (from == NULL) {
        return false;
    }
    for (from++; *from != ' ' && *from != '\0'; from++) {
        char digits[4] = {0};
        if (*from == '\\') {
            strncpy(digits, from + 1, 3);
            from += 3;
            *point++ = (char)strtol(digits, NULL, 8);
        } else {
            *point++ = *from;
        }
    }
    *point = '\0';
    return true;
}

/* Tries to take away the mounts below `base`; one that lies hidden below another goes in a later round. Returns how many there were. */
static unsigned remove_mounts(const char *base)
{
    char line[2 * PATH_MAX], point[2 * PATH_MAX];
    unsigned found = 0;
    FILE *mounts = fopen("/proc/self/mounts", "r");
    CHECK(mounts != NULL);
    while (fgets(line, sizeof(line), mounts)) {
        if (read_point(line, point) && strncmp(point, base, strlen(base)) == 0) {
            found++;
            umount2(point, MNT_DETACH);
        }
    }
    fclose(mounts);
    return found;
}

/* Takes away every mount below this folder, and the folder. */
static void remove_folder(const char *folder)
{
    char base[PATH_MAX];
    unsigned left, before = UINT_MAX;
    CHECK(realpath(folder, base) != NULL);
    while ((left = remove_mounts(base)) != 0) {
        CHECK(left < before);
        before = left;
    }
    CHECK_OK(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS));
}

static void be_process(uint64_t seed, uint64_t pass, const char *folder)
{
    CHECK_OK(chdir(folder));
    CHECK_OK(chroot("."));
    for (int fd = 0; fd < 64; fd++) {
        close(fd);
    }
    for (int fd = 0; fd < 3; fd++) {
        CHECK_EQUAL(open("null", O_RDWR), fd);
    }
    CHECK_OK(syscall(SYS_arch_prctl, 0x1003, &thread_area));
    umask(0);
    if (seed % 2 == 1) {
        become_user(NOBODY);
    }
    run_pass(seed, pass);
    _exit(0);
}

__attribute__((noreturn)) static void report_hang(uint64_t seed, pid_t process)
{
    const volatile uint64_t *arguments = shared->arguments;
    check_fail(__FILE__, __LINE__,
               "seed %lu: process %d does not end, %s(%#lx, %#lx, %#lx, %#lx, %#lx, %#lx)", seed,
               process, calls[shared->current].name, arguments[0], arguments[1], arguments[2],
               arguments[3], arguments[4], arguments[5]);
}

/* How the process ends is its affair; that it ends when it is killed is not. */
static void watch_process(uint64_t seed, pid_t process)
{
    uint64_t made = 0;
    int stalled = 0, status;
    while (waitpid(process, &status, WNOHANG) != process) {
        stalled = made == shared->made ? stalled + 10 : 0;
        made = shared->made;
        if (stalled >= STALL_MS) {
            kill(process, SIGKILL);
        }
        if (stalled >= STALL_MS + END_MS) {
            report_hang(seed, process);
        }
        sleep_ms(10);
    }
    while (waitpid(-1, &status, WNOHANG) > 0) {}
}

static void check_still_whole(void)
{
    char text[16];
    int ends[2];
    make_file("after", "still here");
    read_file("after", text, sizeof(text));
    CHECK_TEXT(text, "still here");
    CHECK_OK(unlink("after"));
    CHECK_OK(pipe(ends));
    CHECK_EQUAL(write(ends[1], "x", 1), 1);
    CHECK_EQUAL(read(ends[0], text, 1), 1);
    CHECK_OK(close(ends[0]));
    CHECK_OK(close(ends[1]));
    char *pages = map_pages(10);
    memset(pages, 1, 10 * PAGE);
    CHECK_OK(munmap(pages, 10 * PAGE));
}

/* In a folder of its own: what the pass before mounted over its root is in nobody's way. */
static void make_pass(uint64_t seed, uint64_t pass)
{
    char folder[48];
    snprintf(folder, sizeof(folder), "seed%lu-%lu", (unsigned long)seed, (unsigned long)pass);
    make_folder(folder);
    pid_t process = CHECK_OK(fork());
    if (process == 0) {
        be_process(seed, pass, folder);
    }
    watch_process(seed, process);
    remove_folder(folder);
}

static void run_seeds(uint64_t first, uint64_t count)
{
    CHECK(getenv("THROWAWAY") != NULL);
    for (uint64_t seed = first; seed < first + count; seed++) {
        for (uint64_t pass = 0; pass < PASSES; pass++) {
            make_pass(seed, pass);
        }
    }
    check_still_whole();
}

/* Prints the counts and checks that no call is missing among them and that enough succeed. */
static void check_counts(void)
{
    uint32_t ran = 0, succeeded = 0, working = 0, handled = 0;
    for (int i = 0; i < CALL_COUNT; i++) {
        uint32_t own = shared->counts[i].ran, good = shared->counts[i].succeeded;
        printf("call %s ran %u succeeded %u failed %u\n", calls[i].name, own, good,
               shared->counts[i].failed);
        ran += own;
        succeeded += good;
        handled += !calls[i].is_missing;
        working += !calls[i].is_missing && good != 0;
    }
    printf("calls: %u of %u in the list succeeded at least once; %u ran, %u succeeded\n", working,
           handled, ran, succeeded);
    fflush(stdout);
    for (int i = 0; i < CALL_COUNT; i++) {
        if (shared->counts[i].ran == 0) {
            check_fail(__FILE__, __LINE__, "%s never ran", calls[i].name);
        }
    }
    CHECK(working * 3 >= handled);
    CHECK(succeeded * 3 >= ran);
}

/* Every call that is there, in a folder of its own. */
static void run_failures(uint64_t seed)
{
    unsigned pairs = 0;
    volatile struct attempt *attempt =
        CHECK_OK(mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    CHECK(getenv("THROWAWAY") != NULL);
    draw_state = (seed + 1) * 0x9e3779b97f4a7c15UL;
    make_folder("failures");
    CHECK_OK(chdir("failures"));
    CHECK_OK(chroot("."));
    CHECK_OK(syscall(SYS_arch_prctl, 0x1003, &thread_area));
    for (int i = 0; i < CALL_COUNT; i++) {
        if (!calls[i].is_missing) {
            pairs += fail_call(attempt, &calls[i]);
        }
    }
    printf("failures: %u pairs of a call and an allocation that failed\n", pairs);
    CHECK(pairs > 0);
}

static void run_and_count(uint64_t first, uint64_t count)
{
    shared = CHECK_OK(mmap(NULL, (sizeof(*shared) + PAGE - 1) / PAGE * PAGE, PROT_READ | PROT_WRITE,
                           MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    run_seeds(first, count);
    check_counts();
}

int check_reexec(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "@show") == 0) {
        is_showing = true;
        for (uint64_t pass = 0; pass < PASSES; pass++) {
            run_pass(strtoul(argv[2], NULL, 10), pass);
        }
        return 0;
    }
    bool is_failing = argc == 3 && strcmp(argv[1], "@fail") == 0;
    if (argc != 4 && !is_failing) {
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    pid_t child = CHECK_OK(fork());
    if (child == 0 && is_failing) {
        run_failures(strtoul(argv[2], NULL, 10));
        exit(0);
    }
    if (child == 0) {
        run_and_count(strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
        exit(0);
    }
    int status = 0;
    CHECK_EQUAL(waitpid(child, &status, 0), child);
    if (is_failing) {
        remove_folder("failures");
    }
    puts(status == 0 ? "hunt ended well" : check_report);
    return status != 0;
}
