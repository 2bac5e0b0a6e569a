// Compares counters with numbers that can be worked out by hand from the kernel.
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "check.h"

namespace {

// The text of the counters after one launch of a kernel.
std::string countersOf(const std::string& body, unsigned blocks, unsigned threads, size_t bytes,
                       const std::string& variables = "") {
    static const std::string PATH = "/tmp/emulator-counters-" + std::to_string(getpid());
    setenv("DAEGPU_EMULATOR_COUNTERS", PATH.c_str(), 1);
    check::Context context;
    check::Memory memory(bytes);
    REQUIRE_EQUAL(0, cuMemsetD8_v2(memory.address, 0, bytes));
    check::Kernel kernel(check::module(
        ".reg .pred %p<9>; .reg .b32 %r<30>; .reg .b64 %l<30>; .reg .f32 %f<30>;\nld.param.u64 %l1, [a];\n"
        "mov.u32 %r1, %tid.x;\n"
            + body,
        1, variables));
    cuProfilerStart();
    REQUIRE_EQUAL(0, kernel.launch({memory.address}, blocks, threads));
    cuProfilerStop();
    unsetenv("DAEGPU_EMULATOR_COUNTERS");
    std::stringstream text;
    text << std::ifstream(PATH).rdbuf();
    unlink(PATH.c_str());
    return text.str();
}

void expectText(int line, const std::string& text, const std::string& part) {
    std::string compact;
    for (char c : text) {
        if (c != '\n' && c != ' ') {
            compact += c;
        }
    }
    if (compact.find(part) == std::string::npos) {
        check::fail(__FILE__, line, part + " is missing in " + text);
    }
}

#define EXPECT_TEXT(text, part) expectText(__LINE__, text, part)

}  // namespace

TEST(sectorsOfGlobalMemory) {
    // 32 lanes of 4 bytes side by side: 128 bytes, 4 sectors; 2 blocks of 2 warps.
    std::string text =
        countersOf("mul.wide.u32 %l2, %r1, 4;\nadd.s64 %l3, %l1, %l2;\nld.global.u32 %r2, [%l3];\nret;", 2, 64, 4096);
    EXPECT_TEXT(text, "\"launches\":1,\"blocks\":2,\"threads\":128");
    EXPECT_TEXT(text, "\"global_loads\":{\"requests\":4,\"bytes\":512,\"sectors\":16}");
    EXPECT_TEXT(
        text, "\"warp_instructions\":{\"integer\":8,\"move\":4,\"global\":4,\"parameter\":4,\"branch\":4,\"all\":24}");
    EXPECT_TEXT(text,
                "\"thread_instructions\":{\"integer\":256,\"move\":128,\"global\":128,\"parameter\":128,\"branch\":128,"
                "\"all\":768}");
    // Moved by 16 bytes, they touch a fifth.
    EXPECT_TEXT(countersOf("mul.wide.u32 %l2, %r1, 4;\nadd.s64 %l3, %l1, %l2;\nld.global.u32 %r2, [%l3+16];\nret;", 1,
                           32, 4096),
                "\"sectors\":5}");
    // A stride of 64 bytes: a sector a lane. All the same: one.
    EXPECT_TEXT(
        countersOf("mul.wide.u32 %l2, %r1, 64;\nadd.s64 %l3, %l1, %l2;\nst.global.u32 [%l3], %r1;\nret;", 1, 32, 4096),
        "\"global_stores\":{\"requests\":1,\"bytes\":128,\"sectors\":32}");
    EXPECT_TEXT(countersOf("ld.global.u32 %r2, [%l1];\nret;", 1, 32, 4096),
                "\"global_loads\":{\"requests\":1,\"bytes\":128,\"sectors\":1}");
    // 16 bytes a lane: 512 bytes.
    EXPECT_TEXT(
        countersOf(
            "mul.wide.u32 %l2, %r1, 16;\nadd.s64 %l3, %l1, %l2;\nld.global.v4.u32 {%r2,%r3,%r4,%r5}, [%l3];\nret;", 1,
            32, 4096),
        "\"global_loads\":{\"requests\":1,\"bytes\":512,\"sectors\":16}");
}

TEST(bankConflictsOfSharedMemory) {
    auto withStride = [](const std::string& stride) {
        return countersOf(".shared .align 16 .b8 tile[8192];\nmov.u32 %r2, tile;\nmad.lo.u32 %r3, %r1, " + stride
                              + ", %r2;\nst.shared.u32 [%r3], %r1;\nret;",
                          1, 32, 64);
    };
    EXPECT_TEXT(withStride("4"), "\"shared\":{\"requests\":1,\"bytes\":128,\"bank_conflicts\":0}");
    EXPECT_TEXT(withStride("8"), "\"bank_conflicts\":1}");
    EXPECT_TEXT(withStride("128"), "\"bank_conflicts\":31}");
    EXPECT_TEXT(withStride("132"), "\"bank_conflicts\":0}");
    EXPECT_TEXT(withStride("0"), "\"bank_conflicts\":0}");  // one word for all
}

TEST(branchesAndBarriers) {
    std::string text =
        countersOf("setp.lt.u32 %p1, %r1, 7;\n@%p1 bra NEXT;\nmov.u32 %r2, 1;\nNEXT:\nbar.sync 0;\nret;", 1, 64, 64);
    EXPECT_TEXT(text, "\"barriers\":2,\"divergent_branches\":1}");  // the second warp does not diverge
}

TEST(countsAreRepeatable) {
    std::string body =
        "mul.wide.u32 %l2, %r1, 4;\nadd.s64 %l3, %l1, %l2;\nrem.u32 %r5, %r1, 3;\nLOOP:\nadd.u32 %r5, %r5, 1;\n"
        "setp.lt.u32 %p1, %r5, 9;\n@%p1 bra LOOP;\n"
        "atom.global.add.u32 %r6, [%l1], %r5;\nret;";
    REQUIRE(countersOf(body, 5, 96, 512) == countersOf(body, 5, 96, 512));
}
