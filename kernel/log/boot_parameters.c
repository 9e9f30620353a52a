// The command line: words split as Linux splits them (blanks part, double quotes group and vanish), known ones applied by a table,
// unknown ones handed to init.
#include "log/boot_parameters.h"
#include "arch/boot_info.h"
#include "lib/macros.h"
#include "lib/string.h"

enum {
    DOTTED_MAX = 32,
    LOG_LEVEL_ALL = 8,
};

struct boot_parameters boot_parameters;

static const struct boot_parameters defaults = {
    .root_read_only = true,
    .log_level = -1,
    .max_cpus = CPU_MAX,
};

static char words[BOOT_COMMAND_LINE_MAX];    // [I] the line, cut into words
static const char *dotted_words[DOTTED_MAX]; // [I] "name.part=value"
static unsigned dotted_count, argument_count, environment_count;

// --- values ---

static uint64_t number_of(const char *value, uint64_t otherwise)
{
    uint64_t number;
    return value && string_to_u64(value, 0, &number, NULL) == 0 ? number : otherwise;
}

static int signed_number_of(const char *value, int otherwise)
{
    bool is_negative = value && *value == '-';
    uint64_t number = number_of(is_negative ? value + 1 : value, UINT64_MAX);
    if (number > INT32_MAX) {
        return otherwise;
    }
    return is_negative ? -(int)number : (int)number;
}

// "64M": a number with a binary suffix.
static uint64_t bytes_of(const char *value)
{
    static const char suffixes[] = "kmgt";
    const char *end;
    uint64_t number;
    if (!value || string_to_u64(value, 0, &number, &end)) {
        return 0;
    }
    for (unsigned i = 0; *end && suffixes[i]; i++) {
        if ((*end | 0x20) == suffixes[i]) {
            return number << (10 * (i + 1));
        }
    }
    return number;
}

// --- what each known word does; `value` is NULL for a bare word ---

static void set_console(const char *value)
{
    if (value == NULL) {
        return;
    }
    boot_parameters.console = value;
    if (boot_parameters.console_count < BOOT_CONSOLES_MAX) {
        boot_parameters.consoles[boot_parameters.console_count++] = value;
    }
}

// A program named here starts a new list: what came before were the kernel's words.
static void arguments_clear(void)
{
    argument_count = 0;
    boot_parameters.init_arguments[0] = NULL;
}

static void set_init(const char *value)
{
    boot_parameters.init = value;
    arguments_clear();
}

static void set_rdinit(const char *value)
{
    boot_parameters.rdinit = value;
    arguments_clear();
}

static void set_root(const char *value)
{
    boot_parameters.root = value;
}

static void set_root_fs_type(const char *value)
{
    boot_parameters.root_fs_type = value;
}

static void set_root_flags(const char *value)
{
    boot_parameters.root_flags = value;
}

static void set_read_only(const char *value)
{
    (void)value;
    boot_parameters.root_read_only = true;
}

static void set_read_write(const char *value)
{
    (void)value;
    boot_parameters.root_read_only = false;
}

static void set_quiet(const char *value)
{
    (void)value;
    boot_parameters.quiet = true;
}

static void set_log_level(const char *value)
{
    boot_parameters.log_level = signed_number_of(value, -1);
}

static void set_debug(const char *value)
{
    (void)value;
    boot_parameters.log_level = LOG_LEVEL_ALL;
}

static void set_panic(const char *value)
{
    boot_parameters.panic_seconds = signed_number_of(value, 0);
}

static void set_memory_limit(const char *value)
{
    boot_parameters.memory_limit = bytes_of(value);
}

static void set_max_cpus(const char *value)
{
    uint64_t count = number_of(value, CPU_MAX);
    boot_parameters.max_cpus = (unsigned)CLAMP(count, 1UL, (uint64_t)CPU_MAX);
}

static void set_no_smp(const char *value)
{
    (void)value;
    boot_parameters.max_cpus = 1;
}

static void set_no_mode_setting(const char *value)
{
    (void)value;
    boot_parameters.no_mode_setting = true;
}

static void set_no_apic(const char *value)
{
    (void)value;
    boot_parameters.no_apic = true;
}

// Linux's words that mean nothing here: init must not see them.
static void ignore(const char *value)
{
    (void)value;
}

