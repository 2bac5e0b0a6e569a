// A kernel as the interpreter runs it: registers are places in the register file of a warp, labels are indices, and
// each instruction points to the function that executes it.
//
// The register file holds the registers of the kernel, its constants and the special registers that it reads, one after
// the other, each for 32 lanes. So every operand is one offset, whatever it is.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "counters.h"
#include "ptx.h"

namespace emulator {

struct Warp;
struct Instruction;

constexpr int LANES = 32;

// Executes an instruction for the lanes of a warp whose bits are set.
using Execute = void (*)(Warp& warp, const Instruction& instruction, uint32_t lanes);

struct Operand {
    uint32_t offset = 0;  // into the register file
    uint8_t width = 0;    // bytes for each lane; 0 for a predicate, which has one bit for each lane in one 32-bit word
    bool isNegated = false;  // !p
    bool isThere = false;    // false for _ and for operands that were left out
};

enum class Rounding : uint8_t { NEAREST, ZERO, DOWN, UP, NEAREST_AWAY };
enum class Comparison : uint8_t { EQ, NE, LT, LE, GT, GE, LO, LS, HI, HS, EQU, NEU, LTU, LEU, GTU, GEU, NUM, NAN_ };
enum class Boolean : uint8_t { NONE, AND, OR, XOR };

struct Instruction {
    Execute execute = nullptr;
    InstructionClass counted = InstructionClass::OTHER;
    // The operands in the order of the text; those of a vector {a, b} follow each other. first[i] is the index where
    // argument i begins.
    std::array<Operand, 18> operands;
    std::array<uint8_t, 7> first{};
    uint8_t arguments = 0;
    Operand second;  // q of a destination p|q
    Operand guard;
    std::array<Type, 3> types{};  // in the order of the text
    Space space = Space::GENERIC;
    uint8_t vector = 1;  // elements of a load or store
    Rounding rounding = Rounding::NEAREST;
    bool isIntegerRounding = false;  // cvt.rni and the like
    Comparison comparison = Comparison::EQ;
    Boolean boolean = Boolean::NONE;
    bool isFlushing = false;        // .ftz
    bool isSaturating = false;      // .sat
    bool isPropagatingNan = false;  // .NaN
    bool isFlow = false;            // may set the program counter to another instruction than the next
    bool isWrapping = false;        // shf.wrap, cvta.to, ldmatrix.trans
    char mode = 0;                  // of shfl, vote, atom, bar: see the opcode
    int64_t immediate = 0;          // of the address
    int64_t secondImmediate = 0;    // of the other address of cp.async
    int target = -1;                // of a branch
    std::vector<int> targets;       // of brx.idx
    int line = 0;

    const Operand& operand(int argument, int part = 0) const {
        return operands[first[static_cast<size_t>(argument)] + static_cast<size_t>(part)];
    }
};

// Part of shared, local or parameter memory that one variable takes.
struct Region {
    uint64_t base;
    uint64_t size;
    std::string name;
};

enum class Special : uint8_t {
    TID_X,
    TID_Y,
    TID_Z,
    NTID_X,
    NTID_Y,
    NTID_Z,
    CTAID_X,
    CTAID_Y,
    CTAID_Z,
    NCTAID_X,
    NCTAID_Y,
    NCTAID_Z,
    LANEID,
    WARPID,
    NWARPID,
    LANEMASK_EQ,
    LANEMASK_LE,
    LANEMASK_LT,
    LANEMASK_GE,
    LANEMASK_GT,
    SMID,
    NSMID,
    GRIDID,
    DYNAMIC_SMEM_SIZE,
    TOTAL_SMEM_SIZE,
    WARP_SIZE
};

struct Kernel {
    std::string name;
    std::vector<Instruction> code;
    std::vector<std::string> text;                       // of each instruction, for messages: its opcode
    std::vector<uint8_t> registerImage;                  // the registers with which a warp starts
    std::vector<std::pair<Special, uint32_t>> specials;  // where the special registers are
    std::vector<Region> parameters;
    uint64_t parameterBytes = 0;
    std::vector<Region> shared;  // static; a dynamic one comes last
    uint64_t staticShared = 0;   // bytes that the variables take
    uint64_t sharedSpan = 0;     // addresses that they span, with a gap between any two
    bool hasDynamicShared = false;
    std::vector<Region> local;
    uint64_t localSpan = 0;
    unsigned maximumThreads = 1024;
    unsigned requiredThreads[3] = {0, 0, 0};
    int registers = 0;
    uint64_t dynamicSharedLimit = 48 << 10;  // cuFuncSetAttribute raises it
    KernelCounters* counters = nullptr;
};

// The device addresses of the variables of a module.
using Addresses = std::map<std::string, uint64_t>;

// Decodes a kernel of a module; throws PtxError.
Kernel decode(const Module& module, const Function& function, const Addresses& addresses);

}  // namespace emulator
