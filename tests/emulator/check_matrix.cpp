// Matrix instructions and those that load their operands: every form of mma.sync, ldmatrix and cp.async, and the votes
// and sums of a warp. The fragments are written element by element as the PTX manual defines them (a0 … a7 of a lane),
// not register by register as in the interpreter. Products are of small integers, which all formats hold, so that the
// sums are exact.
#include <algorithm>
#include <cstring>

#include "check.h"

namespace {

enum class Format { TF32, BF16, F16 };

struct Place {
    size_t row, column;
};

// Where element i of matrix A, of B and of C and D is, in the lane with this number. PTX manual, "Matrix fragments for
// mma.m16n8k4", k8 and k16.
Place placeOfA(Format format, size_t depth, size_t lane, size_t i) {
    size_t group = lane / 4, within = lane % 4;
    if (format == Format::TF32) {
        return {depth == 4 ? (i == 0 ? group : group + 8) : (i == 0 || i == 2 ? group : group + 8),
                depth == 4 || i < 2 ? within : within + 4};
    }
    if (depth == 8) {
        return {i < 2 ? group : group + 8, within * 2 + (i & 1)};
    }
    return {i < 2 || (i >= 4 && i < 6) ? group : group + 8, within * 2 + (i & 1) + (i >= 4 ? 8 : 0)};
}

Place placeOfB(Format format, size_t lane, size_t i) {
    size_t group = lane / 4, within = lane % 4;
    if (format == Format::TF32) {
        return {i == 0 ? within : within + 4, group};
    }
    return {within * 2 + (i & 1) + (i >= 2 ? 8 : 0), group};
}

Place placeOfC(size_t lane, size_t i) { return {i < 2 ? lane / 4 : lane / 4 + 8, lane % 4 * 2 + (i & 1)}; }

// The bits of an integer of −15 … 15 in a format: sign, exponent and the bits below the leading
// one, which no format drops.
uint32_t bitsOf(Format format, int value) {
    if (value == 0) {
        return 0;
    }
    unsigned magnitude = static_cast<unsigned>(value < 0 ? -value : value);
    unsigned exponent = 0;
    while (magnitude >> (exponent + 1) != 0) {
        exponent++;
    }
    unsigned fraction = magnitude - (1u << exponent);
    unsigned sign = value < 0 ? 1 : 0;
    switch (format) {
        case Format::TF32: return sign << 31 | (127 + exponent) << 23 | fraction << (23 - exponent);
        case Format::BF16: return sign << 15 | (127 + exponent) << 7 | fraction << (7 - exponent);
        default: return sign << 15 | (15 + exponent) << 10 | fraction << (10 - exponent);
    }
}

std::vector<int> integers(size_t count, unsigned seed) {
    std::vector<int> values(count);
    for (int& value : values) {
        seed = seed * 1664525 + 1013904223;
        value = static_cast<int>(seed >> 16) % 31 - 15;
    }
    return values;
}

std::string registers(const std::string& prefix, size_t first, size_t count) {
    std::string text = "{";
    for (size_t i = 0; i < count; i++) {
        text += (i == 0 ? "%" : ", %") + prefix + std::to_string(first + i);
    }
    return text + "}";
}

// D = A · B + C by one warp; `noise` is set in the bits of each operand register that the device must not look at.
void expectProduct(Format format, size_t depth, uint32_t noise = 0) {
    size_t perRegister = format == Format::TF32 ? 1 : 2;
    size_t ofA = depth / 2, ofB = depth / 4;  // elements a lane holds
    size_t registersOfA = ofA / perRegister, registersOfB = ofB / perRegister;
    std::vector<int> a = integers(16 * depth, 1), b = integers(depth * 8, 2), c = integers(16 * 8, 3);
    std::vector<uint32_t> words(32 * 12);
    for (size_t lane = 0; lane < 32; lane++) {
        for (size_t i = 0; i < ofA; i++) {
            Place place = placeOfA(format, depth, lane, i);
            words[12 * lane + i / perRegister] |=
                bitsOf(format, a[place.row * depth + place.column]) << (16 * (i % perRegister)) | noise;
        }
        for (size_t i = 0; i < ofB; i++) {
            Place place = placeOfB(format, lane, i);
            words[12 * lane + 4 + i / perRegister] |=
                bitsOf(format, b[place.row * 8 + place.column]) << (16 * (i % perRegister)) | noise;
        }
        for (size_t i = 0; i < 4; i++) {
            Place place = placeOfC(lane, i);
            words[12 * lane + 8 + i] = bitsOf(Format::TF32, c[place.row * 8 + place.column]);
        }
    }
    std::string type = format == Format::TF32 ? "tf32" : format == Format::BF16 ? "bf16" : "f16";
    std::string body =
        ".reg .b32 %r<20>; .reg .b64 %l<9>; .reg .f32 %f<20>;\nld.param.u64 %l1, [a];\nld.param.u64 %l2, [b];\n"
        "mov.u32 %r0, %tid.x;\n"
        "mul.wide.u32 %l3, %r0, 48;\nadd.s64 %l4, %l1, %l3;\nmul.wide.u32 %l5, %r0, 16;\nadd.s64 %l6, %l2, %l5;\n"
        "ld.global.v4.b32 {%r1, %r2, %r3, %r4}, [%l4];\nld.global.v4.b32 {%r5, %r6, %r7, %r8}, [%l4+16];\n"
        "ld.global.v4.f32 {%f1, %f2, %f3, %f4}, [%l4+32];\n";
    body += "mma.sync.aligned.m16n8k" + std::to_string(depth) + ".row.col.f32." + type + "." + type
            + ".f32 {%f5, %f6, %f7, %f8}, " + registers("r", 1, registersOfA) + ", " + registers("r", 5, registersOfB)
            + ", {%f1, %f2, %f3, %f4};\n";
    body += "st.global.v4.f32 [%l6], {%f5, %f6, %f7, %f8};\nret;";
    check::Context context;
    check::Memory in(words.size() * 4), out(32 * 4 * 4);
    check::upload(in, words);
    check::Kernel kernel(check::module(body, 2));
    REQUIRE_EQUAL(0, kernel.launch({in.address, out.address}));
    std::vector<float> result = check::download<float>(out, 128);
    for (size_t lane = 0; lane < 32; lane++) {
        for (size_t i = 0; i < 4; i++) {
            Place place = placeOfC(lane, i);
            int sum = c[place.row * 8 + place.column];
            for (size_t k = 0; k < depth; k++) {
                sum += a[place.row * depth + k] * b[k * 8 + place.column];
            }
            REQUIRE_EQUAL(static_cast<float>(sum), result[4 * lane + i]);
        }
    }
}

// One warp runs `body`, in which %r1 is the lane, %l1 leads to `in` and %l2 to 4 bytes of
// output a lane: %r2 at the end.
std::vector<uint32_t> wordsOf(const std::string& body, const std::vector<uint32_t>& in, unsigned threads = 32) {
    check::Context context;
    check::Memory input(in.size() * 4), output(threads * 4);
    check::upload(input, in);
    check::Kernel kernel(check::module(
        ".reg .pred %p<9>; .reg .b32 %r<60>; .reg .b64 %l<30>;\nld.param.u64 %l1, [a];\nld.param.u64 %l2, [b];\n"
        "mov.u32 %r1, %tid.x;\n"
            + body
            + "\nmul.wide.u32 %l20, %r1, 4;\nadd.s64 %l21, %l2, %l20;\n"
              "st.global.u32 [%l21], %r2;\nret;",
        2));
    REQUIRE_EQUAL(0, kernel.launch({input.address, output.address}, 1, threads));
    return check::download<uint32_t>(output, threads);
}

// 4 bytes a lane, from `in`, into the variable tile.
const char* const FILL =
    ".shared .align 16 .b8 tile[4096];\nmov.u32 %r3, tile;\nmul.wide.u32 %l3, %r1, 16;\nadd.s64 %l4, %l1, %l3;\n"
    "mul.lo.u32 %r4, %r1, 16;\n"
    "add.u32 %r5, %r3, %r4;\n";

}  // namespace

