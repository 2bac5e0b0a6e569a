// Faults on the device, and errors in the text of its programs.
#pragma once

#include <cstdarg>
#include <cstdio>
#include <string>

namespace emulator {

// A fault on the device. It ends the launch, and makes its context fail with `result` for good.
struct Fault {
    int result;  // a CUresult
    std::string what;
    int lane = -1;  // of the warp that faulted, where one lane is to blame
};

// A program that cannot be run, because it is wrong, or because it needs what is not emulated.
struct PtxError {
    int line;
    std::string what;
};

__attribute__((format(printf, 1, 2))) inline std::string format(const char* pattern, ...) {
    va_list arguments;
    va_start(arguments, pattern);
    char text[1024];
    std::vsnprintf(text, sizeof text, pattern, arguments);
    va_end(arguments);
    return text;
}

}  // namespace emulator
