#pragma once

#include "block_sum.cuh"
#include "divisor.cuh"
#include "tile.cuh"

// The weight gradient of a layer as one matrix product. Rows are the taps of the kernel and, within a tap, the channels
// of the large images; columns are the channels of the small images; the depth runs over the pixels of all small
// images. Pixel (i, j) of a small image meets tap (ky, kx) at pixel (i * stride + ky - padding, j * stride + kx -
// padding) of the large one. The small images are those that a convolution puts out, or that a transposed convolution
// takes in. A dense layer is the convolution of an image of one pixel.
//
// Block (x, y, z) computes BM rows by BN columns over part z of the pixels, and a thread TM by TN of them. It stores
// this share of the gradient in partials, and update.cu adds the shares in their order. Tiles of PIXELS pixels by BM
// and by BN lie in shared memory with the pixels as rows, in two buffers: while one is multiplied, the next is loaded
// to registers, and then stored in the other. Where it is asked for, blocks with x = 0 also sum the columns, which is
// the bias gradient.

// java/daegpu/engine/cuda/kernels/GradientShape.java has the same layout.
struct GradientShape {
    int pixels;  // of all small images
    int small_height;
    int small_width;
    int large_height;
    int large_width;
    int channels;  // of the large images
    int columns;   // channels of the small ones
    int kernel;
    int padding;
    int stride;
    int splits;
    int share;         // floats from one share to the next
    int bias_at;       // where the column sums, the bias gradient, are in a share; or -1
    Divisor by_image;  // small_height * small_width
    Divisor by_width;  // small_width
    Divisor by_channels;
};

constexpr int PIXELS = 16;  // depth of a tile

// VECTOR_ROWS: channels are a multiple of 4; VECTOR_COLUMNS: columns are.
template <bool VECTOR_ROWS, bool VECTOR_COLUMNS, int BM, int BN, int TM, int TN>
struct WeightGradient {
    static constexpr int THREADS = SUM_THREADS;
    static constexpr int SHARED = 2 * (BM + BN) * PIXELS;  // floats
    static_assert((BM / TM) * (BN / TN) == THREADS, "each thread makes one part of the tile");
    static_assert(BM * PIXELS / 4 % THREADS == 0 || !VECTOR_ROWS, "every thread loads as much");
    static_assert(BN * PIXELS / 4 % THREADS == 0 || !VECTOR_COLUMNS, "every thread loads as much");
    static constexpr int A_VALUES = BM * PIXELS / THREADS;
    static constexpr int B_VALUES = BN * PIXELS / THREADS;

    const GradientShape& shape;
    const float* large;
    const float* small;
    const Place& block;
    int tap_y, tap_x, offset;  // of this thread's row: all its loads are of one tap
    bool has_row;
    int column;
    float a[A_VALUES];
    float b[B_VALUES];

    __device__ WeightGradient(const GradientShape& s, const float* l, const float* m, const Place& p)
        : shape(s), large(l), small(m), block(p), column(p.y * BN) {
        int row = p.x * BM + (VECTOR_ROWS ? threadIdx.x % (BM / 4) * 4 : threadIdx.x % BM);
        has_row = row < s.kernel * s.kernel * s.channels;
        int tap = s.by_channels.quotient(row);
        int ky = tap / s.kernel;
        tap_y = ky - s.padding;
        tap_x = tap - ky * s.kernel - s.padding;
        offset = (tap_y * s.large_width + tap_x) * s.channels + row - tap * s.channels;
    }

    // The index of the large images' value for this thread's row at a small pixel, or -1 for zero.
    __device__ int place(int pixel, int end) const {
        if (!has_row || pixel >= end) {
            return -1;
        }
        int image = shape.by_image.quotient(pixel);
        int rest = pixel - image * shape.small_height * shape.small_width;
        int i = shape.by_width.quotient(rest);
        int j = rest - i * shape.small_width;
        int y = i * shape.stride;
        int x = j * shape.stride;
        bool inside = static_cast<unsigned>(y + tap_y) < static_cast<unsigned>(shape.large_height)
                      && static_cast<unsigned>(x + tap_x) < static_cast<unsigned>(shape.large_width);
        return inside ? ((image * shape.large_height + y) * shape.large_width + x) * shape.channels + offset : -1;
    }

    __device__ void load(int first, int end) {
        if (VECTOR_ROWS) {
#pragma unroll
            for (int r = 0; r < A_VALUES / 4; r++) {
                int at = place(first + threadIdx.x / (BM / 4) + r * (THREADS / (BM / 4)), end);
                float4 four = make_float4(0, 0, 0, 0);
                if (at >= 0) {
                    four = *reinterpret_cast<const float4*>(large + at);
                }
                a[4 * r] = four.x;
                a[4 * r + 1] = four.y;
                a[4 * r + 2] = four.z;
                a[4 * r + 3] = four.w;
            }
        } else {
#pragma unroll
            for (int i = 0; i < A_VALUES; i++) {
                int at = place(first + threadIdx.x / BM + i * (THREADS / BM), end);
                a[i] = at >= 0 ? large[at] : 0.0f;
            }
        }
        if (VECTOR_COLUMNS) {
#pragma unroll
            for (int r = 0; r < B_VALUES / 4; r++) {
                int index = threadIdx.x + r * THREADS;
                int pixel = first + index / (BN / 4);
                int n = column + index % (BN / 4) * 4;
                float4 four = make_float4(0, 0, 0, 0);
                if (pixel < end && n < shape.columns) {
                    four = *reinterpret_cast<const float4*>(small + pixel * shape.columns + n);
                }
                b[4 * r] = four.x;
                b[4 * r + 1] = four.y;
                b[4 * r + 2] = four.z;
                b[4 * r + 3] = four.w;
            }
        } else {
#pragma unroll
            for (int i = 0; i < B_VALUES; i++) {
                int index = threadIdx.x + i * THREADS;
                int pixel = first + index / BN;
                int n = column + index % BN;
                b[i] = pixel < end && n < shape.columns ? small[pixel * shape.columns + n] : 0.0f;
            }
        }
    }

