// Floating point: IEEE 754 with the rounding that the opcode asks for, .ftz and .sat, and the NaN of the device.
//
// The .approx functions are computed in double precision and rounded. This is more exact than the device, whose exact
// bits are not available here.
#include <cfenv>
#include <cmath>

#include "opcodes.h"

namespace emulator {

namespace {

template <class T>
struct BitsOf;
template <>
struct BitsOf<float> {
    using type = uint32_t;
};
template <>
struct BitsOf<double> {
    using type = uint64_t;
};

template <class T>
typename BitsOf<T>::type bitsOf(T value) {
    typename BitsOf<T>::type bits;
    std::memcpy(&bits, &value, sizeof bits);
    return bits;
}

template <class T>
T fromBits(typename BitsOf<T>::type bits) {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

template <class T>
constexpr typename BitsOf<T>::type SIGN = static_cast<typename BitsOf<T>::type>(1) << (8 * sizeof(T) - 1);

// A result that is NaN is always this NaN on the device (in float32; float64 keeps that of the host).
constexpr uint32_t NAN_BITS = 0x7fffffff;

template <class T>
T canonical(T value) {
    if constexpr (std::is_same_v<T, float>) {
        return value != value ? fromBits<float>(NAN_BITS) : value;
    }
    return value;
}

template <class T>
T flush(T value) {
    return std::fabs(value) < std::numeric_limits<T>::min() ? std::copysign(T{0}, value) : value;
}

// NaN becomes +0, as the manual says.
template <class T>
T saturate(T value) {
    return value > 0 ? (value < 1 ? value : T{1}) : T{0};
}

// Sets the rounding mode of the host for as long as this object lives. What is computed meanwhile must come from memory
// and go to memory, so that the compiler does not move any of it across.
class RoundingScope {
public:
    explicit RoundingScope(Rounding rounding) : isChanged(rounding != Rounding::NEAREST) {
        if (isChanged) {
            std::fesetround(rounding == Rounding::ZERO   ? FE_TOWARDZERO
                            : rounding == Rounding::DOWN ? FE_DOWNWARD
                                                         : FE_UPWARD);
        }
        asm volatile("" ::: "memory");
    }
    ~RoundingScope() {
        asm volatile("" ::: "memory");
        if (isChanged) {
            std::fesetround(FE_TONEAREST);
        }
    }
    RoundingScope(const RoundingScope&) = delete;
    RoundingScope& operator=(const RoundingScope&) = delete;

private:
    bool isChanged;
};

// d = F(a, b, c) of as many operands as F takes, with .ftz before and after, .sat after.
template <class T, class F, int COUNT>
void compute(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T scratch[3][LANES];
    const T* in[3] = {};
    for (int i = 0; i < COUNT; i++) {
        in[i] = read<T>(warp, instruction.operand(i + 1), scratch[i]);
        if (instruction.isFlushing) {
            for (int lane = 0; lane < LANES; lane++) {
                scratch[i][lane] = flush(in[i][lane]);
            }
            in[i] = scratch[i];
        }
    }
    T result[LANES];
    {
        RoundingScope scope(instruction.rounding);
        for (int lane = 0; lane < LANES; lane++) {
            if constexpr (COUNT == 1) {
                result[lane] = F()(in[0][lane]);
            } else if constexpr (COUNT == 2) {
                result[lane] = F()(in[0][lane], in[1][lane]);
            } else {
                result[lane] = F()(in[0][lane], in[1][lane], in[2][lane]);
            }
        }
        asm volatile("" : : "r"(result) : "memory");
    }
    for (int lane = 0; lane < LANES; lane++) {
        result[lane] = canonical(result[lane]);
    }
    if (instruction.isFlushing) {
        for (T& value : result) {
            value = flush(value);
        }
    }
    if (instruction.isSaturating) {
        for (T& value : result) {
            value = saturate(value);
        }
    }
    write(warp, instruction.operand(0), result, lanes);
}

struct Add {
    template <class T>
    T operator()(T a, T b) const {
        return a + b;
    }
};

struct Subtract {
    template <class T>
    T operator()(T a, T b) const {
        return a - b;
    }
};

struct Multiply {
    template <class T>
    T operator()(T a, T b) const {
        return a * b;
    }
};

struct Divide {
    template <class T>
    T operator()(T a, T b) const {
        return a / b;
    }
};

struct FusedMultiplyAdd {
    template <class T>
    T operator()(T a, T b, T c) const {
        return std::fma(a, b, c);
    }
};

struct Reciprocal {
    template <class T>
    T operator()(T a) const {
        return 1 / a;
    }
};

struct SquareRoot {
    template <class T>
    T operator()(T a) const {
        return std::sqrt(a);
    }
};

struct ReciprocalSquareRoot {
    template <class T>
    T operator()(T a) const {
        return static_cast<T>(1 / std::sqrt(static_cast<double>(a)));
    }
};

struct Sine {
    float operator()(float a) const { return static_cast<float>(std::sin(static_cast<double>(a))); }
};

struct Cosine {
    float operator()(float a) const { return static_cast<float>(std::cos(static_cast<double>(a))); }
};

struct Logarithm2 {
    float operator()(float a) const { return static_cast<float>(std::log2(static_cast<double>(a))); }
};

struct Exponential2 {
    float operator()(float a) const { return static_cast<float>(std::exp2(static_cast<double>(a))); }
};

struct HyperbolicTangent {
    float operator()(float a) const { return static_cast<float>(std::tanh(static_cast<double>(a))); }
};

// A number is preferred to a NaN; +0 is greater than −0.
template <bool IS_MAXIMUM>
struct Extreme {
    template <class T>
    T operator()(T a, T b) const {
        if (a != a) {
            return b;
        }
        if (b != b) {
            return a;
        }
        if (a == b) {
            return (std::signbit(a) != 0) == IS_MAXIMUM ? b : a;
        }
        return (a > b) == IS_MAXIMUM ? a : b;
    }
};

// min.NaN, max.NaN
template <bool IS_MAXIMUM>
struct ExtremeOrNan {
    template <class T>
    T operator()(T a, T b) const {
        return a != a ? a : b != b ? b : Extreme<IS_MAXIMUM>()(a, b);
    }
};

// Operations on the sign change nothing but the sign, even of a NaN.
template <class T, class F>
void signs(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T first[LANES], result[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    for (int lane = 0; lane < LANES; lane++) {
        T value = instruction.isFlushing ? flush(a[lane]) : a[lane];
        result[lane] = fromBits<T>(F()(bitsOf(value)));
    }
    write(warp, instruction.operand(0), result, lanes);
}

struct Negate {
    uint32_t operator()(uint32_t bits) const { return bits ^ SIGN<float>; }
    uint64_t operator()(uint64_t bits) const { return bits ^ SIGN<double>; }
};

struct Absolute {
    uint32_t operator()(uint32_t bits) const { return bits & ~SIGN<float>; }
    uint64_t operator()(uint64_t bits) const { return bits & ~SIGN<double>; }
};

// The sign of a on the magnitude of b.
struct CopySign {
    template <class T>
    T operator()(T a, T b) const {
        return std::copysign(b, a);
    }
};

template <class T>
void testProperty(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    T first[LANES];
    const T* a = read<T>(warp, instruction.operand(1), first);
    uint32_t holds = 0;
    for (int lane = 0; lane < LANES; lane++) {
        bool value = false;
        switch (instruction.mode) {
            case 'f': value = std::isfinite(a[lane]); break;
            case 'i': value = std::isinf(a[lane]); break;
            case 'n': value = !std::isnan(a[lane]); break;
            case 'N': value = std::isnan(a[lane]); break;
            case 'r': value = std::isnormal(a[lane]) || a[lane] == 0; break;
            case 's': value = std::fpclassify(a[lane]) == FP_SUBNORMAL; break;
        }
        holds |= uint32_t{value} << lane;
    }
    writePredicate(warp, instruction.operand(0), holds, lanes);
}

}  // namespace

float halfToFloat(uint16_t bits) {
    uint32_t exponent = bits >> 10 & 31;
    uint32_t fraction = bits & 1023;
    float value;
    if (exponent == 31) {
        value = fraction != 0 ? fromBits<float>(NAN_BITS) : std::numeric_limits<float>::infinity();
        if (fraction != 0) {
            return value;
        }
    } else {
        value = exponent == 0 ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(fraction | 1024), static_cast<int>(exponent) - 25);
    }
    return bits & 0x8000 ? -value : value;
}

uint16_t floatToHalf(double value, Rounding rounding) {
    if (std::isnan(value)) {
        return 0x7fff;
    }
    uint16_t sign = std::signbit(value) ? 0x8000 : 0;
    double magnitude = std::fabs(value);
    if (std::isinf(value)) {
        return sign | 0x7c00;
    }
    int exponent = 0;
    if (magnitude != 0) {
        exponent = std::max(std::ilogb(magnitude), -14);
    } else {
        exponent = -14;
    }
    double scaled = std::ldexp(magnitude, 10 - exponent);  // units in the last place, exact
    double units = std::floor(scaled);
    double rest = scaled - units;
    bool isUp = false;
    switch (rounding) {
        case Rounding::NEAREST: isUp = rest > 0.5 || (rest == 0.5 && std::fmod(units, 2) == 1); break;
        case Rounding::NEAREST_AWAY: isUp = rest >= 0.5; break;
        case Rounding::ZERO: break;
        case Rounding::DOWN: isUp = rest > 0 && sign != 0; break;
        case Rounding::UP: isUp = rest > 0 && sign == 0; break;
    }
    double result = std::ldexp(units + (isUp ? 1 : 0), exponent - 10);
    if (result >= 65536) {
        bool isInfinite = rounding == Rounding::NEAREST || rounding == Rounding::NEAREST_AWAY
                          || (rounding == Rounding::UP && sign == 0) || (rounding == Rounding::DOWN && sign != 0);
        return sign | (isInfinite ? 0x7c00 : 0x7bff);
    }
    int e = result == 0 ? -15 : std::max(std::ilogb(result), -15);
    if (e < -14) {
        return static_cast<uint16_t>(sign | static_cast<uint16_t>(std::ldexp(result, 24)));
    }
    return static_cast<uint16_t>(sign | (e + 15) << 10 | (static_cast<int>(std::ldexp(result, 10 - e)) & 1023));
}

float brainToFloat(uint16_t bits) { return fromBits<float>(static_cast<uint32_t>(bits) << 16); }

uint16_t floatToBrain(float value, Rounding rounding) {
    uint32_t bits = bitsOf(value);
    if (value != value) {
        return 0x7fff;
    }
    if (rounding == Rounding::NEAREST) {
        bits += 0x7fff + (bits >> 16 & 1);
    }
    return static_cast<uint16_t>(bits >> 16);
}

float roundToTf32(float value) {
    uint32_t bits = bitsOf(value);
    if ((bits & 0x7f800000) == 0x7f800000) {
        return value;
    }
    return fromBits<float>((bits + 0x1000) & ~0x1fffu);
}

Opcodes floatingOpcodes() {
    constexpr InstructionClass F32 = InstructionClass::FLOAT32;
    constexpr InstructionClass F64 = InstructionClass::FLOAT64;
    constexpr InstructionClass SPECIAL = InstructionClass::SPECIAL;
    return {
        {"add.rn|rz|rm|rp?.ftz?.sat?.f32", F32, compute<float, Add, 2>},
        {"add.rn|rz|rm|rp?.f64", F64, compute<double, Add, 2>},
        {"sub.rn|rz|rm|rp?.ftz?.sat?.f32", F32, compute<float, Subtract, 2>},
        {"sub.rn|rz|rm|rp?.f64", F64, compute<double, Subtract, 2>},
        {"mul.rn|rz|rm|rp?.ftz?.sat?.f32", F32, compute<float, Multiply, 2>},
        {"mul.rn|rz|rm|rp?.f64", F64, compute<double, Multiply, 2>},
        {"fma.rn|rz|rm|rp.ftz?.sat?.f32", F32, compute<float, FusedMultiplyAdd, 3>},
        {"fma.rn|rz|rm|rp.f64", F64, compute<double, FusedMultiplyAdd, 3>},
        {"mad.rn|rz|rm|rp.ftz?.sat?.f32", F32, compute<float, FusedMultiplyAdd, 3>},
        {"mad.rn|rz|rm|rp.f64", F64, compute<double, FusedMultiplyAdd, 3>},
        {"div.rn|rz|rm|rp|full|approx.ftz?.f32", SPECIAL, compute<float, Divide, 2>},
        {"div.rn|rz|rm|rp.f64", F64, compute<double, Divide, 2>},
        {"rcp.rn|rz|rm|rp|approx.ftz?.f32", SPECIAL, compute<float, Reciprocal, 1>},
        {"rcp.rn|rz|rm|rp|approx.ftz?.f64", SPECIAL, compute<double, Reciprocal, 1>},
        {"sqrt.rn|rz|rm|rp|approx.ftz?.f32", SPECIAL, compute<float, SquareRoot, 1>},
        {"sqrt.rn|rz|rm|rp.f64", SPECIAL, compute<double, SquareRoot, 1>},
        {"rsqrt.approx.ftz?.f32", SPECIAL, compute<float, ReciprocalSquareRoot, 1>},
        {"rsqrt.approx.ftz?.f64", SPECIAL, compute<double, ReciprocalSquareRoot, 1>},
        {"sin.approx.ftz?.f32", SPECIAL, compute<float, Sine, 1>},
        {"cos.approx.ftz?.f32", SPECIAL, compute<float, Cosine, 1>},
        {"lg2.approx.ftz?.f32", SPECIAL, compute<float, Logarithm2, 1>},
        {"ex2.approx.ftz?.f32", SPECIAL, compute<float, Exponential2, 1>},
        {"tanh.approx.f32", SPECIAL, compute<float, HyperbolicTangent, 1>},
        {"min.ftz?.f32", F32, compute<float, Extreme<false>, 2>},
        {"max.ftz?.f32", F32, compute<float, Extreme<true>, 2>},
        {"min.ftz?.NaN.f32", F32, compute<float, ExtremeOrNan<false>, 2>},
        {"max.ftz?.NaN.f32", F32, compute<float, ExtremeOrNan<true>, 2>},
        {"min.f64", F64, compute<double, Extreme<false>, 2>},
        {"max.f64", F64, compute<double, Extreme<true>, 2>},
        {"neg.ftz?.f32", F32, signs<float, Negate>},
        {"neg.f64", F64, signs<double, Negate>},
        {"abs.ftz?.f32", F32, signs<float, Absolute>},
        {"abs.f64", F64, signs<double, Absolute>},
        {"copysign.f32", F32, binary<float, CopySign>},
        {"copysign.f64", F64, binary<double, CopySign>},
        {"testp.finite|infinite|number|notanumber|normal|subnormal.f32", F32, testProperty<float>},
        {"testp.finite|infinite|number|notanumber|normal|subnormal.f64", F64, testProperty<double>},
    };
}

}  // namespace emulator
