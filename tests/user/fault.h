/*
 * Faults on purpose: touches an address and returns which signal that raised, with its siginfo.
 */
#pragma once

#include "check.h"

#include <setjmp.h>

static sigjmp_buf fault_return;
static siginfo_t fault_info;

static void fault_caught(int signal, siginfo_t *info, void *context)
{
    (void)context;
    fault_info = *info;
    siglongjmp(fault_return, signal);
}

static void fault_catch(void)
{
    struct sigaction action = {.sa_sigaction = fault_caught, .sa_flags = SA_SIGINFO | SA_NODEFER};
    CHECK_OK(sigaction(SIGSEGV, &action, NULL));
    CHECK_OK(sigaction(SIGBUS, &action, NULL));
    CHECK_OK(sigaction(SIGILL, &action, NULL));
    CHECK_OK(sigaction(SIGFPE, &action, NULL));
    CHECK_OK(sigaction(SIGTRAP, &action, NULL));
}

/* Runs STATEMENT; the value is the signal that it raised, 0 for none. */
#define FAULT_OF(STATEMENT)                                                                        \
    ({                                                                                             \
        fault_catch();                                                                             \
        int signal_ = sigsetjmp(fault_return, 1);                                                  \
        if (signal_ == 0) {                                                                        \
            STATEMENT;                                                                             \
        }                                                                                          \
        signal_;                                                                                   \
    })

static CHECK_UNUSED int fault_of_read(const void *address)
{
    return FAULT_OF((void)*(const volatile char *)address);
}

static CHECK_UNUSED int fault_of_write(void *address)
{
    return FAULT_OF(*(volatile char *)address = 1);
}

static CHECK_UNUSED int fault_of_call(void *address)
{
    return FAULT_OF(((void (*)(void))(uintptr_t)address)());
}
