// Which of the optional features the CPU has (Intel SDM 2A, CPUID), and what user programs are told of them.
#include "arch/cpu.h"
#include "arch/x86_64/arch_internal.h"
#include "arch/x86_64/registers.h"
#include "lib/macros.h"

enum cpuid_register { EAX, EBX, ECX, EDX };

static const struct {
    uint32_t leaf;
    enum cpuid_register reg;
    unsigned bit;
} feature_bits[CPU_FEATURE_COUNT] = {
    [CPU_HAS_XSAVE] = {1, ECX, 26},        [CPU_HAS_SMEP] = {7, EBX, 7},
    [CPU_HAS_SMAP] = {7, EBX, 20},         [CPU_HAS_UMIP] = {7, ECX, 2},
    [CPU_HAS_FSGSBASE] = {7, EBX, 0},      [CPU_HAS_RDRAND] = {1, ECX, 30},
    [CPU_HAS_RDSEED] = {7, EBX, 18},       [CPU_HAS_HUGE_PAGES] = {0x80000001, EDX, 26},
    [CPU_HAS_FAST_STRINGS] = {7, EBX, 9},  [CPU_HAS_INVARIANT_TSC] = {0x80000007, EDX, 8},
    [CPU_HAS_APIC] = {1, EDX, 9},          [CPU_HAS_GLOBAL_PAGES] = {1, EDX, 13},
    [CPU_HAS_TSC_DEADLINE] = {1, ECX, 24},
};

static bool features[CPU_FEATURE_COUNT]; // [I] after cpu_init of the first CPU

bool cpu_has(enum cpu_feature feature)
{
    return features[feature];
}

// A leaf above the highest one answers with another leaf's data on Intel's CPUs, so it is asked for first, in its own range.
static uint32_t cpuid_word(uint32_t leaf, enum cpuid_register reg)
{
    if (leaf > cpuid(leaf & 0x80000000, 0).eax) {
        return 0;
    }
    struct cpuid_result r = cpuid(leaf, 0);
    const uint32_t words[] = {r.eax, r.ebx, r.ecx, r.edx};
    return words[reg];
}

void cpu_features_detect(void)
{
    for (size_t i = 0; i < CPU_FEATURE_COUNT; i++) {
        features[i] =
            (cpuid_word(feature_bits[i].leaf, feature_bits[i].reg) >> feature_bits[i].bit) & 1;
    }
}

uint64_t cpu_user_hwcap(void)
{
    return cpuid_word(1, EDX);
}

uint64_t cpu_user_hwcap2(void)
{
    return cpu_has(CPU_HAS_FSGSBASE) ? BIT(1) : 0;
}

const char *cpu_user_platform(void)
{
    return "x86_64";
}

#define RANDOM_INSTRUCTION(name)                                                                   \
    static bool name##_try(uint64_t *word)                                                         \
    {                                                                                              \
        bool is_valid;                                                                             \
        __asm__ volatile(#name " %0" : "=r"(*word), "=@ccc"(is_valid));                            \
        return is_valid;                                                                           \
    }

RANDOM_INSTRUCTION(rdseed)
RANDOM_INSTRUCTION(rdrand)

// Both may have nothing at the moment (carry clear): the manual says ten tries, after which something is broken (SDM 1, 7.3.17.1).
bool cpu_random_seed(uint64_t *word)
{
    for (unsigned tries = 0; tries < 10; tries++) {
        if (cpu_has(CPU_HAS_RDSEED) && rdseed_try(word)) {
            return true;
        }
        if (cpu_has(CPU_HAS_RDRAND) && rdrand_try(word)) {
            return true;
        }
    }
    return false;
}
