# Astra's build. `make` builds the kernel and the default root; the other targets are listed by `make help`.
#
# DEBUG=1   asserts, lock ranks, UBSan and DWARF; output under build/debug
# SMP=N     number of CPUs for run, debug, test, bench
# FOLDER=   for compile: build only the objects below this folder
# BENCH=    for bench and first-line: more words (bench/*.py --help)
# LINE=     for profile: a word of the line's name
# T=        for host-test: the name of one test; for test: a pytest -k expression

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

DEBUG ?= 0
SMP ?= 1
JOBS ?= $(shell nproc)
PYTHON := /usr/bin/python3
CC := gcc
LD := ld

ifeq ($(DEBUG),1)
OUT := build/debug
OBJ := build/obj-debug
VARIANT_FLAGS := -g -DASTRA_DEBUG=1 -fsanitize=undefined
else
OUT := build
OBJ := build/obj
VARIANT_FLAGS := -g0 -DASTRA_DEBUG=0
endif

# ---- flags -------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wvla \
	-Wwrite-strings -Wcast-qual -Wconversion -Wno-sign-conversion
MACHINE := -ffreestanding -fno-pie -mcmodel=kernel -mno-red-zone -mgeneral-regs-only \
	-fno-omit-frame-pointer -fno-strict-aliasing -fcf-protection=none -fno-stack-protector \
	-fno-stack-clash-protection -fno-asynchronous-unwind-tables
INCLUDES := -nostdinc -isystem $(shell $(CC) -print-file-name=include 2>/dev/null) -Ikernel
KERNEL_CFLAGS := -std=gnu11 -O2 $(MACHINE) $(WARNINGS) $(INCLUDES) $(VARIANT_FLAGS)
KERNEL_ASFLAGS := -ffreestanding -fno-pie $(INCLUDES) $(VARIANT_FLAGS)
LINKER_SCRIPT := kernel/arch/x86_64/kernel.ld
KERNEL_LDFLAGS := -nostdlib -static -no-pie -z max-page-size=4096 -z noexecstack \
	--build-id=none --no-warn-rwx-segments --fatal-warnings -T $(LINKER_SCRIPT)

# ---- sources, found by name ----------------------------------------------------------------------

# The vDSO runs in user mode: it is linked by itself, and comes into the kernel as data.
VDSO_FOLDER := kernel/arch/x86_64/vdso
SOURCES := $(sort $(filter-out $(VDSO_FOLDER)/%,$(shell find kernel -name '*.c' -o -name '*.S' 2>/dev/null)))
OBJECTS := $(SOURCES:%=$(OBJ)/%.o)
TEST_SOURCES := $(sort $(wildcard tests/kernel/*.c))
TEST_OBJECTS := $(TEST_SOURCES:%=$(OBJ)/%.o)
USER_TESTS := $(patsubst tests/user/%.c,build/tests/user/%,$(sort $(wildcard tests/user/*.c)))
USER_TESTS += build/tests/user/callfuzz build/tests/user/races
USER_PROGRAMS := $(patsubst user/%.c,build/user/%,$(sort $(wildcard user/*.c)))
PORTS := $(patsubst ports/%/recipe,%,$(sort $(wildcard ports/*/recipe)))
PORTS_BUILT := $(wildcard $(PORTS:%=build/ports/%/package))

.PHONY: all kernel root user-tests test-kernel compile run test check lint bench first-line profile debug stress fuzz \
	suites ports clean host-test help setup plugin oracle image run-image run-uefi

all: kernel root

kernel: $(OUT)/astra.elf
root: build/root.cpio
test-kernel: $(OUT)/test/astra.elf
user-tests: $(USER_TESTS)

help:
	@sed -n '3,9s/^# //p' Makefile
	@echo
	@echo 'targets: all image run run-image run-uefi test check lint bench first-line profile debug stress fuzz suites ports clean'
	@echo '         compile FOLDER=kernel/lib   host-test T=list   user-tests   test-kernel'

compile: $(filter $(OBJ)/$(patsubst %/,%,$(FOLDER))/%.o,$(OBJECTS) $(TEST_OBJECTS))
	@echo "compiled $(words $^) objects below $(FOLDER)"

# ---- kernel objects --------------------------------------------------------------------------------

$(OBJ)/%.c.o: %.c Makefile
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(KERNEL_CFLAGS) -MMD -MP -c $< -o $@

