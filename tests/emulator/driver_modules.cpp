// The driver API: modules, functions and launches.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "counters.h"
#include "driver_state.h"
#include "warp.h"

namespace emulator {

namespace {

// The newest version of PTX that a driver reads: 8.5 for 12.6, 9.0 for 13.0.
int newestPtx(int driverVersion) {
    int major = driverVersion / 1000;
    int minor = driverVersion % 1000 / 10;
    switch (major) {
        case 10: return minor >= 2 ? 65 : 63;
        case 11: return 70 + std::min(minor, 8);
        case 12: return minor >= 9 ? 88 : minor == 8 ? 87 : minor >= 5 ? 85 : 80 + minor;
        default: return major >= 13 ? 90 + minor : 62;
    }
}

void placeVariables(const Module& module, LoadedModule& target, Addresses& addresses) {
    DeviceMemory& memory = driver().memory;
    for (const Variable& variable : module.variables) {
        if (variable.space != Space::GLOBAL && variable.space != Space::CONSTANT) {
            continue;
        }
        uint64_t size = std::max<uint64_t>(variable.size, 1);
        Allocation* allocation = memory.allocate(size, target.context->number, variable.name);
        if (allocation == nullptr) {
            throw std::bad_alloc();
        }
        allocation->isConstant = variable.space == Space::CONSTANT;
        allocation->markWritten(0, size);  // without a value it is zero
        std::copy_n(variable.initial.begin(), std::min<uint64_t>(variable.initial.size(), size), allocation->bytes);
        addresses[variable.name] = allocation->base;
        target.variables[variable.name] = {allocation->base, variable.size};
    }
    for (const Variable& variable : module.variables) {
        for (const auto& reference : variable.references) {
            auto known = addresses.find(reference.second);
            if (known == addresses.end()) {
                throw PtxError{1, "the value of " + variable.name + " names the unknown " + reference.second};
            }
            std::memcpy(memory.write(addresses[variable.name] + reference.first, 8, "a module"), &known->second, 8);
        }
    }
}

void unload(LoadedModule* module) {
    for (const auto& variable : module->variables) {
        driver().memory.free(variable.second.first);
    }
    driver().modules.erase(module);
    delete module;
}

// A text that was loaded before. Each engine loads the same texts.
struct KnownText {
    Module module;
    std::map<std::string, Kernel> kernels;  // those that name no variable of the module, and so are the same each time
};

KnownText& known(const std::string& text) {
    static std::map<std::string, KnownText> all;
    auto found = all.find(text);
    if (found == all.end()) {
        found = all.emplace(text, KnownText{parsePtx(text), {}}).first;
    }
    return found->second;
}

Kernel decodeOnce(KnownText& text, const Function& function, const Addresses& addresses) {
    if (!addresses.empty()) {
        return decode(text.module, function, addresses);
    }
    auto found = text.kernels.find(function.name);
    if (found == text.kernels.end()) {
        found = text.kernels.emplace(function.name, decode(text.module, function, addresses)).first;
    }
    return found->second;
}

CUresult load(LoadedModule** target, const void* image, std::string& log) {
    if (target == nullptr || image == nullptr) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    const unsigned char* bytes = static_cast<const unsigned char*>(image);
    bool isFatBinary = bytes[0] == 0x50 && bytes[1] == 0xed && bytes[2] == 0x55 && bytes[3] == 0xba;
    if (isFatBinary || bytes[0] == 0x7f) {
        log = "the emulated device runs PTX only";
        return CUDA_ERROR_NO_BINARY_FOR_GPU;
    }
    auto loaded = std::make_unique<LoadedModule>();
    loaded->context = currentContext();
    try {
        KnownText& text = known(static_cast<const char*>(image));
        const Module& module = text.module;
        if (module.version > newestPtx(driver().version)) {
            log = format("PTX .version %d.%d is newer than %d.%d, the newest that driver %d.%d reads",
                         module.version / 10, module.version % 10, newestPtx(driver().version) / 10,
                         newestPtx(driver().version) % 10, driver().version / 1000, driver().version % 1000 / 10);
            return CUDA_ERROR_UNSUPPORTED_PTX_VERSION;
        }
        if (module.target > driver().capability) {
            log = format("PTX for sm_%d on a device of compute capability %d.%d", module.target,
                         driver().capability / 10, driver().capability % 10);
            return CUDA_ERROR_NO_BINARY_FOR_GPU;
        }
        Addresses addresses;
        placeVariables(module, *loaded, addresses);
        for (const Function& function : module.functions) {
            if (function.isKernel) {
                auto made = std::make_unique<LoadedFunction>();
                made->kernel = decodeOnce(text, function, addresses);
                made->kernel.counters = &counters().kernels[function.name];
                made->module = loaded.get();
                loaded->functions[function.name] = std::move(made);
            }
        }
    } catch (const PtxError& error) {
        log = format("PTX line %d: %s", error.line, error.what.c_str());
        for (const auto& variable : loaded->variables) {
            driver().memory.free(variable.second.first);
        }
        return CUDA_ERROR_INVALID_PTX;
    }
    *target = loaded.release();
    driver().modules.insert(*target);
    return CUDA_SUCCESS;
}

// Options of cuModuleLoadDataEx that matter here.
constexpr int INFO_LOG_BUFFER = 3;
constexpr int INFO_LOG_BUFFER_SIZE = 4;
constexpr int ERROR_LOG_BUFFER = 5;
constexpr int ERROR_LOG_BUFFER_SIZE = 6;

CUresult loadWithLog(LoadedModule** target, const void* image, unsigned options, const int* names, void** values) {
    std::string log;
    CUresult result = load(target, image, log);
    if (result != CUDA_SUCCESS && !log.empty()) {
        std::fprintf(stderr, "emulated device: %s\n", log.c_str());
    }
    char* buffers[2] = {nullptr, nullptr};
    size_t sizes[2] = {0, 0};
    for (unsigned i = 0; i < options; i++) {
        int which = names[i] == INFO_LOG_BUFFER || names[i] == INFO_LOG_BUFFER_SIZE ? 0 : 1;
        if (names[i] == INFO_LOG_BUFFER || names[i] == ERROR_LOG_BUFFER) {
            buffers[which] = static_cast<char*>(values[i]);
        } else if (names[i] == INFO_LOG_BUFFER_SIZE || names[i] == ERROR_LOG_BUFFER_SIZE) {
            sizes[which] = reinterpret_cast<uintptr_t>(values[i]) & 0xffffffff;
        }
    }
    for (int which = 0; which < 2; which++) {
        if (buffers[which] != nullptr && sizes[which] > 0) {
            std::snprintf(buffers[which], sizes[which], "%s", which == 1 ? log.c_str() : "");
        }
    }
    return result;
}

bool isFunction(const LoadedFunction* function) {
    for (const LoadedModule* module : driver().modules) {
        for (const auto& entry : module->functions) {
            if (entry.second.get() == function) {
                return true;
            }
        }
    }
    return false;
}

// Takes the arguments, one pointer each, or all in one buffer as CU_LAUNCH_PARAM_BUFFER_POINTER and _SIZE say.
bool takeParameters(const Kernel& kernel, void** parameters, void** extra, std::vector<uint8_t>& target) {
    target.assign(kernel.parameterBytes, 0);
    if (kernel.parameterBytes == 0) {
        return true;
    }
    if (parameters != nullptr) {
        for (size_t i = 0; i < kernel.parameters.size(); i++) {
            if (parameters[i] == nullptr) {
                return false;
            }
            std::memcpy(target.data() + kernel.parameters[i].base, parameters[i], kernel.parameters[i].size);
        }
        return true;
    }
    const void* buffer = nullptr;
    size_t size = 0;
    for (size_t i = 0; extra != nullptr && extra[i] != nullptr && i < 8; i += 2) {
        if (extra[i] == reinterpret_cast<void*>(1)) {
            buffer = extra[i + 1];
        } else if (extra[i] == reinterpret_cast<void*>(2)) {
            size = *static_cast<size_t*>(extra[i + 1]);
        }
    }
    if (buffer == nullptr || size < kernel.parameterBytes) {
        return false;
    }
    std::memcpy(target.data(), buffer, kernel.parameterBytes);
    return true;
}

CUresult launch(LoadedFunction* function, const unsigned grid[3], const unsigned size[3], unsigned sharedBytes,
                void* streamHandle, void** parameters, void** extra) {
    Stream* stream = streamOf(streamHandle);
    if (stream == nullptr || !isFunction(function)) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    const Kernel& kernel = function->kernel;
    uint64_t threads = uint64_t{size[0]} * size[1] * size[2];
    bool isRequired =
        kernel.requiredThreads[0] == 0 || std::memcmp(kernel.requiredThreads, size, sizeof kernel.requiredThreads) == 0;
    if (threads == 0 || threads > kernel.maximumThreads || threads > 1024 || size[2] > 64 || grid[0] == 0
        || grid[1] == 0 || grid[2] == 0 || grid[0] > 2147483647u || grid[1] > 65535 || grid[2] > 65535 || !isRequired) {
        std::fprintf(stderr, "emulated device: kernel %s cannot be launched as %ux%ux%u blocks of %ux%ux%u threads\n",
                     kernel.name.c_str(), grid[0], grid[1], grid[2], size[0], size[1], size[2]);
        return CUDA_ERROR_INVALID_VALUE;
    }
    if (kernel.staticShared + sharedBytes > kernel.dynamicSharedLimit) {
        std::fprintf(stderr, "emulated device: kernel %s asks for %llu bytes of shared memory, and may have %llu\n",
                     kernel.name.c_str(), static_cast<unsigned long long>(kernel.staticShared + sharedBytes),
                     static_cast<unsigned long long>(kernel.dynamicSharedLimit));
        return CUDA_ERROR_INVALID_VALUE;
    }
    auto made = std::make_shared<Launch>();
    made->kernel = &kernel;
    made->memory = &driver().memory;
    std::copy_n(grid, 3, made->grid);
    std::copy_n(size, 3, made->size);
    made->dynamicShared = sharedBytes;
    if (!takeParameters(kernel, parameters, extra, made->parameters)) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    return enqueue(stream, {"kernel",
                            [made]() {
                                made->identity = ++driver().launches;
                                made->seed = driver().seed * 0x9e3779b97f4a7c15 + made->identity;
                                run(*made);
                                return static_cast<CUresult>(CUDA_SUCCESS);
                            },
                            {}});
}

}  // namespace

EMULATOR_EXPORT CUresult cuModuleLoadData(LoadedModule** module, const void* image) {
    return call("cuModuleLoadData", true, [&] { return loadWithLog(module, image, 0, nullptr, nullptr); });
}

EMULATOR_EXPORT CUresult cuModuleLoadDataEx(LoadedModule** module, const void* image, unsigned options, int* names,
                                            void** values) {
    return call("cuModuleLoadDataEx", true, [&] { return loadWithLog(module, image, options, names, values); });
}

EMULATOR_EXPORT CUresult cuModuleLoad(LoadedModule** module, const char* path) {
    return call("cuModuleLoad", true, [&]() -> CUresult {
        std::ifstream file(path);
        if (!file) {
            return CUDA_ERROR_FILE_NOT_FOUND;
        }
        std::stringstream text;
        text << file.rdbuf();
        return loadWithLog(module, text.str().c_str(), 0, nullptr, nullptr);
    });
}

EMULATOR_EXPORT CUresult cuModuleUnload(LoadedModule* module) {
    return call("cuModuleUnload", true, [&]() -> CUresult {
        if (driver().modules.count(module) == 0) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        unload(module);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuModuleGetFunction(LoadedFunction** function, LoadedModule* module, const char* name) {
    return call("cuModuleGetFunction", true, [&]() -> CUresult {
        if (driver().modules.count(module) == 0) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        auto found = module->functions.find(name);
        if (found == module->functions.end()) {
            return CUDA_ERROR_NOT_FOUND;
        }
        *function = found->second.get();
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuModuleGetGlobal_v2(CUdeviceptr* address, size_t* size, LoadedModule* module,
                                              const char* name) {
    return call("cuModuleGetGlobal", true, [&]() -> CUresult {
        if (driver().modules.count(module) == 0) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        auto found = module->variables.find(name);
        if (found == module->variables.end()) {
            return CUDA_ERROR_NOT_FOUND;
        }
        if (address != nullptr) {
            *address = found->second.first;
        }
        if (size != nullptr) {
            *size = found->second.second;
        }
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuModuleGetLoadingMode(int* mode) {
    *mode = 1;  // eager
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuFuncGetModule(LoadedModule** module, LoadedFunction* function) {
    return call("cuFuncGetModule", true, [&]() -> CUresult {
        if (!isFunction(function)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        *module = function->module;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuFuncGetAttribute(int* value, int which, LoadedFunction* function) {
    return call("cuFuncGetAttribute", true, [&]() -> CUresult {
        if (!isFunction(function)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        const Kernel& kernel = function->kernel;
        uint64_t local = 0;
        for (const Region& region : kernel.local) {
            local += region.size;
        }
        switch (which) {
            case 0: *value = static_cast<int>(kernel.maximumThreads); break;  // MAX_THREADS_PER_BLOCK
            case 1: *value = static_cast<int>(kernel.staticShared); break;    // SHARED_SIZE_BYTES
            case 2: *value = 0; break;                                        // CONST_SIZE_BYTES
            case 3: *value = static_cast<int>(local); break;                  // LOCAL_SIZE_BYTES
            case 4:
                *value = std::min(kernel.registers, 255);
                break;                                    // NUM_REGS: of the PTX, not of what ptxas would make of it
            case 5: *value = driver().capability; break;  // PTX_VERSION
            case 6: *value = driver().capability; break;  // BINARY_VERSION
            case 7: *value = 0; break;                    // CACHE_MODE_CA
            case 8:
                *value = static_cast<int>(kernel.dynamicSharedLimit - kernel.staticShared);
                break;                   // MAX_DYNAMIC_SHARED_SIZE_BYTES
            case 9: *value = -1; break;  // PREFERRED_SHARED_MEMORY_CARVEOUT
            default: return CUDA_ERROR_INVALID_VALUE;
        }
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuFuncSetAttribute(LoadedFunction* function, int which, int value) {
    return call("cuFuncSetAttribute", true, [&]() -> CUresult {
        if (!isFunction(function)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (which == 8) {
            if (value < 0 || static_cast<uint64_t>(value) + function->kernel.staticShared > 99 << 10) {
                return CUDA_ERROR_INVALID_VALUE;
            }
            function->kernel.dynamicSharedLimit =
                std::max<uint64_t>(48 << 10, static_cast<uint64_t>(value) + function->kernel.staticShared);
        }
        return which == 8 || which == 9 ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    });
}

EMULATOR_EXPORT CUresult cuFuncSetCacheConfig(LoadedFunction*, int) { return CUDA_SUCCESS; }

EMULATOR_EXPORT CUresult cuLaunchKernel(LoadedFunction* function, unsigned gridX, unsigned gridY, unsigned gridZ,
                                        unsigned blockX, unsigned blockY, unsigned blockZ, unsigned sharedBytes,
                                        void* stream, void** parameters, void** extra) {
    return call("cuLaunchKernel", true, [&] {
        unsigned grid[3] = {gridX, gridY, gridZ};
        unsigned size[3] = {blockX, blockY, blockZ};
        return launch(function, grid, size, sharedBytes, stream, parameters, extra);
    });
}

}  // namespace emulator
