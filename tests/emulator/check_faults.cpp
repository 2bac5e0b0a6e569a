// Small kernels, each with a mistake that a GPU would not report, or not report well. Each must be found, and the
// message must name the place.
#include <cstring>

#include "check.h"

namespace {

constexpr int INVALID_VALUE = 1;
constexpr int ILLEGAL_ADDRESS = 700;
constexpr int TIMEOUT = 702;
constexpr int MISALIGNED = 716;
constexpr int LAUNCH_FAILED = 719;

const char* const THREAD = R"(
    .reg .pred %p<9>;
    .reg .b32 %r<30>;
    .reg .f32 %f<30>;
    .reg .b64 %l<30>;
    ld.param.u64 %l1, [a];
    mov.u32 %r1, %tid.x;
    mov.u32 %r2, %ctaid.x;
    mov.u32 %r3, %ntid.x;
    mad.lo.s32 %r4, %r2, %r3, %r1;
    mul.wide.u32 %l2, %r4, 4;
    add.s64 %l3, %l1, %l2;
)";

// Launches one kernel in a context of its own, with `bytes` bytes of memory set to zero. Checks the result and the
// message, and that the context has failed if the kernel is at fault.
void expectFault(int line, const std::string& body, int expected, const std::vector<std::string>& words,
                 size_t bytes = 128, unsigned blocks = 1, unsigned threads = 32, const std::string& variables = "",
                 bool isZeroed = true, unsigned sharedBytes = 0) {
    check::Context context;
    unsigned long long memory = 0;
    REQUIRE_EQUAL(0, cuMemAlloc_v2(&memory, bytes));
    if (isZeroed) {
        REQUIRE_EQUAL(0, cuMemsetD8_v2(memory, 0, bytes));
    }
    int result = 0;
    std::string messages;
    {
        check::Kernel kernel(check::module(THREAD + body, 1, variables));
        messages = check::messagesOf([&] { result = kernel.launch({memory}, blocks, threads, nullptr, sharedBytes); });
        if (expected >= 700) {
            REQUIRE_EQUAL(expected, cuCtxSynchronize());
        }
    }
    if (result != expected) {
        check::fail(
            __FILE__, line,
            "the result is " + std::to_string(result) + " and not " + std::to_string(expected) + ": " + messages);
    }
    for (const std::string& word : words) {
        if (messages.find(word) == std::string::npos) {
            check::fail(__FILE__, line, "'" + word + "' is missing in: " + messages);
        }
    }
    check::messagesOf([&] {  // the memory is lost with the context; that it leaks is not the point
        cuCtxDestroy_v2(context.handle);
        context.handle = nullptr;
    });
}

#define EXPECT_FAULT(...) expectFault(__LINE__, __VA_ARGS__)

}  // namespace

TEST(globalBoundsAreExact) {
    EXPECT_FAULT("st.global.u32 [%l3], %r1;\nret;", ILLEGAL_ADDRESS,
                 {"kernel test", "PTX line 19 (st.global.u32)", "block (0,0,0)", "thread (31,0,0)",
                  "out of bounds, byte 124 of allocation"},
                 124);
    EXPECT_FAULT("st.global.u32 [%l3], %r1;\nret;", 0, {}, 128);
    EXPECT_FAULT("ld.global.u32 %r9, [%l3+-4];\nret;", ILLEGAL_ADDRESS,
                 {"4 bytes before allocation", "thread (0,0,0)"});
    EXPECT_FAULT("ld.global.v4.u32 {%r9, %r10, %r11, %r12}, [%l1+16];\nret;", ILLEGAL_ADDRESS,
                 {"16 bytes at", "byte 16 of"}, 28);
    EXPECT_FAULT("mov.u64 %l9, 0;\nld.global.u32 %r9, [%l9];\nret;", ILLEGAL_ADDRESS, {"a null pointer"});
}

TEST(sharedAndLocalBoundsAreExact) {
    std::string shared = ".shared .align 4 .b8 tile[124];\n.shared .align 4 .b8 other[512];\n";
    std::string store =
        "mov.u32 %r5, tile;\nshl.b32 %r6, %r1, 2;\nadd.s32 %r7, %r5, %r6;\nst.shared.u32 [%r7], %r1;\n"
        "st.shared.u32 [other], %r1;\nret;";
    EXPECT_FAULT(shared + store, ILLEGAL_ADDRESS, {"byte 124 of tile (124 bytes)", "thread (31,0,0)"});
    std::string dynamic =
        "mov.u32 %r5, pool;\nshl.b32 %r6, %r1, 2;\nadd.s32 %r7, %r5, %r6;\nst.shared.u32 [%r7], %r1;\nret;";
    EXPECT_FAULT(dynamic, ILLEGAL_ADDRESS, {"dynamic shared memory"}, 128, 1, 32,
                 ".extern .shared .align 16 .b8 pool[];\n", true, 64);
    EXPECT_FAULT(dynamic, 0, {}, 128, 1, 32, ".extern .shared .align 16 .b8 pool[];\n", true, 128);
    EXPECT_FAULT(dynamic, INVALID_VALUE, {"49156 bytes of shared memory"}, 128, 1, 32,
                 ".extern .shared .align 16 .b8 pool[];\n", true, 49156);
    EXPECT_FAULT(
        ".local .align 4 .b8 depot[16];\nmov.u64 %l5, depot;\nmul.wide.u32 %l6, %r1, 4;\nadd.s64 %l7, %l5, %l6;\n"
        "st.local.u32 [%l7], %r1;\nret;",
        ILLEGAL_ADDRESS, {"local", "byte 16 of depot", "thread (4,0,0)"});
    EXPECT_FAULT("ld.param.u64 %l5, [a+8];\nret;", ILLEGAL_ADDRESS, {"parameter"});
}

