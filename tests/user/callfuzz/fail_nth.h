/*
 * `callfuzz @fail`: for every call of the list, with arguments that it takes, the first allocation of the kernel fails, then the
 * second, until the call asks for fewer than that (debug kernels: /proc/self/fail-nth). Each attempt is made in a child. The call
 * fails with ENOMEM or with an error that it documents, or it succeeds.
 */
#pragma once

#include "place.h"

enum { FAIL_DESCRIPTOR = 60, FAIL_LIMIT = 200, FAIL_WAITS = 200 };

/* Written by the child that makes an attempt. */
struct attempt {
    long result;
    bool has_returned;
    bool has_failed; /* the allocation was refused */
    uint32_t allocations;
};

/* In the child. What the call made of it is read afterwards; a call that does not return leaves that out. */
static void attempt_here(volatile struct attempt *attempt, const struct known_call *call,
                         const uint64_t arguments[6], unsigned nth)
{
    char text[16] = {0};
    unsigned digits = nth >= 100 ? 3 : nth >= 10 ? 2 : 1, rest = nth;
    for (unsigned i = digits; i-- > 0; rest /= 10) {
        text[i] = (char)('0' + rest % 10);
    }
    place_descriptor(RAW(SYS_open, (uintptr_t) "/proc/self/fail-nth", O_RDWR), FAIL_DESCRIPTOR);
    RAW(SYS_write, FAIL_DESCRIPTOR, (uintptr_t)text, digits);
    attempt->result = make_call(call->number, arguments);
    attempt->has_returned = true;
    memset(text, 0, sizeof(text));
    if (RAW(SYS_pread64, FAIL_DESCRIPTOR, (uintptr_t)text, sizeof(text) - 1, 0) > 2) {
        attempt->has_failed = text[0] == '1';
        attempt->allocations = (uint32_t)strtoul(text + 2, NULL, 10);
    }
    RAW(SYS_exit_group, 0);
}

/* What an attempt before left or took away. */
static void reset_names(void)
{
    umount2("d", 2);
    (void)(unlink("new") == 0 || rmdir("new") == 0);
    (void)(unlink("d/new") == 0 || rmdir("d/new") == 0);
    rename("h", "g");
    mkdir("d", 0777);
    (void)(symlink("d", "s") == 0);
    (void)(mkfifo("p", 0666) == 0);
    close(open("f", O_RDWR | O_CREAT, 0666));
    close(open("g", O_RDWR | O_CREAT, 0666));
    (void)(truncate("f", 0) == 0 && truncate("f", 100) == 0);
}

/* The wait status of the child. */
static int attempt_make(volatile struct attempt *attempt, const struct known_call *call,
                        const uint64_t arguments[6], unsigned nth)
{
    int status = -1, waits = 0;
    *attempt = (struct attempt){0};
    reset_names();
    pid_t child = CHECK_OK(fork());
    if (child == 0) {
        setpgid(0, 0);
        mend();
        attempt_here(attempt, call, arguments, nth);
    }
    while (waitpid(child, &status, WNOHANG | WUNTRACED) != child || WIFSTOPPED(status)) {
        if (++waits == FAIL_WAITS || WIFSTOPPED(status)) {
            kill(child, SIGKILL);
        }
        sleep_ms(1);
    }
    return status;
}

static bool is_honest(const volatile struct attempt *attempt, long usual)
{
    static const short errors[] = {ENOMEM, EAGAIN, EFAULT, ENOSPC, ENFILE, ENOLCK};
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (attempt->result == -errors[i]) {
            return true;
        }
    }
    return attempt->result >= 0 || attempt->result == usual;
}

/* Pairs of this call and an n at which an allocation was refused. */
static unsigned fail_call(volatile struct attempt *attempt, const struct known_call *call)
{
    uint64_t arguments[6];
    const struct recipe *recipe = draw_recipe(call->number);
    for (unsigned i = 0; i < 6; i++) {
        bool is_fixed = recipe && recipe->arguments[i] != BY_KIND;
        arguments[i] = is_fixed ? recipe->arguments[i] : draw_good(call->kinds[i]);
    }
    int usual_status = attempt_make(attempt, call, arguments, 0);
    long usual = attempt->result;
    unsigned pairs = 0, allocations = attempt->allocations;
    for (unsigned nth = 1; nth < FAIL_LIMIT; nth++) {
        int status = attempt_make(attempt, call, arguments, nth);
        if (!attempt->has_failed && (attempt->has_returned || status == usual_status)) {
            break;
        }
        pairs++;
        if (attempt->has_returned && !is_honest(attempt, usual)) {
            check_fail(__FILE__, __LINE__, "%s gives %ld when allocation %u fails, %ld else",
                       call->name, attempt->result, nth, usual);
        }
    }
    printf("fail %s usual %ld allocations %u pairs %u\n", call->name, usual, allocations, pairs);
    if (allocations != 0 && pairs == 0) {
        check_fail(__FILE__, __LINE__, "%s allocates and never failed", call->name);
    }
    return pairs;
}
