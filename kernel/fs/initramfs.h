// Unpacks initial RAM disks (newc cpio, plain or gzip, several in a row) into the tree at the
// global root, as Linux does.
#pragma once

#include "lib/types.h"

// A damaged archive: what unpacked stays, the log says what is wrong and where, and the error is
// returned. 0 or the first -errno.
int initramfs_unpack(const void *data, size_t bytes);
// What Linux's built-in archive brings, before any other: /dev, /dev/console, /root.
// initramfs_unpack calls it; boot/ does where there is no archive at all. What exists is left
// alone. 0 or -errno.
int initramfs_make_base(void);
