#pragma once

#include "block_sum.cuh"

// What the kernels for tensor cores (sm_80 and later) share. Tiles lie in shared memory in fp32, as cp.async copies
// them. Operands are rounded on their way from there to registers, and products are summed in fp32. A warp computes 32
// rows by 32 columns, as two by four tiles of mma.sync: m16n8k8 for TF32, m16n8k16 for bf16. Where a lane has its part
// of a fragment follows from its group, lane / 4, and its place within the group, lane % 4 (PTX ISA, "Matrix fragments
// for mma.m16n8k8" and "mma.m16n8k16").
enum Multiplicand {
    TF32 = 0,  // 10 bits of mantissa, to nearest, ties away from zero
    BF16 = 1   // 7 bits of mantissa, to nearest, ties to even
};

constexpr int DEPTH = 32;  // values of the depth in a tile
constexpr int WARP_ROWS = 32;
constexpr int WARP_COLUMNS = 32;
constexpr int FOURS = DEPTH / 4;  // float4s in a row that lies along the depth
static_assert(DEPTH == 32, "a tile is taken in two halves");

// The sums of the 32 by 32 values that a warp computes: [16 rows, 8 columns, register of the accumulator fragment].
struct Accumulators {
    float tile[2][4][4];

    __device__ void clear() {
#pragma unroll
        for (int i = 0; i < 2; i++) {
#pragma unroll
            for (int j = 0; j < 4; j++) {
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    tile[i][j][e] = 0;
                }
            }
        }
    }
};

__device__ inline int lane_group() { return threadIdx.x % 32 / 4; }
__device__ inline int lane_within() { return threadIdx.x % 4; }

__device__ inline unsigned shared_address(const void* pointer) {
    return static_cast<unsigned>(__cvta_generic_to_shared(pointer));
}

// Keeps a value in a register. Without it, nvcc computes values that a loop does not change again in each turn.
__device__ inline void keep(unsigned& value) { asm volatile("" : "+r"(value)); }
__device__ inline void keep(int& value) { asm volatile("" : "+r"(value)); }
__device__ inline void keep(long long& value) { asm volatile("" : "+l"(value)); }
__device__ inline void keep(const char*& value) { asm volatile("" : "+l"(value)); }

// Starts an asynchronous copy of 16 bytes to OFFSET bytes after `to` in shared memory. The first `bytes` of them come
// from `from`, which is not read if that is 0; the others become zero.
template <int OFFSET>
__device__ inline void copy_16(unsigned to, const void* from, int bytes) {
    asm volatile("cp.async.cg.shared.global [%0+%3], [%1], 16, %2;" ::"r"(to), "l"(from), "r"(bytes), "n"(OFFSET)
                 : "memory");
}

// The size of `floats` floats in bytes.
__device__ inline long long bytes_of(int floats) { return 4LL * floats; }

// Calls action(Index<0>()) to action(Index<N - 1>()): a loop whose counter the compiler knows, so that it can be an
// offset in an instruction.
template <int N>
struct Index {
    static constexpr int value = N;
};

template <int N, typename Action>
__device__ __forceinline__ void unrolled(const Action& action) {
    if constexpr (N > 0) {
        unrolled<N - 1>(action);
        action(Index<N - 1>());
    }
}

__device__ inline void commit_copies() { asm volatile("cp.async.commit_group;" ::: "memory"); }

// Waits for this thread's copies. Only after the next barrier can it read those of other threads.
__device__ inline void wait_for_copies() { asm volatile("cp.async.wait_group 0;" ::: "memory"); }

// The offset in bytes of floats 4 * four to 4 * four + 3 of row m, in a tile whose rows lie along the depth, DEPTH
// floats each. The groups of 16 bytes are permuted by an exclusive or with m, so that the same group of eight rows,
// which ldmatrix reads at once, lies in different banks.
__device__ inline int across(int m, int four) { return (m * FOURS + (four ^ (m & 7))) * 16; }

// The offset in floats of float n of row k, in a tile whose rows lie across the depth, `pitch` floats each. Floats are
// permuted by an exclusive or with 8 * (k mod 4), so that the four rows of a fragment lie in different banks.
__device__ inline int down(int k, int n, int pitch) { return k * pitch + (n ^ ((k & 3) * 8)); }

// ldmatrix: loads four matrices of eight rows of 16 bytes. Each thread gives the address of one row, to which OFFSET is
// added.
template <int OFFSET>
__device__ inline void load_matrices(float& a, float& b, float& c, float& d, unsigned address) {
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4+%5];"
                 : "=f"(a), "=f"(b), "=f"(c), "=f"(d)
                 : "r"(address), "n"(OFFSET)
                 : "memory");
}

__device__ inline unsigned to_tf32(float value) {
    unsigned bits;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(value));
    return bits;
}

__device__ inline unsigned to_bf16(float low, float high) {
    unsigned bits;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
    return bits;
}

// sums += a * b for one tile of mma.sync.
template <Multiplicand TYPE>
__device__ inline void multiply_add(float (&sums)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
    if (TYPE == TF32) {
        asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
            "{%0, %1, %2, %3};"
            : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    } else {
        asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, "
            "{%0, %1, %2, %3};"
            : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
            : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
    }
}

// The fragments of 16 values of the depth, as TF32 has them: two steps of 8.
struct Operands {
    float a[2][2][4];  // step, tile of 16 rows, register
    float b[2][4][2];  // step, tile of 8 columns, register
};

