// Loads, stores, atomics and asynchronous copies, and what they cost: sectors of global memory,
// passes over shared memory.
#include <algorithm>
#include <cmath>

#include "cuda_result.h"
#include "opcodes.h"

namespace emulator {

namespace {

// The addresses of all lanes: base register, if any, plus the immediate.
void addresses(Warp& warp, const Instruction& instruction, int argument, int64_t immediate, uint64_t target[LANES]) {
    const Operand& base = instruction.operand(argument);
    if (base.isThere) {
        uint64_t scratch[LANES];
        const uint64_t* values = read<uint64_t>(warp, base, scratch);
        for (int lane = 0; lane < LANES; lane++) {
            target[lane] = values[lane] + static_cast<uint64_t>(immediate);
        }
    } else {
        std::fill_n(target, LANES, static_cast<uint64_t>(immediate));
    }
}

// The number of distinct 32-byte sectors that aligned accesses of at most 32 bytes touch.
uint64_t countSectors(const uint64_t address[LANES], uint32_t lanes) {
    uint64_t sectors[LANES];
    int count = 0;
    bool isSorted = true;
    for (int lane = 0; lane < LANES; lane++) {
        if (lanes >> lane & 1) {
            uint64_t sector = address[lane] >> 5;
            if (count > 0 && sectors[count - 1] == sector) {
                continue;
            }
            isSorted = isSorted && (count == 0 || sectors[count - 1] < sector);
            sectors[count++] = sector;
        }
    }
    if (!isSorted) {
        std::sort(sectors, sectors + count);
        count = static_cast<int>(std::unique(sectors, sectors + count) - sectors);
    }
    return static_cast<uint64_t>(count);
}

// The number of passes over the 32 banks of 4 bytes that a request needs beyond the least: lanes that access different
// words of one bank wait for each other. 8-byte accesses are made by half warps, 16-byte ones by quarters.
uint64_t countBankConflicts(const uint64_t address[LANES], unsigned size, uint32_t lanes) {
    int lanesAtOnce = size <= 4 ? 32 : size == 8 ? 16 : 8;
    uint64_t conflicts = 0;
    for (int from = 0; from < LANES; from += lanesAtOnce) {
        uint64_t words[32][32];
        int counts[32] = {};
        int most = 1;
        for (int lane = from; lane < from + lanesAtOnce; lane++) {
            if (!(lanes >> lane & 1)) {
                continue;
            }
            for (uint64_t word = address[lane] >> 2; word <= (address[lane] + size - 1) >> 2; word++) {
                uint64_t* bank = words[word & 31];
                int& count = counts[word & 31];
                if (std::find(bank, bank + count, word) == bank + count && count < 32) {
                    bank[count++] = word;
                    most = std::max(most, count);
                }
            }
        }
        conflicts += static_cast<uint64_t>(most - 1);
    }
    return conflicts;
}

void countAccess(Warp& warp, Space space, AccessCounters& global, const uint64_t address[LANES], unsigned size,
                 uint32_t lanes) {
    if (lanes == 0) {
        return;
    }
    KernelCounters& counters = *warp.block->counters;
    uint64_t bytes = uint64_t{size} * static_cast<unsigned>(__builtin_popcount(lanes));
    if (space == Space::GENERIC) {
        uint64_t first = address[__builtin_ctz(lanes)];
        space = spaceOf(space, first);
    }
    switch (space) {
        case Space::SHARED:
            counters.sharedRequests++;
            counters.sharedBytes += bytes;
            counters.bankConflicts += countBankConflicts(address, size, lanes);
            break;
        case Space::LOCAL:
            counters.localRequests++;
            counters.localBytes += bytes;
            break;
        case Space::GENERIC:
        case Space::GLOBAL:
            global.requests++;
            global.bytes += bytes;
            global.sectors += countSectors(address, lanes);
            break;
        default: break;
    }
}

void checkAligned(int lane, uint64_t address, unsigned size) {
    if ((address & (size - 1)) != 0) {  // sizes are powers of two
        throw Fault{CUDA_ERROR_MISALIGNED_ADDRESS,
                    format("%u bytes at 0x%llx, which is no multiple of %u", size,
                           static_cast<unsigned long long>(address), size),
                    lane};
    }
}

bool isSigned(Type type) { return type == Type::S8 || type == Type::S16 || type == Type::S32 || type == Type::S64; }

// The result of resolve(), found faster if the place of a lane is in the same allocation as that of the lane before it.
class GlobalPlaces {
public:
    GlobalPlaces(Warp& warp, const Instruction& instruction, unsigned size, Access access)
        : warp(warp), space(instruction.space), size(size), access(access) {}