TEST(productsOfTensorCores) {
    expectProduct(Format::TF32, 4);
    expectProduct(Format::TF32, 8);
    expectProduct(Format::TF32, 8, 0x1fff);  // the low 13 bits are not looked at
    expectProduct(Format::BF16, 8);
    expectProduct(Format::BF16, 16);
    expectProduct(Format::F16, 8);
    expectProduct(Format::F16, 16);
}

// Products keep all their bits, and the sum is float32: 255/128 squared in bf16, and 2^-24, the least that f16 holds.
TEST(productsAreNotRounded) {
    struct Case {
        const char* type;
        uint32_t a, b;
        uint32_t expected;
    };
    for (const Case& one : {Case{"bf16", 0x3fff, 0x3fff, 0x407e0100}, Case{"f16", 0x0001, 0x3c00, 0x33800000},
                            Case{"bf16", 0x0001, 0x3f80, 0x00010000}}) {
        std::string body =
            "setp.eq.u32 %p1, %r1, 0;\nselp.b32 %r10, " + std::to_string(one.a) + ", 0, %p1;\nselp.b32 %r11, "
            + std::to_string(one.b) + ", 0, %p1;\nmov.b32 %r12, 0;\nmma.sync.aligned.m16n8k16.row.col.f32." + one.type
            + "." + one.type
            + ".f32 {%r2, %r13, %r14, %r15}, {%r10, %r12, %r12, %r12}, {%r11, %r12}, {%r12, %r12, %r12, %r12};";
        REQUIRE_EQUAL(one.expected, wordsOf(body, {0})[0]);
    }
}

