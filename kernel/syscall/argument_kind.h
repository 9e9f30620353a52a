/*
 * What an argument of a system call is: how the documentation and the fuzzer (tests/user/callfuzz.c) see it. Names no type, so that
 * programs can include it.
 */
#pragma once

enum argument_kind {
    ARG_NONE,
    ARG_INT,
    ARG_UINT,
    ARG_LONG,
    ARG_SIZE,
    ARG_FD,
    ARG_DIRFD,
    ARG_PATH,
    ARG_STRING,
    ARG_IN,
    ARG_OUT,
    ARG_INOUT,
    ARG_FLAGS,
    ARG_MODE,
    ARG_PID,
    ARG_SIGNAL,
    ARG_ADDRESS,
    ARG_OFFSET,
    ARG_COMMAND,
};
