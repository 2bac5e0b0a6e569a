// A warp, its block and its launch while they run.
#pragma once

#include <cstdint>
#include <cstring>
#include <vector>

#include "kernel.h"
#include "memory.h"

namespace emulator {

struct Block;

// A copy by cp.async for which the kernel has not waited yet. It is carried out at the wait, so that a kernel that
// reads too early does not find its values.
struct AsynchronousCopy {
    int lane;
    uint32_t group;
    uint64_t target;  // in shared memory
    uint64_t source;
    uint32_t size;      // bytes to write
    uint32_t readSize;  // bytes to read; the rest is zero
};

struct Warp {
    Block* block = nullptr;
    int number = 0;
    uint32_t existing = 0;  // lanes that have a thread
    uint32_t live = 0;      // lanes that have not exited
    uint32_t active = 0;    // lanes that execute now
    uint32_t stalled = 0;   // lanes that wait for others to reach the same instruction
    bool isAtBarrier = false;
    int barrier = 0;
    uint32_t barrierCount = 0;  // threads that the barrier takes, 0 for all
    int pc = 0;                 // of the active lanes
    int pcs[LANES] = {};        // of the others
    int limit = 0;  // the lowest pc of lanes that are ready but not active; when the others reach it, they may join
    std::vector<uint64_t> storage;  // of the register file
    uint8_t* registers = nullptr;
    std::vector<std::vector<uint8_t>> local;  // of each lane, made when it is first used
    std::vector<std::vector<uint8_t>> localWritten;
    std::vector<AsynchronousCopy> copies;
    uint32_t copyGroups[LANES] = {};

    // Puts the warp at the beginning of the kernel.
    void start(Block& owner, int warpNumber);
    // Runs until the warp has exited or waits at a barrier.
    void run();

    // The values of the lanes for an operand that is as wide as T.
    template <class T>
    T* lanes(const Operand& operand) {
        return reinterpret_cast<T*>(registers + operand.offset);
    }
    uint32_t& predicate(const Operand& operand) { return *reinterpret_cast<uint32_t*>(registers + operand.offset); }
    // The lanes for which a predicate operand holds.
    uint32_t holds(const Operand& operand) {
        uint32_t value = predicate(operand);
        return operand.isNegated ? ~value : value;
    }

    // Makes `targetPc` the next instruction of `lanes`, and the one after this of the other active lanes.
    void branch(uint32_t lanes, int targetPc);
    // Ends threads.
    void exit(uint32_t lanes);
    // For instructions that need all `members` together: returns true, with all of them in `active`, once they are;
    // until then the active lanes wait here.
    bool converge(uint32_t members);

    int threadOf(int lane) const { return number * LANES + lane; }

private:
    bool regroup();

    bool isRetrying = false;  // only stalled lanes are left: those that go on now must not stall again
    uint64_t steps = 0;
};

struct Launch {
    const Kernel* kernel = nullptr;
    DeviceMemory* memory = nullptr;
    unsigned grid[3] = {1, 1, 1};
    unsigned size[3] = {1, 1, 1};  // of a block
    uint64_t dynamicShared = 0;
    std::vector<uint8_t> parameters;
    uint64_t seed = 0;      // of the order of blocks and warps
    uint64_t identity = 0;  // %gridid
};

// Runs a launch to its end. Throws Fault, with the whole message.
void run(const Launch& launch);

// Which warp used a byte of shared memory last, to find accesses that no barrier separates.
struct SharedUse {
    uint32_t writeEpoch = 0;  // barriers that the block had passed, from 1; 0: never written
    uint32_t readEpoch = 0;
    int8_t writer = -1;  // a warp
    int8_t reader = -1;  // a warp, or -2: several
    bool isAtomic = false;
};

struct Block {
    const Launch* launch = nullptr;
    const Kernel* kernel = nullptr;
    KernelCounters* counters = nullptr;
    unsigned index[3] = {0, 0, 0};
    int threads = 0;
    std::vector<Warp> warps;
    std::vector<uint8_t> shared;
    std::vector<SharedUse> sharedUses;
    std::vector<Region> sharedRegions;
    uint32_t epoch = 1;
    std::vector<std::pair<uint64_t, uint64_t>> executions;  // of each instruction: for warps, for threads
    std::array<uint32_t, 16> arrived{};                     // threads at each barrier that bar.arrive announced
    uint32_t firstEpoch = 1;  // of this block: what was used in an earlier one was used by another block
    const Warp* running = nullptr;

    // Runs block `number` of the launch; `order` decides in which order its warps take turns.
    void run(uint64_t number, uint64_t order);

private:
    bool releaseBarriers();
    [[noreturn]] void reportDeadlock() const;
};

// The memory to which an access of one lane goes. Throws Fault.
enum class Access { READ, WRITE, ATOMIC };
uint8_t* resolve(Warp& warp, int lane, Space space, uint64_t address, unsigned size, Access access);
// Splits an address in a window of generic addresses into its parts.
Space spaceOf(Space space, uint64_t& address);

// Carries out the copies by cp.async whose group number is below `groups` (of each lane).
void finishCopies(Warp& warp, uint32_t lanes, uint32_t keep);

}  // namespace emulator
