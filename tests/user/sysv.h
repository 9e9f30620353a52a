/*
 * What the programs about System V IPC and message queues share.
 */
#pragma once

#include "check.h"

/* A key that no other test uses: tests run one after the other, and each removes what it made. */
static CHECK_UNUSED int own_key(int number)
{
    return 0x5a000000 + number;
}

/* A setting below /proc/sys/kernel is this now. */
static CHECK_UNUSED void check_setting(const char *name, const char *value)
{
    char path[64], text[64];
    snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
    read_file(path, text, sizeof(text));
    CHECK_TEXT(text, value);
}

static CHECK_UNUSED void change_setting(const char *name, const char *value)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/sys/kernel/%s", name);
    make_file(path, value);
}

/* A file of /proc/sysvipc begins with this line, and has the other one. */
static CHECK_UNUSED void check_listed(const char *kind, const char *head, const char *line)
{
    char path[64], text[4096];
    snprintf(path, sizeof(path), "/proc/sysvipc/%s", kind);
    read_file(path, text, sizeof(text));
    CHECK(strncmp(text, head, strlen(head)) == 0);
    CHECK(strstr(text, line) != NULL);
}
