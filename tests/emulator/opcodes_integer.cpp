// Integer arithmetic, logic, shifts and bit fields. Arithmetic is done with unsigned types, so that it wraps around as
// on the device.
#include <algorithm>

#include "opcodes.h"

namespace emulator {

namespace {

template <class T>
struct WiderOf;
template <>
struct WiderOf<uint16_t> {
    using type = uint32_t;
};
template <>
struct WiderOf<int16_t> {
    using type = int32_t;
};
template <>
struct WiderOf<uint32_t> {
    using type = uint64_t;
};
template <>
struct WiderOf<int32_t> {
    using type = int64_t;
};
template <>
struct WiderOf<uint64_t> {
    using type = unsigned __int128;
};
template <>
struct WiderOf<int64_t> {
    using type = __int128;
};
template <class T>
using Wider = typename WiderOf<T>::type;

struct Add {
    template <class T>
    T operator()(T a, T b) const {
        return static_cast<T>(a + b);
    }
};

struct Subtract {
    template <class T>
    T operator()(T a, T b) const {
        return static_cast<T>(a - b);
    }
};

struct AddSaturated {
    int32_t operator()(int32_t a, int32_t b) const {
        return static_cast<int32_t>(std::clamp<int64_t>(int64_t{a} + b, INT32_MIN, INT32_MAX));
    }
};

struct SubtractSaturated {
    int32_t operator()(int32_t a, int32_t b) const {
        return static_cast<int32_t>(std::clamp<int64_t>(int64_t{a} - b, INT32_MIN, INT32_MAX));
    }
};

struct MultiplyLow {
    template <class T>
    T operator()(T a, T b) const {
        return static_cast<T>(static_cast<uint64_t>(a) * b);
    }
};

struct MultiplyHigh {
    template <class T>
    T operator()(T a, T b) const {
        return static_cast<T>((static_cast<Wider<T>>(a) * b) >> (8 * sizeof(T)));
    }
};

// 24-bit factors, the low 32 of 48 bits.
struct Multiply24 {
    int32_t operator()(int32_t a, int32_t b) const {
        auto low = [](int32_t x) {
            return static_cast<int64_t>(static_cast<int32_t>(static_cast<uint32_t>(x) << 8) >> 8);
        };
        return static_cast<int32_t>(low(a) * low(b));
    }
    uint32_t operator()(uint32_t a, uint32_t b) const {
        return static_cast<uint32_t>(uint64_t{a & 0xffffff} * (b & 0xffffff));
    }
};

struct MultiplyAddLow {
    template <class T>
    T operator()(T a, T b, T c) const {
        return static_cast<T>(static_cast<uint64_t>(a) * b + c);
    }
};

struct MultiplyAddHigh {
    template <class T>
    T operator()(T a, T b, T c) const {
        using U = std::make_unsigned_t<T>;
        return static_cast<T>(static_cast<U>(static_cast<U>(MultiplyHigh()(a, b)) + static_cast<U>(c)));
    }
};

struct MultiplyAdd24 {
    template <class T>
    T operator()(T a, T b, T c) const {
        return static_cast<T>(static_cast<uint32_t>(Multiply24()(a, b)) + static_cast<uint32_t>(c));
    }
};

struct MultiplyAddWide {
    template <class T>
    Wider<T> operator()(T a, T b, Wider<T> c) const {
        using U = std::make_unsigned_t<Wider<T>>;
        return static_cast<Wider<T>>(static_cast<U>(static_cast<Wider<T>>(a) * b) + static_cast<U>(c));
    }
};

// When dividing by zero, the device gives all ones, and the dividend as the remainder; the manual leaves this
// undefined.
struct Divide {
    template <class T>
    T operator()(T a, T b) const {
        if (b == 0) {
            return static_cast<T>(-1);
        }
        if (std::is_signed_v<T> && b == static_cast<T>(-1)) {
            return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(a));
        }
        return static_cast<T>(a / b);
    }
};

struct Remainder {
    template <class T>
    T operator()(T a, T b) const {
        if (b == 0) {
            return a;
        }
        if (std::is_signed_v<T> && b == static_cast<T>(-1)) {
            return 0;
        }
        return static_cast<T>(a % b);
    }
};

struct Minimum {
    template <class T>
    T operator()(T a, T b) const {
        return std::min(a, b);
    }
};

struct Maximum {
    template <class T>
    T operator()(T a, T b) const {
        return std::max(a, b);
    }
};

struct Negate {
    template <class T>
    T operator()(T a) const {
        return static_cast<T>(0 - static_cast<std::make_unsigned_t<T>>(a));
    }
};

struct Absolute {
    template <class T>
    T operator()(T a) const {
        return a < 0 ? Negate()(a) : a;
    }
};

// |a − b| + c
struct SumOfAbsoluteDifference {
    template <class T>
    T operator()(T a, T b, T c) const {
        using U = std::make_unsigned_t<T>;
        U difference = a < b ? static_cast<U>(static_cast<U>(b) - static_cast<U>(a))
                             : static_cast<U>(static_cast<U>(a) - static_cast<U>(b));
        return static_cast<T>(static_cast<U>(static_cast<U>(c) + difference));
    }
};

struct And {
    template <class T>
    T operator()(T a, T b) const {
        return static_cast<T>(a & b);
    }
};

struct Or {
    template <class T>
    T operator()(T a, T b) const {
        return static_cast<T>(a | b);
    }
};

struct Xor {
    template <class T>
    T operator()(T a, T b) const {
        return static_cast<T>(a ^ b);
    }
};

struct Not {
    template <class T>
    T operator()(T a) const {
        return static_cast<T>(~a);
    }
};

struct LogicalNot {
    template <class T>
    T operator()(T a) const {
        return a == 0;
    }
};

// Shifts take any amount: from the width on, no bits are left.
template <class T, bool IS_LEFT>
void shift(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T first[LANES], result[LANES];
    uint32_t second[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    const uint32_t* amounts = read<uint32_t>(warp, instruction.operand(2), second);
    constexpr uint32_t BITS = 8 * sizeof(T);
    for (int lane = 0; lane < LANES; lane++) {
        uint32_t amount = amounts[lane];
        if (IS_LEFT) {
            result[lane] = amount >= BITS ? T{0} : static_cast<T>(static_cast<uint64_t>(a[lane]) << amount);
        } else if (amount >= BITS) {
            result[lane] = a[lane] < 0 ? static_cast<T>(-1) : T{0};
        } else {
            result[lane] = static_cast<T>(a[lane] >> amount);
        }
    }
    write(warp, instruction.operand(0), result, lanes);
}

// shf: 32 of the 64 bits b:a.
template <bool IS_LEFT>
void funnelShift(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t first[LANES], second[LANES], third[LANES], result[LANES];
    const uint32_t* low = read<uint32_t>(warp, instruction.operand(1), first);
    const uint32_t* high = read<uint32_t>(warp, instruction.operand(2), second);
    const uint32_t* amounts = read<uint32_t>(warp, instruction.operand(3), third);
    for (int lane = 0; lane < LANES; lane++) {
        uint32_t amount = instruction.isWrapping ? amounts[lane] & 31 : std::min(amounts[lane], 32u);
        uint64_t both = uint64_t{high[lane]} << 32 | low[lane];
        result[lane] = static_cast<uint32_t>(IS_LEFT ? (both << amount) >> 32 : both >> amount);
        if (IS_LEFT && amount == 32) {
            result[lane] = low[lane];
        }
    }
    write(warp, instruction.operand(0), result, lanes);
}

// Any function of three bits, whose table is the immediate.
void logic3(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    uint32_t first[LANES], second[LANES], third[LANES], fourth[LANES], result[LANES];
    const uint32_t* a = read<uint32_t>(warp, instruction.operand(1), first);
    const uint32_t* b = read<uint32_t>(warp, instruction.operand(2), second);
    const uint32_t* c = read<uint32_t>(warp, instruction.operand(3), third);
    uint32_t table = read<uint32_t>(warp, instruction.operand(4), fourth)[0];
    for (int lane = 0; lane < LANES; lane++) {
        uint32_t value = 0;
        for (uint32_t term = 0; term < 8; term++) {
            if (table >> term & 1) {
                value |=
                    (term & 4 ? a[lane] : ~a[lane]) & (term & 2 ? b[lane] : ~b[lane]) & (term & 1 ? c[lane] : ~c[lane]);
            }
        }
        result[lane] = value;
    }
    write(warp, instruction.operand(0), result, lanes);
}

// Four of the eight bytes b:a, each chosen by four bits of c; the highest of these spreads the byte's sign instead.
struct Permute {
    uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
        uint64_t bytes = uint64_t{b} << 32 | a;
        uint32_t result = 0;
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t selector = c >> (4 * i) & 15;
            uint32_t byte = static_cast<uint32_t>(bytes >> (8 * (selector & 7))) & 255;
            if (selector & 8) {
                byte = byte & 128 ? 255 : 0;
            }
            result |= byte << (8 * i);
        }
        return result;
    }
};

