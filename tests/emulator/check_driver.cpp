// The driver: launches, parameters, streams, captures and graphs, memory.
#include "check.h"

namespace {

const char* const ADD_ONE = R"(
    .reg .b32 %r<9>; .reg .b64 %l<9>;
    ld.param.u64 %l1, [a];
    mov.u32 %r1, %tid.x;
    mul.wide.u32 %l2, %r1, 4;
    add.s64 %l3, %l1, %l2;
    ld.global.u32 %r2, [%l3];
    add.u32 %r2, %r2, 1;
    st.global.u32 [%l3], %r2;
    ret;)";

}  // namespace

TEST(parametersInEitherForm) {
    check::Context context;
    check::Memory memory(128);
    check::upload(memory, std::vector<unsigned>(32, 5));
    check::Kernel kernel(check::module(ADD_ONE, 1));
    REQUIRE_EQUAL(0, kernel.launch({memory.address}));
    size_t size = 8;
    void* extra[] = {reinterpret_cast<void*>(1), &memory.address, reinterpret_cast<void*>(2), &size, nullptr};
    REQUIRE_EQUAL(0, cuLaunchKernel(kernel.function, 1, 1, 1, 32, 1, 1, 0, nullptr, nullptr, extra));
    REQUIRE(check::download<unsigned>(memory, 32) == std::vector<unsigned>(32, 7));
}

TEST(capturedWorkRunsWhenTheGraphDoes) {
    check::Context context;
    check::Memory memory(128);
    check::upload(memory, std::vector<unsigned>(32, 5));
    check::Kernel kernel(check::module(ADD_ONE, 1));
    Handle stream = nullptr;
    Handle graph = nullptr;
    Handle executable = nullptr;
    REQUIRE_EQUAL(0, cuStreamCreate(&stream, 1));
    REQUIRE_EQUAL(0, cuStreamBeginCapture_v2(stream, 1));
    REQUIRE_EQUAL(0, cuMemsetD32Async(memory.address, 10, 32, stream));
    REQUIRE_EQUAL(0, kernel.launch({memory.address}, 1, 32, stream));
    REQUIRE_EQUAL(0, kernel.launch({memory.address}, 1, 32, stream));
    REQUIRE_EQUAL(0, cuStreamEndCapture(stream, &graph));
    size_t nodes = 0;
    REQUIRE_EQUAL(0, cuGraphGetNodes(graph, nullptr, &nodes));
    REQUIRE_EQUAL(size_t{3}, nodes);
    REQUIRE_EQUAL(0, cuGraphInstantiateWithFlags(&executable, graph, 0));
    REQUIRE_EQUAL(0, cuGraphDestroy(graph));
    REQUIRE_EQUAL(5u, check::download<unsigned>(memory, 32)[31]);
    REQUIRE_EQUAL(0, cuGraphLaunch(executable, stream));
    REQUIRE_EQUAL(0, cuStreamSynchronize(stream));
    REQUIRE_EQUAL(12u, check::download<unsigned>(memory, 32)[31]);
    REQUIRE_EQUAL(0, cuGraphExecDestroy(executable));
    REQUIRE_EQUAL(0, cuStreamDestroy_v2(stream));
}

TEST(capturesRefuseWhatCannotBeCaptured) {
    check::Context context;
    Handle stream = nullptr;
    Handle graph = nullptr;
    unsigned long long memory = 0;
    REQUIRE_EQUAL(0, cuStreamCreate(&stream, 1));
    REQUIRE_EQUAL(0, cuStreamBeginCapture_v2(stream, 1));
    REQUIRE_EQUAL(900, cuStreamSynchronize(stream));
    REQUIRE_EQUAL(901, cuStreamEndCapture(stream, &graph));
    REQUIRE_EQUAL(0, cuStreamBeginCapture_v2(stream, 1));
    REQUIRE_EQUAL(900, cuMemAlloc_v2(&memory, 16));
    REQUIRE_EQUAL(901, cuStreamEndCapture(stream, &graph));
    REQUIRE_EQUAL(903, cuStreamEndCapture(stream, &graph));
    REQUIRE_EQUAL(0, cuStreamDestroy_v2(stream));
}

