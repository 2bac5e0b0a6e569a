// The driver API: initialization, devices, contexts, memory, copies.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "counters.h"
#include "driver_state.h"

namespace emulator {

namespace {

uint64_t environment(const char* name, uint64_t fallback) {
    const char* text = std::getenv(name);
    return text == nullptr || *text == '\0' ? fallback : std::strtoull(text, nullptr, 0);
}

// Written when the library is unloaded, that is, when the process ends.
struct AtExit {
    ~AtExit() { writeCounters(); }
} atExit;

}  // namespace

Driver::Driver() {
    devices = static_cast<int>(environment("DAEGPU_EMULATOR_DEVICES", 1));
    version = static_cast<int>(environment("DAEGPU_EMULATOR_DRIVER", 12060));
    deviceMemory = environment("DAEGPU_EMULATOR_MEMORY", deviceMemory);
    seed = environment("DAEGPU_EMULATOR_SEED", 1);
    const char* text = std::getenv("DAEGPU_EMULATOR_CAPABILITY");
    if (text != nullptr && *text != '\0') {
        capability = static_cast<int>(std::strtod(text, nullptr) * 10 + 0.5);
    }
    memory.checksUninitialized = environment("DAEGPU_EMULATOR_UNINITIALIZED", 1) != 0;
    const char* leaks = std::getenv("DAEGPU_EMULATOR_LEAKS");
    sharesWithOpenGl = environment("DAEGPU_EMULATOR_OPENGL", 1) != 0;
    failsOnLeaks = leaks != nullptr && std::strcmp(leaks, "error") == 0;
}

Driver& driver() {
    static Driver* instance = new Driver;  // never destroyed: threads may still call when the process ends
    return *instance;
}

Context*& currentContext() {
    thread_local Context* current = nullptr;
    if (current != nullptr && driver().contexts.count(current) == 0) {
        current = nullptr;
    }
    return current;
}

CUresult fail(Context* context, const Fault& fault) {
    std::fprintf(stderr, "emulated device: %s\n", fault.what.c_str());
    if (context != nullptr && context->error == CUDA_SUCCESS) {
        context->error = fault.result;
    }
    return fault.result;
}

CUresult call(const char* name, bool needsContext, const std::function<CUresult()>& body) {
    std::lock_guard<std::recursive_mutex> lock(driver().mutex);
    (void)name;
    if (!driver().isInitialized) {
        return CUDA_ERROR_NOT_INITIALIZED;
    }
    if (needsContext) {
        if (currentContext() == nullptr) {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        if (currentContext()->error != CUDA_SUCCESS) {
            return currentContext()->error;
        }
    }
    try {
        return body();
    } catch (const Fault& fault) {
        return fail(currentContext(), fault);
    } catch (const std::bad_alloc&) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
}

bool releaseContext(Context* context) {
    Driver& d = driver();
    bool hasLeaked = destroyResourcesOf(context);
    std::vector<const Allocation*> leaked;
    for (const Allocation* allocation : d.memory.ownedBy(context->number)) {
        if (allocation->name.empty()) {
            leaked.push_back(allocation);
        }
    }
    if (!leaked.empty()) {
        uint64_t bytes = 0;
        for (const Allocation* allocation : leaked) {
            bytes += allocation->size;
        }
        std::fprintf(stderr, "emulated device: %zu allocations (%llu bytes) were never freed, the first is %s\n",
                     leaked.size(), static_cast<unsigned long long>(bytes), leaked[0]->describe().c_str());
    }
    for (const Allocation* allocation : d.memory.ownedBy(context->number)) {
        if (allocation->isHost) {
            std::free(allocation->bytes);
        }
    }
    d.memory.freeOwnedBy(context->number);
    destroyStreamsOf(context);
    d.contexts.erase(context);
    delete context;
    return hasLeaked || !leaked.empty();
}

namespace {

Context* makeContext(int device) {
    Context* context = new Context;
    context->number = driver().nextContext++;
    context->device = device;
    driver().contexts.insert(context);
    driver().defaultStreams[context] = std::make_unique<Stream>();
    driver().defaultStreams[context]->context = context;
    return context;
}

bool isDevice(CUdevice device) { return device >= 0 && device < driver().devices; }

int attribute(int which) {
    switch (which) {
        case 1: return 1024;  // MAX_THREADS_PER_BLOCK
        case 2:
        case 3: return 1024;        // MAX_BLOCK_DIM_X, Y
        case 4: return 64;          // MAX_BLOCK_DIM_Z
        case 5: return 2147483647;  // MAX_GRID_DIM_X
        case 6:
        case 7: return 65535;                      // MAX_GRID_DIM_Y, Z
        case 8: return 49152;                      // MAX_SHARED_MEMORY_PER_BLOCK
        case 9: return 65536;                      // TOTAL_CONSTANT_MEMORY
        case 10: return 32;                        // WARP_SIZE
        case 11: return 2147483647;                // MAX_PITCH
        case 12: return 65536;                     // MAX_REGISTERS_PER_BLOCK
        case 13: return 1000000;                   // CLOCK_RATE, kHz
        case 14: return 512;                       // TEXTURE_ALIGNMENT
        case 16: return 1;                         // MULTIPROCESSOR_COUNT
        case 19: return 1;                         // CAN_MAP_HOST_MEMORY
        case 31: return 1;                         // CONCURRENT_KERNELS
        case 36: return 1000000;                   // MEMORY_CLOCK_RATE
        case 37: return 256;                       // GLOBAL_MEMORY_BUS_WIDTH
        case 38: return 4 << 20;                   // L2_CACHE_SIZE
        case 39: return 2048;                      // MAX_THREADS_PER_MULTIPROCESSOR
        case 40: return 2;                         // ASYNC_ENGINE_COUNT
        case 41: return 1;                         // UNIFIED_ADDRESSING
        case 75: return driver().capability / 10;  // COMPUTE_CAPABILITY_MAJOR
        case 76: return driver().capability % 10;  // COMPUTE_CAPABILITY_MINOR
        case 78: return 1;                         // STREAM_PRIORITIES_SUPPORTED
        case 81: return 100 << 10;                 // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
        case 82: return 65536;                     // MAX_REGISTERS_PER_MULTIPROCESSOR
        case 97: return 99 << 10;                  // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
        case 106: return 16;                       // MAX_BLOCKS_PER_MULTIPROCESSOR
        default: return 0;
    }
}

CUresult allocate(CUdeviceptr* target, size_t size) {
    if (target == nullptr || size == 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (CUresult result = forbidDuringCapture()) {
        return result;
    }
    Driver& d = driver();
    if (size > d.deviceMemory || d.memory.used() > d.deviceMemory - size) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    Allocation* allocation = d.memory.allocate(size, currentContext()->number);
    if (allocation == nullptr) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    counters().allocations++;
    *target = allocation->base;
    return CUDA_SUCCESS;
}

CUresult allocateHost(void** target, size_t size) {
    if (target == nullptr || size == 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (CUresult result = forbidDuringCapture()) {
        return result;
    }
    *target = std::aligned_alloc(4096, (size + 4095) / 4096 * 4096);
    if (*target == nullptr) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    driver().memory.adoptHost(*target, size, currentContext()->number);
    return CUDA_SUCCESS;
}

enum class Direction { HOST_TO_DEVICE, DEVICE_TO_HOST, DEVICE_TO_DEVICE };

// A copy, now or in a graph. Host memory that the driver does not know belongs to the host, and is read or written as
// it is.
CUresult copy(void* streamHandle, bool isAsynchronous, Direction direction, uint64_t target, uint64_t source,
              size_t size) {
    Stream* stream = streamOf(streamHandle);
    if (stream == nullptr) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (!isAsynchronous) {
        if (CUresult result = forbidDuringCapture()) {
            return result;
        }
    }
    if (size == 0) {
        return CUDA_SUCCESS;
    }
    Context* context = currentContext();
    Node node = {"memcpy",
                 [=]() {
                     Driver& d = driver();
                     CopyCounters& counted = direction == Direction::HOST_TO_DEVICE   ? counters().hostToDevice
                                             : direction == Direction::DEVICE_TO_HOST ? counters().deviceToHost
                                                                                      : counters().deviceToDevice;
                     counted.calls++;
                     counted.bytes += size;
                     try {
                         const void* from = direction == Direction::HOST_TO_DEVICE
                                                ? reinterpret_cast<const void*>(source)
                                                : d.memory.read(source, size, "a copy");
                         void* to = direction == Direction::DEVICE_TO_HOST ? reinterpret_cast<void*>(target)
                                                                           : d.memory.write(target, size, "a copy");
                         std::memmove(to, from, size);
                         return static_cast<CUresult>(CUDA_SUCCESS);
                     } catch (const Fault& fault) {
                         // The driver notices this before the device does: it refuses the call, and the context lives.
                         std::fprintf(stderr, "emulated device: %s\n", fault.what.c_str());
                         (void)context;
                         return static_cast<CUresult>(CUDA_ERROR_INVALID_VALUE);
                     }
                 },
                 {}};
    const Allocation* from = driver().memory.find(source);
    const Allocation* to = driver().memory.find(target);
    bool isInside = from != nullptr && to != nullptr && to->base + to->size - target >= size;
    if (isAsynchronous && direction == Direction::HOST_TO_DEVICE && isInside && from->isHost && !stream->capture) {
        enqueueLate(stream, std::move(node));
        return CUDA_SUCCESS;
    }
    return enqueue(stream, std::move(node));
}

// Copies between addresses of either kind, which is found by looking them up.
CUresult copyAny(void* stream, bool isAsynchronous, uint64_t target, uint64_t source, size_t size) {
    Allocation* to = driver().memory.find(target);
    Allocation* from = driver().memory.find(source);
    bool isToDevice = to != nullptr && !to->isHost;
    bool isFromDevice = from != nullptr && !from->isHost;
    return copy(stream, isAsynchronous,
                isToDevice ? (isFromDevice ? Direction::DEVICE_TO_DEVICE : Direction::HOST_TO_DEVICE)
                           : Direction::DEVICE_TO_HOST,
                target, source, size);
}

CUresult fill(void* streamHandle, bool isAsynchronous, uint64_t target, uint32_t value, unsigned width, size_t count) {
    Stream* stream = streamOf(streamHandle);
    if (stream == nullptr) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (!isAsynchronous) {
        if (CUresult result = forbidDuringCapture()) {
            return result;
        }
    }
    if (target % width != 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (count == 0) {
        return CUDA_SUCCESS;
    }
    return enqueue(stream, {"memset",
                            [=]() {
                                counters().memsets.calls++;
                                counters().memsets.bytes += count * width;
                                try {
                                    uint8_t* to = driver().memory.write(target, count * width, "a memset");
                                    if (width == 1) {
                                        std::memset(to, static_cast<int>(value & 255), count);
                                    } else {
                                        for (size_t i = 0; i < count; i++) {
                                            std::memcpy(to + i * width, &value, width);
                                        }
                                    }
                                    return static_cast<CUresult>(CUDA_SUCCESS);
                                } catch (const Fault& fault) {
                                    std::fprintf(stderr, "emulated device: %s\n", fault.what.c_str());
                                    return static_cast<CUresult>(CUDA_ERROR_INVALID_VALUE);
                                }
                            },
                            {}});
}

uint64_t addressOf(const void* pointer) { return reinterpret_cast<uint64_t>(pointer); }

}  // namespace

EMULATOR_EXPORT CUresult cuInit(unsigned flags) {
    std::lock_guard<std::recursive_mutex> lock(driver().mutex);
    if (flags != 0) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (driver().devices == 0) {
        return CUDA_ERROR_NO_DEVICE;
    }
    driver().isInitialized = true;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuDriverGetVersion(int* version) {
    if (version == nullptr) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    *version = driver().version;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuGetErrorName(CUresult error, const char** name) {
    switch (error) {
#define X(symbol, value, text) \
    case value: *name = #symbol; return CUDA_SUCCESS;
        EMULATOR_RESULTS(X)
#undef X
        default: *name = nullptr; return CUDA_ERROR_INVALID_VALUE;
    }
}

EMULATOR_EXPORT CUresult cuGetErrorString(CUresult error, const char** description) {
    switch (error) {
#define X(symbol, value, text) \
    case value: *description = text; return CUDA_SUCCESS;
        EMULATOR_RESULTS(X)
#undef X
        default: *description = nullptr; return CUDA_ERROR_INVALID_VALUE;
    }
}

EMULATOR_EXPORT CUresult cuDeviceGet(CUdevice* device, int ordinal) {
    return call("cuDeviceGet", false, [&]() -> CUresult {
        if (!isDevice(ordinal)) {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        *device = ordinal;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDeviceGetCount(int* count) {
    return call("cuDeviceGetCount", false, [&]() -> CUresult {
        *count = driver().devices;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDeviceGetName(char* name, int length, CUdevice device) {
    return call("cuDeviceGetName", false, [&]() -> CUresult {
        if (!isDevice(device)) {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        std::snprintf(name, static_cast<size_t>(length), "emulated device");
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDeviceGetUuid(unsigned char* uuid, CUdevice device) {
    return call("cuDeviceGetUuid", false, [&]() -> CUresult {
        if (!isDevice(device)) {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        std::memcpy(uuid, "emulated device", 16);
        uuid[15] = static_cast<unsigned char>(device);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDeviceGetUuid_v2(unsigned char* uuid, CUdevice device) {
    return cuDeviceGetUuid(uuid, device);
}

EMULATOR_EXPORT CUresult cuDeviceTotalMem_v2(size_t* bytes, CUdevice device) {
    return call("cuDeviceTotalMem", false, [&]() -> CUresult {
        if (!isDevice(device)) {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        *bytes = driver().deviceMemory;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDeviceGetAttribute(int* value, int which, CUdevice device) {
    return call("cuDeviceGetAttribute", false, [&]() -> CUresult {
        if (!isDevice(device)) {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        *value = attribute(which);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDeviceComputeCapability(int* major, int* minor, CUdevice device) {
    return call("cuDeviceComputeCapability", false, [&]() -> CUresult {
        if (!isDevice(device)) {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        *major = driver().capability / 10;
        *minor = driver().capability % 10;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDeviceGetPCIBusId(char* text, int length, CUdevice device) {
    return call("cuDeviceGetPCIBusId", false, [&]() -> CUresult {
        if (!isDevice(device)) {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        std::snprintf(text, static_cast<size_t>(length), "0000:%02x:00.0", device);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDevicePrimaryCtxRetain(Context** context, CUdevice device) {
    return call("cuDevicePrimaryCtxRetain", false, [&]() -> CUresult {
        if (!isDevice(device)) {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        Context*& primary = driver().primaries[device];
        if (primary == nullptr) {
            primary = makeContext(device);
        }
        primary->retained++;
        *context = primary;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDevicePrimaryCtxRelease_v2(CUdevice device) {
    return call("cuDevicePrimaryCtxRelease", false, [&]() -> CUresult {
        auto found = driver().primaries.find(device);
        if (found == driver().primaries.end() || found->second == nullptr) {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        if (--found->second->retained > 0) {
            return CUDA_SUCCESS;
        }
        bool hasLeaked = releaseContext(found->second);
        driver().primaries.erase(found);
        return hasLeaked && driver().failsOnLeaks ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDevicePrimaryCtxReset_v2(CUdevice device) {
    return call("cuDevicePrimaryCtxReset", false, [&]() -> CUresult {
        auto found = driver().primaries.find(device);
        if (found != driver().primaries.end() && found->second != nullptr) {
            releaseContext(found->second);
            driver().primaries.erase(found);
        }
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
    return call("cuDevicePrimaryCtxGetState", false, [&]() -> CUresult {
        *flags = 0;
        *active = driver().primaries.count(device) != 0;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuDevicePrimaryCtxSetFlags_v2(CUdevice, unsigned) { return CUDA_SUCCESS; }

EMULATOR_EXPORT CUresult cuCtxCreate_v2(Context** context, unsigned, CUdevice device) {
    return call("cuCtxCreate", false, [&]() -> CUresult {
        if (!isDevice(device)) {
            return CUDA_ERROR_INVALID_DEVICE;
        }
        *context = makeContext(device);
        currentContext() = *context;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuCtxDestroy_v2(Context* context) {
    return call("cuCtxDestroy", false, [&]() -> CUresult {
        if (driver().contexts.count(context) == 0) {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        return releaseContext(context) && driver().failsOnLeaks ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuCtxSetCurrent(Context* context) {
    return call("cuCtxSetCurrent", false, [&]() -> CUresult {
        if (context != nullptr && driver().contexts.count(context) == 0) {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        currentContext() = context;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuCtxGetCurrent(Context** context) {
    return call("cuCtxGetCurrent", false, [&]() -> CUresult {
        *context = currentContext();
        return CUDA_SUCCESS;
    });
}

namespace {
thread_local std::vector<Context*> contextStack;
}

EMULATOR_EXPORT CUresult cuCtxPushCurrent_v2(Context* context) {
    contextStack.push_back(currentContext());
    return cuCtxSetCurrent(context);
}

EMULATOR_EXPORT CUresult cuCtxPopCurrent_v2(Context** context) {
    return call("cuCtxPopCurrent", false, [&]() -> CUresult {
        if (currentContext() == nullptr) {
            return CUDA_ERROR_INVALID_CONTEXT;
        }
        if (context != nullptr) {
            *context = currentContext();
        }
        Context* previous = contextStack.empty() ? nullptr : contextStack.back();
        if (!contextStack.empty()) {
            contextStack.pop_back();
        }
        currentContext() = driver().contexts.count(previous) != 0 ? previous : nullptr;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuCtxGetDevice(CUdevice* device) {
    return call("cuCtxGetDevice", true, [&]() -> CUresult {
        *device = currentContext()->device;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuCtxGetApiVersion(Context*, unsigned* version) {
    *version = 12060;
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuCtxGetStreamPriorityRange(int* least, int* greatest) {
    return call("cuCtxGetStreamPriorityRange", true, [&]() -> CUresult {
        *least = 0;
        *greatest = -5;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuCtxSynchronize() {
    return call("cuCtxSynchronize", true, [&]() -> CUresult {
        counters().synchronizations++;
        CUresult result = forbidDuringCapture();
        return result != CUDA_SUCCESS ? result : finishAllLate();
    });
}

EMULATOR_EXPORT CUresult cuMemAlloc_v2(CUdeviceptr* target, size_t size) {
    return call("cuMemAlloc", true, [&] { return allocate(target, size); });
}

EMULATOR_EXPORT CUresult cuMemFree_v2(CUdeviceptr pointer) {
    return call("cuMemFree", true, [&]() -> CUresult {
        if (pointer == 0) {
            return CUDA_SUCCESS;
        }
        if (CUresult result = forbidDuringCapture()) {
            return result;
        }
        Allocation* allocation = driver().memory.find(pointer);
        if (allocation == nullptr || allocation->base != pointer || allocation->isHost || !allocation->name.empty()) {
            std::fprintf(stderr, "emulated device: cuMemFree of %s\n", driver().memory.explain(pointer, 1).c_str());
            return CUDA_ERROR_INVALID_VALUE;
        }
        finishAllLate();  // freeing waits for the device
        driver().memory.free(pointer);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuMemGetInfo_v2(size_t* available, size_t* total) {
    return call("cuMemGetInfo", true, [&]() -> CUresult {
        *total = driver().deviceMemory;
        *available = driver().deviceMemory - driver().memory.used();
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuMemGetAddressRange_v2(CUdeviceptr* base, size_t* size, CUdeviceptr pointer) {
    return call("cuMemGetAddressRange", true, [&]() -> CUresult {
        Allocation* allocation = driver().memory.find(pointer);
        if (allocation == nullptr) {
            return CUDA_ERROR_NOT_FOUND;
        }
        if (base != nullptr) {
            *base = allocation->base;
        }
        if (size != nullptr) {
            *size = allocation->size;
        }
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuMemAllocHost_v2(void** target, size_t size) {
    return call("cuMemAllocHost", true, [&] { return allocateHost(target, size); });
}

EMULATOR_EXPORT CUresult cuMemHostAlloc(void** target, size_t size, unsigned) {
    return call("cuMemHostAlloc", true, [&] { return allocateHost(target, size); });
}

EMULATOR_EXPORT CUresult cuMemFreeHost(void* pointer) {
    return call("cuMemFreeHost", true, [&]() -> CUresult {
        Allocation* allocation = driver().memory.find(addressOf(pointer));
        if (allocation == nullptr || !allocation->isHost || allocation->bytes != pointer) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        finishAllLate();
        driver().memory.free(addressOf(pointer));
        std::free(pointer);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuMemHostGetDevicePointer_v2(CUdeviceptr* target, void* pointer, unsigned) {
    return call("cuMemHostGetDevicePointer", true, [&]() -> CUresult {
        if (driver().memory.find(addressOf(pointer)) == nullptr) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *target = addressOf(pointer);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuMemcpy(CUdeviceptr target, CUdeviceptr source, size_t size) {
    return call("cuMemcpy", true, [&] { return copyAny(nullptr, false, target, source, size); });
}

EMULATOR_EXPORT CUresult cuMemcpyAsync(CUdeviceptr target, CUdeviceptr source, size_t size, void* stream) {
    return call("cuMemcpyAsync", true, [&] { return copyAny(stream, true, target, source, size); });
}

EMULATOR_EXPORT CUresult cuMemcpyHtoD_v2(CUdeviceptr target, const void* source, size_t size) {
    return call("cuMemcpyHtoD", true,
                [&] { return copy(nullptr, false, Direction::HOST_TO_DEVICE, target, addressOf(source), size); });
}

EMULATOR_EXPORT CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr target, const void* source, size_t size, void* stream) {
    return call("cuMemcpyHtoDAsync", true,
                [&] { return copy(stream, true, Direction::HOST_TO_DEVICE, target, addressOf(source), size); });
}

EMULATOR_EXPORT CUresult cuMemcpyDtoH_v2(void* target, CUdeviceptr source, size_t size) {
    return call("cuMemcpyDtoH", true,
                [&] { return copy(nullptr, false, Direction::DEVICE_TO_HOST, addressOf(target), source, size); });
}

EMULATOR_EXPORT CUresult cuMemcpyDtoHAsync_v2(void* target, CUdeviceptr source, size_t size, void* stream) {
    return call("cuMemcpyDtoHAsync", true,
                [&] { return copy(stream, true, Direction::DEVICE_TO_HOST, addressOf(target), source, size); });
}

EMULATOR_EXPORT CUresult cuMemcpyDtoD_v2(CUdeviceptr target, CUdeviceptr source, size_t size) {
    return call("cuMemcpyDtoD", true,
                [&] { return copy(nullptr, false, Direction::DEVICE_TO_DEVICE, target, source, size); });
}

EMULATOR_EXPORT CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr target, CUdeviceptr source, size_t size, void* stream) {
    return call("cuMemcpyDtoDAsync", true,
                [&] { return copy(stream, true, Direction::DEVICE_TO_DEVICE, target, source, size); });
}

EMULATOR_EXPORT CUresult cuMemsetD8_v2(CUdeviceptr target, unsigned char value, size_t count) {
    return call("cuMemsetD8", true, [&] { return fill(nullptr, false, target, value, 1, count); });
}

EMULATOR_EXPORT CUresult cuMemsetD8Async(CUdeviceptr target, unsigned char value, size_t count, void* stream) {
    return call("cuMemsetD8Async", true, [&] { return fill(stream, true, target, value, 1, count); });
}

EMULATOR_EXPORT CUresult cuMemsetD16_v2(CUdeviceptr target, unsigned short value, size_t count) {
    return call("cuMemsetD16", true, [&] { return fill(nullptr, false, target, value, 2, count); });
}

EMULATOR_EXPORT CUresult cuMemsetD16Async(CUdeviceptr target, unsigned short value, size_t count, void* stream) {
    return call("cuMemsetD16Async", true, [&] { return fill(stream, true, target, value, 2, count); });
}

EMULATOR_EXPORT CUresult cuMemsetD32_v2(CUdeviceptr target, unsigned value, size_t count) {
    return call("cuMemsetD32", true, [&] { return fill(nullptr, false, target, value, 4, count); });
}

EMULATOR_EXPORT CUresult cuMemsetD32Async(CUdeviceptr target, unsigned value, size_t count, void* stream) {
    return call("cuMemsetD32Async", true, [&] { return fill(stream, true, target, value, 4, count); });
}

// Starts and ends the counting: start sets the counters to zero, stop writes them.
EMULATOR_EXPORT CUresult cuProfilerStart() {
    std::lock_guard<std::recursive_mutex> lock(driver().mutex);
    counters().reset();
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuProfilerStop() {
    std::lock_guard<std::recursive_mutex> lock(driver().mutex);
    writeCounters();
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT void* emulatorResolve(uint64_t address, size_t size, int access, const char* what, int* result) {
    try {
        DeviceMemory& memory = driver().memory;
        if (access == EMULATOR_WRITE) {
            return memory.write(address, size, what);
        }
        if (access == EMULATOR_READ) {
            return memory.read(address, size, what);
        }
        Allocation* allocation = memory.find(address);
        if (allocation == nullptr || size > allocation->size - (address - allocation->base)) {
            throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, std::string(what) + " uses " + memory.explain(address, size)};
        }
        return allocation->bytes + (address - allocation->base);
    } catch (const Fault& fault) {
        *result = fail(currentContext(), fault);
        return nullptr;
    }
}

EMULATOR_EXPORT void emulatorCount(const char* name, uint64_t multiplyAdds, uint64_t bytes) {
    LibraryCounters& counted = counters().libraries[name];
    counted.calls++;
    counted.multiplyAdds += multiplyAdds;
    counted.bytes += bytes;
}

}  // namespace emulator