template <class T>
struct ExtractField {
    T operator()(T a, uint32_t position, uint32_t length) const {
        using U = std::make_unsigned_t<T>;
        constexpr int BITS = 8 * sizeof(T);
        int from = static_cast<int>(position & 255);
        int count = static_cast<int>(length & 255);
        U value = from >= BITS ? U{0} : static_cast<U>(static_cast<U>(a) >> from);
        if (std::is_signed_v<T> && count != 0) {
            // What lies above the field, or above the operand, is the sign: the field's highest bit that exists.
            int highest = std::min(from + count - 1, BITS - 1);
            bool isNegative = static_cast<U>(a) >> highest & 1;
            if (count >= BITS || from + count > BITS) {
                int kept = std::max(0, BITS - from);
                U mask = kept >= BITS ? ~U{0} : static_cast<U>((U{1} << kept) - 1);
                return static_cast<T>(isNegative ? (value | ~mask) : (value & mask));
            }
            U mask = static_cast<U>((U{1} << count) - 1);
            return static_cast<T>(isNegative ? (value | ~mask) : (value & mask));
        }
        return static_cast<T>(count >= BITS ? value : static_cast<U>(value & ((U{1} << count) - 1)));
    }
};

// bfi: `length` bits of a into b at `position`.
template <class T>
void insertField(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T first[LANES], second[LANES], result[LANES];
    uint32_t third[LANES], fourth[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    const T* b = read<T>(warp, instruction.operand(2), second);
    const uint32_t* positions = read<uint32_t>(warp, instruction.operand(3), third);
    const uint32_t* lengths = read<uint32_t>(warp, instruction.operand(4), fourth);
    constexpr uint32_t BITS = 8 * sizeof(T);
    for (int lane = 0; lane < LANES; lane++) {
        uint32_t position = positions[lane] & 255;
        uint32_t length = lengths[lane] & 255;
        T mask = length >= BITS ? ~T{0} : static_cast<T>((T{1} << length) - 1);
        result[lane] = position >= BITS
                           ? b[lane]
                           : static_cast<T>((b[lane] & ~(mask << position)) | ((a[lane] & mask) << position));
    }
    write(warp, instruction.operand(0), result, lanes);
}

struct CountOnes {
    template <class T>
    uint32_t operator()(T a) const {
        return static_cast<uint32_t>(__builtin_popcountll(a));
    }
};

struct CountLeadingZeros {
    template <class T>
    uint32_t operator()(T a) const {
        return a == 0 ? 8 * sizeof(T) : static_cast<uint32_t>(__builtin_clzll(a)) - (64 - 8 * sizeof(T));
    }
};

// The index of the highest bit that differs from the sign; all ones if there is none.
struct FindHighest {
    template <class T>
    uint32_t operator()(T a) const {
        using U = std::make_unsigned_t<T>;
        U bits = static_cast<U>(a < 0 ? ~a : a);
        return bits == 0 ? ~0u : 63 - static_cast<uint32_t>(__builtin_clzll(bits));
    }
};

struct Reverse {
    template <class T>
    T operator()(T a) const {
        T result = 0;
        for (size_t i = 0; i < 8 * sizeof(T); i++) {
            result = static_cast<T>(result << 1 | (a >> i & 1));
        }
        return result;
    }
};

// popc and the like: whatever the operand's width, the result has 32 bits.
template <class T, class F>
void count(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T first[LANES];
    uint32_t result[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = F()(a[lane]);
    }
    write(warp, instruction.operand(0), result, lanes);
}

template <class T>
void multiplyWide(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T first[LANES], second[LANES];
    Wider<T> result[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    const T* b = read<T>(warp, instruction.operand(2), second);
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = static_cast<Wider<T>>(static_cast<Wider<T>>(a[lane]) * b[lane]);
    }
    write(warp, instruction.operand(0), result, lanes);
}

template <class T>
constexpr Execute MAD_LOW = ternary<T, T, T, T, MultiplyAddLow>;
template <class T>
constexpr Execute MAD_HIGH = ternary<T, T, T, T, MultiplyAddHigh>;
template <class T>
constexpr Execute MAD_WIDE = ternary<Wider<T>, T, T, Wider<T>, MultiplyAddWide>;
template <class T>
constexpr Execute FIELD = ternary<T, T, uint32_t, uint32_t, ExtractField<T>>;
template <class T>
constexpr Execute SAD = ternary<T, T, T, T, SumOfAbsoluteDifference>;

// p = F(q, r) on predicates, 32 lanes at once.
template <class F>
void predicates(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    writePredicate(warp, instruction.operand(0),
                   F()(warp.holds(instruction.operand(1)), warp.holds(instruction.operand(2))), lanes);
}

void predicateNot(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    writePredicate(warp, instruction.operand(0), ~warp.holds(instruction.operand(1)), lanes);
}

}  // namespace

