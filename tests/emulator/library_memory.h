// Matrices and tensors of the emulated libraries, between device memory and floats of the host.
#pragma once

#include <cstring>
#include <string>

#include "hook.h"

namespace emulator {

// Thrown after a fault that the driver has already reported. Holds the result of the work.
struct Failed {
    int result;
};

enum class Element { FLOAT32, BRAIN16 };

inline size_t sizeOf(Element element) { return element == Element::FLOAT32 ? 4 : 2; }

inline float roundToTf32(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    if ((bits & 0x7f800000) != 0x7f800000) {
        bits = (bits + 0x1000) & ~0x1fffu;
    }
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

inline float loadElement(Element element, const void* from) {
    float value;
    if (element == Element::FLOAT32) {
        std::memcpy(&value, from, 4);
    } else {
        uint16_t half;
        std::memcpy(&half, from, 2);
        uint32_t bits = static_cast<uint32_t>(half) << 16;
        std::memcpy(&value, &bits, 4);
    }
    return value;
}

inline void storeElement(Element element, float value, void* to) {
    if (element == Element::FLOAT32) {
        std::memcpy(to, &value, 4);
        return;
    }
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    bits = value != value ? 0x7fff0000 : bits + 0x7fff + (bits >> 16 & 1);
    uint16_t half = static_cast<uint16_t>(bits >> 16);
    std::memcpy(to, &half, 2);
}

// `count` elements, one after the other in memory.
inline void loadRow(Element element, uint64_t address, size_t count, float* target, const std::string& what,
                    bool isTf32 = false) {
    int result = 0;
    const char* from = static_cast<const char*>(
        emulatorResolve(address, count * sizeOf(element), EMULATOR_READ, what.c_str(), &result));
    if (from == nullptr) {
        throw Failed{result};
    }
    for (size_t i = 0; i < count; i++) {
        float value = loadElement(element, from + i * sizeOf(element));
        target[i] = isTf32 ? roundToTf32(value) : value;
    }
}

// target = alpha · values + beta · target. If beta is 0, target is not read.
inline void storeRow(Element element, uint64_t address, size_t count, const float* values, float alpha, float beta,
                     const std::string& what) {
    int result = 0;
    if (beta != 0
        && emulatorResolve(address, count * sizeOf(element), EMULATOR_READ, what.c_str(), &result) == nullptr) {
        throw Failed{result};
    }
    char* to =
        static_cast<char*>(emulatorResolve(address, count * sizeOf(element), EMULATOR_WRITE, what.c_str(), &result));
    if (to == nullptr) {
        throw Failed{result};
    }
    for (size_t i = 0; i < count; i++) {
        char* place = to + i * sizeOf(element);
        float value = alpha * values[i];
        storeElement(element, beta == 0 ? value : value + beta * loadElement(element, place), place);
    }
}

// Enqueues work in a stream. `Work` is copied, and has int operator()(), which may throw Failed.
template <class Work>
int enqueueWork(void* stream, const char* name, const Work& work) {
    return emulatorEnqueue(
        stream, name,
        [](void* data) {
            try {
                (*static_cast<Work*>(data))();
                return 0;
            } catch (const Failed& failed) {
                return failed.result;
            }
        },
        new Work(work), [](void* data) { delete static_cast<Work*>(data); });
}

}  // namespace emulator