    __device__ void stage(float* as, float* bs) const {
        if (VECTOR_ROWS) {
#pragma unroll
            for (int r = 0; r < A_VALUES / 4; r++) {
                write_shared(as + 4 * (threadIdx.x + r * THREADS), a[4 * r], a[4 * r + 1], a[4 * r + 2], a[4 * r + 3]);
            }
        } else {
#pragma unroll
            for (int i = 0; i < A_VALUES; i++) {
                as[threadIdx.x + i * THREADS] = a[i];
            }
        }
        if (VECTOR_COLUMNS) {
#pragma unroll
            for (int r = 0; r < B_VALUES / 4; r++) {
                write_shared(bs + 4 * (threadIdx.x + r * THREADS), b[4 * r], b[4 * r + 1], b[4 * r + 2], b[4 * r + 3]);
            }
        } else {
#pragma unroll
            for (int i = 0; i < B_VALUES; i++) {
                bs[threadIdx.x + i * THREADS] = b[i];
            }
        }
    }

    __device__ void multiply(const float* as, const float* bs, float (&acc)[TM][TN]) const {
        int m = threadIdx.x / (BN / TN) * TM;
        int n = threadIdx.x % (BN / TN) * TN;
#pragma unroll
        for (int k = 0; k < PIXELS; k++) {
            float left[TM], right[TN];
            read_shared(left, as + k * BM + m);
            read_shared(right, bs + k * BN + n);
#pragma unroll
            for (int i = 0; i < TM; i++) {
#pragma unroll
                for (int j = 0; j < TN; j++) {
                    acc[i][j] = fmaf(left[i], right[j], acc[i][j]);
                }
            }
        }
    }

    __device__ void leave(float* share, float (&acc)[TM][TN]) const {
        int n = column + threadIdx.x % (BN / TN) * TN;
        int rows = shape.kernel * shape.kernel * shape.channels;
        int count = min(TN, shape.columns - n);
        bool whole = VECTOR_COLUMNS && TN == 4;
#pragma unroll
        for (int i = 0; i < TM; i++) {
            int m = block.x * BM + threadIdx.x / (BN / TN) * TM + i;
            if (m < rows && count > 0) {
                store_row(acc[i], share + m * shape.columns + n, count, whole);
            }
        }
    }

    // Adds a tile to the column sums, in the order of the pixels; thread n has column n.
    __device__ void add_columns(const float* bs, float& sum) const {
        if (threadIdx.x < BN) {
#pragma unroll
            for (int k = 0; k < PIXELS; k++) {
                sum += bs[k * BN + threadIdx.x];
            }
        }
    }

    // Does all the work of a block; `shared` has SHARED floats.
    __device__ __forceinline__ static void run(const GradientShape& shape, const float* large, const float* small,
                                               float* partials, const Place& block, float* shared) {
        float* as = shared;
        float* bs = shared + 2 * BM * PIXELS;
        WeightGradient product(shape, large, small, block);
        float acc[TM][TN];
#pragma unroll
        for (int i = 0; i < TM; i++) {
#pragma unroll
            for (int j = 0; j < TN; j++) {
                acc[i][j] = 0;
            }
        }
        bool finds_bias = shape.bias_at >= 0 && block.x == 0;
        float sum = 0;
        int split = block.z;
        int tiles = (shape.pixels + PIXELS - 1) / PIXELS;
        int first = static_cast<int>(static_cast<long long>(tiles) * split / shape.splits);
        int last = static_cast<int>(static_cast<long long>(tiles) * (split + 1) / shape.splits);
        int end = min(shape.pixels, last * PIXELS);
        product.load(first * PIXELS, end);
        product.stage(as, bs);
        __syncthreads();
        for (int k = first; k < last; k++) {
            int now = (k - first) & 1;
            if (k + 1 < last) {
                product.load((k + 1) * PIXELS, end);
            }
            product.multiply(as + now * BM * PIXELS, bs + now * BN * PIXELS, acc);
            if (finds_bias) {
                product.add_columns(bs + now * BN * PIXELS, sum);
            }
            if (k + 1 < last) {
                product.stage(as + (now ^ 1) * BM * PIXELS, bs + (now ^ 1) * BN * PIXELS);
            }
            __syncthreads();
        }
        float* share = partials + static_cast<long long>(split) * shape.share;
        product.leave(share, acc);
        int n = block.y * BN + threadIdx.x;
        if (finds_bias && threadIdx.x < BN && n < shape.columns) {
            share[shape.bias_at + n] = sum;
        }
    }
};

// Defines the kernel NAME, whose blocks run the product type that follows. Shared memory begins at a multiple of 128
// bytes, as tensor_core.cuh needs it.
#define WEIGHT_GRADIENT(NAME, ...)                                                                  \
    extern "C" __global__ void __launch_bounds__(SUM_THREADS)                                       \
        NAME(GradientShape shape, const float* __restrict__ large, const float* __restrict__ small, \
             float* __restrict__ partials) {                                                        \
        using Product = __VA_ARGS__;                                                                \
        __shared__ __align__(128) float shared[Product::SHARED];                                    \
        Product::run(shape, large, small, partials, Place::own(), shared);                          \
    }
