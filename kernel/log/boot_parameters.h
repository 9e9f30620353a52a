// The kernel's command line, split once at boot: Linux's words with Linux's meaning (docs/architecture.md has the list).
// Everything here is read-only afterwards.
#pragma once

#include "lib/types.h"

enum { BOOT_INIT_ARGUMENTS_MAX = 64, BOOT_INIT_ENVIRONMENT_MAX = 64, BOOT_CONSOLES_MAX = 8 };

struct boot_parameters {
    const char *console;                     // last console=, NULL if none
    const char *consoles[BOOT_CONSOLES_MAX]; // each console=, in order
    unsigned console_count;
    const char *init;   // init=
    const char *rdinit; // rdinit=
    const char *root;   // root=
    const char *root_fs_type;
    const char *root_flags;
    bool root_read_only; // default true, rw clears
    bool quiet;
    int log_level;         // loglevel=, -1 if not given
    int panic_seconds;     // panic=, 0 if not given
    uint64_t memory_limit; // mem=, 0 if not given
    unsigned max_cpus;     // maxcpus=, nosmp = 1; CPU_MAX if not given
    bool no_mode_setting;  // nomodeset: a display keeps the mode that it is found in
    bool no_apic;          // noapic, nolapic: the 8259 and the PIT serve all interrupts
    // Unknown words: bare ones (and everything after --) are arguments, key=value environment; with a dot: nowhere.
    const char *init_arguments[BOOT_INIT_ARGUMENTS_MAX + 1];
    const char *init_environment[BOOT_INIT_ENVIRONMENT_MAX + 1];
};

extern struct boot_parameters boot_parameters;

// Splits a copy of `command_line`. Quotes group words as in Linux.
void boot_parameters_parse(const char *command_line);
// Value of any `name=value` word with a dot or of our own (astra.test=...), NULL if not given.
const char *boot_parameter_find(const char *name);
