// Compares one instruction at a time with values that were worked out by hand from the PTX manual and IEEE 754. They do
// not come from the same code, nor from the arithmetic of the host where both could be wrong in the same way.
#include <cmath>
#include <cstring>

#include "check.h"

namespace {

// Operands come in the slots a, b, c as 64 bits each; the body sees them as registers of every kind: %ha (16
// bits), %ra (32), %la (64), %fa (float32), %da (float64). The result is in the register of that letter named d;
// 'p' is the predicate %p as 0 or
// 1.
uint64_t evaluate(const std::string& body, char result, std::vector<uint64_t> operands) {
    check::Context context;
    static const char* const LOAD = R"(
    .reg .pred %p, %q;
    .reg .b16 %h<9>, %ha, %hb, %hc, %hd;
    .reg .b32 %r<9>, %ra, %rb, %rc, %rd;
    .reg .b64 %l<9>, %la, %lb, %lc, %ld, %in, %out;
    .reg .f32 %f<9>, %fa, %fb, %fc, %fd;
    .reg .f64 %da, %db, %dc, %dd;
    ld.param.u64 %in, [a];
    ld.param.u64 %out, [b];
    ld.global.u16 %ha, [%in];   ld.global.u16 %hb, [%in+8];   ld.global.u16 %hc, [%in+16];
    ld.global.u32 %ra, [%in];   ld.global.u32 %rb, [%in+8];   ld.global.u32 %rc, [%in+16];
    ld.global.u64 %la, [%in];   ld.global.u64 %lb, [%in+8];   ld.global.u64 %lc, [%in+16];
    ld.global.f32 %fa, [%in];   ld.global.f32 %fb, [%in+8];   ld.global.f32 %fc, [%in+16];
    ld.global.f64 %da, [%in];   ld.global.f64 %db, [%in+8];   ld.global.f64 %dc, [%in+16];
    )";
    std::string store = result == 'p'   ? "selp.u32 %rd, 1, 0, %p; st.global.u32 [%out], %rd;"
                        : result == 'h' ? "st.global.b16 [%out], %hd;"
                        : result == 'r' ? "st.global.b32 [%out], %rd;"
                        : result == 'l' ? "st.global.b64 [%out], %ld;"
                        : result == 'f' ? "st.global.f32 [%out], %fd;"
                                        : "st.global.f64 [%out], %dd;";
    check::Kernel kernel(check::module(LOAD + body + "\n" + store + "\nret;", 2));
    check::Memory in(24);
    check::Memory out(8);
    operands.resize(3);
    check::upload(in, operands);
    check::upload(out, std::vector<uint64_t>{0});
    REQUIRE_EQUAL(0, kernel.launch({in.address, out.address}, 1, 1));
    return check::download<uint64_t>(out, 1)[0];
}

void expect(int line, const std::string& body, char result, const std::vector<uint64_t>& operands, uint64_t expected) {
    uint64_t actual = evaluate(body, result, operands);
    if (actual != expected) {
        char text[256];
        std::snprintf(text, sizeof text, "%s gives %llx and not %llx", body.c_str(),
                      static_cast<unsigned long long>(actual), static_cast<unsigned long long>(expected));
        check::fail(__FILE__, line, text);
    }
}

#define EXPECT(body, result, expected, ...) expect(__LINE__, body, result, {__VA_ARGS__}, expected)

constexpr uint32_t ONE = 0x3f800000;
constexpr uint32_t TWO = 0x40000000;
constexpr uint32_t INF = 0x7f800000;
constexpr uint32_t NAN_IN = 0x7fc12345;   // some NaN
constexpr uint32_t NAN_OUT = 0x7fffffff;  // the device's
constexpr uint32_t SMALLEST = 1;          // 2^−149
constexpr uint64_t ONE64 = 0x3ff0000000000000;
constexpr uint64_t NAN64 = 0x7ff8000000000000;

}  // namespace

