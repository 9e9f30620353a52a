/*
 * ioctl() on files of any kind.
 */
#pragma once

#define FIBMAP        0x00000001
#define FIGETBSZ      0x00000002
#define FS_IOC_FIEMAP 0xc020660b
