// The functions of the emulated driver that the emulated cuBLAS and cuDNN call, besides its public ones. They are plain
// C, so that the three libraries share no C++ types.
#pragma once

#include <cstddef>
#include <cstdint>

#define EMULATOR_EXPORT extern "C" __attribute__((visibility("default")))

// How memory is used: only its bounds are checked, or also that all of it was written, or it is marked as written now.
enum EmulatorAccess { EMULATOR_BOUNDS, EMULATOR_READ, EMULATOR_WRITE };

// Enqueues work in a stream: it runs now, or is recorded into the graph that the stream captures, and runs with that.
// `work` returns 0, or a CUresult that it got from emulatorResolve. `destroy` frees `data` when it will not run again.
// Returns a CUresult.
EMULATOR_EXPORT int emulatorEnqueue(void* stream, const char* name, int (*work)(void*), void* data,
                                    void (*destroy)(void*));

// The host address of device memory; or nullptr, after a message, after which the context has failed for good and
// *result is set.
EMULATOR_EXPORT void* emulatorResolve(uint64_t address, size_t size, int access, const char* what, int* result);

// The functions of OpenGL that the driver calls, for the context of the calling thread.
struct EmulatorOpenGl {
    const void* (*currentContext)();                  // nullptr if there is none
    bool (*sizeOf)(unsigned buffer, uint64_t* size);  // whether there is such a buffer
    void (*read)(unsigned buffer, void* target, uint64_t size);
    void (*write)(unsigned buffer, const void* source, uint64_t size);
};

// Makes the driver call these instead of the OpenGL that the process has loaded; nullptr makes it call that one again.
EMULATOR_EXPORT void emulatorUseOpenGl(const EmulatorOpenGl* openGl);

// Counts a call of a library: its multiply-adds, and the bytes of its operands.
EMULATOR_EXPORT void emulatorCount(const char* name, uint64_t multiplyAdds, uint64_t bytes);