TEST(integerArithmeticWraps) {
    EXPECT("add.s32 %rd, %ra, %rb;", 'r', 0x80000000, 0x7fffffff, 1);
    EXPECT("add.sat.s32 %rd, %ra, %rb;", 'r', 0x7fffffff, 0x7fffffff, 1);
    EXPECT("sub.sat.s32 %rd, %ra, %rb;", 'r', 0x80000000, 0x80000000, 1);
    EXPECT("add.u16 %hd, %ha, %hb;", 'h', 1, 0xffff, 2);
    EXPECT("sub.u64 %ld, %la, %lb;", 'l', ~0ull, 0, 1);
    EXPECT("mul.lo.s32 %rd, %ra, %rb;", 'r', 0xfffffffe, 0xffffffff, 2);
    EXPECT("mul.hi.s32 %rd, %ra, %rb;", 'r', 0xffffffff, 0xffffffff, 2);
    EXPECT("mul.hi.u32 %rd, %ra, %rb;", 'r', 1, 0xffffffff, 2);
    EXPECT("mul.hi.u64 %ld, %la, %lb;", 'l', 0xfffffffffffffffe, ~0ull, ~0ull);
    EXPECT("mul.hi.s64 %ld, %la, %lb;", 'l', 0, ~0ull, ~0ull);
    EXPECT("mul.wide.s32 %ld, %ra, %rb;", 'l', 0xfffffffffffffffe, 0xffffffff, 2);
    EXPECT("mul.wide.u32 %ld, %ra, -2;", 'l', 0x1fffffffc, 2);
    EXPECT("mul.wide.u16 %rd, %ha, %hb;", 'r', 0xfffe0001, 0xffff, 0xffff);
    EXPECT("mad.lo.s32 %rd, %ra, %rb, %rc;", 'r', 7, 0xffffffff, 3, 10);
    EXPECT("mad.wide.s32 %ld, %ra, %rb, %lc;", 'l', 0x00000000fffffffe, 0xffffffff, 2, 0x100000000);
    EXPECT("mad.hi.u32 %rd, %ra, %rb, %rc;", 'r', 0x80000001, 0x80000000, 4, 0x7fffffff);
    EXPECT("mul24.lo.u32 %rd, %ra, %rb;", 'r', 2, 0xff000001, 2);
    EXPECT("mul24.lo.s32 %rd, %ra, %rb;", 'r', 0xfffffffe, 0x00ffffff, 2);
    EXPECT("mad24.lo.u32 %rd, %ra, %rb, %rc;", 'r', 9, 0xff000001, 2, 7);
    EXPECT("sad.s32 %rd, %ra, %rb, %rc;", 'r', 12, 0xfffffffe, 3, 7);
    EXPECT("abs.s32 %rd, %ra;", 'r', 0x80000000, 0x80000000);
    EXPECT("neg.s32 %rd, %ra;", 'r', 0xffffffff, 1);
    EXPECT("min.s32 %rd, %ra, %rb;", 'r', 0xffffffff, 0xffffffff, 1);
    EXPECT("min.u32 %rd, %ra, %rb;", 'r', 1, 0xffffffff, 1);
    EXPECT("max.s64 %ld, %la, %lb;", 'l', 1, ~0ull, 1);
}

TEST(division) {
    EXPECT("div.s32 %rd, %ra, %rb;", 'r', 0xfffffffd, 0xfffffff9, 2);  // −7/2 = −3
    EXPECT("rem.s32 %rd, %ra, %rb;", 'r', 0xffffffff, 0xfffffff9, 2);  // −7 = −3·2 − 1
    EXPECT("div.u32 %rd, %ra, %rb;", 'r', 0x7ffffffc, 0xfffffff9, 2);
    EXPECT("div.s32 %rd, %ra, %rb;", 'r', 0x80000000, 0x80000000, 0xffffffff);
    EXPECT("rem.s32 %rd, %ra, %rb;", 'r', 0, 0x80000000, 0xffffffff);
    EXPECT("div.u32 %rd, %ra, %rb;", 'r', 0xffffffff, 5, 0);
    EXPECT("div.s64 %ld, %la, %lb;", 'l', static_cast<uint64_t>(-33), static_cast<uint64_t>(-100), 3);
    EXPECT("rem.u64 %ld, %la, %lb;", 'l', 1, 100, 3);
}

