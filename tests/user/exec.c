/*
 * execve: what a program starts with, what it keeps, which files can be run.
 */
#include "check.h"

#include <elf.h>
#include <pthread.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/resource.h>

extern char **environ;

static int check_environment(int argc, char **argv)
{
    return argc == 3 && strcmp(argv[2], "two words") == 0 && getenv("ONLY") &&
                   strcmp(getenv("ONLY"), "this") == 0 && environ[1] == NULL
               ? 0
               : 1;
}

static int print_auxv(void)
{
    static const unsigned long types[] = {AT_PHDR,   AT_PHENT,  AT_PHNUM,    AT_PAGESZ, AT_ENTRY,
                                          AT_RANDOM, AT_EXECFN, AT_PLATFORM, AT_CLKTCK};
    for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
        if (getauxval(types[i]) == 0) {
            return (int)(10 + i);
        }
    }
    if (getauxval(AT_PAGESZ) != PAGE || getauxval(AT_PHENT) != sizeof(Elf64_Phdr) ||
        getauxval(AT_CLKTCK) != 100) {
        return 30;
    }
    if (getauxval(AT_UID) != getuid() || getauxval(AT_EUID) != geteuid() ||
        getauxval(AT_GID) != getgid() || getauxval(AT_EGID) != getegid() ||
        getauxval(AT_SECURE) != 0) {
        return 31;
    }
    if (strcmp((char *)getauxval(AT_PLATFORM), "x86_64") != 0 ||
        strcmp((char *)getauxval(AT_EXECFN), "./me") != 0) {
        return 32;
    }
    const Elf64_Phdr *headers = (const Elf64_Phdr *)getauxval(AT_PHDR);
    bool has_load = false;
    for (unsigned long i = 0; i < getauxval(AT_PHNUM); i++) {
        has_load = has_load || headers[i].p_type == PT_LOAD;
    }
    return has_load ? 0 : 33;
}

static int check_signals(void)
{
    struct sigaction action;
    sigset_t set;
    sigaction(SIGUSR1, NULL, &action);
    if (action.sa_handler != SIG_DFL) {
        return 1;
    }
    sigaction(SIGUSR2, NULL, &action);
    if (action.sa_handler != SIG_IGN) {
        return 2;
    }
    sigprocmask(SIG_BLOCK, NULL, &set);
    if (!sigismember(&set, SIGTERM)) {
        return 3;
    }
    sigpending(&set);
    return sigismember(&set, SIGTERM) ? 0 : 4;
}

int check_reexec(int argc, char **argv)
{
    if (strcmp(argv[1], "@environment") == 0) {
        return check_environment(argc, argv);
    }
    if (strcmp(argv[1], "@auxv") == 0) {
        return print_auxv();
    }
    if (strcmp(argv[1], "@signals") == 0) {
        return check_signals();
    }
    if (strcmp(argv[1], "@descriptors") == 0) {
        return fcntl(50, F_GETFD) == 0 && fcntl(51, F_GETFD) < 0 ? 0 : 1;
    }
    if (strcmp(argv[1], "@ids") == 0) {
        return (int)(geteuid() == NOBODY && getuid() == 0 && getauxval(AT_SECURE) == 1);
    }
    if (strcmp(argv[1], "@became-root") == 0) {
        return (int)(geteuid() == 0 && getuid() == NOBODY);
    }
    if (strcmp(argv[1], "@count") == 0) {
        return argc == 1002 ? 0 : 1;
    }
    if (strcmp(argv[1], "@address") == 0) {
        return (int)((uintptr_t)&argc >> 12 & 0x7f);
    }
    return 1;
}

/* A copy of this program in the working directory. */
static void copy_self(const char *name)
{
    static char buffer[65536];
    int in = CHECK_OK(open("/proc/self/exe", O_RDONLY)),
        out = CHECK_OK(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755));
    ssize_t count;
    while ((count = CHECK_OK(read(in, buffer, sizeof(buffer)))) > 0) {
        CHECK_EQUAL(write(out, buffer, (size_t)count), count);
    }
    CHECK_OK(close(out));
    CHECK_OK(close(in));
}

static pid_t spawn(const char *path, char *const argv[], char *const envp[])
{
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        execve(path, argv, envp);
        _exit(100 + errno);
    }
    return pid;
}

