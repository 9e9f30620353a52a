/*
 * uname.
 */
#pragma once

#define UTSNAME_FIELD_SIZE 65 /* with the terminating zero */

struct uapi_utsname {
    char sysname[UTSNAME_FIELD_SIZE];
    char nodename[UTSNAME_FIELD_SIZE];
    char release[UTSNAME_FIELD_SIZE];
    char version[UTSNAME_FIELD_SIZE];
    char machine[UTSNAME_FIELD_SIZE];
    char domainname[UTSNAME_FIELD_SIZE];
};
_Static_assert(sizeof(struct uapi_utsname) == 390, "struct new_utsname");