TEST(shiftsBeyondTheWidth) {
    EXPECT("shl.b32 %rd, %ra, %rb;", 'r', 0x80000000, 1, 31);
    EXPECT("shl.b32 %rd, %ra, %rb;", 'r', 0, 1, 32);
    EXPECT("shl.b32 %rd, %ra, %rb;", 'r', 0, 1, 0xffffffff);
    EXPECT("shr.u32 %rd, %ra, %rb;", 'r', 0, 0xffffffff, 32);
    EXPECT("shr.s32 %rd, %ra, %rb;", 'r', 0xffffffff, 0x80000000, 40);
    EXPECT("shr.s32 %rd, %ra, 4;", 'r', 0xf8000000, 0x80000000);
    EXPECT("shr.s16 %hd, %ha, 3;", 'h', 0xf000, 0x8000);
    EXPECT("shl.b64 %ld, %la, %rb;", 'l', 1ull << 40, 1, 40);
    EXPECT("shr.u64 %ld, %la, %rb;", 'l', 0, ~0ull, 64);
    EXPECT("shf.l.wrap.b32 %rd, %ra, %rb, %rc;", 'r', 0x23456780, 0x00000000, 0x12345678, 4);
    EXPECT("shf.r.wrap.b32 %rd, %ra, %rb, %rc;", 'r', 0x80000000, 0, 8, 36);  // 36 is 4
    EXPECT("shf.r.clamp.b32 %rd, %ra, %rb, %rc;", 'r', 8, 0, 8, 36);          // 36 is 32
    EXPECT("shf.l.clamp.b32 %rd, %ra, %rb, %rc;", 'r', 0x11111111, 0x11111111, 0x22222222, 99);
}

TEST(bitsAndFields) {
    EXPECT("bfe.u32 %rd, %ra, 8, 8;", 'r', 0x56, 0x12345678);
    EXPECT("bfe.s32 %rd, %ra, 4, 4;", 'r', 0xfffffff8, 0x00000080);
    EXPECT("bfe.u32 %rd, %ra, 28, 16;", 'r', 0xf, 0xf0000000);
    EXPECT("bfe.s32 %rd, %ra, 28, 16;", 'r', 0xffffffff, 0xf0000000);
    EXPECT("bfe.u32 %rd, %ra, 0, 32;", 'r', 0x12345678, 0x12345678);
    EXPECT("bfe.s32 %rd, %ra, 4, 0;", 'r', 0, 0xffffffff);
    EXPECT("bfe.u64 %ld, %la, 32, 32;", 'l', 0x12345678, 0x1234567800000000);
    EXPECT("bfi.b32 %rd, %ra, %rb, 8, 8;", 'r', 0xffffabff, 0xab, 0xffffffff);
    EXPECT("bfi.b32 %rd, %ra, %rb, 32, 8;", 'r', 0x1234, 0xab, 0x1234);
    EXPECT("popc.b32 %rd, %ra;", 'r', 32, 0xffffffff);
    EXPECT("popc.b64 %rd, %la;", 'r', 3, 0x8000000100000001);
    EXPECT("clz.b32 %rd, %ra;", 'r', 32, 0);
    EXPECT("clz.b64 %rd, %la;", 'r', 63, 1);
    EXPECT("bfind.u32 %rd, %ra;", 'r', 4, 0x1f);
    EXPECT("bfind.s32 %rd, %ra;", 'r', 0xffffffff, 0xffffffff);
    EXPECT("brev.b32 %rd, %ra;", 'r', 0x80000000, 1);
    EXPECT("lop3.b32 %rd, %ra, %rb, %rc, 0x96;", 'r', 0xf0 ^ 0xcc ^ 0xaa, 0xf0, 0xcc, 0xaa);
    EXPECT("lop3.b32 %rd, %ra, %rb, %rc, 0xe2;", 'r', (0xf0u & 0xcc) | (~0xccu & 0xaa), 0xf0, 0xcc, 0xaa);  // b ? a : c
    EXPECT("prmt.b32 %rd, %ra, %rb, 0x7410;", 'r', 0x88552211, 0x44332211, 0x88776655);
    EXPECT("prmt.b32 %rd, %ra, %rb, 0x0088;", 'r', 0x9191ffff, 0x44332291, 0);
    EXPECT("cnot.b32 %rd, %ra;", 'r', 1, 0);
    EXPECT("mov.b64 %ld, {%ra, %rb};", 'l', 0x2222222211111111, 0x11111111, 0x22222222);
    EXPECT("mov.b64 {%r1, %rd}, %la;", 'r', 0x12345678, 0x123456789abcdef0);
    EXPECT("mov.b32 {%hd, _}, %ra;", 'h', 0x5678, 0x12345678);
}