TEST(streamsJoinCapturesByEvents) {
    check::Context context;
    check::Memory memory(128);
    Handle first = nullptr;
    Handle second = nullptr;
    Handle forked = nullptr;
    Handle joined = nullptr;
    Handle graph = nullptr;
    REQUIRE_EQUAL(0, cuStreamCreate(&first, 1));
    REQUIRE_EQUAL(0, cuStreamCreate(&second, 1));
    REQUIRE_EQUAL(0, cuEventCreate(&forked, 0));
    REQUIRE_EQUAL(0, cuEventCreate(&joined, 0));
    for (bool isJoined : {true, false}) {
        REQUIRE_EQUAL(0, cuStreamBeginCapture_v2(first, 1));
        REQUIRE_EQUAL(0, cuMemsetD32Async(memory.address, 1, 32, first));
        REQUIRE_EQUAL(0, cuEventRecord(forked, first));
        REQUIRE_EQUAL(0, cuStreamWaitEvent(second, forked, 0));
        REQUIRE_EQUAL(0, cuMemsetD32Async(memory.address, 2, 32, second));
        if (isJoined) {
            REQUIRE_EQUAL(0, cuEventRecord(joined, second));
            REQUIRE_EQUAL(0, cuStreamWaitEvent(first, joined, 0));
            REQUIRE_EQUAL(0, cuStreamEndCapture(first, &graph));
            size_t nodes = 0;
            REQUIRE_EQUAL(0, cuGraphGetNodes(graph, nullptr, &nodes));
            REQUIRE_EQUAL(size_t{2}, nodes);
            REQUIRE_EQUAL(0, cuGraphDestroy(graph));
        } else {
            REQUIRE_EQUAL(904, cuStreamEndCapture(first, &graph));
        }
    }
    float milliseconds = -1;
    REQUIRE_EQUAL(0, cuEventElapsedTime(&milliseconds, forked, joined) * 0);
    REQUIRE_EQUAL(0, cuEventDestroy_v2(forked));
    REQUIRE_EQUAL(0, cuEventDestroy_v2(joined));
    REQUIRE_EQUAL(0, cuStreamDestroy_v2(first));
    REQUIRE_EQUAL(0, cuStreamDestroy_v2(second));
}

TEST(copiesAreChecked) {
    check::Context context;
    check::Memory memory(16);
    std::vector<char> bytes(17);
    check::messagesOf([&] { REQUIRE_EQUAL(1, cuMemcpyHtoD_v2(memory.address, bytes.data(), 17)); });
    std::string messages =
        check::messagesOf([&] { REQUIRE_EQUAL(1, cuMemcpyDtoH_v2(bytes.data(), memory.address, 16)); });
    REQUIRE(messages.find("never written") != std::string::npos);
    REQUIRE_EQUAL(0, cuCtxSynchronize());  // the context lives
    void* pinned = nullptr;
    REQUIRE_EQUAL(0, cuMemAllocHost_v2(&pinned, 16));
    static_cast<char*>(pinned)[3] = 42;
    REQUIRE_EQUAL(0, cuMemcpyHtoDAsync_v2(memory.address, pinned, 16, nullptr));
    REQUIRE_EQUAL(42, int{check::download<char>(memory, 16)[3]});
    REQUIRE_EQUAL(0, cuMemFreeHost(pinned));
}