static int status_of(const char *path)
{
    char *argv[] = {(char *)path, NULL};
    return WEXITSTATUS(check_wait(spawn(path, argv, environ), __FILE__, __LINE__));
}

static void make_program(const char *name, const void *bytes, size_t size, mode_t mode)
{
    int fd = CHECK_OK(open(name, O_WRONLY | O_CREAT | O_TRUNC, 0755));
    CHECK_EQUAL(write(fd, bytes, size), size);
    CHECK_OK(fchmod(fd, mode));
    CHECK_OK(close(fd));
}

TEST(arguments_and_environment_arrive)
{
    char *argv[] = {"name", "@environment", "two words", NULL}, *envp[] = {"ONLY=this", NULL};
    CHECK_EXITED(spawn("/proc/self/exe", argv, envp), 0);
}

TEST(a_thousand_arguments_arrive)
{
    char *argv[1003] = {"name", "@count"};
    for (int i = 2; i < 1002; i++) {
        argv[i] = "an argument of middling length";
    }
    CHECK_EXITED(spawn("/proc/self/exe", argv, environ), 0);
}

TEST(the_auxiliary_vector_is_complete)
{
    char *argv[] = {"name", "@auxv", NULL};
    copy_self("me");
    CHECK_EXITED(spawn("./me", argv, environ), 0);
}

TEST(handlers_go_but_ignoring_and_masks_stay)
{
    char *argv[] = {"name", "@signals", NULL};
    sigset_t set;
    CHECK(signal(SIGUSR1, (void (*)(int))(void *)make_file) != SIG_ERR);
    CHECK(signal(SIGUSR2, SIG_IGN) != SIG_ERR);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    CHECK_OK(sigprocmask(SIG_BLOCK, &set, NULL));
    CHECK_OK(raise(SIGTERM));
    pid_t pid = CHECK_OK(fork());
    if (pid == 0) {
        raise(SIGTERM);
        execve("/proc/self/exe", argv, environ);
        _exit(99);
    }
    CHECK_EXITED(pid, 0);
}

TEST(close_on_exec_closes_what_is_marked)
{
    char *argv[] = {"name", "@descriptors", NULL};
    int fd = CHECK_OK(open("/dev/null", O_RDONLY));
    CHECK_EQUAL(dup3(fd, 51, O_CLOEXEC), 51);
    CHECK_EQUAL(dup2(fd, 50), 50);
    CHECK_EXITED(spawn("/proc/self/exe", argv, environ), 0);
}

TEST(set_user_id_gives_the_owners_rights)
{
    char *argv[] = {"name", "@ids", NULL};
    copy_self("me");
    CHECK_OK(chown("me", NOBODY, NOBODY));
    CHECK_OK(chmod("me", 04755));
    CHECK_EXITED(spawn("./me", argv, environ), 1);
}

static void *run_set_id(void *unused)
{
    char *argv[] = {"name", "@became-root", NULL};
    (void)unused;
    execve("./me", argv, environ);
    _exit(100 + errno);
}

static void *wait_for_ever(void *unused)
{
    for (;;) {
        pause();
    }
    return unused;
}

/* The threads share directories, but they are gone when it begins. */
TEST(set_user_id_holds_for_a_program_that_had_threads)
{
    copy_self("me");
    CHECK_OK(chmod("me", 04755));
    for (int is_first = 0; is_first < 2; is_first++) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            pthread_t thread;
            become_user(NOBODY);
            CHECK_EQUAL(pthread_create(&thread, NULL, is_first ? wait_for_ever : run_set_id, NULL),
                        0);
            (is_first ? run_set_id : wait_for_ever)(NULL);
        }
        CHECK_EXITED(child, 1);
    }
}

TEST(stacks_stand_at_different_places)
{
    char *argv[] = {"name", "@address", NULL};
    int first = WEXITSTATUS(check_wait(spawn("/proc/self/exe", argv, environ), __FILE__, __LINE__));
    bool differs = false;
    for (int i = 0; i < 8 && !differs; i++) {
        differs = WEXITSTATUS(check_wait(spawn("/proc/self/exe", argv, environ), __FILE__,
                                         __LINE__)) != first;
    }
    CHECK(differs);
}

