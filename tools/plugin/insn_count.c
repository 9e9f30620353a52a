/*
 * A QEMU plugin that counts what the guest executes, from outside, and where.
 *
 * The guest marks moments with a long no-op that nothing else contains: `nopl MAGIC+n(%rax)`. When mark
 * n is reached, a line with the counts so far is written; at the mark given as `last` QEMU ends. One CPU.
 *
 *     -plugin insn_count.so,out=FILE,last=N[,profile=FILE[,from=N]]
 *
 *     mark N total T firmware F kernel K user U
 *
 * Firmware is what runs below the kernel's half of the address space before the first instruction in that half: firmware,
 * loader and a kernel's own unpacking. `profile` gets one line for each 16 bytes of kernel text that ran: address and count;
 * of what ran after mark `from`, if that is given.
 *
 * QEMU 7.2, plugin interface version 1. Debian has no qemu-plugin.h: the few prototypes used stand here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum { QEMU_PLUGIN_CB_NO_REGS = 0, QEMU_PLUGIN_INLINE_ADD_U64 = 0 };

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                           void (*translated)(qemu_plugin_id_t,
                                                              struct qemu_plugin_tb *));
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, void (*ended)(qemu_plugin_id_t, void *),
                                    void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t index);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *instruction);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *instruction);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *instruction);
void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *instruction, int operation,
                                                void *counter, uint64_t amount);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *instruction,
                                            void (*executed)(unsigned cpu, void *data), int flags,
                                            void *data);

EXPORT int qemu_plugin_version = 1;

enum {
    MARK_MAGIC = 0x41535400, /* plus the mark's number, up to MARK_MAX */
    MARK_MAX = 15,
    MARK_BYTES = 7,
    PROFILE_SHIFT = 4,
    PROFILE_BYTES = 64 << 20, /* of kernel text, from KERNEL_BASE */
};
static const uint64_t KERNEL_HALF = UINT64_C(1) << 63;
static const uint64_t KERNEL_BASE = 0xffffffff80000000;

enum place { PLACE_FIRMWARE, PLACE_KERNEL, PLACE_USER, PLACES };

static uint64_t counts[PLACES];
static bool kernel_seen;
static unsigned last_mark = 1;
static unsigned first_mark = MARK_MAX + 1; /* the profile starts there */
static FILE *output;
static const char *profile_path;
static uint64_t *profile;

static void profile_write(void)
{
    FILE *file = profile_path ? fopen(profile_path, "w") : NULL;
    if (!file) {
        return;
    }
    for (size_t i = 0; i < PROFILE_BYTES >> PROFILE_SHIFT; i++) {
        if (profile[i]) {
            fprintf(file, "%" PRIx64 " %" PRIu64 "\n", KERNEL_BASE + ((uint64_t)i << PROFILE_SHIFT),
                    profile[i]);
        }
    }
    fclose(file);
}

static void mark_reached(unsigned cpu, void *data)
{
    (void)cpu;
    unsigned mark = (unsigned)(uintptr_t)data;
    fprintf(output,
            "mark %u total %" PRIu64 " firmware %" PRIu64 " kernel %" PRIu64 " user %" PRIu64 "\n",
            mark, counts[PLACE_FIRMWARE] + counts[PLACE_KERNEL] + counts[PLACE_USER],
            counts[PLACE_FIRMWARE], counts[PLACE_KERNEL], counts[PLACE_USER]);
    fflush(output);
    if (mark == first_mark && profile) {
        memset(profile, 0, (PROFILE_BYTES >> PROFILE_SHIFT) * sizeof(*profile));
    }
    if (mark == last_mark) {
        profile_write();
        _exit(0);
    }
}

static enum place place_of(uint64_t address)
{
    if (address & KERNEL_HALF) {
        kernel_seen = true;
        return PLACE_KERNEL;
    }
    return kernel_seen ? PLACE_USER : PLACE_FIRMWARE;
}

/* The mark that an instruction is, or -1. */
static int mark_of(const struct qemu_plugin_insn *instruction)
{
    static const uint8_t opcode[] = {0x0f, 0x1f, 0x80};
    if (qemu_plugin_insn_size(instruction) != MARK_BYTES) {
        return -1;
    }
    const uint8_t *bytes = qemu_plugin_insn_data(instruction);
    uint32_t displacement;
    memcpy(&displacement, bytes + sizeof(opcode), sizeof(displacement));
    bool is_mark =
        memcmp(bytes, opcode, sizeof(opcode)) == 0 && displacement - MARK_MAGIC <= MARK_MAX;
    return is_mark ? (int)(displacement - MARK_MAGIC) : -1;
}

static void block_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    size_t length = qemu_plugin_tb_n_insns(block);
    for (size_t i = 0; i < length; i++) {
        struct qemu_plugin_insn *instruction = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(instruction);
        qemu_plugin_register_vcpu_insn_exec_inline(instruction, QEMU_PLUGIN_INLINE_ADD_U64,
                                                   &counts[place_of(address)], 1);
        if (profile && address >= KERNEL_BASE && address - KERNEL_BASE < PROFILE_BYTES) {
            qemu_plugin_register_vcpu_insn_exec_inline(
                instruction, QEMU_PLUGIN_INLINE_ADD_U64,
                &profile[(address - KERNEL_BASE) >> PROFILE_SHIFT], 1);
        }
        int mark = mark_of(instruction);
        if (mark >= 0) {
            qemu_plugin_register_vcpu_insn_exec_cb(instruction, mark_reached,
                                                   QEMU_PLUGIN_CB_NO_REGS, (void *)(uintptr_t)mark);
        }
    }
}

/* QEMU ended by itself: mark 99 says how far it came. */
static void qemu_ended(qemu_plugin_id_t id, void *data)
{
    (void)id;
    (void)data;
    mark_reached(0, (void *)99);
    profile_write();
}

static bool option_take(char *option)
{
    char *value = strchr(option, '=');
    if (!value) {
        return false;
    }
    *value++ = '\0';
    if (strcmp(option, "out") == 0) {
        output = fopen(value, "w");
        return output != NULL;
    }
    if (strcmp(option, "last") == 0) {
        last_mark = (unsigned)atoi(value);
        return true;
    }
    if (strcmp(option, "from") == 0) {
        first_mark = (unsigned)atoi(value);
        return true;
    }
    if (strcmp(option, "profile") == 0) {
        profile_path = strdup(value);
        profile = calloc(PROFILE_BYTES >> PROFILE_SHIFT, sizeof(*profile));
        return profile != NULL;
    }
    return false;
}

EXPORT int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (!option_take(argv[i])) {
            fprintf(stderr, "insn_count: bad option %s\n", argv[i]);
            return -1;
        }
    }
    if (!output) {
        output = stderr;
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, block_translated);
    qemu_plugin_register_atexit_cb(id, qemu_ended, NULL);
    return 0;
}
