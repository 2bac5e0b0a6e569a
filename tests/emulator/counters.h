// Counts what kernels do, exactly. The same work gives the same counts, whatever the order of blocks and warps.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

namespace emulator {

enum class InstructionClass : uint8_t {
    FLOAT32,
    FLOAT64,
    INTEGER,
    MOVE,
    CONVERSION,
    COMPARISON,
    SPECIAL,
    MATRIX,
    GLOBAL,
    SHARED,
    LOCAL,
    PARAMETER,
    CONSTANT,
    ATOMIC,
    SHUFFLE,
    BRANCH,
    BARRIER,
    OTHER
};
constexpr size_t INSTRUCTION_CLASSES = static_cast<size_t>(InstructionClass::OTHER) + 1;
const char* nameOf(InstructionClass counted);

// Accesses to one kind of memory.
struct AccessCounters {
    uint64_t requests = 0;  // instructions of a warp
    uint64_t bytes = 0;     // that its lanes asked for
    uint64_t sectors = 0;   // of 32 bytes, in which these lie: what the memory has to move
};

struct KernelCounters {
    uint64_t launches = 0;
    uint64_t blocks = 0;
    uint64_t threads = 0;
    std::array<uint64_t, INSTRUCTION_CLASSES> warpInstructions{};    // issued for a warp
    std::array<uint64_t, INSTRUCTION_CLASSES> threadInstructions{};  // lanes that took part
    AccessCounters globalLoads;
    AccessCounters globalStores;
    AccessCounters globalAtomics;
    uint64_t sharedRequests = 0;
    uint64_t sharedBytes = 0;
    uint64_t bankConflicts = 0;  // passes over shared memory beyond the one that a request needs at least
    uint64_t localRequests = 0;
    uint64_t localBytes = 0;
    uint64_t barriers = 0;           // of a warp
    uint64_t divergentBranches = 0;  // branches that some lanes of a warp took and others did not
};

struct LibraryCounters {
    uint64_t calls = 0;
    uint64_t multiplyAdds = 0;
    uint64_t bytes = 0;  // of the operands, each once
};

struct CopyCounters {
    uint64_t calls = 0;
    uint64_t bytes = 0;
};

struct Counters {
    std::map<std::string, KernelCounters> kernels;
    std::map<std::string, LibraryCounters> libraries;  // cuBLAS's and cuDNN's calls
    CopyCounters hostToDevice;
    CopyCounters deviceToHost;
    CopyCounters deviceToDevice;
    CopyCounters deviceToOpenGl;  // buffers of OpenGL that were unmapped
    CopyCounters memsets;
    uint64_t graphLaunches = 0;
    std::map<std::string, uint64_t> graphNodes;  // nodes that ran, by kind
    uint64_t allocations = 0;
    uint64_t synchronizations = 0;

    // Sets all counters to zero; the KernelCounters keep their addresses.
    void reset();
    std::string toJson() const;
};

Counters& counters();

// Writes the counters to the file that DAEGPU_EMULATOR_COUNTERS names, if it names one.
void writeCounters();

}  // namespace emulator
