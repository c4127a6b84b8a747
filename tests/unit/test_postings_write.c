/* Blocks of postings and codes as bytes: both ways give the same, and codes what docs/FORMAT.md says of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "testing.h"

#include "../../common/src/postings_write_priv.h"
#include "xj/segment.h"

enum { NOISE_ROOM = XJ_BLOCK * 4 + 16 };

/* Up to XJ_BLOCK postings whose gaps have up to so many bits. */
static uint32_t random_postings(uint32_t docs[XJ_BLOCK], uint32_t tfs[XJ_BLOCK], uint32_t next, unsigned bits)
{
    uint32_t n = random_below(4) ? 1 + random_below(XJ_BLOCK) : XJ_BLOCK;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t gap = random_below(1u << random_below(bits + 1));
        if (random_below(200) == 0 && bits > 23) /* around what a float holds */
            gap = (1u << 24) - 2 + random_below(4);
        docs[i] = next + gap;
        next = docs[i] + 1;
        tfs[i] = 1 + random_below(random_below(8) ? 3 : 300);
    }
    return n;
}

static void test_postings_write__blocks_are_the_same(void **state)
{
    (void)state;
    seed(11);
    for (unsigned round = 0; round < 20000; round++) {
        uint32_t docs[XJ_BLOCK], tfs[XJ_BLOCK], next = random_below(2) * random_below(1000);
        uint32_t n = random_postings(docs, tfs, next, random_below(25));
        uint8_t header[2][XJ_BLOCK] = {{0}}, noise[2][NOISE_ROOM] = {{0}};
        xji_block b[2];
        for (int k = 0; k < 2; k++)
            b[k] = (xji_block){.header = header[k], .noise = noise[k], .next = next};
        xji_block_put_plain(&b[0], docs, tfs, 0, n);
        xji_block_put(&b[1], docs, tfs, n);
        assert_int_equal(b[0].header - header[0], n);
        assert_int_equal(b[1].header - header[1], n);
        assert_memory_equal(header[0], header[1], n);
        assert_int_equal(b[0].noise - noise[0], b[1].noise - noise[1]);
        assert_memory_equal(noise[0], noise[1], (size_t)(b[0].noise - noise[0]));
        assert_int_equal(b[0].bits, b[1].bits);
        assert_int_equal(b[0].n_bits, b[1].n_bits);
        assert_int_equal(b[0].next, docs[n - 1] + 1);
        assert_int_equal(b[1].next, docs[n - 1] + 1);
        for (uint32_t i = 0; i < n; i += XJI_BLOCK_GROUP) {
            bool many = false;
            for (uint32_t k = i; k < n && k < i + XJI_BLOCK_GROUP; k++)
                many = many || tfs[k] >= XJI_TF_MANY;
            assert_int_equal(b[0].many >> i / XJI_BLOCK_GROUP & 1, many);
            assert_int_equal(b[1].many >> i / XJI_BLOCK_GROUP & 1, many);
        }
#if XJI_CPU_X86
        if (xji_cpu_has_avx2()) {
            xji_block wide = {.header = header[1], .noise = noise[1], .next = next};
            uint32_t taken = xji_block_put_avx2(&wide, docs, tfs, n), last = next;
            assert_int_equal(taken % XJI_BLOCK_GROUP, 0);
            bool far = false; /* it stopped for a reason */
            for (uint32_t i = 0; i < n; i++) {
                far = far || (i >= taken && i < taken + XJI_BLOCK_GROUP && docs[i] - last >= 1u << 24);
                last = docs[i] + 1;
            }
            assert_true(far || n - taken < XJI_BLOCK_GROUP);
        }
#endif
    }
}

static uint8_t half_after(unsigned last)
{
    unsigned now = last + 1 + (random_below(6) ? random_below(3) : random_below(40));
    return (uint8_t)(now < XJ_CODE_FULL ? now : XJ_CODE_FULL);
}

/* Codes as stored, written down from the format: a nibble for each half, what is beyond it in a byte. */
static size_t naive_codes(uint8_t *out, const uint16_t *codes, const uint16_t *step, uint16_t before, size_t n)
{
    size_t used = 0;
    for (size_t i = 0; i < n; i++) {
        unsigned last = i ? codes[i - 1] : before, half[2] = {codes[i] >> 8, codes[i] & 255u};
        unsigned from[2] = {last >> 8, last & 255};
        for (int k = 0; k < 2 && step[i]; k++)
            half[k] -= from[k] == XJ_CODE_FULL ? XJ_CODE_FULL : from[k] + 1;
        out[used++] = (uint8_t)((half[0] > 15 ? 15 : half[0]) << 4 | (half[1] > 15 ? 15 : half[1]));
        for (int k = 0; k < 2; k++)
            if (half[k] >= 15)
                out[used++] = (uint8_t)(half[k] - 15);
    }
    return used;
}

static void test_postings_write__codes_are_the_same(void **state)
{
    (void)state;
    seed(12);
    for (unsigned round = 0; round < 20000; round++) {
        uint16_t before = (uint16_t)random_below(0x10000), last = before;
        size_t n = random_below(4) ? random_below(XJI_CODES_PIECE + 1) : random_below(40);
        /* Of their exact size, so that a sanitizer sees what is read beyond. */
        uint16_t *codes = malloc(n * sizeof *codes + (n == 0)), *step = malloc(n * sizeof *step + (n == 0));
        uint8_t out[3][XJI_CODES_BYTES];
        assert_true(codes && step);
        for (size_t i = 0; i < n; i++) {
            step[i] = random_below(3) ? 0 : 0xFFFF;
            uint16_t first = (uint16_t)(random_below(20) << 8 | random_below(random_below(30) ? 20 : 256));
            codes[i] = step[i] ? (uint16_t)(half_after(last >> 8) << 8 | half_after(last & 255)) : first;
            last = codes[i];
        }
        size_t used = naive_codes(out[0], codes, step, before, n);
        assert_int_equal(xji_codes_put_plain(out[1], codes, step, before, n), used);
        assert_memory_equal(out[0], out[1], used);
        assert_int_equal(xji_codes_put(out[2], codes, step, before, n), used);
        assert_memory_equal(out[0], out[2], used);
        free(codes);
        free(step);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_postings_write__blocks_are_the_same),
        cmocka_unit_test(test_postings_write__codes_are_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
