// Moves, conversions, comparisons and selections.
#include <algorithm>
#include <cfenv>
#include <cmath>

#include "opcodes.h"

namespace emulator {

namespace {

template <class T>
void move(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T scratch[LANES];
    write(warp, instruction.operand(0), read<T>(warp, instruction.operand(1), scratch), lanes);
}

// mov between a register and a vector of narrower ones: {lo, hi} = d and d = {lo, hi}, low elements first.
void moveVector(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    int targets = instruction.first[1] - instruction.first[0];
    int sources = instruction.first[2] - instruction.first[1];
    for (int lane = 0; lane < LANES; lane++) {
        if (!(lanes >> lane & 1)) {
            continue;
        }
        uint8_t bytes[32] = {};
        uint8_t* to = bytes;
        for (int i = 0; i < sources; i++) {
            const Operand& operand = instruction.operand(1, i);
            std::memcpy(to, warp.registers + operand.offset + lane * operand.width, operand.width);
            to += operand.width;
        }
        // An element that is left out with _ is as wide as its neighbours.
        unsigned width = sizeOf(instruction.types[0]) / static_cast<unsigned>(targets);
        for (int i = 0; i < targets; i++) {
            const Operand& operand = instruction.operand(0, i);
            if (operand.isThere) {
                std::memcpy(warp.registers + operand.offset + lane * operand.width, bytes + i * width,
                            std::min<size_t>(operand.width, width));
            }
        }
    }
}

void movePredicate(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t value = instruction.operand(1).width == 0 ? warp.holds(instruction.operand(1)) : 0;
    if (instruction.operand(1).width != 0) {  // a constant, for all lanes
        uint32_t scratch[LANES];
        value = read<uint32_t>(warp, instruction.operand(1), scratch)[0] != 0 ? ~0u : 0;
    }
    writePredicate(warp, instruction.operand(0), value, lanes);
}

bool isFloat(Type type) {
    return type == Type::F32 || type == Type::F64 || type == Type::F16 || type == Type::BF16 || type == Type::TF32;
}

bool isSigned(Type type) { return type == Type::S8 || type == Type::S16 || type == Type::S32 || type == Type::S64; }

double roundToInteger(double value, Rounding rounding) {
    switch (rounding) {
        case Rounding::ZERO: return std::trunc(value);
        case Rounding::DOWN: return std::floor(value);
        case Rounding::UP: return std::ceil(value);
        default: return std::nearbyint(value);  // the host rounds to nearest, ties to even
    }
}

// The integer types' limits as 64-bit values.
uint64_t largest(Type type) {
    unsigned bits = 8 * sizeOf(type);
    return isSigned(type) ? (uint64_t{1} << (bits - 1)) - 1 : bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
}

int64_t smallest(Type type) { return isSigned(type) ? -static_cast<int64_t>(largest(type)) - 1 : 0; }

// Converts a rounded value to the range of an integer type. NaN becomes 0, or 2^(n−1) if one of the types has 64 bits,
// as the manual says.
uint64_t toInteger(double value, Type from, Type to) {
    if (std::isnan(value)) {
        bool isWide = from == Type::F64 || to == Type::S64 || to == Type::U64;
        return isWide ? uint64_t{1} << (8 * sizeOf(to) - 1) : 0;
    }
    if (isSigned(to)) {
        double limit = std::ldexp(1.0, static_cast<int>(8 * sizeOf(to)) - 1);
        if (value >= limit) {
            return largest(to);
        }
        return static_cast<uint64_t>(value <= -limit ? smallest(to) : static_cast<int64_t>(value));
    }
    double limit = std::ldexp(1.0, static_cast<int>(8 * sizeOf(to)));
    return value >= limit ? largest(to) : value <= 0 ? 0 : static_cast<uint64_t>(value);
}

// Converts an integer to the range of another type, for cvt.sat.
uint64_t clampInteger(uint64_t bits, bool isFromSigned, Type to) {
    if (isFromSigned && static_cast<int64_t>(bits) < 0) {
        return static_cast<uint64_t>(std::max(static_cast<int64_t>(bits), smallest(to)));
    }
    return std::min(bits, largest(to));
}

int hostRounding(Rounding rounding) {
    return rounding == Rounding::ZERO   ? FE_TOWARDZERO
           : rounding == Rounding::DOWN ? FE_DOWNWARD
           : rounding == Rounding::UP   ? FE_UPWARD
                                        : FE_TONEAREST;
}

// One rounding from the integer itself.
template <class T>
T fromInteger(uint64_t bits, bool isFromSigned, Rounding rounding) {
    volatile T result;
    volatile uint64_t source = bits;
    std::fesetround(hostRounding(rounding));
    result = isFromSigned ? static_cast<T>(static_cast<int64_t>(source)) : static_cast<T>(source);
    std::fesetround(FE_TONEAREST);
    return result;
}

float toFloat(double value, Rounding rounding) {
    if (rounding == Rounding::NEAREST) {
        return static_cast<float>(value);
    }
    volatile double source = value;
    volatile float result;
    std::fesetround(hostRounding(rounding));
    result = static_cast<float>(source);
    std::fesetround(FE_TONEAREST);
    return result;
}

uint64_t bitsOfFloat(float value) {
    uint32_t bits;
    std::memcpy(&bits, &value, sizeof bits);
    return value != value ? 0x7fffffff : bits;
}

double loadFloat(Type type, uint64_t bits) {
    if (type == Type::F64) {
        double value;
        std::memcpy(&value, &bits, sizeof value);
        return value;
    }
    if (type == Type::F16) {
        return static_cast<double>(halfToFloat(static_cast<uint16_t>(bits)));
    }
    if (type == Type::BF16) {
        return static_cast<double>(brainToFloat(static_cast<uint16_t>(bits)));
    }
    uint32_t low = static_cast<uint32_t>(bits);
    float value;
    std::memcpy(&value, &low, sizeof value);
    return static_cast<double>(value);
}

uint64_t storeFloat(Type type, double value, Rounding rounding) {
    switch (type) {
        case Type::F64: {
            uint64_t bits;
            std::memcpy(&bits, &value, sizeof bits);
            return bits;
        }
        case Type::F16: return floatToHalf(value, rounding);
        case Type::BF16: return floatToBrain(static_cast<float>(value), rounding);
        case Type::TF32: return bitsOfFloat(roundToTf32(static_cast<float>(value)));
        default: return bitsOfFloat(toFloat(value, rounding));
    }
}

double flushFloat(double value) {
    return std::fabs(value) < static_cast<double>(std::numeric_limits<float>::min()) ? std::copysign(0.0, value)
                                                                                     : value;
}

// Converts one value for cvt.to.from. Both are bits in 64, integers sign- or zero-extended.
uint64_t convertValue(const Instruction& instruction, uint64_t bits) {
    Type to = instruction.types[0];
    Type from = instruction.types[1];
    if (!isFloat(from)) {
        if (isFloat(to)) {
            return to == Type::F64   ? storeFloat(to, fromInteger<double>(bits, isSigned(from), instruction.rounding),
                                                  Rounding::NEAREST)
                   : to == Type::F32 ? bitsOfFloat(fromInteger<float>(bits, isSigned(from), instruction.rounding))
                                     : storeFloat(to, fromInteger<double>(bits, isSigned(from), instruction.rounding),
                                                  instruction.rounding);
        }
        return instruction.isSaturating ? clampInteger(bits, isSigned(from), to)
                                        : bits;  // what is too long is cut off later
    }
    double value = loadFloat(from, bits);
    if (instruction.isFlushing && from == Type::F32) {
        value = flushFloat(value);
    }
    if (!isFloat(to)) {
        return toInteger(roundToInteger(value, instruction.rounding), from, to);
    }
    if (instruction.isIntegerRounding) {
        value = roundToInteger(value, instruction.rounding);
    }
    if (instruction.isSaturating) {
        value = value > 0 ? std::min(value, 1.0) : 0;
    }
    uint64_t result = storeFloat(to, value, instruction.rounding);
    if (instruction.isFlushing && to == Type::F32) {
        result = bitsOfFloat(static_cast<float>(flushFloat(loadFloat(to, result))));
    }
    return result;
}

void convert(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint64_t scratch[LANES];
    const Operand& target = instruction.operand(0);
    const Operand& source = instruction.operand(1);
    const uint64_t* values = read<uint64_t>(warp, source, scratch);
    unsigned toBits = 8 * sizeOf(instruction.types[0]);
    unsigned fromBits = 8 * sizeOf(instruction.types[1]);
    for (int lane = 0; lane < LANES; lane++) {
        if (!(lanes >> lane & 1)) {
            continue;
        }
        // The source is the low bits of the register, whatever its width; the result fills the register of the target,
        // extended.
        uint64_t bits = values[lane] << (64 - fromBits);
        bits = isSigned(instruction.types[1]) ? static_cast<uint64_t>(static_cast<int64_t>(bits) >> (64 - fromBits))
                                              : bits >> (64 - fromBits);
        uint64_t result = convertValue(instruction, bits) << (64 - toBits);
        result = isSigned(instruction.types[0]) ? static_cast<uint64_t>(static_cast<int64_t>(result) >> (64 - toBits))
                                                : result >> (64 - toBits);
        std::memcpy(warp.registers + target.offset + lane * target.width, &result, target.width);
    }
}

// From one integer type to another, which addresses need often: cvt.s64.s32 and the like.
template <class D, class S>
void convertInteger(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    S scratch[LANES];
    D result[LANES];
    const S* a = read<S>(warp, instruction.operand(1), scratch);
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = static_cast<D>(a[lane]);
    }
    write(warp, instruction.operand(0), result, lanes);
}

// cvt.rn.bf16x2.f32 d, a, b: a in the high half.
void convertPair(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    float first[LANES], second[LANES];
    uint32_t result[LANES];
    const float* a = read<float>(warp, instruction.operand(1), first);
    const float* b = read<float>(warp, instruction.operand(2), second);
    for (int lane = 0; lane < LANES; lane++) {
        bool isBrain = instruction.types[0] == Type::BF16X2;
        uint32_t high = isBrain ? floatToBrain(a[lane], instruction.rounding)
                                : floatToHalf(static_cast<double>(a[lane]), instruction.rounding);
        uint32_t low = isBrain ? floatToBrain(b[lane], instruction.rounding)
                               : floatToHalf(static_cast<double>(b[lane]), instruction.rounding);
        result[lane] = high << 16 | low;
    }
    write(warp, instruction.operand(0), result, lanes);
}

// Between generic addresses and those of one space. Global and constant addresses are generic ones already.
void convertAddress(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint64_t scratch[LANES], result[LANES];
    const uint64_t* a = read<uint64_t>(warp, instruction.operand(1), scratch);
    uint64_t window = instruction.space == Space::SHARED  ? SHARED_WINDOW
                      : instruction.space == Space::LOCAL ? LOCAL_WINDOW
                                                          : 0;
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = instruction.isWrapping ? a[lane] - window : a[lane] + window;
    }
    write(warp, instruction.operand(0), result, lanes);
}

