// Calls that are not emulated: each says its name, once, and returns an error. Weak, so that where a call is emulated
// the definition elsewhere takes its place.
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