TEST(files_that_cannot_run_are_refused)
{
    CHECK_EQUAL(status_of("./missing"), 100 + ENOENT);
    CHECK_EQUAL(status_of("."), 100 + EACCES);
    make_program("plain", "data", 4, 0644);
    CHECK_EQUAL(status_of("./plain"), 100 + EACCES);
    CHECK_EQUAL(status_of("./plain/x"), 100 + ENOTDIR);
    make_program("text", "data", 4, 0755);
    CHECK_EQUAL(status_of("./text"), 100 + ENOEXEC);
    make_program("empty", "", 0, 0755);
    CHECK_EQUAL(status_of("./empty"), 100 + ENOEXEC);
    CHECK_OK(symlink("loop", "loop"));
    CHECK_EQUAL(status_of("./loop"), 100 + ELOOP);
    CHECK_OK(mkfifo("fifo", 0755));
    CHECK_EQUAL(status_of("./fifo"), 100 + EACCES);
    CHECK_ERRNO(execve((char *)unmapped_address(), NULL, NULL), EFAULT);
    char *bad[] = {unmapped_address(), NULL};
    CHECK_ERRNO(execve("/proc/self/exe", bad, NULL), EFAULT);
}

TEST(damaged_headers_are_refused)
{
    static char bytes[8192];
    copy_self("me");
    int fd = CHECK_OK(open("me", O_RDONLY));
    CHECK(read(fd, bytes, sizeof(bytes)) == sizeof(bytes));
    CHECK_OK(close(fd));
    Elf64_Ehdr *header = (Elf64_Ehdr *)bytes, saved = *header;
    make_program("cut", bytes, 40, 0755);
    CHECK_EQUAL(status_of("./cut"), 100 + ENOEXEC);
    header->e_machine = EM_386;
    make_program("machine", bytes, sizeof(bytes), 0755);
    CHECK_EQUAL(status_of("./machine"), 100 + ENOEXEC);
    *header = saved;
    header->e_type = ET_REL;
    make_program("type", bytes, sizeof(bytes), 0755);
    CHECK_EQUAL(status_of("./type"), 100 + ENOEXEC);
    *header = saved;
    header->e_phentsize = 32;
    make_program("size", bytes, sizeof(bytes), 0755);
    CHECK_EQUAL(status_of("./size"), 100 + ENOEXEC);
    *header = saved;
    header->e_phnum = 0;
    make_program("none", bytes, sizeof(bytes), 0755);
    CHECK_EQUAL(status_of("./none"), 100 + ENOEXEC);
}

TEST(strings_that_are_too_long_are_refused)
{
    size_t size = 200000;
    char *text = map_pages(size / PAGE + 1);
    memset(text, 'x', size);
    char *argv[] = {"name", text, NULL};
    CHECK_ERRNO(execve("/proc/self/exe", argv, environ), E2BIG);
    text[100000] = '\0';
    char *many[100] = {0};
    for (int i = 0; i < 99; i++) {
        many[i] = text;
    }
    CHECK_ERRNO(execve("/proc/self/exe", many, environ), E2BIG);
}

TEST(a_running_program_cannot_be_written)
{
    char *argv[] = {"name", "@auxv", NULL};
    copy_self("me");
    int fd = CHECK_OK(open("me", O_WRONLY));
    CHECK_EXITED(spawn("./me", argv, environ), 100 + ETXTBSY);
    CHECK_OK(close(fd));
    CHECK_EXITED(spawn("./me", argv, environ), 0);
}

static void *map_for_writing(const char *path)
{
    int fd = CHECK_OK(open(path, O_RDWR));
    void *bytes = CHECK_OK(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0));
    CHECK_OK(close(fd));
    return bytes;
}

/* The mapping could be made writable, so it counts, wherever it is moved to and whoever inherits it. */
TEST(a_program_that_is_mapped_for_writing_does_not_run)
{
    char *argv[] = {"name", "@auxv", NULL};
    int ends[2];
    copy_self("me");
    void *bytes = map_for_writing("me");
    CHECK_EXITED(spawn("./me", argv, environ), 100 + ETXTBSY);
    bytes = CHECK_OK(mremap(bytes, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, map_pages(1)));
    CHECK_EXITED(spawn("./me", argv, environ), 100 + ETXTBSY);
    CHECK_OK(pipe(ends));
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        CHECK_OK(close(ends[1]));
        _exit((int)read(ends[0], bytes, 1)); /* until the other has looked */
    }
    CHECK_OK(munmap(bytes, PAGE));
    CHECK_EXITED(spawn("./me", argv, environ), 100 + ETXTBSY);
    CHECK_OK(close(ends[1]));
    CHECK_EXITED(child, 0);
    CHECK_EXITED(spawn("./me", argv, environ), 0);
}