void isInSpace(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint64_t scratch[LANES];
    const uint64_t* a = read<uint64_t>(warp, instruction.operand(1), scratch);
    uint32_t holds = 0;
    for (int lane = 0; lane < LANES; lane++) {
        uint64_t address = a[lane];
        Space space = spaceOf(Space::GENERIC, address);
        holds |= uint32_t{(space == Space::GENERIC ? Space::GLOBAL : space) == instruction.space} << lane;
    }
    writePredicate(warp, instruction.operand(0), holds, lanes);
}

template <class T>
bool compare(Comparison comparison, T a, T b) {
    bool isUnordered = a != a || b != b;
    switch (comparison) {
        case Comparison::EQ: return a == b;
        case Comparison::NE: return a != b && !isUnordered;
        case Comparison::LT:
        case Comparison::LO: return a < b;
        case Comparison::LE:
        case Comparison::LS: return a <= b;
        case Comparison::GT:
        case Comparison::HI: return a > b;
        case Comparison::GE:
        case Comparison::HS: return a >= b;
        case Comparison::EQU: return isUnordered || a == b;
        case Comparison::NEU: return isUnordered || a != b;
        case Comparison::LTU: return isUnordered || a < b;
        case Comparison::LEU: return isUnordered || a <= b;
        case Comparison::GTU: return isUnordered || a > b;
        case Comparison::GEU: return isUnordered || a >= b;
        case Comparison::NUM: return !isUnordered;
        case Comparison::NAN_: return isUnordered;
    }
    return false;
}

