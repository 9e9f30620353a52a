/*
 * What uname tells, also shown under /proc and /kernel.
 */
#pragma once

#include "lib/types.h"

struct uapi_utsname;

/* libc and programs test the release: it names the Linux ABI level, the version field says who we are. */
#define ASTRA_VERSION  "0.1.0"
#define SYSTEM_RELEASE "6.1.0-astra"
#define SYSTEM_VERSION "#1 SMP PREEMPT Astra " ASTRA_VERSION

/* Sets the host's name; `length` below UTSNAME_FIELD_SIZE. Who may is the caller's to check. */
void system_node_name_set(const char *text, size_t length);
void system_domain_name_set(const char *text, size_t length); /* the same of the NIS domain's */
void system_name_get(struct uapi_utsname *name);
