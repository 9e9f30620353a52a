/*
 * Live kernel state as files: /proc and /sys, from tables, on the generated-tree helper of fs/.
 */
#pragma once

/* Registers the file system types `proc` and `sysfs`. */
void kernelfs_init(void);