TEST(roundingModes) {
    // 1 + 2^−24 lies in the middle of two neighbours, 1 + 3·2^−24 too: to even, once down and once up.
    EXPECT("add.rn.f32 %fd, %fa, %fb;", 'f', ONE, ONE, 0x33800000);
    EXPECT("add.rn.f32 %fd, %fa, %fb;", 'f', ONE + 2, ONE + 1, 0x33800000);
    EXPECT("add.rz.f32 %fd, %fa, %fb;", 'f', ONE + 1, ONE + 1, 0x33800000);
    EXPECT("add.rp.f32 %fd, %fa, %fb;", 'f', ONE + 1, ONE, SMALLEST);
    EXPECT("add.rm.f32 %fd, %fa, %fb;", 'f', ONE - 1, ONE, 0x80000000 | SMALLEST);
    EXPECT("add.rz.f32 %fd, %fa, %fb;", 'f', ONE - 1, ONE, 0x80000000 | SMALLEST);
    EXPECT("sub.rp.f32 %fd, %fa, %fb;", 'f', ONE, ONE, SMALLEST);
    EXPECT("mul.rz.f32 %fd, %fa, %fb;", 'f', 0x7f7fffff, 0x7f7fffff,
           TWO);  // overflow towards zero is the largest number
    EXPECT("mul.rn.f32 %fd, %fa, %fb;", 'f', INF, 0x7f7fffff, TWO);
    EXPECT("fma.rm.f32 %fd, %fa, %fb, %fc;", 'f', 0x4b400000, ONE, 0x3f000000, 0x4b400000);  // 0.5 + 1.5·2^23 down
    EXPECT("fma.rp.f32 %fd, %fa, %fb, %fc;", 'f', 0x4b400001, ONE, 0x3f000000, 0x4b400000);
    // (1 + 2^−23)² − (1 + 2^−22) = 2^−46, which only a fused operation sees.
    EXPECT("fma.rn.f32 %fd, %fa, %fb, %fc;", 'f', 0x28800000, ONE + 1, ONE + 1, 0xbf800002);
    EXPECT("div.rn.f32 %fd, %fa, %fb;", 'f', 0x3eaaaaab, ONE, 0x40400000);  // 1/3
    EXPECT("div.rz.f32 %fd, %fa, %fb;", 'f', 0x3eaaaaaa, ONE, 0x40400000);
    EXPECT("rcp.rn.f32 %fd, %fa;", 'f', 0x3eaaaaab, 0x40400000);
    EXPECT("sqrt.rn.f32 %fd, %fa;", 'f', 0x3fb504f3, TWO);
    EXPECT("sqrt.rp.f32 %fd, %fa;", 'f', 0x3fb504f4, TWO);
    EXPECT("add.rz.f64 %dd, %da, %db;", 'd', ONE64 - 1, ONE64, 0x8000000000000001);
    EXPECT("fma.rp.f64 %dd, %da, %db, %dc;", 'd', ONE64 + 1, ONE64, ONE64, 1);
}

