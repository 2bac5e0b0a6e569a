// Runs launches: one block after the other, the warps of a block in turn from barrier to barrier, and the lanes of a
// warp in lockstep.
//
// When the lanes of a warp diverge, those with the lowest program counter run first, and join the others when they
// reach them: the compiler lays out code so that this is where the paths meet.
#include <algorithm>
#include <climits>
#include <numeric>

#include "cuda_result.h"
#include "fault.h"
#include "warp.h"

namespace emulator {

namespace {

// Far more than any kernel here needs: a kernel that exceeds this is in a loop without end.
constexpr uint64_t MOST_STEPS = 2'000'000'000;

// A small random number generator, so that a seed gives the same order everywhere (SplitMix64).
uint64_t nextRandom(uint64_t& state) {
    uint64_t z = state += 0x9e3779b97f4a7c15;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
}

template <class T>
void shuffle(std::vector<T>& values, uint64_t& state) {
    for (size_t i = values.size(); i > 1; i--) {
        std::swap(values[i - 1], values[nextRandom(state) % i]);
    }
}

const Region* findRegion(const std::vector<Region>& regions, uint64_t address, unsigned size) {
    for (const Region& region : regions) {
        if (address - region.base < region.size && size <= region.size - (address - region.base)) {
            return &region;
        }
    }
    return nullptr;
}

[[noreturn]] void outOfBounds(const char* space, const std::vector<Region>& regions, uint64_t address, unsigned size,
                              int lane) {
    std::string text = format("%u bytes at %s address 0x%llx: ", size, space, static_cast<unsigned long long>(address));
    const Region* nearest = nullptr;
    for (const Region& region : regions) {
        if (region.base <= address && (nearest == nullptr || region.base > nearest->base)) {
            nearest = &region;
        }
    }
    if (nearest == nullptr) {
        text += "out of bounds, before any variable";
    } else {
        text += format("out of bounds, byte %llu of %s (%llu bytes)",
                       static_cast<unsigned long long>(address - nearest->base), nearest->name.c_str(),
                       static_cast<unsigned long long>(nearest->size));
    }
    throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, text, lane};
}

uint8_t* resolveShared(Warp& warp, int lane, uint64_t address, unsigned size, Access access) {
    Block& block = *warp.block;
    if (findRegion(block.sharedRegions, address, size) == nullptr) {
        outOfBounds("shared", block.sharedRegions, address, size, lane);
    }
    int8_t self = static_cast<int8_t>(warp.number);
    for (uint64_t byte = address; byte < address + size; byte++) {
        SharedUse& use = block.sharedUses[byte];
        bool wasWritten = use.writeEpoch >= block.firstEpoch;
        bool isAtomic = access == Access::ATOMIC && use.isAtomic;
        if (access != Access::WRITE && !wasWritten && block.launch->memory->checksUninitialized) {
            throw Fault{
                CUDA_ERROR_ILLEGAL_ADDRESS,
                format("reads shared address 0x%llx, which was never written", static_cast<unsigned long long>(byte)),
                lane};
        }
        if (wasWritten && use.writeEpoch == block.epoch && use.writer != self && !isAtomic) {
            throw Fault{
                CUDA_ERROR_LAUNCH_FAILED,
                format("%s shared address 0x%llx, which warp %d wrote, with no barrier in between",
                       access == Access::READ ? "reads" : "writes", static_cast<unsigned long long>(byte), use.writer),
                lane};
        }
        if (access != Access::READ && use.readEpoch == block.epoch && use.reader != self && !isAtomic) {
            throw Fault{CUDA_ERROR_LAUNCH_FAILED,
                        format("writes shared address 0x%llx, which %s read, with no barrier in between",
                               static_cast<unsigned long long>(byte),
                               use.reader < 0 ? "other warps" : format("warp %d", use.reader).c_str()),
                        lane};
        }
        if (access == Access::READ) {
            use.reader = use.readEpoch == block.epoch && use.reader != self ? -2 : self;
            use.readEpoch = block.epoch;
        } else {
            use.writer = self;
            use.writeEpoch = block.epoch;
            use.isAtomic = access == Access::ATOMIC;
        }
    }
    return block.shared.data() + address;
}

uint8_t* resolveLocal(Warp& warp, int lane, uint64_t address, unsigned size, Access access) {
    const Kernel& kernel = *warp.block->kernel;
    if (findRegion(kernel.local, address, size) == nullptr) {
        outOfBounds("local", kernel.local, address, size, lane);
    }
    size_t index = static_cast<size_t>(lane);
    if (warp.local.empty()) {
        warp.local.resize(LANES);
        warp.localWritten.resize(LANES);
    }
    if (warp.local[index].empty()) {
        warp.local[index].resize(kernel.localSpan);
        warp.localWritten[index].resize(kernel.localSpan);
    }
    uint8_t* written = warp.localWritten[index].data() + address;
    if (access != Access::WRITE && std::find(written, written + size, 0) != written + size
        && warp.block->launch->memory->checksUninitialized) {
        throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS,
                    format("reads %u bytes at local address 0x%llx that were never written", size,
                           static_cast<unsigned long long>(address)),
                    lane};
    }
    if (access != Access::READ) {
        std::fill_n(written, size, 1);
    }
    return warp.local[index].data() + address;
}

