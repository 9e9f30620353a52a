/*
 * sysfs: the file system type under Linux's name, with what programs read to count CPUs.
 */
#pragma once

void sysfs_init(void);
