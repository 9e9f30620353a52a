// Offsets of the fields that the entry code touches. layout_check.c compares them with the structures.
#pragma once

// struct trap_frame
#define FRAME_R11    48
#define FRAME_RAX    80
#define FRAME_RCX    88
#define FRAME_ORIGIN 120
#define FRAME_RIP    136
#define FRAME_CS     144
#define FRAME_RFLAGS 152
#define FRAME_RSP    160
#define FRAME_BYTES  176
#define FRAME_WORDS  22

// struct cpu_block
#define BLOCK_CURRENT            8
#define BLOCK_KERNEL_STACK_TOP   16
#define BLOCK_USER_STACK_SCRATCH 24
#define BLOCK_USER_WINDOW        59
#define BLOCK_USER_FLUSH         64

// struct arch_thread
#define THREAD_WORK             0
#define THREAD_STACK_POINTER    8
#define THREAD_KERNEL_STACK_TOP 16