TEST(misalignedAccess) {
    EXPECT_FAULT("ld.global.u32 %r9, [%l3+2];\nret;", MISALIGNED, {"no multiple of 4"});
    EXPECT_FAULT("st.global.v4.u32 [%l1+8], {%r1, %r1, %r1, %r1};\nret;", MISALIGNED,
                 {"st.global.v4.u32", "no multiple of 16"});
    EXPECT_FAULT(".shared .align 16 .b8 tile[64];\nmov.u32 %r5, tile;\nst.shared.v2.u32 [%r5+4], {%r1, %r1};\nret;",
                 MISALIGNED, {"no multiple of 8"});
}

TEST(readsOfMemoryNeverWritten) {
    EXPECT_FAULT("ld.global.u32 %r9, [%l3];\nret;", ILLEGAL_ADDRESS, {"byte 0 of allocation", "never written"}, 128, 1,
                 32, "", false);
    EXPECT_FAULT("st.global.u8 [%l1], %r1;\nld.global.u32 %r9, [%l1];\nret;", ILLEGAL_ADDRESS,
                 {"byte 1 of allocation", "never written"}, 128, 1, 32, "", false);
    EXPECT_FAULT("st.global.u32 [%l3], %r1;\nld.global.u32 %r9, [%l3];\nret;", 0, {}, 128, 1, 32, "", false);
    EXPECT_FAULT(".shared .align 4 .b8 tile[64];\nld.shared.u32 %r9, [tile];\nret;", ILLEGAL_ADDRESS,
                 {"shared", "never written"});
    EXPECT_FAULT(".local .align 4 .b8 depot[64];\nld.local.u32 %r9, [depot];\nret;", ILLEGAL_ADDRESS,
                 {"local", "never written"});
}

TEST(useAfterFree) {
    check::Context context;
    unsigned long long memory = 0;
    REQUIRE_EQUAL(0, cuMemAlloc_v2(&memory, 128));
    REQUIRE_EQUAL(0, cuMemFree_v2(memory));
    check::Kernel kernel(check::module(std::string(THREAD) + "st.global.u32 [%l3], %r1;\nret;", 1));
    std::string messages = check::messagesOf([&] { REQUIRE_EQUAL(ILLEGAL_ADDRESS, kernel.launch({memory})); });
    REQUIRE(messages.find("use after free of allocation") != std::string::npos);
    messages = check::messagesOf([&] { REQUIRE_EQUAL(ILLEGAL_ADDRESS, cuMemFree_v2(memory)); });  // the context is lost
}

TEST(hostPointersAreNoDevicePointers) {
    check::Context context;
    int value = 0;
    check::Kernel kernel(check::module(std::string(THREAD) + "st.global.u32 [%l1], %r1;\nret;", 1));
    check::messagesOf(
        [&] { REQUIRE_EQUAL(ILLEGAL_ADDRESS, kernel.launch({reinterpret_cast<unsigned long long>(&value)})); });
}

// Each warp writes its part, and reads the next warp's.
TEST(missingBarrier) {
    std::string write =
        ".shared .align 4 .b8 tile[512];\nmov.u32 %r5, tile;\nshl.b32 %r6, %r1, 2;\nadd.s32 %r7, %r5, %r6;\n"
        "st.shared.u32 [%r7], %r1;\n";
    std::string read =
        "xor.b32 %r8, %r6, 128;\nadd.s32 %r9, %r5, %r8;\nld.shared.u32 %r10, [%r9];\nst.global.u32 [%l3], %r10;\nret;";
    EXPECT_FAULT(write + "bar.sync 0;\n" + read, 0, {}, 512, 1, 128);
    check::Context context;
    check::Memory memory(512);
    int result = 0;
    check::Kernel kernel(check::module(THREAD + write + read, 1));
    std::string messages = check::messagesOf([&] { result = kernel.launch({memory.address}, 1, 128); });
    // Which of the two is found first depends on the order of the warps.
    REQUIRE(result == ILLEGAL_ADDRESS || result == LAUNCH_FAILED);
    REQUIRE(messages.find("never written") != std::string::npos
            || messages.find("no barrier in between") != std::string::npos);
}

