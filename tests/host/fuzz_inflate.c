/*
 * Any bytes: ours and zlib's inflate must agree, bare and (first byte odd) as gzip.
 *
 * host-sources: lib/inflate.c lib/inflate_code.c lib/inflate_gzip.c lib/crc32.c
 */
#include "inflate_model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 0 && !model_agrees(data + 1, size - 1, data[0] & 1)) {
        abort();
    }
    return 0;
}
