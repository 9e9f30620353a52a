/*
 * How a program starts and ends: the first stack, the auxiliary vector against what is really there,
 * execveat, exit and signals to single threads.
 */
#include "check.h"

#include <elf.h>
#include <sys/auxv.h>
#include <sys/time.h>

extern char **environ;

static int say_random(void)
{
    const unsigned char *bytes = (const void *)getauxval(AT_RANDOM);
    return bytes && write(1, bytes, 16) == 16 ? 0 : 1;
}

static int stack_is_aligned(int argc, char **argv)
{
    bool aligned = (uintptr_t)(argv - 1) % 16 == 0 && (long)argv[-1] == argc;
    return aligned && environ == argv + argc + 1 ? 0 : 1;
}

static int strings_follow_each_other(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (argv[i] != argv[i - 1] + strlen(argv[i - 1]) + 1) {
            return 1;
        }
    }
    return environ[0] == argv[argc - 1] + strlen(argv[argc - 1]) + 1 ? 0 : 1;
}

int check_reexec(int argc, char **argv)
{
    if (strcmp(argv[1], "@random") == 0) {
        return say_random();
    }
    if (strcmp(argv[1], "@aligned") == 0) {
        return stack_is_aligned(argc, argv);
    }
    return strcmp(argv[1], "@strings") == 0 ? strings_follow_each_other(argc, argv) : 1;
}

static void run_self(const char *word, int output)
{
    char *arguments[] = {"self", (char *)(uintptr_t)word, "x", "yy", NULL};
    for (int extra = 2; extra <= 4; extra++) {
        arguments[extra] = NULL;
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            CHECK_OK(dup2(output, 1));
            execve("/proc/self/exe", arguments, environ);
            check_fail(__FILE__, __LINE__, "execve: %s", strerror(errno));
        }
        CHECK_EXITED(child, 0);
        arguments[extra] = "more";
        if (extra == 4) {
            break;
        }
    }
}

TEST(the_first_stack_is_aligned_for_any_number_of_arguments)
{
    run_self("@aligned", 1);
}

TEST(arguments_and_environment_lie_one_after_the_other)
{
    run_self("@strings", 1);
}

TEST(every_start_has_other_random_bytes)
{
    unsigned char bytes[48];
    int fd = make_open_file("random");
    run_self("@random", fd);
    CHECK_EQUAL(pread(fd, bytes, sizeof(bytes), 0), 48);
    CHECK(memcmp(bytes, bytes + 16, 16) != 0 && memcmp(bytes + 16, bytes + 32, 16) != 0);
}

TEST(the_auxiliary_vector_points_to_the_real_program)
{
    const Elf64_Phdr *headers = (const void *)getauxval(AT_PHDR);
    unsigned long count = getauxval(AT_PHNUM), loads = 0;
    CHECK_EQUAL(getauxval(AT_PHENT), sizeof(Elf64_Phdr));
    CHECK_EQUAL(getauxval(AT_PAGESZ), PAGE);
    CHECK(count > 2 && count < 30);
    for (unsigned long i = 0; i < count; i++) {
        loads += headers[i].p_type == PT_LOAD;
    }
    CHECK(loads >= 2);
    CHECK_EQUAL(getauxval(AT_UID), 0);
    CHECK_EQUAL(getauxval(AT_EGID), 0);
    CHECK_EQUAL(getauxval(AT_SECURE), 0);
    CHECK_EQUAL(getauxval(AT_CLKTCK), 100);
    CHECK_TEXT((const char *)getauxval(AT_PLATFORM), "x86_64");
    CHECK(strstr((const char *)getauxval(AT_EXECFN), "start") != NULL);
}

TEST(execveat_runs_an_open_program)
{
    int fd = CHECK_OK(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
    char *arguments[] = {"self", "@aligned", NULL};
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        syscall(SYS_execveat, fd, "", arguments, environ, AT_EMPTY_PATH);
        _exit(9);
    }
    CHECK_EXITED(child, 0);
    CHECK_ERRNO(syscall(SYS_execveat, fd, "", arguments, environ, 0), ENOENT);
    CHECK_ERRNO(syscall(SYS_execveat, 900, "x", arguments, environ, 0), EBADF);
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "none", arguments, environ, 0), ENOENT);
    CHECK_OK(symlink("/proc/self/exe", "link"));
    CHECK_ERRNO(syscall(SYS_execveat, AT_FDCWD, "link", arguments, environ, AT_SYMLINK_NOFOLLOW),
                ELOOP);
}

TEST(exit_takes_the_low_eight_bits)
{
    for (int status = 0; status < 1000; status += 255) {
        pid_t child = CHECK_OK(fork());
        if (child == 0) {
            syscall(SYS_exit, status);
        }
        CHECK_EXITED(child, status & 255);
    }
}

static volatile sig_atomic_t caught;

static void on_signal(int signal)
{
    caught = signal;
}

TEST(tkill_and_tgkill_reach_one_thread)
{
    pid_t self = getpid();
    signal(SIGUSR1, on_signal);
    CHECK_OK(syscall(SYS_tkill, self, SIGUSR1));
    CHECK_EQUAL(caught, SIGUSR1);
    caught = 0;
    CHECK_OK(syscall(SYS_tgkill, self, self, SIGUSR1));
    CHECK_EQUAL(caught, SIGUSR1);
    CHECK_ERRNO(syscall(SYS_tgkill, self + 1000000, self, SIGUSR1), ESRCH);
    CHECK_ERRNO(syscall(SYS_tkill, 0, SIGUSR1), EINVAL);
    CHECK_ERRNO(syscall(SYS_tgkill, 0, self, SIGUSR1), EINVAL);
    CHECK_ERRNO(syscall(SYS_tkill, 1000000, SIGUSR1), ESRCH);
    CHECK_ERRNO(syscall(SYS_tkill, self, 65), EINVAL);
    CHECK_OK(syscall(SYS_tkill, self, 0));
}

TEST(settimeofday_sets_the_clock_and_back)
{
    struct timeval now, bad = {0, 1000000};
    CHECK_OK(syscall(SYS_gettimeofday, &now, NULL));
    struct timeval later = {now.tv_sec + 5000, 0};
    CHECK_OK(syscall(SYS_settimeofday, &later, NULL));
    int64_t seen = now_ns(CLOCK_REALTIME) / 1000000000;
    CHECK_OK(syscall(SYS_settimeofday, &now, NULL));
    CHECK(seen >= later.tv_sec && seen < later.tv_sec + 5);
    CHECK_ERRNO(syscall(SYS_settimeofday, &bad, NULL), EINVAL);
    CHECK_ERRNO(syscall(SYS_settimeofday, KERNEL_ADDRESS, NULL), EFAULT);
}

TEST(restart_syscall_without_a_call_to_restart_is_interrupted)
{
    CHECK_ERRNO(syscall(SYS_restart_syscall), EINTR);
}