// Adds the products of such fragments. In bf16 a register holds two values of the depth. Any two will do, if A and B
// have the same two; so it takes the two that a thread has loaded as for TF32, which are 4 apart, and operands are
// loaded in one way for both.
template <Multiplicand TYPE>
__device__ inline void multiply_add(Accumulators& sums, const Operands& o) {
    if (TYPE == TF32) {
#pragma unroll
        for (int step = 0; step < 2; step++) {
            unsigned b[4][2];
#pragma unroll
            for (int j = 0; j < 4; j++) {
                b[j][0] = to_tf32(o.b[step][j][0]);
                b[j][1] = to_tf32(o.b[step][j][1]);
            }
#pragma unroll
            for (int i = 0; i < 2; i++) {
                unsigned a[4];
#pragma unroll
                for (int e = 0; e < 4; e++) {
                    a[e] = to_tf32(o.a[step][i][e]);
                }
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    multiply_add<TYPE>(sums.tile[i][j], a, b[j]);
                }
            }
        }
    } else {
        unsigned b[4][2];
#pragma unroll
        for (int j = 0; j < 4; j++) {
            b[j][0] = to_bf16(o.b[0][j][0], o.b[0][j][1]);
            b[j][1] = to_bf16(o.b[1][j][0], o.b[1][j][1]);
        }
#pragma unroll
        for (int i = 0; i < 2; i++) {
            unsigned a[4];
#pragma unroll
            for (int e = 0; e < 4; e++) {
                a[e] = to_bf16(o.a[e / 2][i][e % 2], o.a[e / 2][i][e % 2 + 2]);
            }
#pragma unroll
            for (int j = 0; j < 4; j++) {
                multiply_add<TYPE>(sums.tile[i][j], a, b[j]);
            }
        }
    }
}

// A, from a tile whose rows lie along the depth: the address for load_a_across, which is that of this lane's row of the
// first 16 rows of the warp, at its group of 16 bytes for step 0.
__device__ inline unsigned a_across(unsigned tile, int first_row) {
    int lane = threadIdx.x % 32;
    return tile + across(first_row + lane % 16, lane / 16);
}

template <int HALF>
__device__ inline void load_a_across(Operands& o, unsigned address) {
#pragma unroll
    for (int step = 0; step < 2; step++) {
        unsigned at = address ^ (32 * (2 * HALF + step));
        float(&first)[4] = o.a[step][0];
        float(&second)[4] = o.a[step][1];
        load_matrices<0>(first[0], first[1], first[2], first[3], at);
        load_matrices<16 * DEPTH * 4>(second[0], second[1], second[2], second[3], at);
    }
}

// The same for B, from a tile whose rows, the columns of the product, lie along the depth.
__device__ inline unsigned b_across(unsigned tile, int first_column) {
    int lane = threadIdx.x % 32;
    return tile + across(first_column + lane % 8 + lane / 16 * 8, lane / 8 % 2);
}

template <int HALF>
__device__ inline void load_b_across(Operands& o, unsigned address) {
#pragma unroll
    for (int step = 0; step < 2; step++) {
        unsigned at = address ^ (32 * (2 * HALF + step));
        float(&b)[4][2] = o.b[step];
        load_matrices<0>(b[0][0], b[0][1], b[1][0], b[1][1], at);
        load_matrices<16 * DEPTH * 4>(b[2][0], b[2][1], b[3][0], b[3][1], at);
    }
}

// Reads operands float by float from tiles whose rows lie across the depth, `PITCH` floats each, as ldmatrix cannot
// transpose values of 4 bytes. Of the 32 rows or columns of a warp, a thread takes one in each of four runs of eight
// neighbours, at `address`.
template <int PITCH>
struct Runs {
    unsigned address[4];

    __device__ Runs(unsigned tile, int first) {
#pragma unroll
        for (int j = 0; j < 4; j++) {
            address[j] = tile + down(lane_within(), first + 8 * j + lane_group(), PITCH) * 4;
            keep(address[j]);
        }
    }

    // The float K rows after the thread's first one, of run j, in the tile that begins `tile` bytes later.
    template <int K>
    __device__ float load(int j, int tile) const {
        float value;
        asm volatile("ld.shared.f32 %0, [%1+%2];"
                     : "=f"(value)
                     : "r"(address[j] + tile), "n"(K * PITCH * 4)
                     : "memory");
        return value;
    }
};

template <int HALF, int PITCH>
__device__ inline void load_a_down(Operands& o, const Runs<PITCH>& runs, int tile) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
        o.a[0][j / 2][j % 2] = runs.template load<16 * HALF>(j, tile);
        o.a[0][j / 2][j % 2 + 2] = runs.template load<16 * HALF + 4>(j, tile);
        o.a[1][j / 2][j % 2] = runs.template load<16 * HALF + 8>(j, tile);
        o.a[1][j / 2][j % 2 + 2] = runs.template load<16 * HALF + 12>(j, tile);
    }
}

template <int HALF, int PITCH>
__device__ inline void load_b_down(Operands& o, const Runs<PITCH>& runs, int tile) {
#pragma unroll
    for (int j = 0; j < 4; j++) {
        o.b[0][j][0] = runs.template load<16 * HALF>(j, tile);
        o.b[0][j][1] = runs.template load<16 * HALF + 4>(j, tile);
        o.b[1][j][0] = runs.template load<16 * HALF + 8>(j, tile);
        o.b[1][j][1] = runs.template load<16 * HALF + 12>(j, tile);
    }
}