uint8_t* resolveGlobal(Warp& warp, int lane, Space space, uint64_t address, unsigned size, Access access) {
    DeviceMemory& memory = *warp.block->launch->memory;
    Allocation* allocation = memory.find(address);
    if (allocation == nullptr || size > allocation->size - (address - allocation->base)) {
        throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, memory.explain(address, size), lane};
    }
    if (allocation->isConstant && access != Access::READ) {
        throw Fault{CUDA_ERROR_ILLEGAL_ADDRESS, "writes constant memory: " + allocation->describe(), lane};
    }
    if (allocation->isConstant != (space == Space::CONSTANT) && space != Space::GENERIC) {
        throw Fault{CUDA_ERROR_INVALID_ADDRESS_SPACE, "an address of another state space: " + allocation->describe(),
                    lane};
    }
    uint64_t offset = address - allocation->base;
    if (access != Access::WRITE && memory.checksUninitialized && !allocation->isWritten(offset, size)) {
        memory.read(address, size, "the kernel");  // says which byte
    }
    if (access != Access::READ) {
        allocation->markWritten(offset, size);
    }
    return allocation->bytes + offset;
}

}  // namespace

Space spaceOf(Space space, uint64_t& address) {
    if (space == Space::GENERIC) {
        if (address - SHARED_WINDOW < WINDOW_SIZE) {
            address -= SHARED_WINDOW;
            return Space::SHARED;
        }
        if (address - LOCAL_WINDOW < WINDOW_SIZE) {
            address -= LOCAL_WINDOW;
            return Space::LOCAL;
        }
    }
    return space;
}

uint8_t* resolve(Warp& warp, int lane, Space space, uint64_t address, unsigned size, Access access) {
    space = spaceOf(space, address);
    switch (space) {
        case Space::SHARED: return resolveShared(warp, lane, address, size, access);
        case Space::LOCAL: return resolveLocal(warp, lane, address, size, access);
        case Space::PARAMETER:
            if (findRegion(warp.block->kernel->parameters, address, size) == nullptr) {
                outOfBounds("parameter", warp.block->kernel->parameters, address, size, lane);
            }
            return const_cast<uint8_t*>(warp.block->launch->parameters.data()) + address;
        default: return resolveGlobal(warp, lane, space, address, size, access);
    }
}

void finishCopies(Warp& warp, uint32_t lanes, uint32_t keep) {
    std::vector<AsynchronousCopy> later;
    for (const AsynchronousCopy& copy : warp.copies) {
        if ((lanes >> copy.lane & 1) == 0 || copy.group + keep >= warp.copyGroups[copy.lane]) {
            later.push_back(copy);
            continue;
        }
        uint8_t* target =
            resolve(warp, copy.lane, Space::GENERIC, copy.target + SHARED_WINDOW, copy.size, Access::WRITE);
        std::memset(target, 0, copy.size);
        if (copy.readSize > 0) {
            std::memcpy(target, resolve(warp, copy.lane, Space::GLOBAL, copy.source, copy.readSize, Access::READ),
                        copy.readSize);
        }
    }
    warp.copies.swap(later);
}