    uint8_t* at(int lane, uint64_t address) {
        if (allocation != nullptr && address - allocation->base <= last) {
            return allocation->bytes + (address - allocation->base);
        }
        uint8_t* place = resolve(warp, lane, space, address, size, access);
        if (space == Space::GLOBAL) {
            Allocation* found = warp.block->launch->memory->find(address);
            // If every byte was written already, reading checks nothing more, and writing changes nothing.
            allocation = found->isAllWritten && !found->isConstant ? found : nullptr;
            last = found->size - size;
        }
        return place;
    }

private:
    Warp& warp;
    Space space;
    unsigned size;
    Access access;
    const Allocation* allocation = nullptr;
    uint64_t last = 0;  // the last offset at which an access of this size fits
};

void load(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    unsigned element = sizeOf(instruction.types[0]);
    unsigned size = element * instruction.vector;
    uint64_t address[LANES];
    addresses(warp, instruction, 1, instruction.immediate, address);
    countAccess(warp, instruction.space, warp.block->counters->globalLoads, address, size, lanes);
    GlobalPlaces places(warp, instruction, size, Access::READ);
    for (int lane = 0; lane < LANES; lane++) {
        if (!(lanes >> lane & 1)) {
            continue;
        }
        checkAligned(lane, address[lane], size);
        const uint8_t* from = places.at(lane, address[lane]);
        for (unsigned i = 0; i < instruction.vector; i++) {
            const Operand& target = instruction.operand(0, static_cast<int>(i));
            if (!target.isThere) {
                continue;
            }
            uint8_t* to = warp.registers + target.offset + lane * target.width;
            if (target.width == 4 && element == 4) {
                std::memcpy(to, from + 4 * i, 4);
            } else {
                uint64_t bits = 0;
                std::memcpy(&bits, from + element * i, element);
                if (isSigned(instruction.types[0])) {
                    bits =
                        static_cast<uint64_t>(static_cast<int64_t>(bits << (64 - 8 * element)) >> (64 - 8 * element));
                }
                std::memcpy(to, &bits, target.width);
            }
        }
    }
}

template <class T>
void broadcast(Warp& warp, const Operand& target, uint64_t bits, uint32_t lanes) {
    T values[LANES];
    std::fill_n(values, LANES, static_cast<T>(bits));
    write(warp, target, values, lanes);
}

// What all lanes load from a parameter's name is one value.
void loadParameter(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    if (instruction.operand(1).isThere || instruction.vector != 1 || lanes == 0) {
        load(warp, instruction, lanes);
        return;
    }
    unsigned size = sizeOf(instruction.types[0]);
    int first = __builtin_ctz(lanes);
    uint64_t address = static_cast<uint64_t>(instruction.immediate);
    checkAligned(first, address, size);
    const uint8_t* from = resolve(warp, first, Space::PARAMETER, address, size, Access::READ);
    uint64_t bits = 0;
    std::memcpy(&bits, from, size);
    if (isSigned(instruction.types[0])) {
        bits = static_cast<uint64_t>(static_cast<int64_t>(bits << (64 - 8 * size)) >> (64 - 8 * size));
    }
    switch (instruction.operand(0).width) {
        case 2: broadcast<uint16_t>(warp, instruction.operand(0), bits, lanes); break;
        case 4: broadcast<uint32_t>(warp, instruction.operand(0), bits, lanes); break;
        default: broadcast<uint64_t>(warp, instruction.operand(0), bits, lanes);
    }
}

void store(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    unsigned element = sizeOf(instruction.types[0]);
    unsigned size = element * instruction.vector;
    uint64_t address[LANES];
    addresses(warp, instruction, 0, instruction.immediate, address);
    countAccess(warp, instruction.space, warp.block->counters->globalStores, address, size, lanes);
    GlobalPlaces places(warp, instruction, size, Access::WRITE);
    for (int lane = 0; lane < LANES; lane++) {
        if (!(lanes >> lane & 1)) {
            continue;
        }
        checkAligned(lane, address[lane], size);
        uint8_t* to = places.at(lane, address[lane]);
        for (unsigned i = 0; i < instruction.vector; i++) {
            const Operand& source = instruction.operand(1, static_cast<int>(i));
            const uint8_t* from = warp.registers + source.offset + lane * source.width;
            if (element == 4) {
                std::memcpy(to + 4 * i, from, 4);
            } else {
                std::memcpy(to + element * i, from, element);
            }
        }
    }
}

template <class T>
T atomicResult(char mode, T old, T operand, T third) {
    switch (mode) {
        case 'a':
            if constexpr (std::is_floating_point_v<T>) {
                return old + operand;
            } else {
                return static_cast<T>(static_cast<std::make_unsigned_t<T>>(old)
                                      + static_cast<std::make_unsigned_t<T>>(operand));
            }
        case 'e': return operand;
        case 'm': return std::min(old, operand);
        case 'M': return std::max(old, operand);
        case 'c': return old == operand ? third : old;
        case 'i': return old >= operand ? T{0} : static_cast<T>(old + 1);
        case 'd': return old == 0 || old > operand ? operand : static_cast<T>(old - 1);
        default: break;
    }
    if constexpr (std::is_integral_v<T>) {
        return mode == '&'   ? static_cast<T>(old & operand)
               : mode == '|' ? static_cast<T>(old | operand)
                             : static_cast<T>(old ^ operand);
    }
    return old;
}

// atom d, [a], b{, c} and, without d, red: lane after lane, from the lowest.
template <class T, bool HAS_RESULT>
void atomic(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    constexpr int A = HAS_RESULT ? 1 : 0;
    uint64_t address[LANES];
    T first[LANES], second[LANES], result[LANES] = {};
    addresses(warp, instruction, A, instruction.immediate, address);
    const T* operand = read<T>(warp, instruction.operand(A + 1), first);
    const T* third = instruction.mode == 'c' ? read<T>(warp, instruction.operand(A + 2), second) : operand;
    countAccess(warp, instruction.space, warp.block->counters->globalAtomics, address, sizeof(T), lanes);
    for (int lane = 0; lane < LANES; lane++) {
        if (lanes >> lane & 1) {
            checkAligned(lane, address[lane], sizeof(T));
            uint8_t* place = resolve(warp, lane, instruction.space, address[lane], sizeof(T), Access::ATOMIC);
            T old;
            std::memcpy(&old, place, sizeof(T));
            T next = atomicResult(instruction.mode, old, operand[lane], third[lane]);
            std::memcpy(place, &next, sizeof(T));
            result[lane] = old;
        }
    }
    if (HAS_RESULT) {
        write(warp, instruction.operand(0), result, lanes);
    }
}

void nothing(Warp&, const Instruction&, uint32_t) {}

// cp.async: recorded here, carried out by the wait.
void copyAsynchronously(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint64_t target[LANES], source[LANES];
    uint32_t scratch[LANES], scratch2[LANES];
    addresses(warp, instruction, 0, instruction.immediate, target);
    addresses(warp, instruction, 1, instruction.secondImmediate, source);
    const uint32_t* sizes = read<uint32_t>(warp, instruction.operand(2), scratch);
    bool hasReadSize = instruction.arguments > 3;
    const uint32_t* readSizes = hasReadSize ? read<uint32_t>(warp, instruction.operand(3), scratch2) : sizes;
    countAccess(warp, Space::GLOBAL, warp.block->counters->globalLoads, source, sizes[0], lanes);
    countAccess(warp, Space::SHARED, warp.block->counters->globalLoads, target, sizes[0], lanes);
    for (int lane = 0; lane < LANES; lane++) {
        if (lanes >> lane & 1) {
            checkAligned(lane, target[lane], sizes[lane]);
            checkAligned(lane, source[lane], sizes[lane]);
            warp.copies.push_back({lane, warp.copyGroups[lane], target[lane], source[lane], sizes[lane],
                                   std::min(readSizes[lane], sizes[lane])});
        }
    }
}

void commitCopies(Warp& warp, const Instruction&, uint32_t lanes) {
    for (int lane = 0; lane < LANES; lane++) {
        warp.copyGroups[lane] += lanes >> lane & 1;
    }
}

void waitForCopies(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t keep = 0;
    if (instruction.arguments > 0) {
        uint32_t scratch[LANES];
        keep = read<uint32_t>(warp, instruction.operand(0), scratch)[0];
    }
    finishCopies(warp, lanes, keep);
}

void waitForAllCopies(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    commitCopies(warp, instruction, lanes);
    finishCopies(warp, lanes, 0);
}

#define ORDER "weak|volatile|relaxed|acquire|release?.cta|cluster|gpu|sys?"
#define HINTS                                                                                                         \
    "ca|cg|cs|lu|cv|wb|wt?.nc?.L1::evict_normal|L1::evict_unchanged|L1::evict_first|L1::evict_last|L1::no_allocate?." \
    "L2::64B|L2::128B|L2::256B?.v2|v4?.b8|u8|s8|b16|u16|s16|b32|u32|s32|f32|b64|u64|s64|f64"
#define ATOMIC_ORDER "relaxed|acquire|release|acq_rel?.cta|cluster|gpu|sys?.global|shared|shared::cta?"

}  // namespace

Opcodes memoryOpcodes() {
    constexpr InstructionClass ATOMIC = InstructionClass::ATOMIC;
    return {
        {"ld." ORDER ".global." HINTS, InstructionClass::GLOBAL, load},
        {"ld." ORDER ".shared|shared::cta." HINTS, InstructionClass::SHARED, load},
        {"ld." ORDER ".local." HINTS, InstructionClass::LOCAL, load},
        {"ld." ORDER ".const." HINTS, InstructionClass::CONSTANT, load},
        {"ld." ORDER ".param|param::entry." HINTS, InstructionClass::PARAMETER, loadParameter},
        {"ld." ORDER "." HINTS, InstructionClass::GLOBAL, load},
        {"ldu.global.v2|v4?.b8|u8|s8|b16|u16|s16|b32|u32|s32|f32|b64|u64|s64|f64", InstructionClass::GLOBAL, load},
        {"st." ORDER ".global." HINTS, InstructionClass::GLOBAL, store},
        {"st." ORDER ".shared|shared::cta." HINTS, InstructionClass::SHARED, store},
        {"st." ORDER ".local." HINTS, InstructionClass::LOCAL, store},
        {"st." ORDER "." HINTS, InstructionClass::GLOBAL, store},
        {"atom." ATOMIC_ORDER ".add|exch|min|max|cas|inc|dec|and|or|xor.u32|b32", ATOMIC, atomic<uint32_t, true>},
        {"atom." ATOMIC_ORDER ".add|min|max.s32", ATOMIC, atomic<int32_t, true>},
        {"atom." ATOMIC_ORDER ".add|exch|min|max|cas|and|or|xor.u64|b64", ATOMIC, atomic<uint64_t, true>},
        {"atom." ATOMIC_ORDER ".min|max.s64", ATOMIC, atomic<int64_t, true>},
        {"atom." ATOMIC_ORDER ".add.f32", ATOMIC, atomic<float, true>},
        {"atom." ATOMIC_ORDER ".add.f64", ATOMIC, atomic<double, true>},
        {"red." ATOMIC_ORDER ".add|min|max|inc|dec|and|or|xor.u32|b32", ATOMIC, atomic<uint32_t, false>},
        {"red." ATOMIC_ORDER ".add|min|max.s32", ATOMIC, atomic<int32_t, false>},
        {"red." ATOMIC_ORDER ".add|min|max|and|or|xor.u64|b64", ATOMIC, atomic<uint64_t, false>},
        {"red." ATOMIC_ORDER ".add.f32", ATOMIC, atomic<float, false>},
        {"red." ATOMIC_ORDER ".add.f64", ATOMIC, atomic<double, false>},
        {"prefetch.global|local?.L1|L2", InstructionClass::GLOBAL, nothing},
        {"prefetchu.L1", InstructionClass::GLOBAL, nothing},
        {"cp.async.ca|cg.shared|shared::cta.global.L2::64B|L2::128B|L2::256B?", InstructionClass::GLOBAL,
         copyAsynchronously},
        {"cp.async.commit_group", InstructionClass::OTHER, commitCopies},
        {"cp.async.wait_group", InstructionClass::BARRIER, waitForCopies},
        {"cp.async.wait_all", InstructionClass::BARRIER, waitForAllCopies},
    };
}

}  // namespace emulator