// Halves are numbered row by row; rows of 16 bytes stand 48 bytes apart, those of one matrix in any order.
TEST(matricesFromSharedMemory) {
    for (size_t matrices : {1u, 2u, 4u}) {
        for (bool isTransposed : {false, true}) {
            std::vector<uint32_t> in(32 * 4);
            for (size_t i = 0; i < in.size(); i++) {  // row r has halves 8r … 8r + 7
                in[i] = static_cast<uint32_t>(2 * i | (2 * i + 1) << 16);
            }
            for (size_t matrix = 0; matrix < matrices; matrix++) {
                std::string body = std::string(FILL) +
                                   "mul.lo.u32 %r6, %r1, 48;\nadd.u32 %r7, %r3, %r6;\n"
                                   "ld.global.v4.b32 {%r10, %r11, %r12, %r13}, [%l4];\n"
                                   "st.shared.v4.b32 [%r7], {%r10, %r11, %r12, %r13};\nbar.sync 0;\n"
                                   // lane l names the row l xor 5: within its matrix, another order
                                   "xor.b32 %r8, %r1, 5;\nmul.lo.u32 %r8, %r8, 48;\nadd.u32 %r9, %r3, %r8;\n";
                body += "ldmatrix.sync.aligned.m8n8.x" + std::to_string(matrices) + (isTransposed ? ".trans" : "")
                        + ".shared.b16 " + registers("r", 20, matrices) + ", [%r9];\nmov.b32 %r2, %r"
                        + std::to_string(20 + matrix) + ";";
                std::vector<uint32_t> result = wordsOf(body, in);
                for (uint32_t lane = 0; lane < 32; lane++) {
                    auto half = [&](uint32_t row, uint32_t column) {
                        return 8 * (static_cast<uint32_t>(8 * matrix) + (row ^ 5)) + column;
                    };
                    uint32_t first = isTransposed ? half(2 * (lane % 4), lane / 4) : half(lane / 4, 2 * (lane % 4));
                    uint32_t second =
                        isTransposed ? half(2 * (lane % 4) + 1, lane / 4) : half(lane / 4, 2 * (lane % 4) + 1);
                    REQUIRE_EQUAL(first | second << 16, result[lane]);
                }
            }
        }
    }
}