static const struct {
    const char *name;
    void (*apply)(const char *value);
} known_words[] = {
    {"console", set_console},
    {"init", set_init},
    {"rdinit", set_rdinit},
    {"root", set_root},
    {"rootfstype", set_root_fs_type},
    {"rootflags", set_root_flags},
    {"ro", set_read_only},
    {"rw", set_read_write},
    {"quiet", set_quiet},
    {"loglevel", set_log_level},
    {"panic", set_panic},
    {"mem", set_memory_limit},
    {"maxcpus", set_max_cpus},
    {"nosmp", set_no_smp},
    {"nomodeset", set_no_mode_setting},
    {"noapic", set_no_apic},
    {"nolapic", set_no_apic},
    {"debug", set_debug},
    {"rootwait", ignore},
    {"rootdelay", ignore},
    {"earlyprintk", ignore},
    {"earlycon", ignore},
    {"reboot", ignore},
    {"acpi", ignore},
    {"pci", ignore},
    {"tsc", ignore},
    {"clocksource", ignore},
    {"nokaslr", ignore},
    {"nopti", ignore},
    {"pti", ignore},
    {"nosmap", ignore},
    {"nosmep", ignore},
    {"mitigations", ignore},
    {"spectre_v2", ignore},
    {"init_on_alloc", ignore},
    {"init_on_free", ignore},
    {"audit", ignore},
    {"lsm", ignore},
    {"selinux", ignore},
    {"apparmor", ignore},
    {"randomize_kstack_offset", ignore},
    {"transparent_hugepage", ignore},
    {"no_timer_check", ignore},
    {"noreplace-smp", ignore},
    {"net.ifnames", ignore},
    {"random.trust_cpu", ignore},
};

// --- words ---

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

// Cuts the next word off *cursor and removes its quotes in place; NULL at the end.
static char *word_next(char **cursor)
{
    char *read = *cursor;
    while (is_blank(*read)) {
        read++;
    }
    if (!*read) {
        return NULL;
    }
    char *word = read, *write = read;
    for (bool is_quoted = false; *read && (is_quoted || !is_blank(*read)); read++) {
        if (*read == '"') {
            is_quoted = !is_quoted;
        } else {
            *write++ = *read;
        }
    }
    *cursor = *read ? read + 1 : read;
    *write = 0;
    return word;
}

static bool word_is(const char *word, const char *name, size_t name_length)
{
    return strncmp(word, name, name_length) == 0 && name[name_length] == 0;
}

static void argument_add(const char *word)
{
    if (argument_count < BOOT_INIT_ARGUMENTS_MAX) {
        boot_parameters.init_arguments[argument_count++] = word;
        boot_parameters.init_arguments[argument_count] = NULL;
    }
}

// A later value of a variable replaces the earlier one.
static void environment_add(const char *word, size_t name_length)
{
    unsigned i = 0;
    while (i < environment_count &&
           strncmp(boot_parameters.init_environment[i], word, name_length + 1) != 0) {
        i++;
    }
    if (i < BOOT_INIT_ENVIRONMENT_MAX) {
        boot_parameters.init_environment[i] = word;
        environment_count = MAX(environment_count, i + 1);
    }
}

static void unknown_word(const char *word, const char *value, size_t name_length)
{
    const char *dot = memchr(word, '.', name_length);
    if (dot) {
        if (dotted_count < DOTTED_MAX) {
            dotted_words[dotted_count++] = word;
        }
    } else if (value) {
        environment_add(word, name_length);
    } else {
        argument_add(word);
    }
}

static void word_apply(const char *word)
{
    const char *equals = strchr(word, '=');
    size_t name_length = equals ? (size_t)(equals - word) : strlen(word);
    for (size_t i = 0; i < ARRAY_SIZE(known_words); i++) {
        if (word_is(word, known_words[i].name, name_length)) {
            known_words[i].apply(equals ? equals + 1 : NULL);
            return;
        }
    }
    unknown_word(word, equals ? equals + 1 : NULL, name_length);
}

// All words point into one static copy of the line, so they may be kept.
void boot_parameters_parse(const char *command_line)
{
    char *cursor = words, *word;
    bool is_for_init = false;
    boot_parameters = defaults;
    dotted_count = argument_count = environment_count = 0;
    strscpy(words, command_line, sizeof(words));
    while ((word = word_next(&cursor))) {
        if (is_for_init) {
            argument_add(word);
        } else if (strcmp(word, "--") == 0) {
            is_for_init = true;
        } else {
            word_apply(word);
        }
    }
}

const char *boot_parameter_find(const char *name)
{
    size_t length = strlen(name);
    for (unsigned i = 0; i < dotted_count; i++) {
        if (strncmp(dotted_words[i], name, length) == 0 && dotted_words[i][length] == '=') {
            return dotted_words[i] + length + 1;
        }
    }
    return NULL;
}