TEST(subnormalsSaturationAndNan) {
    EXPECT("add.f32 %fd, %fa, %fb;", 'f', 2, SMALLEST, SMALLEST);
    EXPECT("add.ftz.f32 %fd, %fa, %fb;", 'f', 0, SMALLEST, SMALLEST);
    EXPECT("mul.ftz.f32 %fd, %fa, %fb;", 'f', 0x80000000, 0x80800000, 0x3f000000);  // the sign stays
    EXPECT("add.sat.f32 %fd, %fa, %fb;", 'f', ONE, ONE, ONE);
    EXPECT("sub.sat.f32 %fd, %fa, %fb;", 'f', 0, ONE, TWO);
    EXPECT("add.sat.f32 %fd, %fa, %fb;", 'f', 0, NAN_IN, ONE);
    EXPECT("add.f32 %fd, %fa, %fb;", 'f', NAN_OUT, INF, 0xff800000);
    EXPECT("mul.f32 %fd, %fa, %fb;", 'f', NAN_OUT, NAN_IN, ONE);
    EXPECT("neg.f32 %fd, %fa;", 'f', 0x80000000, 0);
    EXPECT("abs.f32 %fd, %fa;", 'f', ONE, ONE | 0x80000000);
    EXPECT("min.f32 %fd, %fa, %fb;", 'f', ONE, NAN_IN, ONE);
    EXPECT("max.f32 %fd, %fa, %fb;", 'f', ONE, ONE, NAN_IN);
    EXPECT("max.f32 %fd, %fa, %fb;", 'f', NAN_OUT, NAN_IN, NAN_IN);
    EXPECT("max.NaN.f32 %fd, %fa, %fb;", 'f', NAN_OUT, ONE, NAN_IN);
    EXPECT("min.f32 %fd, %fa, %fb;", 'f', 0x80000000, 0, 0x80000000);
    EXPECT("max.f32 %fd, %fa, %fb;", 'f', 0, 0x80000000, 0);
    EXPECT("copysign.f32 %fd, %fa, %fb;", 'f', 0xc0000000, 0x80000000, TWO);
    EXPECT("sqrt.rn.f32 %fd, %fa;", 'f', NAN_OUT, 0xbf800000);
    EXPECT("rcp.rn.f32 %fd, %fa;", 'f', 0xff800000, 0x80000000);
    EXPECT("div.rn.f32 %fd, %fa, %fb;", 'f', NAN_OUT, 0, 0);
    EXPECT("testp.subnormal.f32 %p, %fa;", 'p', 1, SMALLEST);
    EXPECT("testp.notanumber.f32 %p, %fa;", 'p', 0, INF);
}

TEST(approximations) {
    EXPECT("ex2.approx.ftz.f32 %fd, %fa;", 'f', 0x41000000, 0x40400000);  // 2³
    EXPECT("ex2.approx.f32 %fd, %fa;", 'f', 0, 0xff800000);
    EXPECT("lg2.approx.f32 %fd, %fa;", 'f', 0x40400000, 0x41000000);
    EXPECT("lg2.approx.f32 %fd, %fa;", 'f', 0xff800000, 0);
    EXPECT("sin.approx.f32 %fd, %fa;", 'f', 0, 0);
    EXPECT("cos.approx.f32 %fd, %fa;", 'f', ONE, 0);
    EXPECT("rsqrt.approx.f32 %fd, %fa;", 'f', 0x3f000000, 0x40800000);
    EXPECT("tanh.approx.f32 %fd, %fa;", 'f', 0xbf800000, 0xff800000);
    EXPECT("div.full.f32 %fd, %fa, %fb;", 'f', TWO, TWO, ONE);
}