template <class T>
uint32_t compareLanes(Warp& warp, const Instruction& instruction) {
    T first[LANES], second[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    const T* b = read<T>(warp, instruction.operand(2), second);
    if constexpr (std::is_same_v<T, float>) {
        if (instruction.isFlushing) {
            for (int lane = 0; lane < LANES; lane++) {
                first[lane] = static_cast<float>(flushFloat(static_cast<double>(a[lane])));
                second[lane] = static_cast<float>(flushFloat(static_cast<double>(b[lane])));
            }
            a = first;
            b = second;
        }
    }
    uint32_t holds = 0;
    for (int lane = 0; lane < LANES; lane++) {
        holds |= uint32_t{compare(instruction.comparison, a[lane], b[lane])} << lane;
    }
    return holds;
}

uint32_t combine(Boolean boolean, uint32_t a, uint32_t b) {
    return boolean == Boolean::AND ? a & b : boolean == Boolean::OR ? a | b : boolean == Boolean::XOR ? a ^ b : a;
}

// p|q = (a ? b) and !(a ? b), each combined with c.
template <class T>
void setPredicate(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t holds = compareLanes<T>(warp, instruction);
    uint32_t third = instruction.boolean == Boolean::NONE ? 0 : warp.holds(instruction.operand(3));
    uint32_t p = combine(instruction.boolean, holds, third);
    uint32_t q = combine(instruction.boolean, ~holds, third);
    writePredicate(warp, instruction.operand(0), p, lanes);
    writePredicate(warp, instruction.second, q, lanes);
}

// set: the same as a number; all ones or 1.0 where it holds.
template <class T>
void setValue(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t holds = compareLanes<T>(warp, instruction);
    if (instruction.boolean != Boolean::NONE) {
        holds = combine(instruction.boolean, holds, warp.holds(instruction.operand(3)));
    }
    uint32_t result[LANES];
    uint32_t yes = instruction.types[0] == Type::F32 ? 0x3f800000 : ~0u;
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = holds >> lane & 1 ? yes : 0;
    }
    write(warp, instruction.operand(0), result, lanes);
}