$(OBJ)/%.S.o: %.S Makefile
	@mkdir -p $(@D)
	@echo "  AS   $<"
	@$(CC) $(KERNEL_ASFLAGS) -MMD -MP -c $< -o $@

VDSO_CFLAGS := $(filter-out -fno-pie -mcmodel=kernel -fno-asynchronous-unwind-tables,-std=gnu11 -O2 $(MACHINE)) \
	-fPIC -fasynchronous-unwind-tables $(WARNINGS) $(INCLUDES) -g0 -DASTRA_DEBUG=0
VDSO_LDFLAGS := -shared -soname linux-vdso.so.1 --hash-style=both --eh-frame-hdr --build-id=none -s \
	-z max-page-size=4096 -z noexecstack --no-undefined --fatal-warnings

$(OBJ)/$(VDSO_FOLDER)/vdso.o: $(VDSO_FOLDER)/vdso.c Makefile
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) $(VDSO_CFLAGS) -MMD -MP -c $< -o $@

$(OBJ)/$(VDSO_FOLDER)/vdso.so: $(OBJ)/$(VDSO_FOLDER)/vdso.o $(VDSO_FOLDER)/vdso.ld
	@echo "  LD   $@"
	@$(LD) $(VDSO_LDFLAGS) -T $(VDSO_FOLDER)/vdso.ld -o $@ $<

$(OBJ)/kernel/arch/x86_64/vdso_image.S.o: $(OBJ)/$(VDSO_FOLDER)/vdso.so
$(OBJ)/kernel/arch/x86_64/vdso_image.S.o: KERNEL_ASFLAGS += -Wa,-I$(OBJ)/$(VDSO_FOLDER)

$(TEST_OBJECTS): KERNEL_CFLAGS += -Itests/kernel

-include $(OBJ)/$(VDSO_FOLDER)/vdso.d $(OBJECTS:.o=.d) $(TEST_OBJECTS:.o=.d)

# ---- the link, with the symbol table of the image in the image --------------------------------------
# The table's length changes what lies behind it, so the image is linked with an empty table, then
# with the table of the first link, then with that of the second; tools/link-kernel compares the last two.

$(OUT)/astra.elf: $(OBJECTS) $(LINKER_SCRIPT) tools/link-kernel tools/gensyms
	@echo "  LD   $@"
	@tools/link-kernel $@ $(OUT)/gen "$(CC) $(KERNEL_ASFLAGS)" "$(LD) $(KERNEL_LDFLAGS)" $(OBJECTS)

$(OUT)/test/astra.elf: $(OBJECTS) $(TEST_OBJECTS) $(LINKER_SCRIPT) tools/link-kernel tools/gensyms
	@echo "  LD   $@"
	@tools/link-kernel $@ $(OUT)/test/gen "$(CC) $(KERNEL_ASFLAGS)" "$(LD) $(KERNEL_LDFLAGS)" \
		$(OBJECTS) $(TEST_OBJECTS)

# ---- user programs and the root ----------------------------------------------------------------------

USER_CFLAGS := -std=gnu11 -O2 -static -Wall -Wextra -Werror

