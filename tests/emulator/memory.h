// Device memory: allocations with exact bounds, and for every byte whether it was ever written.
//
// Device addresses have no meaning on the host, so that the use of a host pointer in a kernel, or of a device address
// on the host, is found. They are never used twice, so that a use after free is found.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace emulator {

struct FreeDeleter {
    void operator()(uint8_t* pointer) const { std::free(pointer); }
};

using Bytes = std::unique_ptr<uint8_t, FreeDeleter>;

struct Allocation {
    uint64_t base = 0;
    uint64_t size = 0;
    uint64_t number = 0;      // allocations are counted from 1
    std::string name;         // of a module's variable; else empty
    bool isConstant = false;  // kernels may not write it
    bool isHost = false;      // pinned host memory: its address is the host's own
    int owner = 0;            // the context that it dies with
    uint8_t* bytes = nullptr;
    Bytes storage;              // of bytes, unless the host's
    Bytes written;              // one per byte: 1 once it was written
    bool isAllWritten = false;  // `written` is then not needed

    std::string describe() const;
    void markWritten(uint64_t offset, uint64_t count);
    bool isWritten(uint64_t offset, uint64_t count) const;
};

// The windows of generic addresses through which shared and local memory are seen.
constexpr uint64_t SHARED_WINDOW = 0x0a00'0000'0000;
constexpr uint64_t LOCAL_WINDOW = 0x0b00'0000'0000;
constexpr uint64_t WINDOW_SIZE = 1 << 24;

class DeviceMemory {
public:
    // Returns nullptr if the host has too little memory.
    Allocation* allocate(uint64_t size, int owner, const std::string& name = "");
    Allocation* adoptHost(void* pointer, uint64_t size, int owner);
    // Whether `base` was the beginning of an allocation.
    bool free(uint64_t base);
    std::vector<const Allocation*> ownedBy(int owner) const;
    void freeOwnedBy(int owner);

    // The allocation that holds `address`, or nullptr.
    Allocation* find(uint64_t address) {
        if (recent != nullptr && address - recent->base < recent->size) {
            return recent;
        }
        return findSlowly(address);
    }

    // The host address of `size` bytes at `address`. Throws Fault if they are not all inside one allocation, and with
    // `read` also if any of them was never written.
    uint8_t* read(uint64_t address, uint64_t size, const char* what);
    uint8_t* write(uint64_t address, uint64_t size, const char* what);

    // Describes an address that is in no allocation, or whose allocation is too small.
    std::string explain(uint64_t address, uint64_t size) const;

    uint64_t used() const { return usedBytes; }
    bool checksUninitialized = true;

private:
    Allocation* findSlowly(uint64_t address);

    std::map<uint64_t, std::unique_ptr<Allocation>> allocations;
    std::map<uint64_t, std::string> freed;
    std::map<uint64_t, uint64_t> freedEnds;
    Allocation* recent = nullptr;
    uint64_t nextBase = 0x0700'0000'0000;
    uint64_t nextNumber = 1;
    uint64_t usedBytes = 0;
};

}  // namespace emulator