// The same tile is written again while others may still read it.
TEST(missingBarrierBeforeWritingAgain) {
    std::string body = R"(
    .shared .align 4 .b8 tile[512];
    mov.u32 %r5, tile; shl.b32 %r6, %r1, 2; add.s32 %r7, %r5, %r6; xor.b32 %r8, %r6, 128; add.s32 %r9, %r5, %r8;
    st.shared.u32 [%r7], %r1;
    bar.sync 0;
    ld.shared.u32 %r10, [%r9];
    BARRIER
    st.shared.u32 [%r7], %r10;
    ret;)";
    std::string with = body;
    EXPECT_FAULT(with.replace(with.find("BARRIER"), 7, "bar.sync 0;"), 0, {}, 512, 1, 128);
    EXPECT_FAULT(body.replace(body.find("BARRIER"), 7, ""), LAUNCH_FAILED, {"no barrier in between"}, 512, 1, 128);
}

TEST(divergentBarriers) {
    EXPECT_FAULT("setp.lt.u32 %p1, %r1, 7;\n@%p1 bra LOW;\nbar.sync 0;\nret;\nLOW:\nret;", 0,
                 {});  // the others have exited
    EXPECT_FAULT("setp.lt.u32 %p1, %r1, 7;\n@%p1 bra LOW;\nbar.sync 0;\nret;\nLOW:\nbar.sync 0;\nret;", LAUNCH_FAILED,
                 {"divergent barrier"});
    EXPECT_FAULT("setp.lt.u32 %p1, %r1, 7;\n@%p1 bar.sync 0;\nret;", LAUNCH_FAILED, {"pass by"});
    EXPECT_FAULT("setp.lt.u32 %p1, %r1, 32;\n@%p1 bra LOW;\nbar.sync 1;\nret;\nLOW:\nbar.sync 0;\nret;", LAUNCH_FAILED,
                 {"barriers that are never complete", "barrier 0", "barrier 1"}, 256, 1, 64);
}

TEST(shufflesAmongAbsentLanes) {
    EXPECT_FAULT("shfl.sync.down.b32 %r9, %r1, 1, 31, -1;\nst.global.u32 [%l3], %r9;\nret;", 0, {});
    EXPECT_FAULT("shfl.sync.idx.b32 %r9, %r1, 31, 31, -1;\nret;", LAUNCH_FAILED, {"reads lane 31, which takes no part"},
                 128, 1, 16);
    EXPECT_FAULT("setp.lt.u32 %p1, %r1, 7;\n@%p1 bra LOW;\nret;\nLOW:\nshfl.sync.idx.b32 %r9, %r1, 9, 31, 127;\nret;",
                 LAUNCH_FAILED, {"reads lane 9"});
}

TEST(asynchronousCopiesMustBeWaitedFor) {
    std::string copy =
        ".shared .align 16 .b8 tile[512];\nmov.u32 %r5, tile;\nshl.b32 %r6, %r1, 4;\nadd.s32 %r7, %r5, %r6;\n"
        "mul.wide.u32 %l5, %r1, 16;\n"
        "add.s64 %l6, %l1, %l5;\ncp.async.cg.shared.global [%r7], [%l6], 16;\ncp.async.commit_group;\n";
    EXPECT_FAULT(copy + "cp.async.wait_group 0;\nld.shared.u32 %r9, [%r7];\nret;", 0, {}, 512);
    EXPECT_FAULT(copy + "cp.async.wait_group 1;\nld.shared.u32 %r9, [%r7];\nret;", ILLEGAL_ADDRESS, {"never written"},
                 512);
}

TEST(otherFaults) {
    EXPECT_FAULT("LOOP:\nbra LOOP;\nret;", TIMEOUT, {"does not end"});
    EXPECT_FAULT("trap;\nret;", LAUNCH_FAILED, {"trap"});
    EXPECT_FAULT("mov.u64 %l9, table;\nst.global.u32 [%l9], %r1;\nret;", ILLEGAL_ADDRESS,
                 {"constant memory: variable table"}, 128, 1, 32, ".const .align 4 .b8 table[16];\n");
    EXPECT_FAULT("ret;", INVALID_VALUE, {"cannot be launched"}, 128, 1, 2048);
    EXPECT_FAULT("ret;", INVALID_VALUE, {"cannot be launched"}, 128, 0, 32);
}

TEST(leaksAreReported) {
    Handle context = nullptr;
    REQUIRE_EQUAL(0, cuCtxCreate_v2(&context, 0, 0));
    unsigned long long memory = 0;
    REQUIRE_EQUAL(0, cuMemAlloc_v2(&memory, 1000));
    REQUIRE_EQUAL(0, cuMemAlloc_v2(&memory, 24));
    std::string messages = check::messagesOf([&] { cuCtxDestroy_v2(context); });
    REQUIRE(messages.find("2 allocations (1024 bytes) were never freed") != std::string::npos);
    messages = check::messagesOf([] {
        check::Context clean;
        check::Memory freed(16);
    });
    REQUIRE(messages.empty());
}