void Warp::start(Block& owner, int warpNumber) {
    block = &owner;
    number = warpNumber;
    int threads = std::min(LANES, owner.threads - warpNumber * LANES);
    existing = live = active = threads == LANES ? ~0u : (1u << threads) - 1;
    stalled = 0;
    isAtBarrier = isRetrying = false;
    pc = 0;
    limit = INT_MAX;
    steps = 0;
    const Kernel& kernel = *owner.kernel;
    storage.resize(kernel.registerImage.size() / 8 + 9);
    // 64-byte aligned, as vector instructions of the host like it.
    registers = reinterpret_cast<uint8_t*>((reinterpret_cast<uintptr_t>(storage.data()) + 63) / 64 * 64);
    std::memcpy(registers, kernel.registerImage.data(), kernel.registerImage.size());
    local.clear();
    localWritten.clear();
    copies.clear();
    std::fill_n(copyGroups, LANES, 0);
    const Launch& launch = *owner.launch;
    for (const auto& special : kernel.specials) {
        uint32_t* values = reinterpret_cast<uint32_t*>(registers + special.second);
        for (uint32_t lane = 0; lane < LANES; lane++) {
            uint32_t thread = static_cast<uint32_t>(threadOf(static_cast<int>(lane)));
            uint32_t value = 0;
            switch (special.first) {
                case Special::TID_X: value = thread % launch.size[0]; break;
                case Special::TID_Y: value = thread / launch.size[0] % launch.size[1]; break;
                case Special::TID_Z: value = thread / launch.size[0] / launch.size[1]; break;
                case Special::NTID_X: value = launch.size[0]; break;
                case Special::NTID_Y: value = launch.size[1]; break;
                case Special::NTID_Z: value = launch.size[2]; break;
                case Special::CTAID_X: value = owner.index[0]; break;
                case Special::CTAID_Y: value = owner.index[1]; break;
                case Special::CTAID_Z: value = owner.index[2]; break;
                case Special::NCTAID_X: value = launch.grid[0]; break;
                case Special::NCTAID_Y: value = launch.grid[1]; break;
                case Special::NCTAID_Z: value = launch.grid[2]; break;
                case Special::LANEID: value = lane; break;
                case Special::WARPID: value = static_cast<uint32_t>(number); break;
                case Special::NWARPID: value = static_cast<uint32_t>(owner.warps.size()); break;
                case Special::LANEMASK_EQ: value = 1u << lane; break;
                case Special::LANEMASK_LE: value = (2u << lane) - 1; break;
                case Special::LANEMASK_LT: value = (1u << lane) - 1; break;
                case Special::LANEMASK_GE: value = ~((1u << lane) - 1); break;
                case Special::LANEMASK_GT: value = ~((2u << lane) - 1); break;
                case Special::SMID: value = 0; break;
                case Special::NSMID: value = 1; break;
                case Special::GRIDID: value = static_cast<uint32_t>(launch.identity); break;
                case Special::DYNAMIC_SMEM_SIZE: value = static_cast<uint32_t>(launch.dynamicShared); break;
                case Special::TOTAL_SMEM_SIZE:
                    value = static_cast<uint32_t>(launch.dynamicShared + kernel.staticShared);
                    break;
                case Special::WARP_SIZE: value = LANES; break;
            }
            values[lane] = value;
        }
    }
}

void Warp::branch(uint32_t lanes, int targetPc) {
    if (lanes == 0) {
        pc++;
    } else if (lanes == active) {
        pc = targetPc;
    } else {
        for (int lane = 0; lane < LANES; lane++) {
            if (active >> lane & 1) {
                pcs[lane] = lanes >> lane & 1 ? targetPc : pc + 1;
            }
        }
        active = 0;
    }
}

void Warp::exit(uint32_t lanes) {
    live &= ~lanes;
    active &= ~lanes;
    pc++;
}

