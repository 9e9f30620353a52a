/*
 * sysfs: the file system type under Linux's name, with what programs read to count CPUs.
 */
#pragma once

#include "fs/generated.h"

extern const struct generated_directory sysfs_system_directory; // /sys/devices/system

void sysfs_init(void);
