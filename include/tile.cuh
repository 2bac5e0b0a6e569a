#pragma once

// The place of a block in the grid of its product. This grid is that of the launch, or, where two products share a
// launch, a part of it.
struct Place {
    int x, y, z;
    int across;  // size of the grid in x
    int down;    // size of the grid in y

    __device__ static Place own() {
        return {static_cast<int>(blockIdx.x), static_cast<int>(blockIdx.y), static_cast<int>(blockIdx.z),
                static_cast<int>(gridDim.x), static_cast<int>(gridDim.y)};
    }
    // The place of block number `block` in a grid that is numbered row by row.
    __device__ static Place numbered(int block, int across, int down) {
        int line = block / across;
        return {block - line * across, line % down, line / down, across, down};
    }
};

// Reads 1, 2, 4 or 8 neighbouring floats of shared memory, at most 16 bytes in one instruction.

__device__ inline void read_shared(float (&values)[1], const float* from) { values[0] = *from; }

__device__ inline void read_shared(float (&values)[2], const float* from) {
    float2 two = *reinterpret_cast<const float2*>(from);
    values[0] = two.x;
    values[1] = two.y;
}

__device__ inline void read_shared(float (&values)[4], const float* from) {
    float4 four = *reinterpret_cast<const float4*>(from);
    values[0] = four.x;
    values[1] = four.y;
    values[2] = four.z;
    values[3] = four.w;
}

__device__ inline void read_shared(float (&values)[8], const float* from) {
    float4 four = *reinterpret_cast<const float4*>(from);
    float4 more = *reinterpret_cast<const float4*>(from + 4);
    values[0] = four.x;
    values[1] = four.y;
    values[2] = four.z;
    values[3] = four.w;
    values[4] = more.x;
    values[5] = more.y;
    values[6] = more.z;
    values[7] = more.w;
}

// Writes 16 bytes to shared memory in one instruction. nvcc splits the assignment of a float4 into four stores of 4
// bytes, which have bank conflicts.
__device__ inline void write_shared(float* to, float a, float b, float c, float d) {
    asm volatile("st.shared.v4.f32 [%0], {%1, %2, %3, %4};" ::"r"(static_cast<unsigned>(__cvta_generic_to_shared(to))),
                 "f"(a), "f"(b), "f"(c), "f"(d)
                 : "memory");
}

// Loads the first `count` of N floats; the others are zero. `whole` says that there are all N, and that they are
// aligned: 4 or 2 floats are then loaded in one instruction.
template <int N>
__device__ inline void load_row(float (&values)[N], const float* from, int count, bool whole) {
    if (N == 4 && whole) {
        float4 four = *reinterpret_cast<const float4*>(from);
        values[0] = four.x;
        values[1 % N] = four.y;
        values[2 % N] = four.z;
        values[3 % N] = four.w;
    } else if (N == 2 && whole) {
        float2 two = *reinterpret_cast<const float2*>(from);
        values[0] = two.x;
        values[1 % N] = two.y;
    } else {
#pragma unroll
        for (int j = 0; j < N; j++) {
            values[j] = j < count ? from[j] : 0.0f;
        }
    }
}

// Stores the first `count` of N floats. With `whole` it stores 4 or 2 floats in one instruction; __stwb keeps nvcc from
// splitting it.
template <int N>
__device__ inline void store_row(const float (&values)[N], float* to, int count, bool whole) {
    if (N == 4 && whole) {
        __stwb(reinterpret_cast<float4*>(to), make_float4(values[0], values[1 % N], values[2 % N], values[3 % N]));
    } else if (N == 2 && whole) {
        __stwb(reinterpret_cast<float2*>(to), make_float2(values[0], values[1 % N]));
    } else {
#pragma unroll
        for (int j = 0; j < N; j++) {
            if (j < count) {
                to[j] = values[j];
            }
        }
    }
}

// Whether this block is the last of `blocks` blocks to call this; all threads of a block call it and get the same
// answer. What the other blocks stored before is then visible to the last one. The ticket is zero before the first call
// and after the last. Which block is last differs from run to run, but decides only which one goes on.
__device__ inline bool last_of_all(unsigned* ticket, int blocks) {
    __shared__ bool last;
    __threadfence();
    __syncthreads();
    if (threadIdx.x == 0) {
        last = atomicInc(ticket, blocks - 1) == static_cast<unsigned>(blocks - 1);
    }
    __syncthreads();
    __threadfence();
    return last;
}