TEST(floatToInteger) {
    EXPECT("cvt.rni.s32.f32 %rd, %fa;", 'r', 2, 0x40200000);           // 2.5 to even
    EXPECT("cvt.rni.s32.f32 %rd, %fa;", 'r', 4, 0x40600000);           // 3.5
    EXPECT("cvt.rzi.s32.f32 %rd, %fa;", 'r', 0xfffffffe, 0xc039999a);  // −2.9
    EXPECT("cvt.rmi.s32.f32 %rd, %fa;", 'r', 0xfffffffd, 0xc0066666);  // −2.1
    EXPECT("cvt.rpi.s32.f32 %rd, %fa;", 'r', 3, 0x40066666);
    // Out of range is the nearest that there is; NaN is 0, but 2^(n−1) where 64 bits take part.
    EXPECT("cvt.rzi.s32.f32 %rd, %fa;", 'r', 0x7fffffff, 0x4f800000);
    EXPECT("cvt.rzi.s32.f32 %rd, %fa;", 'r', 0x80000000, 0xff800000);
    EXPECT("cvt.rzi.u32.f32 %rd, %fa;", 'r', 0, 0xbf800000);
    EXPECT("cvt.rzi.u32.f32 %rd, %fa;", 'r', 0xffffffff, INF);
    EXPECT("cvt.rzi.s32.f32 %rd, %fa;", 'r', 0, NAN_IN);
    EXPECT("cvt.rzi.u32.f32 %rd, %fa;", 'r', 0, NAN_IN);
    EXPECT("cvt.rzi.s64.f32 %ld, %fa;", 'l', 0x8000000000000000, NAN_IN);
    EXPECT("cvt.rzi.s32.f64 %rd, %da;", 'r', 0x80000000, NAN64);
    EXPECT("cvt.rzi.u64.f64 %ld, %da;", 'l', 0x8000000000000000, NAN64);
    EXPECT("cvt.rzi.u64.f64 %ld, %da;", 'l', ~0ull, 0x43f0000000000000);
    EXPECT("cvt.rzi.u8.f32 %rd, %fa;", 'r', 255, 0x43960000);  // 300
    EXPECT("cvt.rzi.s8.f32 %rd, %fa;", 'r', 0xffffff80, 0xc3960000);
}

TEST(integerToFloat) {
    EXPECT("cvt.rn.f32.s32 %fd, %ra;", 'f', 0xbf800000, 0xffffffff);
    EXPECT("cvt.rn.f32.u32 %fd, %ra;", 'f', 0x4f800000, 0xffffffff);
    EXPECT("cvt.rz.f32.u32 %fd, %ra;", 'f', 0x4f7fffff, 0xffffffff);
    EXPECT("cvt.rn.f32.u32 %fd, %ra;", 'f', 0x4b800000, 0x01000001);  // 2^24 + 1 to even
    EXPECT("cvt.rp.f32.u32 %fd, %ra;", 'f', 0x4b800001, 0x01000001);
    EXPECT("cvt.rn.f32.u64 %fd, %la;", 'f', 0x5f800000, ~0ull);
    // In double first, this would be the middle and go to even; from the integer it is above the middle.
    EXPECT("cvt.rn.f32.u64 %fd, %la;", 'f', 0x5f000001, 0x8000008000000001);
    EXPECT("cvt.rn.f64.s64 %dd, %la;", 'd', 0xbff0000000000000, ~0ull);
    EXPECT("cvt.rn.f32.u16 %fd, %ha;", 'f', 0x477fff00, 0xffff);
    EXPECT("cvt.rn.f32.s8 %fd, %ra;", 'f', 0xbf800000, 0x12ff);  // of a wider register, the low byte
}

