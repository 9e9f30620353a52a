# Host tests: kernel sources compiled for this machine with the sanitizers, under cmocka and libFuzzer.
# A test or fuzzer names the kernel sources it is linked with in comment lines:
#     * host-sources: lib/list.c lib/sort.c
#
# host-tests        build and run all          host-tests-built  only build
# host-test T=name  build and run one          host-fuzz-slice   a short, repeatable run of each fuzzer
# host-fuzz FUZZ_SECONDS=n   a long run of each fuzzer, from what earlier runs found

FUZZ_SECONDS ?= 1800
FUZZ_SLICE_RUNS ?= 20000

HOST_TESTS := $(patsubst tests/host/test_%.c,%,$(sort $(wildcard tests/host/test_*.c)))
HOST_FUZZERS := $(patsubst tests/host/%.c,%,$(sort $(wildcard tests/host/fuzz_*.c)))

# shadow/ stands first: its headers replace the instructions that only a kernel may use. kernel/ counts as
# a folder of system headers, so that its constants may meet libc's of the same name (and value).
HOST_CFLAGS := -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter -DASTRA_HOST=1 \
	-DASTRA_DEBUG=1 -Itests/host/shadow -Itests/host -isystem kernel -fno-strict-aliasing \
	-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer

host_sources = $(addprefix kernel/,$(shell sed -n 's/^ \* host-sources: *//p' $(1)))
host_headers := $(wildcard tests/host/*.h) $(wildcard tests/host/shadow/arch/*.h) \
	$(wildcard tests/host/shadow/arch/*/*.h)

.PHONY: host-tests host-test host-tests-built host-fuzz host-fuzz-slice host-fuzz-built
.SECONDEXPANSION:

build/tests/host/fuzz_%: tests/host/fuzz_%.c $$(call host_sources,tests/host/fuzz_$$*.c) \
		tests/host/support_fuzz.c $(host_headers) tests/host/host.mk
	@mkdir -p $(@D)
	@echo "  FUZZ $<"
	@clang $(HOST_CFLAGS) -fsanitize=fuzzer -MD -MP -MF $@.d $(filter %.c,$^) -lz -o $@

build/tests/host/%: tests/host/test_%.c $$(call host_sources,tests/host/test_$$*.c) \
		tests/host/support.c $(host_headers) tests/host/host.mk
	@mkdir -p $(@D)
	@echo "  HOST $<"
	@$(CC) $(HOST_CFLAGS) -MD -MP -MF $@.d $(filter %.c,$^) -lcmocka -lz -lm -lpthread -o $@

-include $(wildcard build/tests/host/*.d)

host-tests-built: $(HOST_TESTS:%=build/tests/host/%)
host-fuzz-built: $(HOST_FUZZERS:%=build/tests/host/%)

host-test: $(if $(T),$(T:%=build/tests/host/%),$(HOST_TESTS:%=build/tests/host/%))
	@status=0; for test in $^; do \
		echo "$${test#build/tests/}:"; timeout 300 $$test || status=1; \
	done; exit $$status

host-tests: host-test

# Every fuzzer starts from the files in corpus/ too; what a run finds goes below build/.
host-fuzz-slice: host-fuzz-built
	@for fuzzer in $(HOST_FUZZERS); do \
		rm -rf build/fuzz/slice; mkdir -p build/fuzz/slice; \
		echo "  $$fuzzer: $(FUZZ_SLICE_RUNS) inputs"; \
		timeout 300 build/tests/host/$$fuzzer -seed=1 -runs=$(FUZZ_SLICE_RUNS) -max_len=4096 \
			-artifact_prefix=build/fuzz/$$fuzzer- build/fuzz/slice \
			$(wildcard tests/host/corpus) > build/fuzz/$$fuzzer.log 2>&1 || \
			{ tail -n 60 build/fuzz/$$fuzzer.log; exit 1; }; \
	done

host-fuzz: host-fuzz-built
	@for fuzzer in $(HOST_FUZZERS); do \
		mkdir -p build/fuzz/$$fuzzer; \
		build/tests/host/$$fuzzer -max_total_time=$(FUZZ_SECONDS) -max_len=65536 -verbosity=1 \
			-artifact_prefix=build/fuzz/$$fuzzer- build/fuzz/$$fuzzer \
			$(wildcard tests/host/corpus) || exit 1; \
	done
