// What the emulated cuBLAS and cuDNN need of the emulated driver, beside its public calls. Plain C, so that the three
// libraries share no C++ types.
#pragma once

#include <cstddef>
#include <cstdint>

#define EMULATOR_EXPORT extern "C" __attribute__((visibility("default")))

// How memory is used: only its bounds matter, or that all of it was written, or that it is written now.
enum EmulatorAccess { EMULATOR_BOUNDS, EMULATOR_READ, EMULATOR_WRITE };

// Work for a stream: run now, or recorded into the graph that the stream captures and run with it. `work` returns 0, or
// a CUresult that it got from emulatorResolve. `destroy` frees `data` when it will not run again. Returns a CUresult.
EMULATOR_EXPORT int emulatorEnqueue(void* stream, const char* name, int (*work)(void*), void* data,
                                    void (*destroy)(void*));

// The host address of device memory; or nullptr, after a message, with the context failed for good and *result set.
EMULATOR_EXPORT void* emulatorResolve(uint64_t address, size_t size, int access, const char* what, int* result);

// What the driver asks of OpenGL: of the calling thread's context.
struct EmulatorOpenGl {
    const void* (*currentContext)();                  // nullptr if there is none
    bool (*sizeOf)(unsigned buffer, uint64_t* size);  // whether there is such a buffer
    void (*read)(unsigned buffer, void* target, uint64_t size);
    void (*write)(unsigned buffer, const void* source, uint64_t size);
};

// Takes this for OpenGL, in place of the library that the process has loaded; nullptr for that one.
EMULATOR_EXPORT void emulatorUseOpenGl(const EmulatorOpenGl* openGl);

// Counts a call of a library: multiplications with addition, and bytes of its operands.
EMULATOR_EXPORT void emulatorCount(const char* name, uint64_t multiplyAdds, uint64_t bytes);