bool Warp::converge(uint32_t members) {
    uint32_t here = active;
    for (int lane = 0; lane < LANES; lane++) {
        if (stalled >> lane & 1 && pcs[lane] == pc) {
            here |= 1u << lane;
        }
    }
    uint32_t missing = members & ~here;
    if (missing == 0) {
        stalled &= ~here;
        active = here;
        isRetrying = false;
        return true;
    }
    if (isRetrying) {
        throw Fault{CUDA_ERROR_LAUNCH_FAILED,
                    format("lanes %08x wait here for lanes %08x, which never come (divergent barrier)", here, missing)};
    }
    for (int lane = 0; lane < LANES; lane++) {
        if (active >> lane & 1) {
            pcs[lane] = pc;
        }
    }
    stalled |= active;
    active = 0;
    return false;
}

// Chooses the lanes that go on. Returns false if none is left.
bool Warp::regroup() {
    for (int lane = 0; lane < LANES; lane++) {
        if (active >> lane & 1) {
            pcs[lane] = pc;
        }
    }
    uint32_t ready = live & ~stalled;
    if (ready == 0 && live != 0) {
        // The lanes for which the stalled ones wait may have exited meanwhile, so the stalled ones try once more.
        isRetrying = true;
        int lowest = INT_MAX;
        for (int lane = 0; lane < LANES; lane++) {
            if (live >> lane & 1) {
                lowest = std::min(lowest, pcs[lane]);
            }
        }
        for (int lane = 0; lane < LANES; lane++) {
            if (live >> lane & 1 && pcs[lane] == lowest) {
                ready |= 1u << lane;
            }
        }
        stalled &= ~ready;
    }
    pc = INT_MAX;
    for (int lane = 0; lane < LANES; lane++) {
        if (ready >> lane & 1) {
            pc = std::min(pc, pcs[lane]);
        }
    }
    active = 0;
    limit = INT_MAX;
    for (int lane = 0; lane < LANES; lane++) {
        if (ready >> lane & 1) {
            if (pcs[lane] == pc) {
                active |= 1u << lane;
            } else {
                limit = std::min(limit, pcs[lane]);
            }
        }
    }
    return active != 0;
}

void Warp::run() {
    const Instruction* code = block->kernel->code.data();
    auto* executions = block->executions.data();
    for (;;) {
        if (active == 0 || pc >= limit) {
            if (!regroup()) {
                return;
            }
        }
        const Instruction& instruction = code[pc];
        uint32_t lanes = active;
        if (instruction.guard.isThere) {
            lanes &= holds(instruction.guard);
        }
        executions[pc].first++;
        executions[pc].second += static_cast<unsigned>(__builtin_popcount(lanes));
        if (++steps > MOST_STEPS) {
            throw Fault{CUDA_ERROR_LAUNCH_TIMEOUT, "a loop that does not end"};
        }
        if (instruction.isFlow) {
            if (lanes == 0) {
                pc++;
                continue;
            }
            instruction.execute(*this, instruction, lanes);
            if (isAtBarrier) {
                return;
            }
        } else {
            if (lanes != 0) {
                instruction.execute(*this, instruction, lanes);
            }
            pc++;
        }
    }
}

// Lets the warps go on whose barrier is complete. Returns false if there are none.
bool Block::releaseBarriers() {
    uint32_t living = 0;
    uint32_t waiting[16] = {};
    uint32_t needed[16] = {};
    for (const Warp& warp : warps) {
        living += warp.live != 0 ? LANES : 0;
        if (warp.isAtBarrier) {
            waiting[warp.barrier] += LANES;
            needed[warp.barrier] = std::max(needed[warp.barrier], warp.barrierCount);
        }
    }
    bool isReleased = false;
    for (Warp& warp : warps) {
        size_t number = static_cast<size_t>(warp.barrier);
        if (warp.isAtBarrier && waiting[number] + arrived[number] >= (needed[number] == 0 ? living : needed[number])) {
            warp.isAtBarrier = false;
            isReleased = true;
        }
    }
    if (isReleased) {
        epoch++;
        for (size_t i = 0; i < 16; i++) {
            if (waiting[i] != 0 && waiting[i] + arrived[i] >= (needed[i] == 0 ? living : needed[i])) {
                arrived[i] = 0;
            }
        }
    }
    return isReleased;
}

void Block::reportDeadlock() const {
    std::string text = "barriers that are never complete:";
    for (const Warp& warp : warps) {
        if (warp.isAtBarrier) {
            text += format(" warp %d waits at line %d (barrier %d);", warp.number,
                           kernel->code[static_cast<size_t>(warp.pc) - 1].line, warp.barrier);
        }
    }
    text.pop_back();
    throw Fault{CUDA_ERROR_LAUNCH_FAILED, text};
}

