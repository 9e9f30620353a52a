/*
 * What the programs about System V IPC share.
 */
#pragma once

#include "check.h"

/* A key that no other test uses: tests run one after the other, and each removes what it made. */
static CHECK_UNUSED int own_key(int number)
{
    return 0x5a000000 + number;
}