Opcodes integerOpcodes() {
    constexpr InstructionClass INTEGER = InstructionClass::INTEGER;
    return {
        {"add.s16|u16", INTEGER, binary<uint16_t, Add>},
        {"add.s32|u32", INTEGER, binary<uint32_t, Add>},
        {"add.sat.s32", INTEGER, binary<int32_t, AddSaturated>},
        {"add.s64|u64", INTEGER, binary<uint64_t, Add>},
        {"sub.s16|u16", INTEGER, binary<uint16_t, Subtract>},
        {"sub.s32|u32", INTEGER, binary<uint32_t, Subtract>},
        {"sub.sat.s32", INTEGER, binary<int32_t, SubtractSaturated>},
        {"sub.s64|u64", INTEGER, binary<uint64_t, Subtract>},
        {"mul.lo.s16|u16", INTEGER, binary<uint16_t, MultiplyLow>},
        {"mul.lo.s32|u32", INTEGER, binary<uint32_t, MultiplyLow>},
        {"mul.lo.s64|u64", INTEGER, binary<uint64_t, MultiplyLow>},
        {"mul.hi.s16", INTEGER, binary<int16_t, MultiplyHigh>},
        {"mul.hi.u16", INTEGER, binary<uint16_t, MultiplyHigh>},
        {"mul.hi.s32", INTEGER, binary<int32_t, MultiplyHigh>},
        {"mul.hi.u32", INTEGER, binary<uint32_t, MultiplyHigh>},
        {"mul.hi.s64", INTEGER, binary<int64_t, MultiplyHigh>},
        {"mul.hi.u64", INTEGER, binary<uint64_t, MultiplyHigh>},
        {"mul.wide.s16", INTEGER, multiplyWide<int16_t>},
        {"mul.wide.u16", INTEGER, multiplyWide<uint16_t>},
        {"mul.wide.s32", INTEGER, multiplyWide<int32_t>},
        {"mul.wide.u32", INTEGER, multiplyWide<uint32_t>},
        {"mul24.lo.s32", INTEGER, binary<int32_t, Multiply24>},
        {"mul24.lo.u32", INTEGER, binary<uint32_t, Multiply24>},
        {"mad.lo.s16|u16", INTEGER, MAD_LOW<uint16_t>},
        {"mad.lo.s32|u32", INTEGER, MAD_LOW<uint32_t>},
        {"mad.lo.s64|u64", INTEGER, MAD_LOW<uint64_t>},
        {"mad.hi.s32", INTEGER, MAD_HIGH<int32_t>},
        {"mad.hi.u32", INTEGER, MAD_HIGH<uint32_t>},
        {"mad.hi.s64", INTEGER, MAD_HIGH<int64_t>},
        {"mad.hi.u64", INTEGER, MAD_HIGH<uint64_t>},
        {"mad.wide.s16", INTEGER, MAD_WIDE<int16_t>},
        {"mad.wide.u16", INTEGER, MAD_WIDE<uint16_t>},
        {"mad.wide.s32", INTEGER, MAD_WIDE<int32_t>},
        {"mad.wide.u32", INTEGER, MAD_WIDE<uint32_t>},
        {"mad24.lo.s32", INTEGER, ternary<int32_t, int32_t, int32_t, int32_t, MultiplyAdd24>},
        {"mad24.lo.u32", INTEGER, ternary<uint32_t, uint32_t, uint32_t, uint32_t, MultiplyAdd24>},
        {"div.s16", INTEGER, binary<int16_t, Divide>},
        {"div.u16", INTEGER, binary<uint16_t, Divide>},
        {"div.s32", INTEGER, binary<int32_t, Divide>},
        {"div.u32", INTEGER, binary<uint32_t, Divide>},
        {"div.s64", INTEGER, binary<int64_t, Divide>},
        {"div.u64", INTEGER, binary<uint64_t, Divide>},
        {"rem.s16", INTEGER, binary<int16_t, Remainder>},
        {"rem.u16", INTEGER, binary<uint16_t, Remainder>},
        {"rem.s32", INTEGER, binary<int32_t, Remainder>},
        {"rem.u32", INTEGER, binary<uint32_t, Remainder>},
        {"rem.s64", INTEGER, binary<int64_t, Remainder>},
        {"rem.u64", INTEGER, binary<uint64_t, Remainder>},
        {"min.s16", INTEGER, binary<int16_t, Minimum>},
        {"min.u16", INTEGER, binary<uint16_t, Minimum>},
        {"min.s32", INTEGER, binary<int32_t, Minimum>},
        {"min.u32", INTEGER, binary<uint32_t, Minimum>},
        {"min.s64", INTEGER, binary<int64_t, Minimum>},
        {"min.u64", INTEGER, binary<uint64_t, Minimum>},
        {"max.s16", INTEGER, binary<int16_t, Maximum>},
        {"max.u16", INTEGER, binary<uint16_t, Maximum>},
        {"max.s32", INTEGER, binary<int32_t, Maximum>},
        {"max.u32", INTEGER, binary<uint32_t, Maximum>},
        {"max.s64", INTEGER, binary<int64_t, Maximum>},
        {"max.u64", INTEGER, binary<uint64_t, Maximum>},
        {"neg.s16", INTEGER, unary<int16_t, Negate>},
        {"neg.s32", INTEGER, unary<int32_t, Negate>},
        {"neg.s64", INTEGER, unary<int64_t, Negate>},
        {"abs.s16", INTEGER, unary<int16_t, Absolute>},
        {"abs.s32", INTEGER, unary<int32_t, Absolute>},
        {"abs.s64", INTEGER, unary<int64_t, Absolute>},
        {"sad.s32", INTEGER, SAD<int32_t>},
        {"sad.u32", INTEGER, SAD<uint32_t>},
        {"and.pred", INTEGER, predicates<And>},
        {"and.b16", INTEGER, binary<uint16_t, And>},
        {"and.b32", INTEGER, binary<uint32_t, And>},
        {"and.b64", INTEGER, binary<uint64_t, And>},
        {"or.pred", INTEGER, predicates<Or>},
        {"or.b16", INTEGER, binary<uint16_t, Or>},
        {"or.b32", INTEGER, binary<uint32_t, Or>},
        {"or.b64", INTEGER, binary<uint64_t, Or>},
        {"xor.pred", INTEGER, predicates<Xor>},
        {"xor.b16", INTEGER, binary<uint16_t, Xor>},
        {"xor.b32", INTEGER, binary<uint32_t, Xor>},
        {"xor.b64", INTEGER, binary<uint64_t, Xor>},
        {"not.pred", INTEGER, predicateNot},
        {"not.b16", INTEGER, unary<uint16_t, Not>},
        {"not.b32", INTEGER, unary<uint32_t, Not>},
        {"not.b64", INTEGER, unary<uint64_t, Not>},
        {"cnot.b16", INTEGER, unary<uint16_t, LogicalNot>},
        {"cnot.b32", INTEGER, unary<uint32_t, LogicalNot>},
        {"cnot.b64", INTEGER, unary<uint64_t, LogicalNot>},
        {"shl.b16", INTEGER, shift<uint16_t, true>},
        {"shl.b32", INTEGER, shift<uint32_t, true>},
        {"shl.b64", INTEGER, shift<uint64_t, true>},
        {"shr.b16|u16", INTEGER, shift<uint16_t, false>},
        {"shr.b32|u32", INTEGER, shift<uint32_t, false>},
        {"shr.b64|u64", INTEGER, shift<uint64_t, false>},
        {"shr.s16", INTEGER, shift<int16_t, false>},
        {"shr.s32", INTEGER, shift<int32_t, false>},
        {"shr.s64", INTEGER, shift<int64_t, false>},
        {"shf.l.clamp|wrap.b32", INTEGER, funnelShift<true>},
        {"shf.r.clamp|wrap.b32", INTEGER, funnelShift<false>},
        {"lop3.b32", INTEGER, logic3},
        {"prmt.b32", INTEGER, ternary<uint32_t, uint32_t, uint32_t, uint32_t, Permute>},
        {"bfe.u32", INTEGER, FIELD<uint32_t>},
        {"bfe.s32", INTEGER, FIELD<int32_t>},
        {"bfe.u64", INTEGER, FIELD<uint64_t>},
        {"bfe.s64", INTEGER, FIELD<int64_t>},
        {"bfi.b32", INTEGER, insertField<uint32_t>},
        {"bfi.b64", INTEGER, insertField<uint64_t>},
        {"popc.b32", INTEGER, count<uint32_t, CountOnes>},
        {"popc.b64", INTEGER, count<uint64_t, CountOnes>},
        {"clz.b32", INTEGER, count<uint32_t, CountLeadingZeros>},
        {"clz.b64", INTEGER, count<uint64_t, CountLeadingZeros>},
        {"bfind.u32", INTEGER, count<uint32_t, FindHighest>},
        {"bfind.s32", INTEGER, count<int32_t, FindHighest>},
        {"bfind.u64", INTEGER, count<uint64_t, FindHighest>},
        {"bfind.s64", INTEGER, count<int64_t, FindHighest>},
        {"brev.b32", INTEGER, unary<uint32_t, Reverse>},
        {"brev.b64", INTEGER, unary<uint64_t, Reverse>},
    };
}

}  // namespace emulator
