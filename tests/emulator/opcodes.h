// The table of opcodes, which has one row for each form of an instruction; and how the functions in it access operands.
#pragma once

#include <cstring>
#include <limits>
#include <type_traits>
#include <vector>

#include "fault.h"
#include "kernel.h"
#include "warp.h"

namespace emulator {

// A row: "add.sat?.s32|u32" takes add.s32, add.sat.s32 and so on: "|" separates alternatives,
// "?" ends what may be absent.
struct Opcode {
    const char* pattern;
    InstructionClass counted;
    Execute execute;
};

using Opcodes = std::vector<Opcode>;

Opcodes integerOpcodes();     // opcodes_integer.cpp
Opcodes floatingOpcodes();    // opcodes_floating.cpp
Opcodes conversionOpcodes();  // opcodes_conversion.cpp: mov, cvt, cvta, selp, setp …
Opcodes memoryOpcodes();      // opcodes_memory.cpp
Opcodes controlOpcodes();     // opcodes_control.cpp: branches, barriers, shuffles, votes
Opcodes matrixOpcodes();      // opcodes_matrix.cpp: mma, ldmatrix

// The row for the tokens of an opcode, or nullptr. (opcode_table.cpp)
const Opcode* findOpcode(const std::vector<std::string>& tokens);

// The values of an operand for all lanes: the register file itself if the operand is as wide as T; else `scratch`,
// filled with the low bytes, or with zeros above.
template <class T>
const T* read(Warp& warp, const Operand& operand, T* scratch) {
    if (operand.width == sizeof(T)) {
        return warp.lanes<T>(operand);
    }
    for (int lane = 0; lane < LANES; lane++) {
        uint64_t value = 0;
        std::memcpy(&value, warp.registers + operand.offset + lane * operand.width, operand.width);
        std::memcpy(&scratch[lane], &value, sizeof(T));
    }
    return scratch;
}

// Writes the values of these lanes. In a wider register they are sign-extended if T is signed, else extended with
// zeros.
template <class T>
void write(Warp& warp, const Operand& operand, const T* values, uint32_t lanes) {
    if (!operand.isThere) {
        return;
    }
    if (operand.width == sizeof(T)) {
        T* target = warp.lanes<T>(operand);
        if (lanes == ~0u) {
            std::memcpy(target, values, LANES * sizeof(T));
            return;
        }
        for (int lane = 0; lane < LANES; lane++) {
            if (lanes >> lane & 1) {
                target[lane] = values[lane];
            }
        }
        return;
    }
    for (int lane = 0; lane < LANES; lane++) {
        if (lanes >> lane & 1) {
            uint64_t bits = 0;
            if constexpr (std::is_integral_v<T> && std::is_signed_v<T>) {
                bits = static_cast<uint64_t>(static_cast<int64_t>(values[lane]));
            } else {
                std::memcpy(&bits, &values[lane], sizeof(T));
            }
            std::memcpy(warp.registers + operand.offset + lane * operand.width, &bits, operand.width);
        }
    }
}

inline void writePredicate(Warp& warp, const Operand& operand, uint32_t values, uint32_t lanes) {
    if (operand.isThere) {
        uint32_t& target = warp.predicate(operand);
        target = (target & ~lanes) | (values & lanes);
    }
}

// d = F(a), F(a, b) or F(a, b, c), lane by lane.
template <class T, class F>
void unary(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T first[LANES], result[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = F()(a[lane]);
    }
    write(warp, instruction.operand(0), result, lanes);
}

template <class T, class F>
void binary(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T first[LANES], second[LANES], result[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    const T* b = read<T>(warp, instruction.operand(2), second);
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = F()(a[lane], b[lane]);
    }
    write(warp, instruction.operand(0), result, lanes);
}

// The types of d, a, b and c may differ: mad.wide.
template <class D, class A, class B, class C, class F>
void ternary(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    A first[LANES];
    B second[LANES];
    C third[LANES];
    D result[LANES];
    const A* a = read<A>(warp, instruction.operand(1), first);
    const B* b = read<B>(warp, instruction.operand(2), second);
    const C* c = read<C>(warp, instruction.operand(3), third);
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = F()(a[lane], b[lane], c[lane]);
    }
    write(warp, instruction.operand(0), result, lanes);
}

// 16-bit floating point.
float halfToFloat(uint16_t bits);
uint16_t floatToHalf(double value, Rounding rounding);
float brainToFloat(uint16_t bits);
uint16_t floatToBrain(float value, Rounding rounding);
// tf32: float32 without its low 13 bits, rounded to nearest, ties away from zero.
float roundToTf32(float value);

}  // namespace emulator