// What kernels do: A and B lie row by row in shared memory as bf16, ldmatrix brings A as it is and B transposed,
// and mma makes A · B of them.
TEST(productOfMatricesInSharedMemory) {
    std::vector<int> a = integers(16 * 16, 4), b = integers(16 * 8, 5);
    std::vector<uint32_t> in;
    for (const std::vector<int>& matrix : {a, b}) {
        for (size_t i = 0; i < matrix.size(); i += 2) {
            in.push_back(bitsOf(Format::BF16, matrix[i]) | bitsOf(Format::BF16, matrix[i + 1]) << 16);
        }
    }
    in.resize(256);
    for (int element = 0; element < 4; element++) {
        std::string body = std::string(FILL) +
                           "ld.global.v4.b32 {%r10, %r11, %r12, %r13}, [%l4];\n"
                           "st.shared.v4.b32 [%r5], {%r10, %r11, %r12, %r13};\n"
                           "ld.global.v4.b32 {%r10, %r11, %r12, %r13}, [%l4+512];\n"
                           "st.shared.v4.b32 [%r5+512], {%r10, %r11, %r12, %r13};\nbar.sync 0;\n"
                           // A: rows of 32 bytes; matrices 0 and 1 are its left half, 2 and 3 its right.
                           // B: rows of 16 bytes.
                           "and.b32 %r6, %r1, 15;\nshl.b32 %r6, %r6, 5;\nand.b32 %r7, %r1, 16;\n"
                           "add.u32 %r8, %r6, %r7;\nadd.u32 %r8, %r8, %r3;\n"
                           "ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r20, %r21, %r22, %r23}, [%r8];\n"
                           "and.b32 %r9, %r1, 15;\nshl.b32 %r9, %r9, 4;\nadd.u32 %r9, %r9, %r3;\n"
                           "ldmatrix.sync.aligned.m8n8.x2.trans.shared.b16 {%r24, %r25}, [%r9+512];\nmov.b32 %r30, 0;\n"
                           "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%r40, %r41, %r42, %r43}, {%r20, "
                           "%r21, %r22, %r23}, {%r24, %r25}, "
                           "{%r30, %r30, %r30, %r30};\nmov.b32 %r2, %r4" + std::to_string(element) + ";";
        std::vector<uint32_t> result = wordsOf(body, in);
        for (size_t lane = 0; lane < 32; lane++) {
            Place place = placeOfC(lane, static_cast<size_t>(element));
            int sum = 0;
            for (size_t k = 0; k < 16; k++) {
                sum += a[place.row * 16 + k] * b[k * 8 + place.column];
            }
            float value;
            std::memcpy(&value, &result[lane], sizeof value);
            REQUIRE_EQUAL(static_cast<float>(sum), value);
        }
    }
}