TEST(otherConversions) {
    EXPECT("cvt.s64.s32 %ld, %ra;", 'l', 0xffffffff80000000, 0x80000000);
    EXPECT("cvt.u64.u32 %ld, %ra;", 'l', 0x80000000, 0x80000000);
    EXPECT("cvt.s32.s8 %rd, %ra;", 'r', 0xffffff80, 0x1280);
    EXPECT("cvt.u32.u8 %rd, %ra;", 'r', 0x80, 0x1280);
    EXPECT("cvt.u8.u32 %rd, %ra;", 'r', 0x34, 0x1234);
    EXPECT("cvt.sat.u8.s32 %rd, %ra;", 'r', 255, 300);
    EXPECT("cvt.sat.u8.s32 %rd, %ra;", 'r', 0, 0xffffffff);
    EXPECT("cvt.sat.s8.u32 %rd, %ra;", 'r', 127, 0xffffffff);
    EXPECT("cvt.sat.s32.s64 %rd, %la;", 'r', 0x80000000, 0x8000000000000000);
    EXPECT("cvt.u32.u64 %rd, %la;", 'r', 0x9abcdef0, 0x123456789abcdef0);
    EXPECT("cvt.sat.f32.f32 %fd, %fa;", 'f', ONE, TWO);
    EXPECT("cvt.sat.f32.f32 %fd, %fa;", 'f', 0, NAN_IN);
    EXPECT("cvt.rni.f32.f32 %fd, %fa;", 'f', TWO, 0x40200000);
    EXPECT("cvt.rn.f32.f64 %fd, %da;", 'f', ONE, ONE64 + (1u << 28));  // the middle, to even
    EXPECT("cvt.rn.f32.f64 %fd, %da;", 'f', ONE + 1, ONE64 + (1u << 28) + 1);
    EXPECT("cvt.rm.f32.f64 %fd, %da;", 'f', ONE, ONE64 + (1u << 28) + 1);
    EXPECT("cvt.f64.f32 %dd, %fa;", 'd', ONE64, ONE);
    EXPECT("cvt.rn.f16.f32 %hd, %fa;", 'h', 0x3c00, ONE);
    EXPECT("cvt.rn.f16.f32 %hd, %fa;", 'h', 0x7c00, 0x477ff000);  // 65520 is the first that is too large
    EXPECT("cvt.rn.f16.f32 %hd, %fa;", 'h', 0x0001, 0x33800000);  // 2^−24
    EXPECT("cvt.rn.f16.f32 %hd, %fa;", 'h', 0x0400, 0x387ff000);  // up into the normal numbers
    EXPECT("cvt.f32.f16 %fd, %ha;", 'f', 0x33800000, 0x0001);
    EXPECT("cvt.f32.f16 %fd, %ha;", 'f', 0xc0000000, 0xc000);
    EXPECT("cvt.rn.bf16.f32 %hd, %fa;", 'h', 0x3f80, 0x3f808000);
    EXPECT("cvt.rn.bf16.f32 %hd, %fa;", 'h', 0x3f82, 0x3f818000);
    EXPECT("cvt.rn.bf16x2.f32 %rd, %fa, %fb;", 'r', 0x3f804000, ONE, TWO);
    EXPECT("cvt.rna.tf32.f32 %rd, %fa;", 'r', 0x3f802000, 0x3f801000);
}

TEST(comparisons) {
    EXPECT("setp.lt.s32 %p, %ra, %rb;", 'p', 1, 0xffffffff, 0);
    EXPECT("setp.lt.u32 %p, %ra, %rb;", 'p', 0, 0xffffffff, 0);
    EXPECT("setp.lo.u32 %p, %ra, %rb;", 'p', 1, 0, 0xffffffff);
    EXPECT("setp.ne.f32 %p, %fa, %fb;", 'p', 0, NAN_IN, NAN_IN);  // ordered
    EXPECT("setp.neu.f32 %p, %fa, %fb;", 'p', 1, NAN_IN, NAN_IN);
    EXPECT("setp.ltu.f32 %p, %fa, %fb;", 'p', 1, NAN_IN, ONE);
    EXPECT("setp.num.f32 %p, %fa, %fb;", 'p', 0, NAN_IN, ONE);
    EXPECT("setp.nan.f64 %p, %da, %db;", 'p', 1, NAN64, ONE64);
    EXPECT("setp.eq.f32 %p, %fa, %fb;", 'p', 1, 0, 0x80000000);
    EXPECT("setp.gt.ftz.f32 %p, %fa, %fb;", 'p', 0, SMALLEST, 0);
    EXPECT("setp.eq.s32 %q, 1, 1; setp.lt.and.s32 %p|%q, %ra, %rb, %q;", 'p', 1, 1, 2);
    EXPECT("setp.eq.s32 %q, 1, 1; setp.lt.and.s32 %q|%p, %ra, %rb, %q;", 'p', 0, 1, 2);
    EXPECT("setp.eq.s32 %q, 1, 1; setp.lt.xor.s32 %p, %ra, %rb, !%q;", 'p', 1, 1, 2);
    EXPECT("set.lt.u32.s32 %rd, %ra, %rb;", 'r', 0xffffffff, 1, 2);
    EXPECT("set.lt.f32.f32 %fd, %fa, %fb;", 'f', ONE, ONE, TWO);
    EXPECT("setp.eq.s32 %q, %ra, 1; selp.b32 %rd, 7, 9, %q;", 'r', 7, 1);
    EXPECT("setp.eq.s32 %q, %ra, 1; and.pred %p, %q, !%q;", 'p', 0, 1);
    EXPECT("setp.eq.s32 %q, %ra, 1; not.pred %p, %q;", 'p', 0, 1);
    EXPECT("mov.u32 %rd, 5; setp.eq.s32 %q, %ra, 1; @!%q mov.u32 %rd, 6;", 'r', 5, 1);
}