/* ---- scripts ------------------------------------------------------------------------------- */

TEST(scripts_get_interpreter_argument_and_name)
{
    char text[200];
    make_program("script", "#! \t/bin/sh -u  \necho \"$0|$1|$#\" > out\nexit 4\n", 46, 0755);
    char *argv[] = {"ignored", "first", NULL};
    CHECK_EXITED(spawn("./script", argv, environ), 4);
    read_file("out", text, sizeof(text));
    CHECK_TEXT(text, "./script|first|1\n");
}

TEST(a_script_may_run_a_script)
{
    char text[200];
    make_program("one", "#!/bin/sh\necho \"$@\" > out\n", 26, 0755);
    make_program("two", "#!./one x y\n", 12, 0755);
    char *argv[] = {"ignored", "last", NULL};
    CHECK_EXITED(spawn("./two", argv, environ), 0);
    read_file("out", text, sizeof(text));
    CHECK_TEXT(text, "x y ./two last\n");
}

TEST(scripts_that_lead_nowhere_are_refused)
{
    make_program("missing", "#!/no/such/thing\n", 17, 0755);
    CHECK_EQUAL(status_of("./missing"), 100 + ENOENT);
    make_program("empty", "#!\n", 3, 0755);
    CHECK_EQUAL(status_of("./empty"), 100 + ENOEXEC);
    make_program("blank", "#!   \n", 6, 0755);
    CHECK_EQUAL(status_of("./blank"), 100 + ENOEXEC);
    make_program("end", "#!", 2, 0755);
    CHECK_EQUAL(status_of("./end"), 100 + EACCES);
    make_program("end", "#! \t", 4, 0755);
    CHECK_EQUAL(status_of("./end"), 100 + EACCES);
    make_program("self", "#!./self\n", 9, 0755);
    CHECK_EQUAL(status_of("./self"), 100 + ELOOP);
}

TEST(a_chain_of_five_scripts_runs_and_of_six_does_not)
{
    char name[8], line[32];
    make_program("s0", "#!/bin/sh\nexit 8\n", 17, 0755);
    for (int i = 1; i < 6; i++) {
        snprintf(name, sizeof(name), "s%d", i);
        int length = snprintf(line, sizeof(line), "#!./s%d\n", i - 1);
        make_program(name, line, (size_t)length, 0755);
    }
    CHECK_EQUAL(status_of("./s4"), 8);
    CHECK_EQUAL(status_of("./s5"), 100 + ELOOP);
}

TEST(the_name_is_the_last_component)
{
    char text[64];
    make_program("a_name_of_more_than_fifteen",
                 "#!/bin/sh\nread x < /proc/$$/comm; echo \"$x\" > out\n", 51, 0755);
    CHECK_EQUAL(status_of("./a_name_of_more_than_fifteen"), 0);
    read_file("out", text, sizeof(text));
    CHECK_TEXT(text, "a_name_of_more_\n");
}

/* The line of maps about the stack of a program that runs now. */
static void stack_of_a_run(char *line, size_t size)
{
    CHECK_EQUAL(status_of("./places"), 0);
    read_file("out", line, size);
    CHECK(strstr(line, "[stack]") != NULL);
}

TEST(places_in_memory_are_random_as_the_system_is_set)
{
    static const char script[] =
        "#!/bin/sh\nwhile read l; do case \"$l\" in *stack*) echo \"$l\";; "
        "esac; done < /proc/$$/maps > out\n";
    char first[256], second[256];
    make_program("places", script, sizeof(script) - 1, 0755);
    stack_of_a_run(first, sizeof(first));
    stack_of_a_run(second, sizeof(second));
    CHECK(strcmp(first, second) != 0);
    make_file("/proc/sys/kernel/randomize_va_space", "0\n");
    stack_of_a_run(first, sizeof(first));
    stack_of_a_run(second, sizeof(second));
    make_file("/proc/sys/kernel/randomize_va_space", "2\n");
    CHECK_TEXT(first, second);
    CHECK_OK(personality(ADDR_NO_RANDOMIZE));
    stack_of_a_run(first, sizeof(first));
    stack_of_a_run(second, sizeof(second));
    CHECK_TEXT(first, second);
}