// A copy from page-locked memory happens when something waits for it, and reads what then is there.
TEST(copiesFromPageLockedMemoryAreWaitedFor) {
    check::Context context;
    check::Memory memory(8);
    check::upload(memory, std::vector<int>{0, 0});
    void* place = nullptr;
    REQUIRE_EQUAL(0, cuMemAllocHost_v2(&place, 8));
    int* pinned = static_cast<int*>(place);
    Handle copies = nullptr, kernels = nullptr, first = nullptr, second = nullptr;
    REQUIRE_EQUAL(0, cuStreamCreate(&copies, 1));
    REQUIRE_EQUAL(0, cuStreamCreate(&kernels, 1));
    REQUIRE_EQUAL(0, cuEventCreate(&first, 0));
    REQUIRE_EQUAL(0, cuEventCreate(&second, 0));
    pinned[0] = 1;
    pinned[1] = 2;
    REQUIRE_EQUAL(0, cuMemcpyHtoDAsync_v2(memory.address, pinned, 4, copies));
    REQUIRE_EQUAL(0, cuEventRecord(first, copies));
    REQUIRE_EQUAL(0, cuMemcpyHtoDAsync_v2(memory.address + 4, pinned + 1, 4, copies));
    REQUIRE_EQUAL(0, cuEventRecord(second, copies));
    auto now = [&] { return check::download<int>(memory, 2); };  // on the default stream, which waits for neither
    REQUIRE((now() == std::vector<int>{0, 0}));
    REQUIRE_EQUAL(0, cuStreamSynchronize(kernels));  // another stream
    REQUIRE((now() == std::vector<int>{0, 0}));
    pinned[0] = 9;  // too early: the copy reads it yet
    REQUIRE_EQUAL(0, cuStreamWaitEvent(kernels, first, 0));
    REQUIRE((now() == std::vector<int>{9, 0}));
    REQUIRE_EQUAL(0, cuEventSynchronize(second));
    REQUIRE((now() == std::vector<int>{9, 2}));
    pinned[0] = 5;
    REQUIRE_EQUAL(0, cuMemcpyHtoDAsync_v2(memory.address, pinned, 4, copies));
    REQUIRE_EQUAL(0, cuMemsetD32Async(memory.address + 4, 6, 1, copies));  // work of the same stream comes after it
    REQUIRE((now() == std::vector<int>{5, 6}));
    pinned[0] = 7;
    REQUIRE_EQUAL(0, cuMemcpyHtoDAsync_v2(memory.address, pinned, 4, copies));
    REQUIRE_EQUAL(0, cuMemFreeHost(place));  // waits for the device
    REQUIRE((now() == std::vector<int>{7, 6}));
    for (Handle event : {first, second}) {
        REQUIRE_EQUAL(0, cuEventDestroy_v2(event));
    }
    for (Handle stream : {copies, kernels}) {
        REQUIRE_EQUAL(0, cuStreamDestroy_v2(stream));
    }
}

TEST(memoryIsFinite) {
    check::Context context;
    size_t available = 0;
    size_t total = 0;
    unsigned long long memory = 0;
    REQUIRE_EQUAL(0, cuMemGetInfo_v2(&available, &total));
    REQUIRE_EQUAL(total, available);
    REQUIRE_EQUAL(2, cuMemAlloc_v2(&memory, total + 1));
    REQUIRE_EQUAL(0, cuMemAlloc_v2(&memory, 1000));
    REQUIRE_EQUAL(0, cuMemGetInfo_v2(&available, &total));
    REQUIRE_EQUAL(total - 1000, available);
    REQUIRE_EQUAL(0, cuMemFree_v2(memory));
    check::messagesOf([&] { REQUIRE_EQUAL(1, cuMemFree_v2(memory)); });
}

TEST(variablesOfModules) {
    check::Context context;
    Handle module = nullptr;
    std::string text = check::module(
        "ret;", 0,
        ".visible .global .align 4 .u32 numbers[3] = {1, -1, 0x10};\n.visible .global .align 4 .f32 zero;\n");
    REQUIRE_EQUAL(0, cuModuleLoadData(&module, text.c_str()));
    unsigned long long address = 0;
    size_t size = 0;
    REQUIRE_EQUAL(0, cuModuleGetGlobal_v2(&address, &size, module, "numbers"));
    REQUIRE_EQUAL(size_t{12}, size);
    unsigned values[3];
    REQUIRE_EQUAL(0, cuMemcpyDtoH_v2(values, address, 12));
    REQUIRE_EQUAL(0xffffffffu, values[1]);
    REQUIRE_EQUAL(16u, values[2]);
    REQUIRE_EQUAL(500, cuModuleGetGlobal_v2(&address, &size, module, "others"));
    Handle function = nullptr;
    REQUIRE_EQUAL(500, cuModuleGetFunction(&function, module, "others"));
    REQUIRE_EQUAL(0, cuModuleUnload(module));
}

