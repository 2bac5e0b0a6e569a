// Tensor cores: mma.sync with float32 accumulators, and ldmatrix, which loads its operands. Products are exact, and are
// summed in float32 in the order of k. In which order and with how many bits the device adds is not documented.
#include <algorithm>

#include "cuda_result.h"
#include "opcodes.h"

namespace emulator {

namespace {

// The fragments of m16n8k8 and m16n8k16, as the manual draws them: group = lane / 4, within = lane % 4.
struct Matrices {
    float a[16][16] = {};
    float b[16][8] = {};
    float c[16][8] = {};
};

template <class T>
T valueOf(Warp& warp, const Operand& operand, int lane) {
    T value;
    std::memcpy(&value, warp.registers + operand.offset + lane * operand.width, sizeof value);
    return value;
}

void requireWholeWarp(const Warp& warp, uint32_t lanes) {
    if (lanes != ~0u) {
        throw Fault{CUDA_ERROR_LAUNCH_FAILED,
                    format("a matrix instruction by lanes %08x; it takes all 32", lanes & warp.live)};
    }
}

void multiplyAdd(Warp& warp, const Instruction& instruction, uint32_t depth, Matrices& m) {
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < 4; i++) {
            m.c[lane / 4 + 8 * (i / 2)][lane % 4 * 2 + i % 2] = valueOf<float>(warp, instruction.operand(3, i), lane);
        }
    }
    for (auto& row : m.c) {
        for (int column = 0; column < 8; column++) {
            float sum = row[column];
            for (uint32_t k = 0; k < depth; k++) {
                sum += m.a[&row - m.c][k] * m.b[k][column];
            }
            row[column] = sum;
        }
    }
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < 4; i++) {
            const Operand& target = instruction.operand(0, i);
            std::memcpy(warp.registers + target.offset + lane * target.width,
                        &m.c[lane / 4 + 8 * (i / 2)][lane % 4 * 2 + i % 2], 4);
        }
    }
}

// The device reads only the upper 19 bits of a tf32 operand.
float tf32Of(Warp& warp, const Operand& operand, int lane) {
    uint32_t bits = valueOf<uint32_t>(warp, operand, lane) & ~0x1fffu;
    float value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}

// K is 4 or 8.
template <int K>
void multiplyTf32(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    requireWholeWarp(warp, lanes);
    Matrices m;
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < K / 2; i++) {
            m.a[lane / 4 + 8 * (i % 2)][lane % 4 + 4 * (i / 2)] = tf32Of(warp, instruction.operand(1, i), lane);
        }
        for (int i = 0; i < K / 4; i++) {
            m.b[lane % 4 + 4 * i][lane / 4] = tf32Of(warp, instruction.operand(2, i), lane);
        }
    }
    multiplyAdd(warp, instruction, K, m);
}

template <bool IS_BRAIN>
float narrow(uint32_t pair, int which) {
    uint16_t bits = static_cast<uint16_t>(pair >> (16 * which));
    return IS_BRAIN ? brainToFloat(bits) : halfToFloat(bits);
}

// K is 8 or 16; two elements a register.
template <int K, bool IS_BRAIN>
void multiplyHalves(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    requireWholeWarp(warp, lanes);
    Matrices m;
    for (int lane = 0; lane < LANES; lane++) {
        for (int i = 0; i < K / 4; i++) {
            uint32_t pair = valueOf<uint32_t>(warp, instruction.operand(1, i), lane);
            for (int half = 0; half < 2; half++) {
                m.a[lane / 4 + 8 * (i % 2)][lane % 4 * 2 + half + 8 * (i / 2)] = narrow<IS_BRAIN>(pair, half);
            }
        }
        for (int i = 0; i < K / 8; i++) {
            uint32_t pair = valueOf<uint32_t>(warp, instruction.operand(2, i), lane);
            for (int half = 0; half < 2; half++) {
                m.b[lane % 4 * 2 + half + 8 * i][lane / 4] = narrow<IS_BRAIN>(pair, half);
            }
        }
    }
    multiplyAdd(warp, instruction, K, m);
}

// ldmatrix: `vector` matrices of 8 × 8 halves; lanes 8i … 8i+7 hold the addresses of the rows of matrix i.
void loadMatrix(Warp& warp, const Instruction& instruction, uint32_t lanes) {
    requireWholeWarp(warp, lanes);
    uint64_t scratch[LANES];
    const uint64_t* base = read<uint64_t>(warp, instruction.operand(1), scratch);
    KernelCounters& counters = *warp.block->counters;
    counters.sharedRequests++;
    for (int matrix = 0; matrix < instruction.vector; matrix++) {
        uint16_t rows[8][8];
        uint32_t banks[8] = {};
        for (int row = 0; row < 8; row++) {
            int lane = 8 * matrix + row;
            uint64_t address = base[lane] + static_cast<uint64_t>(instruction.immediate);
            if (address % 16 != 0) {
                throw Fault{CUDA_ERROR_MISALIGNED_ADDRESS,
                            format("a row of 16 bytes at 0x%llx", static_cast<unsigned long long>(address)), lane};
            }
            std::memcpy(rows[row], resolve(warp, lane, instruction.space, address, 16, Access::READ), 16);
            counters.sharedBytes += 16;
            banks[address / 16 % 8]++;
        }
        uint32_t most = 1;
        for (uint32_t count : banks) {
            most = std::max(most, count);
        }
        counters.bankConflicts += most - 1;
        for (int lane = 0; lane < LANES; lane++) {
            int row = lane / 4;
            int column = lane % 4 * 2;
            uint32_t pair = instruction.isWrapping
                                ? rows[column][row] | static_cast<uint32_t>(rows[column + 1][row]) << 16
                                : rows[row][column] | static_cast<uint32_t>(rows[row][column + 1]) << 16;
            const Operand& target = instruction.operand(0, matrix);
            std::memcpy(warp.registers + target.offset + lane * target.width, &pair, 4);
        }
    }
}

}  // namespace

Opcodes matrixOpcodes() {
    constexpr InstructionClass MATRIX = InstructionClass::MATRIX;
    return {
        {"mma.sync.aligned.m16n8k4.row.col.f32.tf32.tf32.f32", MATRIX, multiplyTf32<4>},
        {"mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32", MATRIX, multiplyTf32<8>},
        {"mma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32", MATRIX, multiplyHalves<8, true>},
        {"mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32", MATRIX, multiplyHalves<16, true>},
        {"mma.sync.aligned.m16n8k8.row.col.f32.f16.f16.f32", MATRIX, multiplyHalves<8, false>},
        {"mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32", MATRIX, multiplyHalves<16, false>},
        {"ldmatrix.sync.aligned.m8n8.x1|x2|x4.trans?.shared|shared::cta?.b16", InstructionClass::SHARED, loadMatrix},
    };
}

}  // namespace emulator
