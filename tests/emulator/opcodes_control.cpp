// Branches, exits, barriers, and the exchange of values between lanes of a warp.
#include <algorithm>

#include "cuda_result.h"
#include "opcodes.h"

namespace emulator {

namespace {

void countDivergence(Warp& warp, uint32_t lanes) {
    if (lanes != 0 && lanes != warp.active) {
        warp.block->counters->divergentBranches++;
    }
}

// Flow instructions set the program counters of all active lanes; `lanes` are those whose guard holds.
void branch(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    countDivergence(warp, lanes);
    warp.branch(lanes, instruction.target);
}

// brx.idx: a jump table.
void branchIndexed(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t scratch[LANES];
    const uint32_t* index = read<uint32_t>(warp, instruction.operand(0), scratch);
    uint32_t all = warp.active;
    uint32_t rest = lanes;
    int next = warp.pc + 1;
    uint32_t goOn = all & ~lanes;
    bool isFirst = true;
    while (rest != 0) {
        int lane = __builtin_ctz(rest);
        if (index[lane] >= instruction.targets.size()) {
            throw Fault{CUDA_ERROR_ILLEGAL_INSTRUCTION,
                        format("index %u of a table of %zu branch targets", index[lane], instruction.targets.size()),
                        lane};
        }
        int target = instruction.targets[index[lane]];
        uint32_t same = 0;
        for (int other = lane; other < LANES; other++) {
            if (rest >> other & 1 && index[other] < instruction.targets.size()
                && instruction.targets[index[other]] == target) {
                same |= 1u << other;
                warp.pcs[other] = target;
            }
        }
        if (isFirst && same != all) {
            warp.block->counters->divergentBranches++;
        }
        isFirst = false;
        rest &= ~same;
    }
    for (int lane = 0; lane < LANES; lane++) {
        if (goOn >> lane & 1) {
            warp.pcs[lane] = next;
        }
    }
    warp.active = 0;  // run() picks the lowest
}

void leave(Warp& warp, const Instruction&, uint32_t lanes) {
    countDivergence(warp, lanes);
    warp.exit(lanes);
}

void trap(Warp& warp, const Instruction&, uint32_t lanes) {
    if (lanes != 0) {
        throw Fault{CUDA_ERROR_LAUNCH_FAILED, "trap", __builtin_ctz(lanes)};
    }
    warp.branch(0, 0);
}

void nothing(Warp&, const Instruction&, uint32_t) {}

uint32_t constantOf(Warp& warp, const Operand& operand, uint32_t lanes) {
    uint32_t scratch[LANES];
    return read<uint32_t>(warp, operand, scratch)[lanes != 0 ? __builtin_ctz(lanes) : 0];
}

// Lanes that exchange values meet first. Returns whether they have met; throws if a guard excludes some of them.
bool meet(Warp& warp, uint32_t members, uint32_t lanes) {
    if (lanes != 0 && lanes != warp.active) {
        throw Fault{CUDA_ERROR_NOT_SUPPORTED,
                    "an exchange between lanes whose guard holds for some of them is not emulated",
                    __builtin_ctz(lanes)};
    }
    return lanes == 0 || warp.converge(members & warp.live);
}

// bar.sync a{, b}: the block goes on when b threads, or all, have arrived. A warp arrives as a whole.
void barrier(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    if (lanes != warp.active) {
        throw Fault{CUDA_ERROR_LAUNCH_FAILED, format("lanes %08x of a warp come to a barrier that lanes %08x pass by",
                                                     lanes, warp.active & ~lanes)};
    }
    if (!warp.converge(warp.live)) {
        return;
    }
    warp.block->counters->barriers++;
    warp.isAtBarrier = true;
    warp.barrier =
        instruction.arguments > 0 ? static_cast<int>(constantOf(warp, instruction.operand(0), lanes) & 15) : 0;
    warp.barrierCount = instruction.arguments > 1 ? constantOf(warp, instruction.operand(1), lanes) : 0;
    warp.branch(0, 0);
}

void arrive(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    if (!warp.converge(warp.live)) {
        return;
    }
    warp.block->counters->barriers++;
    warp.block->arrived[constantOf(warp, instruction.operand(0), lanes) & 15] += LANES;
    warp.branch(0, 0);
}

void warpBarrier(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t members = constantOf(warp, instruction.operand(0), lanes);
    if (!meet(warp, members, lanes)) {
        return;
    }
    warp.block->counters->barriers++;
    warp.branch(0, 0);
}

// The lane whose value shfl gives to `lane`, as the manual computes it, and whether it is in range.
bool shuffleSource(char mode, int lane, uint32_t b, uint32_t c, int& source) {
    int clamp = static_cast<int>(c & 31);
    int segment = static_cast<int>(c >> 8 & 31);
    int highest = (lane & segment) | (clamp & ~segment);
    int lowest = lane & segment;
    int offset = static_cast<int>(b & 31);
    bool isInRange = false;
    switch (mode) {
        case 'u':
            source = lane - offset;
            isInRange = source >= highest;
            break;
        case 'd':
            source = lane + offset;
            isInRange = source <= highest;
            break;
        case 'b':
            source = lane ^ offset;
            isInRange = source <= highest;
            break;
        default: source = lowest | (offset & ~segment); isInRange = source <= highest;
    }
    if (!isInRange) {
        source = lane;
    }
    return isInRange;
}

// shfl.sync d|p, a, b, c, members
void shuffle(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t first[LANES], second[LANES], third[LANES], result[LANES] = {};
    uint32_t members = constantOf(warp, instruction.operand(4), lanes);
    if (!meet(warp, members, lanes)) {
        return;
    }
    lanes = lanes == 0 ? 0 : warp.active;
    if ((lanes & ~members) != 0) {
        throw Fault{CUDA_ERROR_LAUNCH_FAILED,
                    format("a shuffle among lanes %08x by a lane that is none of them", members),
                    __builtin_ctz(lanes & ~members)};
    }
    const uint32_t* a = read<uint32_t>(warp, instruction.operand(1), first);
    const uint32_t* b = read<uint32_t>(warp, instruction.operand(2), second);
    const uint32_t* c = read<uint32_t>(warp, instruction.operand(3), third);
    uint32_t inRange = 0;
    for (int lane = 0; lane < LANES; lane++) {
        if (lanes >> lane & 1) {
            int source = 0;
            inRange |= uint32_t{shuffleSource(instruction.mode, lane, b[lane], c[lane], source)} << lane;
            if (!(lanes >> source & 1)) {
                throw Fault{CUDA_ERROR_LAUNCH_FAILED,
                            format("a shuffle reads lane %d, which takes no part in it (lanes %08x do)", source, lanes),
                            lane};
            }
            result[lane] = a[source];
        }
    }
    write(warp, instruction.operand(0), result, lanes);
    writePredicate(warp, instruction.second, inRange, lanes);
    warp.branch(0, 0);
}

// vote.sync d, {!}a, members
void vote(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t members = constantOf(warp, instruction.operand(2), lanes);
    if (!meet(warp, members, lanes)) {
        return;
    }
    lanes = lanes == 0 ? 0 : warp.active;
    uint32_t holds = warp.holds(instruction.operand(1)) & lanes & members;
    uint32_t result[LANES];
    switch (instruction.mode) {
        case 'b':  // ballot
            for (uint32_t& value : result) {
                value = holds;
            }
            write(warp, instruction.operand(0), result, lanes);
            break;
        case 'a': writePredicate(warp, instruction.operand(0), holds == (lanes & members) ? ~0u : 0, lanes); break;
        case 'y': writePredicate(warp, instruction.operand(0), holds != 0 ? ~0u : 0, lanes); break;
        default:
            writePredicate(warp, instruction.operand(0), holds == 0 || holds == (lanes & members) ? ~0u : 0, lanes);
    }
    warp.branch(0, 0);
}

// redux.sync d, a, members
template <class T>
void reduce(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t members = constantOf(warp, instruction.operand(2), lanes);
    if (!meet(warp, members, lanes)) {
        return;
    }
    lanes = lanes == 0 ? 0 : warp.active;
    T scratch[LANES], result[LANES];
    const T* a = read<T>(warp, instruction.operand(1), scratch);
    T value{};
    bool isFirst = true;
    for (int lane = 0; lane < LANES; lane++) {
        if (lanes >> lane & 1) {
            T next = a[lane];
            switch (isFirst ? 'e' : instruction.mode) {
                case 'a': value = static_cast<T>(static_cast<uint32_t>(value) + static_cast<uint32_t>(next)); break;
                case 'm': value = std::min(value, next); break;
                case 'M': value = std::max(value, next); break;
                case '&': value &= next; break;
                case '|': value |= next; break;
                case '^': value ^= next; break;
                default: value = next;
            }
            isFirst = false;
        }
    }
    for (T& lane : result) {
        lane = value;
    }
    write(warp, instruction.operand(0), result, lanes);
    warp.branch(0, 0);
}

void activeMask(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t result[LANES];
    for (uint32_t& value : result) {
        value = lanes;
    }
    write(warp, instruction.operand(0), result, lanes);
}

}  // namespace

Opcodes controlOpcodes() {
    constexpr InstructionClass BRANCH = InstructionClass::BRANCH;
    constexpr InstructionClass BARRIER = InstructionClass::BARRIER;
    constexpr InstructionClass SHUFFLE = InstructionClass::SHUFFLE;
    constexpr InstructionClass OTHER = InstructionClass::OTHER;
    return {
        {"bra.uni?", BRANCH, branch},
        {"brx.idx.uni?", BRANCH, branchIndexed},
        {"ret.uni?", BRANCH, leave},
        {"exit", BRANCH, leave},
        {"trap", OTHER, trap},
        {"brkpt", OTHER, trap},
        {"bar.sync", BARRIER, barrier},
        {"bar.cta.sync", BARRIER, barrier},
        {"barrier.sync.aligned?", BARRIER, barrier},
        {"barrier.cta.sync.aligned?", BARRIER, barrier},
        {"bar.arrive", BARRIER, arrive},
        {"barrier.cta?.arrive.aligned?", BARRIER, arrive},
        {"bar.warp.sync", BARRIER, warpBarrier},
        {"membar.cta|gl|sys", BARRIER, nothing},
        {"fence.sc|acq_rel?.cta|gpu|sys", BARRIER, nothing},
        {"nanosleep.u32", OTHER, nothing},
        {"activemask.b32", SHUFFLE, activeMask},
        {"shfl.sync.up|down|bfly|idx.b32", SHUFFLE, shuffle},
        {"vote.sync.all|any|uni.pred", SHUFFLE, vote},
        {"vote.sync.ballot.b32", SHUFFLE, vote},
        {"redux.sync.add|min|max.s32", SHUFFLE, reduce<int32_t>},
        {"redux.sync.add|min|max|and|or|xor.u32|b32", SHUFFLE, reduce<uint32_t>},
    };
}

}  // namespace emulator
