#include "memory.h"

#include <cstring>
#include <iterator>

#include "cuda_result.h"
#include "fault.h"

namespace emulator {

std::string Allocation::describe() const {
    std::string kind = isHost         ? "pinned host memory"
                       : name.empty() ? format("allocation %llu", static_cast<unsigned long long>(number))
                                      : "variable " + name;
    return kind
           + format(" (%llu bytes at 0x%llx)", static_cast<unsigned long long>(size),
                    static_cast<unsigned long long>(base));
}

void Allocation::markWritten(uint64_t offset, uint64_t count) {
    if (!isAllWritten) {
        if (offset == 0 && count == size) {
            isAllWritten = true;
        } else {
            std::memset(written.get() + offset, 1, count);
        }
    }
}

bool Allocation::isWritten(uint64_t offset, uint64_t count) const {
    return isAllWritten || std::memchr(written.get() + offset, 0, count) == nullptr;
}

Allocation* DeviceMemory::allocate(uint64_t size, int owner, const std::string& name) {
    auto made = std::make_unique<Allocation>();
    // Fresh pages of calloc cost nothing until they are touched.
    made->storage.reset(static_cast<uint8_t*>(std::calloc(size + 1, 1)));
    made->written.reset(static_cast<uint8_t*>(std::calloc(size + 1, 1)));
    if (!made->storage || !made->written) {
        return nullptr;
    }
    made->bytes = made->storage.get();
    made->base = nextBase;
    made->size = size;
    made->number = name.empty() ? nextNumber++ : 0;
    made->name = name;
    made->owner = owner;
    nextBase = (nextBase + size + 1023) / 512 * 512;  // at least 512 bytes between two belong to neither
    usedBytes += size;
    Allocation* result = made.get();
    allocations[result->base] = std::move(made);
    return result;
}

Allocation* DeviceMemory::adoptHost(void* pointer, uint64_t size, int owner) {
    auto made = std::make_unique<Allocation>();
    made->bytes = static_cast<uint8_t*>(pointer);
    made->base = reinterpret_cast<uint64_t>(pointer);
    made->size = size;
    made->isHost = true;
    made->isAllWritten = true;  // what the host does with it is the host's business
    made->owner = owner;
    Allocation* result = made.get();
    allocations[result->base] = std::move(made);
    return result;
}

bool DeviceMemory::free(uint64_t base) {
    auto found = allocations.find(base);
    if (found == allocations.end()) {
        return false;
    }
    if (!found->second->isHost) {
        usedBytes -= found->second->size;
        freed[base] = found->second->describe();
        freedEnds[base] = base + found->second->size;
        if (freed.size() > 65536) {
            freedEnds.erase(freed.begin()->first);
            freed.erase(freed.begin());
        }
    }
    recent = nullptr;
    allocations.erase(found);
    return true;
}

std::vector<const Allocation*> DeviceMemory::ownedBy(int owner) const {
    std::vector<const Allocation*> result;
    for (const auto& entry : allocations) {
        if (entry.second->owner == owner) {
            result.push_back(entry.second.get());
        }
    }
    return result;
}

void DeviceMemory::freeOwnedBy(int owner) {
    for (const Allocation* allocation : ownedBy(owner)) {
        free(allocation->base);
    }
}

Allocation* DeviceMemory::findSlowly(uint64_t address) {
    auto after = allocations.upper_bound(address);
    if (after == allocations.begin()) {
        return nullptr;
    }
    Allocation* candidate = std::prev(after)->second.get();
    if (address - candidate->base >= candidate->size) {
        return nullptr;
    }
    recent = candidate;
    return candidate;
}

uint8_t* DeviceMemory::read(uint64_t address, uint64_t size, const char* what) {
    Allocation* allocation = find(address);
    if (allocation == nullptr || size > allocation->size - (address - allocation->base)) {
        throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, std::string(what) + " reads " + explain(address, size)};
    }
    uint64_t offset = address - allocation->base;
    if (checksUninitialized && !allocation->isWritten(offset, size)) {
        const void* first = std::memchr(allocation->written.get() + offset, 0, size);
        uint64_t at = static_cast<uint64_t>(static_cast<const uint8_t*>(first) - allocation->written.get());
        throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS,
                    format("%s reads %llu bytes at 0x%llx, of which byte %llu of %s was never written", what,
                           static_cast<unsigned long long>(size), static_cast<unsigned long long>(address),
                           static_cast<unsigned long long>(at), allocation->describe().c_str())};
    }
    return allocation->bytes + offset;
}

uint8_t* DeviceMemory::write(uint64_t address, uint64_t size, const char* what) {
    Allocation* allocation = find(address);
    if (allocation == nullptr || size > allocation->size - (address - allocation->base)) {
        throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, std::string(what) + " writes " + explain(address, size)};
    }
    uint64_t offset = address - allocation->base;
    allocation->markWritten(offset, size);
    return allocation->bytes + offset;
}

std::string DeviceMemory::explain(uint64_t address, uint64_t size) const {
    std::string text = format("%llu bytes at 0x%llx: ", static_cast<unsigned long long>(size),
                              static_cast<unsigned long long>(address));
    auto after = freed.upper_bound(address);
    if (after != freed.begin() && address < freedEnds.at(std::prev(after)->first)) {
        return text + "use after free of " + std::prev(after)->second;
    }
    auto next = allocations.upper_bound(address);
    if (next != allocations.begin()) {
        const Allocation& before = *std::prev(next)->second;
        uint64_t offset = address - before.base;
        if (offset < before.size + (1 << 20)) {
            return text + format("out of bounds, byte %llu of ", static_cast<unsigned long long>(offset))
                   + before.describe();
        }
    }
    if (next != allocations.end() && next->second->base - address < (1 << 20)) {
        return text
               + format("out of bounds, %llu bytes before ",
                        static_cast<unsigned long long>(next->second->base - address))
               + next->second->describe();
    }
    return text + (address < 4096 ? "a null pointer" : "no allocation is near");
}

}  // namespace emulator