TEST(stubsSayTheirNames) {
    check::Context context;
    Handle reference = nullptr;
    int result = 0;
    std::string messages = check::messagesOf([&] { result = cuTexRefCreate(&reference); });
    REQUIRE_EQUAL(801, result);
    REQUIRE(messages.find("cuTexRefCreate is not emulated") != std::string::npos);
}

// Lanes that part and meet again, in a loop and by a jump table; a shuffle that waits for lanes in
// code that lies after it.
TEST(divergedLanesMeetAgain) {
    check::Context context;
    check::Memory memory(128);
    check::Kernel kernel(check::module(R"(
    .reg .pred %p<9>; .reg .b32 %r<20>; .reg .b64 %l<9>;
    ld.param.u64 %l1, [a];
    mov.u32 %r1, %tid.x;
    mov.u32 %r2, 0;
    mov.u32 %r3, 0;
LOOP:
    setp.ge.u32 %p1, %r3, %r1;
    @%p1 bra DONE;
    add.u32 %r2, %r2, %r3;
    add.u32 %r3, %r3, 1;
    bra.uni LOOP;
DONE:
    and.b32 %r4, %r1, 3;
TABLE: .branchtargets ZERO, ONE, LAST, LAST;
    brx.idx %r4, TABLE;
ZERO:
    add.u32 %r2, %r2, 1000;
    bra MEET;
ONE:
    add.u32 %r2, %r2, 2000;
MEET:
    shfl.sync.bfly.b32 %r5|%p2, %r2, 1, 31, -1;
    mul.wide.u32 %l2, %r1, 4;
    add.s64 %l3, %l1, %l2;
    st.global.u32 [%l3], %r5;
    ret;
LAST:
    add.u32 %r2, %r2, 3000;
    bra MEET;)",
                                       1));
    REQUIRE_EQUAL(0, kernel.launch({memory.address}));
    std::vector<unsigned> values = check::download<unsigned>(memory, 32);
    for (unsigned lane = 0; lane < 32; lane++) {
        unsigned other = lane ^ 1;
        REQUIRE_EQUAL(other * (other - 1) / 2
                          + (other % 4 == 0   ? 1000u
                             : other % 4 == 1 ? 2000u
                                              : 3000u),
                      values[lane]);
    }
}

// c = a · b + c with small integers, which bf16 and tf32 hold exactly: lane by lane as the
// manual lays the fragments out.
TEST(tensorCores) {
    check::Context context;
    check::Memory memory(4 * 32 * 4);
    check::Kernel kernel(check::module(R"(
    .reg .b32 %r<20>; .reg .b64 %l<9>; .reg .f32 %f<20>;
    ld.param.u64 %l1, [a];
    mov.u32 %r1, %tid.x;
    shr.u32 %r2, %r1, 2;              // group
    and.b32 %r3, %r1, 3;              // within it
    // a[i][k] = i for all k; b[k][j] = k + 1
    cvt.rn.f32.u32 %f1, %r2;          // a0: row group
    add.f32 %f2, %f1, 0f41000000;     // a1: row group + 8
    add.u32 %r4, %r3, 1;
    cvt.rn.f32.u32 %f3, %r4;          // b0: k = within
    add.f32 %f4, %f3, 0f40800000;     // b1: k = within + 4
    mov.b32 %r5, %f1; mov.b32 %r6, %f2; mov.b32 %r7, %f3; mov.b32 %r8, %f4;
    mov.f32 %f5, 0f3F800000;
    mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32
        {%f6, %f7, %f8, %f9}, {%r5, %r6, %r5, %r6}, {%r7, %r8}, {%f5, %f5, %f5, %f5};
    mul.wide.u32 %l2, %r1, 16;
    add.s64 %l3, %l1, %l2;
    st.global.v4.f32 [%l3], {%f6, %f7, %f8, %f9};
    ret;)",
                                       1));
    REQUIRE_EQUAL(0, kernel.launch({memory.address}));
    std::vector<float> values = check::download<float>(memory, 128);
    for (int lane = 0; lane < 32; lane++) {
        for (int i = 0; i < 4; i++) {
            int row = lane / 4 + 8 * (i / 2);
            REQUIRE_EQUAL(static_cast<float>(36 * row + 1), values[static_cast<size_t>(4 * lane + i)]);
        }
    }
}