// cp.async: every size, zeros beyond what is read, groups that are finished in the order in which they were committed.
TEST(asynchronousCopies) {
    std::vector<uint32_t> in(32 * 8);
    for (size_t i = 0; i < in.size(); i++) {
        in[i] = static_cast<uint32_t>(1000 + i);
    }
    auto copied = [&](const std::string& copy, const std::string& load) {
        return wordsOf(std::string(FILL) + copy + "\n" + load, in);
    };
    const std::string all = "cp.async.wait_all;\n";
    for (const char* cache : {"ca", "cg"}) {
        std::vector<uint32_t> words = copied("cp.async." + std::string(cache) + ".shared.global [%r5], [%l4], 16;",
                                             all + "ld.shared.u32 %r2, [%r5+12];");
        for (uint32_t lane = 0; lane < 32; lane++) {
            REQUIRE_EQUAL(1000 + 4 * lane + 3, words[lane]);
        }
    }
    std::vector<uint32_t> eight =
        copied("cp.async.ca.shared.global.L2::128B [%r5+8], [%l4+8], 8;", all + "ld.shared.u32 %r2, [%r5+8];");
    std::vector<uint32_t> four =
        copied("cp.async.ca.shared.global [%r5+4], [%l4+8], 4;", all + "ld.shared.u32 %r2, [%r5+4];");
    std::vector<uint32_t> part =
        copied("cp.async.cg.shared.global [%r5], [%l4], 16, 8;", all + "ld.shared.u32 %r2, [%r5+4];");
    std::vector<uint32_t> rest =
        copied("cp.async.cg.shared.global [%r5], [%l4], 16, 8;", all + "ld.shared.u32 %r2, [%r5+8];");
    // Nothing is read where the size is 0: the address may lead nowhere.
    std::vector<uint32_t> none =
        copied("mov.u64 %l9, 16;\nmov.u32 %r9, 0;\ncp.async.cg.shared.global [%r5], [%l9], 16, %r9;",
               all + "ld.shared.u32 %r2, [%r5];");
    for (uint32_t lane = 0; lane < 32; lane++) {
        REQUIRE_EQUAL(1000 + 4 * lane + 2, eight[lane]);
        REQUIRE_EQUAL(1000 + 4 * lane + 2, four[lane]);
        REQUIRE_EQUAL(1000 + 4 * lane + 1, part[lane]);
        REQUIRE_EQUAL(0u, rest[lane]);
        REQUIRE_EQUAL(0u, none[lane]);
    }
    // Two groups write one place. After wait_group 1 the first is there, after wait_group 0 the second.
    std::string groups =
        "cp.async.ca.shared.global [%r5], [%l4], 4;\ncp.async.commit_group;\n"
        "cp.async.ca.shared.global [%r5], [%l4+4], 4;\n"
        "cp.async.commit_group;\n";
    std::vector<uint32_t> early =
        copied(groups, "cp.async.wait_group 1;\nld.shared.u32 %r2, [%r5];\ncp.async.wait_group 0;");
    std::vector<uint32_t> late = copied(groups, "cp.async.wait_group 0;\nld.shared.u32 %r2, [%r5];");
    for (uint32_t lane = 0; lane < 32; lane++) {
        REQUIRE_EQUAL(1000 + 4 * lane, early[lane]);
        REQUIRE_EQUAL(1000 + 4 * lane + 1, late[lane]);
    }
}

// Another warp sees a copy after the copying warp waited and both met at a barrier.
TEST(asynchronousCopiesForOtherWarps) {
    std::vector<uint32_t> in(64 * 4);
    for (size_t i = 0; i < in.size(); i++) {
        in[i] = static_cast<uint32_t>(7 * i);
    }
    std::vector<uint32_t> words = wordsOf(std::string(FILL) + "cp.async.cg.shared.global [%r5], [%l4], 16;\n"
                                          "cp.async.commit_group;\ncp.async.wait_group 0;\n"
                                          "bar.sync 0;\nxor.b32 %r6, %r4, 512;\nadd.u32 %r6, %r6, %r3;\n"
                                          "ld.shared.u32 %r2, [%r6+4];", in, 64);
    for (uint32_t thread = 0; thread < 64; thread++) {
        REQUIRE_EQUAL(7 * (4 * (thread ^ 32) + 1), words[thread]);
    }
}