build/tests/user/%: tests/user/%.c $(wildcard tests/user/*.h) Makefile
	@mkdir -p $(@D)
	@echo "  MUSL $<"
	@musl-gcc $(USER_CFLAGS) $< -o $@

build/tests/user/callfuzz: $(wildcard tests/user/callfuzz/*) tests/user/check.h kernel/syscall/call_list.h \
		kernel/syscall/argument_kind.h Makefile
	@mkdir -p $(@D)
	@echo "  MUSL $@"
	@musl-gcc $(USER_CFLAGS) -Itests/user $(filter %.c,$^) -o $@

build/tests/user/races: $(wildcard tests/user/races/*.[ch]) Makefile
	@mkdir -p $(@D)
	@echo "  MUSL $@"
	@musl-gcc $(USER_CFLAGS) -D_GNU_SOURCE $(filter %.c,$^) -o $@

build/user/%: user/%.c $(wildcard user/*.h) Makefile
	@mkdir -p $(@D)
	@echo "  MUSL $<"
	@musl-gcc $(USER_CFLAGS) $< -o $@

build/root.cpio: tools/mkroot tools/newc.py $(shell find image -type f -not -path "image/grub/*" 2>/dev/null) $(USER_PROGRAMS) $(PORTS_BUILT)
	@mkdir -p $(@D)
	@echo "  ROOT $@"
	@tools/mkroot --output $@ $(USER_PROGRAMS:%=--program %) $(PORTS:%=--port build/ports/%)

# Nothing else needs a port: the root takes those that `make ports` has built, and says which it lacks.
ports: setup
	@ports/build $(PORTS)
	@$(MAKE) --no-print-directory -s root

# ---- the disk --------------------------------------------------------------------------------------------
# Boots by BIOS and by UEFI. The only thing here that needs GRUB and mtools.

image: build/astra.img

build/astra.img: tools/mkimage $(wildcard image/grub/*) build/astra.elf build/root.cpio build/image/astra-debug.elf
	@echo "  IMG  $@"
	@tools/mkimage --output $@ boot/astra.elf=build/astra.elf boot/root.cpio=build/root.cpio \
		boot/astra-debug.elf=build/image/astra-debug.elf

# What a debugger reads is no use on the disk.
build/image/astra-debug.elf: build/debug/astra.elf
	@mkdir -p $(@D)
	@objcopy --strip-debug $< $@

ifeq ($(DEBUG),1)
build/astra.elf: FORCE
	@$(MAKE) --no-print-directory -s DEBUG=0 $@
else
build/debug/astra.elf: FORCE
	@$(MAKE) --no-print-directory -s DEBUG=1 $@
endif
.PHONY: FORCE

# ---- host tests ----------------------------------------------------------------------------------------

include tests/host/host.mk

# ---- running -------------------------------------------------------------------------------------------

setup:
	@tools/setup

run: setup
	@$(MAKE) --no-print-directory -s -j$(JOBS) all
	@tools/run --smp $(SMP) --kernel $(OUT)/astra.elf

run-image run-uefi: setup
	@$(MAKE) --no-print-directory -s -j$(JOBS) image
	@tools/run --smp $(SMP) --image build/astra.img $(if $(filter run-uefi,$@),--uefi)

debug: setup
	@$(MAKE) --no-print-directory -s -j$(JOBS) DEBUG=1 all
	@tools/debug --smp $(SMP)

test: setup
	@$(MAKE) --no-print-directory -s -j$(JOBS) everything
	@tools/test --smp $(SMP) $(if $(T),-k "$(T)")

everything: all image test-kernel user-tests host-tests-built plugin oracle debug-kernel
.PHONY: everything debug-kernel

debug-kernel:
	@$(MAKE) --no-print-directory -s DEBUG=1 kernel test-kernel

plugin: build/plugin/insn_count.so

build/plugin/%.so: tools/plugin/%.c Makefile
	@mkdir -p $(@D)
	@echo "  CC   $<"
	@$(CC) -std=gnu11 -O2 -g -fPIC -shared -Wall -Wextra -Werror $< -o $@

oracle:
	@tools/oracle

bench: setup
	@$(MAKE) --no-print-directory -s -j$(JOBS) all plugin oracle
	@$(PYTHON) bench/bench.py $(BENCH)

first-line: setup
	@$(MAKE) --no-print-directory -s -j$(JOBS) all plugin oracle
	@$(PYTHON) bench/first_line.py $(BENCH)

profile: setup
	@$(MAKE) --no-print-directory -s -j$(JOBS) all plugin
	@$(PYTHON) bench/profile.py "$(LINE)"

check: setup
	@tools/check

lint: setup
	@tools/lint --all

stress:
	@tools/setup trinity stress-ng
	@$(MAKE) --no-print-directory -s -j$(JOBS) everything
	@tools/test --smp $(SMP) --stress

fuzz: setup
	@$(MAKE) --no-print-directory -s host-fuzz

suites: setup
	@$(MAKE) --no-print-directory -s ports
	@$(MAKE) --no-print-directory -s -j$(JOBS) everything
	@tools/test --smp $(SMP) --suites

clean:
	rm -rf build

# The pages made from the sources.
docs:
	@tools/gendocs
.PHONY: docs

# What the scripts under tools/ compile with.
print-kernel-cflags:
	@echo '$(KERNEL_CFLAGS)'
print-clang-cflags:
	@echo '$(filter-out -fno-stack-clash-protection,-std=gnu11 -O2 $(MACHINE) $(WARNINGS)) -DASTRA_DEBUG=1'
.PHONY: print-kernel-cflags print-clang-cflags