template <class T>
void select(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T first[LANES], second[LANES], result[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    const T* b = read<T>(warp, instruction.operand(2), second);
    uint32_t holds = warp.holds(instruction.operand(3));
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = holds >> lane & 1 ? a[lane] : b[lane];
    }
    write(warp, instruction.operand(0), result, lanes);
}

#define COMPARISONS "eq|ne|lt|le|gt|ge|lo|ls|hi|hs|equ|neu|ltu|leu|gtu|geu|num|nan.and|or|xor?"
#define INTEGERS "u8|u16|u32|u64|s8|s16|s32|s64"

}  // namespace

Opcodes conversionOpcodes() {
    constexpr InstructionClass MOVE = InstructionClass::MOVE;
    constexpr InstructionClass CONVERSION = InstructionClass::CONVERSION;
    constexpr InstructionClass COMPARISON = InstructionClass::COMPARISON;
    return {
        {"mov.pred", MOVE, movePredicate},
        {"mov.b16|u16|s16|f16|bf16", MOVE, move<uint16_t>},
        {"mov.b32|u32|s32|f32", MOVE, move<uint32_t>},
        {"mov.b64|u64|s64|f64", MOVE, move<uint64_t>},
        {"mov.vector.b16|b32|b64|b128", MOVE, moveVector},  // the decoder puts "vector" in where an operand has braces
        {"cvt.s64.s32", CONVERSION, convertInteger<int64_t, int32_t>},
        {"cvt.u64.u32", CONVERSION, convertInteger<uint64_t, uint32_t>},
        {"cvt.u32.u64", CONVERSION, convertInteger<uint32_t, uint64_t>},
        {"cvt.rn|rz|rm|rp|rna?.relu?.satfinite?.bf16x2|f16x2.f32", CONVERSION, convertPair},
        {"cvt.rni|rzi|rmi|rpi?.ftz?.sat?." INTEGERS ".f16|bf16|f32|f64", CONVERSION, convert},
        {"cvt.rn|rz|rm|rp?.sat?.f16|bf16|f32|f64." INTEGERS, CONVERSION, convert},
        {"cvt.rn|rz|rm|rp|rna|rni|rzi|rmi|rpi?.ftz?.sat?.f16|bf16|tf32|f32|f64.f16|bf16|f32|f64", CONVERSION, convert},
        {"cvt.sat?." INTEGERS "." INTEGERS, CONVERSION, convert},
        {"cvta.to?.global|shared|local|const|param.u64", MOVE, convertAddress},
        {"isspacep.global|shared|local|const", COMPARISON, isInSpace},
        {"setp." COMPARISONS ".u16|b16", COMPARISON, setPredicate<uint16_t>},
        {"setp." COMPARISONS ".u32|b32", COMPARISON, setPredicate<uint32_t>},
        {"setp." COMPARISONS ".u64|b64", COMPARISON, setPredicate<uint64_t>},
        {"setp." COMPARISONS ".s16", COMPARISON, setPredicate<int16_t>},
        {"setp." COMPARISONS ".s32", COMPARISON, setPredicate<int32_t>},
        {"setp." COMPARISONS ".s64", COMPARISON, setPredicate<int64_t>},
        {"setp." COMPARISONS ".ftz?.f32", COMPARISON, setPredicate<float>},
        {"setp." COMPARISONS ".f64", COMPARISON, setPredicate<double>},
        {"set." COMPARISONS ".u32|s32|f32.u32|b32", COMPARISON, setValue<uint32_t>},
        {"set." COMPARISONS ".u32|s32|f32.s32", COMPARISON, setValue<int32_t>},
        {"set." COMPARISONS ".u32|s32|f32.u64|b64", COMPARISON, setValue<uint64_t>},
        {"set." COMPARISONS ".u32|s32|f32.s64", COMPARISON, setValue<int64_t>},
        {"set." COMPARISONS ".ftz?.u32|s32|f32.f32", COMPARISON, setValue<float>},
        {"set." COMPARISONS ".u32|s32|f32.f64", COMPARISON, setValue<double>},
        {"selp.b16|u16|s16", MOVE, select<uint16_t>},
        {"selp.b32|u32|s32|f32", MOVE, select<uint32_t>},
        {"selp.b64|u64|s64|f64", MOVE, select<uint64_t>},
    };
}

}  // namespace emulator