// Lane l brings 3·l − 40, as a whole warp and in parts.
TEST(sumsOfAWarp) {
    const std::string value = "mul.lo.s32 %r3, %r1, 3;\nsub.s32 %r3, %r3, 40;\n";
    auto reduced = [&](const std::string& operation) { return wordsOf(value + operation, {0}); };
    struct Case {
        const char* operation;
        uint32_t expected;
    };
    for (const Case& one : {Case{"redux.sync.add.s32 %r2, %r3, -1;", 208},
                            Case{"redux.sync.min.s32 %r2, %r3, -1;", static_cast<uint32_t>(-40)},
                            Case{"redux.sync.max.s32 %r2, %r3, -1;", 53}, Case{"redux.sync.add.u32 %r2, %r3, -1;", 208},
                            Case{"redux.sync.min.u32 %r2, %r3, -1;", 2},
                            Case{"redux.sync.max.u32 %r2, %r3, -1;", static_cast<uint32_t>(-1)},
                            Case{"redux.sync.and.b32 %r2, %r1, -1;", 0}, Case{"redux.sync.or.b32 %r2, %r1, -1;", 31},
                            Case{"redux.sync.xor.b32 %r2, %r1, -1;", 0},
                            Case{"or.b32 %r4, %r1, 64;\nredux.sync.and.b32 %r2, %r4, -1;", 64}}) {
        for (uint32_t word : reduced(one.operation)) {
            REQUIRE_EQUAL(one.expected, word);
        }
    }
    // The lower 8 lanes among themselves: 3 · 28 − 8 · 40, and the rest keep what they had.
    std::vector<uint32_t> parts =
        reduced("mov.u32 %r2, 5;\nsetp.lt.u32 %p1, %r1, 8;\n@!%p1 bra REST;\nredux.sync.add.s32 %r2, %r3, 255;\nREST:");
    for (uint32_t lane = 0; lane < 32; lane++) {
        REQUIRE_EQUAL(lane < 8 ? static_cast<uint32_t>(84 - 320) : 5u, parts[lane]);
    }
}

TEST(votes) {
    auto voted = [](const std::string& condition, const std::string& vote) {
        return wordsOf("setp." + condition + ";\n" + vote + "\nselp.u32 %r2, 1, 0, %p2;", {0})[7];
    };
    REQUIRE_EQUAL(1u, voted("lt.u32 %p1, %r1, 32", "vote.sync.all.pred %p2, %p1, -1;"));
    REQUIRE_EQUAL(0u, voted("lt.u32 %p1, %r1, 31", "vote.sync.all.pred %p2, %p1, -1;"));
    REQUIRE_EQUAL(1u, voted("eq.u32 %p1, %r1, 31", "vote.sync.any.pred %p2, %p1, -1;"));
    REQUIRE_EQUAL(0u, voted("gt.u32 %p1, %r1, 31", "vote.sync.any.pred %p2, %p1, -1;"));
    REQUIRE_EQUAL(1u, voted("gt.u32 %p1, %r1, 31", "vote.sync.uni.pred %p2, %p1, -1;"));
    REQUIRE_EQUAL(0u, voted("gt.u32 %p1, %r1, 30", "vote.sync.uni.pred %p2, %p1, -1;"));
    REQUIRE_EQUAL(0u, voted("lt.u32 %p1, %r1, 32", "vote.sync.any.pred %p2, !%p1, -1;"));
    std::vector<uint32_t> ballot =
        wordsOf("and.b32 %r3, %r1, 5;\nsetp.eq.u32 %p1, %r3, 1;\nvote.sync.ballot.b32 %r2, %p1, -1;", {0});
    REQUIRE_EQUAL(0x0a0a0a0au, ballot[0]);  // lanes whose number is 1 or 3 modulo 8
    REQUIRE_EQUAL(0x0a0a0a0au, ballot[31]);
    std::vector<uint32_t> some = wordsOf(
        "mov.u32 %r2, 9;\nsetp.lt.u32 %p1, %r1, 4;\nsetp.ne.u32 %p2, %r1, 2;\n"
        "@!%p1 bra REST;\nvote.sync.ballot.b32 %r2, %p2, 15;\nREST:",
        {0});
    REQUIRE_EQUAL(0xbu, some[3]);
    REQUIRE_EQUAL(9u, some[4]);
}