void Block::run(uint64_t number, uint64_t order) {
    index[0] = static_cast<unsigned>(number % launch->grid[0]);
    index[1] = static_cast<unsigned>(number / launch->grid[0] % launch->grid[1]);
    index[2] = static_cast<unsigned>(number / launch->grid[0] / launch->grid[1]);
    firstEpoch = ++epoch;
    arrived.fill(0);
    for (size_t i = 0; i < warps.size(); i++) {
        warps[i].start(*this, static_cast<int>(i));
    }
    std::vector<Warp*> turns;
    for (Warp& warp : warps) {
        turns.push_back(&warp);
    }
    for (;;) {
        shuffle(turns, order);
        bool isAlive = false;
        for (Warp* warp : turns) {
            if (warp->live != 0 && !warp->isAtBarrier) {
                running = warp;
                warp->run();
            }
            isAlive = isAlive || warp->live != 0;
        }
        if (!isAlive) {
            return;
        }
        if (!releaseBarriers()) {
            reportDeadlock();
        }
    }
}

namespace {

void countLaunch(const Launch& launch, const Block& block, uint64_t blocks) {
    KernelCounters& counters = *block.counters;
    counters.launches++;
    counters.blocks += blocks;
    counters.threads += blocks * static_cast<uint64_t>(block.threads);
    for (size_t i = 0; i < launch.kernel->code.size(); i++) {
        size_t counted = static_cast<size_t>(launch.kernel->code[i].counted);
        counters.warpInstructions[counted] += block.executions[i].first;
        counters.threadInstructions[counted] += block.executions[i].second;
    }
}

// Adds the place to the message: kernel, line of its PTX, thread and block.
std::string locate(const Launch& launch, const Block& block, const Fault& fault) {
    std::string text = "kernel " + launch.kernel->name;
    if (block.running != nullptr) {
        const Warp& warp = *block.running;
        size_t pc = std::min(static_cast<size_t>(warp.pc), launch.kernel->code.size() - 1);
        int lane = fault.lane >= 0 ? fault.lane : warp.active != 0 ? __builtin_ctz(warp.active) : 0;
        unsigned thread = static_cast<unsigned>(warp.threadOf(lane));
        text += format(", PTX line %d (%s), block (%u,%u,%u), thread (%u,%u,%u)", launch.kernel->code[pc].line,
                       launch.kernel->text[pc].c_str(), block.index[0], block.index[1], block.index[2],
                       thread % launch.size[0], thread / launch.size[0] % launch.size[1],
                       thread / launch.size[0] / launch.size[1]);
    }
    return text + ": " + fault.what;
}

}  // namespace

void run(const Launch& launch) {
    Block block;
    block.launch = &launch;
    block.kernel = launch.kernel;
    block.counters = launch.kernel->counters;
    block.threads = static_cast<int>(launch.size[0] * launch.size[1] * launch.size[2]);
    block.warps.resize(static_cast<size_t>((block.threads + LANES - 1) / LANES));
    block.executions.resize(launch.kernel->code.size());
    block.sharedRegions = launch.kernel->shared;
    if (launch.kernel->hasDynamicShared && launch.dynamicShared > 0) {
        block.sharedRegions.push_back({launch.kernel->sharedSpan, launch.dynamicShared, "dynamic shared memory"});
    }
    block.shared.resize(launch.kernel->sharedSpan + launch.dynamicShared);
    block.sharedUses.resize(block.shared.size());
    uint64_t blocks = uint64_t{launch.grid[0]} * launch.grid[1] * launch.grid[2];
    std::vector<uint32_t> order(blocks);
    std::iota(order.begin(), order.end(), 0);
    uint64_t random = launch.seed;
    shuffle(order, random);
    try {
        for (uint32_t number : order) {
            block.running = nullptr;
            block.run(number, nextRandom(random));
        }
    } catch (const Fault& fault) {
        throw Fault{fault.result, locate(launch, block, fault), fault.lane};
    }
    countLaunch(launch, block, blocks);
}

}  // namespace emulator
