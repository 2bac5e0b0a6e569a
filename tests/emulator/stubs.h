// Calls that are not emulated. Each prints its name once, and returns an error. They are weak symbols, so that the
// definition of a call that is emulated replaces them.
#pragma once

#include <cstdio>

#define EMULATOR_STUB(name)                                                       \
    extern "C" __attribute__((weak, visibility("default"))) int name() {          \
        static bool isSaid = false;                                               \
        if (!isSaid) {                                                            \
            isSaid = true;                                                        \
            std::fprintf(stderr, "emulated device: %s is not emulated\n", #name); \
        }                                                                         \
        return NOT_SUPPORTED;                                                     \
    }
