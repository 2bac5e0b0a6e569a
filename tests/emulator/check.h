// A small test framework: named tests that register themselves, and helpers that call the libraries.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

using Handle = void*;

extern "C" {
int cuInit(unsigned);
int cuDeviceGetCount(int*);
int cuGetErrorName(int, const char**);
int cuCtxCreate_v2(Handle*, unsigned, int);
int cuCtxDestroy_v2(Handle);
int cuCtxSynchronize();
int cuMemAlloc_v2(unsigned long long*, size_t);
int cuMemFree_v2(unsigned long long);
int cuMemGetInfo_v2(size_t*, size_t*);
int cuMemAllocHost_v2(void**, size_t);
int cuMemFreeHost(void*);
int cuMemcpyHtoD_v2(unsigned long long, const void*, size_t);
int cuMemcpyDtoH_v2(void*, unsigned long long, size_t);
int cuMemcpyHtoDAsync_v2(unsigned long long, const void*, size_t, Handle);
int cuMemcpyDtoHAsync_v2(void*, unsigned long long, size_t, Handle);
int cuMemsetD8_v2(unsigned long long, unsigned char, size_t);
int cuMemsetD32Async(unsigned long long, unsigned, size_t, Handle);
int cuModuleLoadData(Handle*, const void*);
int cuModuleLoadDataEx(Handle*, const void*, unsigned, int*, void**);
int cuModuleUnload(Handle);
int cuModuleGetFunction(Handle*, Handle, const char*);
int cuModuleGetGlobal_v2(unsigned long long*, size_t*, Handle, const char*);
int cuLaunchKernel(Handle, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, unsigned, Handle, void**,
                   void**);
int cuStreamCreate(Handle*, unsigned);
int cuStreamDestroy_v2(Handle);
int cuStreamSynchronize(Handle);
int cuStreamBeginCapture_v2(Handle, int);
int cuStreamEndCapture(Handle, Handle*);
int cuStreamWaitEvent(Handle, Handle, unsigned);
int cuEventCreate(Handle*, unsigned);
int cuEventRecord(Handle, Handle);
int cuEventSynchronize(Handle);
int cuEventDestroy_v2(Handle);
int cuEventElapsedTime(float*, Handle, Handle);
int cuGraphGetNodes(Handle, Handle*, size_t*);
int cuGraphInstantiateWithFlags(Handle*, Handle, unsigned long long);
int cuGraphLaunch(Handle, Handle);
int cuGraphDestroy(Handle);
int cuGraphExecDestroy(Handle);
int cuGLGetDevices_v2(unsigned*, int*, unsigned, int);
int cuGraphicsGLRegisterBuffer(Handle*, unsigned, unsigned);
int cuGraphicsMapResources(unsigned, Handle*, Handle);
int cuGraphicsResourceGetMappedPointer_v2(unsigned long long*, size_t*, Handle);
int cuGraphicsUnmapResources(unsigned, Handle*, Handle);
int cuGraphicsUnregisterResource(Handle);
int cuTexRefCreate(Handle*);
int cuProfilerStart();
int cuProfilerStop();
int cublasCreate_v2(Handle*);
int cublasDestroy_v2(Handle);
int cublasSetStream_v2(Handle, Handle);
int cublasSgemm_v2(Handle, int, int, int, int, int, const float*, const float*, int, const float*, int, const float*,
                   float*, int);
int cublasSetMathMode(Handle, int);
int cublasSetPointerMode_v2(Handle, int);
int cublasGemmEx(Handle, int, int, int, int, int, const void*, const void*, int, int, const void*, int, int,
                 const void*, void*, int, int, int, int);
int cudnnCreate(Handle*);
int cudnnDestroy(Handle);
int cudnnSetStream(Handle, Handle);
int cudnnCreateTensorDescriptor(Handle*);
int cudnnDestroyTensorDescriptor(Handle);
int cudnnSetTensor4dDescriptor(Handle, int, int, int, int, int, int);
int cudnnSetTensor4dDescriptorEx(Handle, int, int, int, int, int, int, int, int, int);
int cudnnCreateFilterDescriptor(Handle*);
int cudnnDestroyFilterDescriptor(Handle);
int cudnnSetFilter4dDescriptor(Handle, int, int, int, int, int, int);
int cudnnCreateConvolutionDescriptor(Handle*);
int cudnnDestroyConvolutionDescriptor(Handle);
int cudnnSetConvolution2dDescriptor(Handle, int, int, int, int, int, int, int, int);
int cudnnSetConvolutionMathType(Handle, int);
int cudnnSetConvolutionGroupCount(Handle, int);
int cudnnGetConvolution2dForwardOutputDim(Handle, Handle, Handle, int*, int*, int*, int*);
int cudnnGetConvolutionForwardAlgorithm_v7(Handle, Handle, Handle, Handle, Handle, int, int*, void*);
int cudnnGetConvolutionBackwardDataAlgorithm_v7(Handle, Handle, Handle, Handle, Handle, int, int*, void*);
int cudnnGetConvolutionBackwardFilterAlgorithm_v7(Handle, Handle, Handle, Handle, Handle, int, int*, void*);
int cudnnFindConvolutionForwardAlgorithm(Handle, Handle, Handle, Handle, Handle, int, int*, void*);
int cudnnFindConvolutionBackwardDataAlgorithm(Handle, Handle, Handle, Handle, Handle, int, int*, void*);
int cudnnFindConvolutionBackwardFilterAlgorithm(Handle, Handle, Handle, Handle, Handle, int, int*, void*);
int cudnnFindConvolutionForwardAlgorithmEx(Handle, Handle, const void*, Handle, const void*, Handle, Handle, void*, int,
                                           int*, void*, void*, size_t);
int cudnnFindConvolutionBackwardDataAlgorithmEx(Handle, Handle, const void*, Handle, const void*, Handle, Handle, void*,
                                                int, int*, void*, void*, size_t);
int cudnnFindConvolutionBackwardFilterAlgorithmEx(Handle, Handle, const void*, Handle, const void*, Handle, Handle,
                                                  void*, int, int*, void*, void*, size_t);
int cudnnGetConvolutionForwardWorkspaceSize(Handle, Handle, Handle, Handle, Handle, int, size_t*);
int cudnnGetConvolutionBackwardDataWorkspaceSize(Handle, Handle, Handle, Handle, Handle, int, size_t*);
int cudnnGetConvolutionBackwardFilterWorkspaceSize(Handle, Handle, Handle, Handle, Handle, int, size_t*);
int cudnnConvolutionForward(Handle, const void*, Handle, const void*, Handle, const void*, Handle, int, void*, size_t,
                            const void*, Handle, void*);
int cudnnConvolutionBackwardData(Handle, const void*, Handle, const void*, Handle, const void*, Handle, int, void*,
                                 size_t, const void*, Handle, void*);
int cudnnConvolutionBackwardFilter(Handle, const void*, Handle, const void*, Handle, const void*, Handle, int, void*,
                                   size_t, const void*, Handle, void*);
}

