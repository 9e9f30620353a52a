// The CPU's description for /proc/cpuinfo, made once at boot. Flag names are Linux's, by CPUID word and bit.
#include "arch/cpu.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/registers.h"
#include "lib/macros.h"
#include "lib/string.h"
#include "lib/text.h"

enum { FLAG_TEXT_BYTES = 1536 };

struct flag_word {
    uint32_t leaf, subleaf;
    unsigned reg; // 0 EAX ... 3 EDX
    const char *names[32];
};

static const struct flag_word flag_words[] = {
    {1, 0, 3, {"fpu",  "vme",   "de",   "pse",     "tsc",  "msr", "pae",  "mce",
               "cx8",  "apic",  NULL,   "sep",     "mtrr", "pge", "mca",  "cmov",
               "pat",  "pse36", "pn",   "clflush", NULL,   "dts", "acpi", "mmx",
               "fxsr", "sse",   "sse2", "ss",      "ht",   "tm",  "ia64", "pbe"}},
    {0x80000001,
     0,
     3,
     {[11] = "syscall",
      [19] = "mp",
      [20] = "nx",
      [22] = "mmxext",
      [25] = "fxsr_opt",
      [26] = "pdpe1gb",
      [27] = "rdtscp",
      [29] = "lm",
      [30] = "3dnowext",
      [31] = "3dnow"}},
    {1, 0, 2, {"pni",    "pclmulqdq", "dtes64", "monitor", "ds_cpl",
               "vmx",    "smx",       "est",    "tm2",     "ssse3",
               "cid",    "sdbg",      "fma",    "cx16",    "xtpr",
               "pdcm",   NULL,        "pcid",   "dca",     "sse4_1",
               "sse4_2", "x2apic",    "movbe",  "popcnt",  "tsc_deadline_timer",
               "aes",    "xsave",     NULL,     "avx",     "f16c",
               "rdrand", "hypervisor"}},
    {0x80000001,
     0,
     2,
     {"lahf_lm",     "cmp_legacy",    "svm",  "extapic", "cr8_legacy", "abm",        "sse4a",
      "misalignsse", "3dnowprefetch", "osvw", "ibs",     "xop",        "skinit",     "wdt",
      NULL,          "lwp",           "fma4", "tce",     NULL,         "nodeid_msr", NULL,
      "tbm",         "topoext"}},
    {7, 0, 1, {"fsgsbase", "tsc_adjust", NULL,       "bmi1",       "hle",      "avx2",
               NULL,       "smep",       "bmi2",     "erms",       "invpcid",  "rtm",
               "cqm",      NULL,         "mpx",      "rdt_a",      "avx512f",  "avx512dq",
               "rdseed",   "adx",        "smap",     "avx512ifma", NULL,       "clflushopt",
               "clwb",     "intel_pt",   "avx512pf", "avx512er",   "avx512cd", "sha_ni",
               "avx512bw", "avx512vl"}},
    {0xd, 1, 0, {"xsaveopt", "xsavec", "xgetbv1", "xsaves"}},
    {0x80000008, 0, 1, {[0] = "clzero", [2] = "xsaveerptr", [9] = "wbnoinvd"}},
    {7,
     0,
     2,
     {[1] = "avx512vbmi",
      [2] = "umip",
      [3] = "pku",
      [4] = "ospke",
      [6] = "avx512_vbmi2",
      [8] = "gfni",
      [9] = "vaes",
      [10] = "vpclmulqdq",
      [11] = "avx512_vnni",
      [12] = "avx512_bitalg",
      [14] = "avx512_vpopcntdq",
      [16] = "la57",
      [22] = "rdpid",
      [25] = "cldemote",
      [27] = "movdiri",
      [28] = "movdir64b"}},
    {7, 0, 3, {[4] = "fsrm", [14] = "serialize", [18] = "pconfig"}},
};

static char flag_text[FLAG_TEXT_BYTES];
static struct cpu_description description = {.flags = flag_text};

static void flags_add(struct text_buffer *text, const struct flag_word *word)
{
    if (word->leaf > cpuid(word->leaf & 0x80000000, 0).eax) {
        return;
    }
    struct cpuid_result r = cpuid(word->leaf, word->subleaf);
    const uint32_t registers[] = {r.eax, r.ebx, r.ecx, r.edx};
    for (uint32_t left = registers[word->reg]; left; left &= left - 1) {
        const char *name = word->names[__builtin_ctz(left)];
        if (name) {
            text_add_string(text, text->used ? " " : "");
            text_add_string(text, name);
        }
    }
}

static void flags_describe(void)
{
    struct text_buffer text;
    text_init(&text, flag_text, sizeof(flag_text) - 1, 0);
    for (size_t i = 0; i < ARRAY_SIZE(flag_words); i++) {
        flags_add(&text, &flag_words[i]);
    }
}

static void vendor_describe(void)
{
    struct cpuid_result r = cpuid(0, 0);
    memcpy(description.vendor, &r.ebx, 4);
    memcpy(description.vendor + 4, &r.edx, 4);
    memcpy(description.vendor + 8, &r.ecx, 4);
}

static void brand_describe(void)
{
    strscpy(description.brand, "unknown", sizeof(description.brand));
    if (cpuid(0x80000000, 0).eax < 0x80000004) {
        return;
    }
    for (unsigned i = 0; i < 3; i++) {
        struct cpuid_result r = cpuid(0x80000002 + i, 0);
        memcpy(description.brand + i * sizeof(r), &r, sizeof(r));
    }
}

// Family 15 adds the extended family; families 6 and 15 the extended model (SDM 2A, CPUID leaf 1).
static void model_describe(void)
{
    struct cpuid_result r = cpuid(1, 0);
    unsigned family = (r.eax >> 8) & 15;
    unsigned extended_model = (r.eax >> 16) & 15;
    description.family = family == 15 ? family + ((r.eax >> 20) & 255) : family;
    description.model =
        ((r.eax >> 4) & 15) | (family == 6 || family == 15 ? extended_model << 4 : 0);
    description.stepping = r.eax & 15;
    description.cache_line_bytes = ((r.ebx >> 8) & 255) * 8;
}

void cpu_identify(void)
{
    bool has_sizes = cpuid(0x80000000, 0).eax >= 0x80000008;
    uint32_t sizes = has_sizes ? cpuid(0x80000008, 0).eax : 0x3024;
    description.physical_address_bits = sizes & 255;
    description.virtual_address_bits = (sizes >> 8) & 255;
    vendor_describe();
    brand_describe();
    model_describe();
    flags_describe();
}

const struct cpu_description *cpu_describe(void)
{
    return &description;
}