TEST(loadsExtend) {
    EXPECT("ld.global.s8 %rd, [%in];", 'r', 0xffffff80, 0x80);
    EXPECT("ld.global.u8 %rd, [%in];", 'r', 0x80, 0x80);
    EXPECT("ld.global.s16 %ld, [%in];", 'l', 0xffffffffffff8000, 0x8000);
    EXPECT("ld.global.v2.u32 {%r1, %rd}, [%in];", 'r', 0x12345678, 0x123456789abcdef0);
    EXPECT("ld.global.nc.L1::no_allocate.L2::128B.v2.u16 {%h1, %hd}, [%in+4];", 'h', 0x1234, 0x123456789abcdef0);
    EXPECT("atom.global.add.u32 %rd, [%in], 5;", 'r', 37, 37);
    EXPECT("atom.global.cas.b32 %r1, [%in], 37, 99; ld.global.u32 %rd, [%in];", 'r', 99, 37);
    EXPECT("atom.global.inc.u32 %r1, [%in], 37; ld.global.u32 %rd, [%in];", 'r', 0, 37);
    EXPECT("red.global.max.s32 [%in], 5; ld.global.u32 %rd, [%in];", 'r', 5, 0xffffffff);
    EXPECT("atom.global.add.f32 %f1, [%in], %fb; ld.global.f32 %fd, [%in];", 'f', 0x40400000, ONE, TWO);
}

TEST(unknownInstructionsNameThemselves) {
    check::Context context;
    char log[512] = "";
    int names[2] = {5, 6};
    void* values[2] = {log, reinterpret_cast<void*>(sizeof log)};
    Handle module = nullptr;
    std::string text = check::module("    .reg .b32 %r<2>;\n    frobnicate.s32 %r0, %r1;\n    ret;", 0);
    std::string messages =
        check::messagesOf([&] { REQUIRE_EQUAL(218, cuModuleLoadDataEx(&module, text.c_str(), 2, names, values)); });
    REQUIRE(std::string(log) == "PTX line 8: the instruction frobnicate.s32 is not emulated");
    REQUIRE(messages.find("frobnicate.s32") != std::string::npos);
    text = check::module("    .reg .b32 %r<2>;\n    mov.u32 %r0, %clock;\n    ret;", 0);
    messages = check::messagesOf([&] { REQUIRE_EQUAL(218, cuModuleLoadData(&module, text.c_str())); });
    REQUIRE(messages.find("%clock") != std::string::npos);
    text = check::module("ret;", 0);
    text.replace(text.find("7.0"), 3, "9.0");
    messages = check::messagesOf([&] { REQUIRE_EQUAL(222, cuModuleLoadData(&module, text.c_str())); });
    REQUIRE(messages.find("9.0 is newer than 8.5") != std::string::npos);
    text = check::module("ret;", 0);
    text.replace(text.find("sm_80"), 5, "sm_90");
    messages = check::messagesOf([&] { REQUIRE_EQUAL(209, cuModuleLoadData(&module, text.c_str())); });
}