namespace check {

struct Test {
    const char* name;
    void (*run)();
};

std::vector<Test>& tests();

struct Registration {
    Registration(const char* name, void (*run)()) { tests().push_back({name, run}); }
};

#define TEST(name)                                                     \
    static void name();                                                \
    static const check::Registration registration_##name(#name, name); \
    static void name()

// Counts a failure, and prints its place.
void fail(const char* file, int line, const std::string& what);

#define REQUIRE(condition)                               \
    do {                                                 \
        if (!(condition)) {                              \
            check::fail(__FILE__, __LINE__, #condition); \
        }                                                \
    } while (false)

#define REQUIRE_EQUAL(expected, actual)                                                           \
    do {                                                                                          \
        auto expectedValue = (expected);                                                          \
        auto actualValue = (actual);                                                              \
        if (!(expectedValue == actualValue)) {                                                    \
            check::fail(__FILE__, __LINE__,                                                       \
                        std::string(#actual) + " is " + std::to_string(actualValue) + " and not " \
                            + std::to_string(expectedValue));                                     \
        }                                                                                         \
    } while (false)

// A context for one test. Tests share nothing.
class Context {
public:
    Context();
    ~Context();
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    Handle handle = nullptr;
};

// Device memory for one test.
class Memory {
public:
    explicit Memory(size_t bytes);
    ~Memory();
    Memory(const Memory&) = delete;
    Memory& operator=(const Memory&) = delete;
    unsigned long long address = 0;

    template <class T>
    static std::vector<T> zeros(size_t count) {
        return std::vector<T>(count);
    }
};

template <class T>
void upload(const Memory& target, const std::vector<T>& values) {
    REQUIRE_EQUAL(0, cuMemcpyHtoD_v2(target.address, values.data(), values.size() * sizeof(T)));
}

template <class T>
std::vector<T> download(const Memory& source, size_t count) {
    std::vector<T> values(count);
    REQUIRE_EQUAL(0, cuMemcpyDtoH_v2(values.data(), source.address, count * sizeof(T)));
    return values;
}

// The text of a module with one kernel, "test", whose parameters are 64 bits wide and are called a, b, c …
std::string module(const std::string& body, int parameters, const std::string& variables = "");

// A module with one kernel, which is loaded.
class Kernel {
public:
    explicit Kernel(const std::string& text);
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;
    int launch(std::vector<unsigned long long> arguments, unsigned blocks = 1, unsigned threads = 32,
               Handle stream = nullptr, unsigned sharedBytes = 0);

    Handle handle = nullptr;
    Handle function = nullptr;
};

// The text that is written to stderr while `action` runs.
std::string messagesOf(const std::function<void()>& action);

}  // namespace check
