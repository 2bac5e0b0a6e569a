#pragma once

#include "tensor_core.cuh"
#include "weight_gradient.cuh"

// The product of include/weight_gradient.cuh by tensor cores, for channels and columns that are multiples of 8. A block
// computes 64 rows (taps and channels) by 64 columns, DEPTH pixels at a time, with two buffers in shared memory as in
// tensor_core_gemm.cuh. One warp finds for all threads where the pixels of a tile lie, and which taps of them are
// inside the image. It does so a tile ahead of the copies, and the warps take turns.
template <Multiplicand TYPE>
struct TensorCoreWeightGradient {
    static constexpr int THREADS = SUM_THREADS;
    static constexpr int SIDE = 64;
    static constexpr int STEP = THREADS / (SIDE / 4);  // pixels from one copy of a thread to the next
    static constexpr int COPIES = DEPTH / STEP;
    static constexpr int BYTES = SIDE * DEPTH * 4;  // of a tile
    static constexpr int PIXELS_AT =
        4 * SIDE * DEPTH;  // float of shared memory where the pixels begin: after two tiles of each operand

    // Of a large image: where channel 0 lies at tap offset (0, 0), in groups of four floats; bit 4 + ky is set if row
    // ky of the taps is inside the image, and bit 12 + kx if column kx is.
    struct __align__(8) Pixel {
        unsigned start;
        int inside;
    };

    static constexpr int SHARED = PIXELS_AT + 2 * DEPTH * sizeof(Pixel) / sizeof(float);  // floats

    const GradientShape& shape;
    const Place& block;
    const char* large;     // the large images, at the offset of the thread's tap and channel
    const char* small;     // the small images, at the thread's columns and its first pixel of the next tile
    long long small_step;  // bytes to the thread's next pixel
    Pixel* pixels;         // two tiles of them
    int needed;            // the bits that the thread's tap needs to be inside; one that is never set if it has no row
    int b_bytes;
    unsigned a_to, b_to;
    int first, last, end;  // tiles of this split, and the pixel after its last one

    __device__ TensorCoreWeightGradient(const GradientShape& s, const float* l, const float* m, const Place& p,
                                        float* shared)
        : shape(s), block(p), pixels(reinterpret_cast<Pixel*>(shared + PIXELS_AT)) {
        int four = threadIdx.x % (SIDE / 4) * 4;
        int k = threadIdx.x / (SIDE / 4);
        int row = block.x * SIDE + four;
        int tap = s.by_channels.quotient(row);
        bool has_row = tap < s.kernel * s.kernel;
        int ky = tap / s.kernel;
        int kx = tap - ky * s.kernel;
        needed = has_row ? 1 << (4 + ky) | 1 << (12 + kx) : 1;
        large = reinterpret_cast<const char*>(l + ((ky - s.padding) * s.large_width + kx - s.padding) * s.channels + row
                                              - tap * s.channels);
        int column = block.y * SIDE + four;
        b_bytes = column < s.columns ? 16 : 0;
        a_to = shared_address(shared) + down(k, four, SIDE) * 4;
        b_to = shared_address(shared + 2 * SIDE * DEPTH) + down(k, four, SIDE) * 4;
        int tiles = (s.pixels + DEPTH - 1) / DEPTH;
        first = static_cast<int>(static_cast<long long>(tiles) * block.z / s.splits);
        last = static_cast<int>(static_cast<long long>(tiles) * (block.z + 1) / s.splits);
        end = min(s.pixels, last * DEPTH);
        small = reinterpret_cast<const char*>(m + column) + bytes_of(s.columns) * (first * DEPTH + k);
        small_step = bytes_of(STEP * s.columns);
        keep(small_step);
        keep(large);
        keep(needed);
        keep(a_to);
        keep(b_to);
    }

    // Sets the bits of those of `kernel` taps, the first at `from`, that are inside an image with `size` rows or
    // columns.
    __device__ static int inside(int from, int size, int kernel) {
        int lowest = max(0, -from);
        int highest = max(lowest, min(kernel, size - from));
        return (1 << highest) - (1 << lowest);
    }

    // Finds the pixels of a tile. The threads of one warp call this, one for each pixel.
    __device__ void find_pixels(int tile) const {
        int lane = threadIdx.x % 32;
        int pixel = tile * DEPTH + lane;
        Pixel found = {0, 0};
        if (pixel < end) {
            int image = shape.by_image.quotient(pixel);
            int rest = pixel - image * shape.small_height * shape.small_width;
            int i = shape.by_width.quotient(rest);
            int y = i * shape.stride;
            int x = (rest - i * shape.small_width) * shape.stride;
            found.start = ((image * shape.large_height + y) * shape.large_width + x) * (shape.channels / 4);
            found.inside = inside(y - shape.padding, shape.large_height, shape.kernel) << 4
                           | inside(x - shape.padding, shape.large_width, shape.kernel) << 12;
        }
        pixels[(tile & 1) * DEPTH + lane] = found;
    }

    __device__ void copy(int tile) {
        const Pixel* of_tile = pixels + (tile & 1) * DEPTH + threadIdx.x / (SIDE / 4);
        int to = (tile & 1) * BYTES;
        unrolled<COPIES>([&](auto r) {
            Pixel pixel = of_tile[r.value * STEP];
            copy_16<r.value * STEP * SIDE * 4>(a_to + to, large + 16LL * pixel.start,
                                               (pixel.inside & needed) == needed ? 16 : 0);
        });
        int left = end - tile * DEPTH - threadIdx.x / (SIDE / 4);
        unrolled<COPIES>([&](auto r) {
            copy_16<r.value * STEP * SIDE * 4>(b_to + to, small, left > r.value * STEP ? b_bytes : 0);
            small += small_step;
        });
        commit_copies();
    }

    // Adds a tile to the column sums, in the order of the pixels; thread n has column n. The values are fp32, as they
    // are in memory.
    __device__ void add_columns(const float* bs, float& sum) const {
        if (threadIdx.x < SIDE) {
#pragma unroll
            for (int k = 0; k < DEPTH; k++) {
                sum += bs[down(k, threadIdx.x, SIDE)];
            }
        }
    }

    __device__ void leave(float* share, const Accumulators& sums) const {
        int rows = shape.kernel * shape.kernel * shape.channels;
        int row = block.x * SIDE + threadIdx.x / 64 * WARP_ROWS + lane_group();
        int column = block.y * SIDE + threadIdx.x / 32 % 2 * WARP_COLUMNS + lane_within() * 2;
#pragma unroll
        for (int i = 0; i < 4; i++) {
            int m = row + 8 * i;
#pragma unroll
            for (int j = 0; j < 4; j++) {
                int n = column + 8 * j;
                if (m < rows && n < shape.columns) {
                    *reinterpret_cast<float2*>(share + m * shape.columns + n) =
                        make_float2(sums.tile[i / 2][j][i % 2 * 2], sums.tile[i / 2][j][i % 2 * 2 + 1]);
                }
            }
        }
    }

    template <int HALF>
    __device__ static void multiply_half(Accumulators& sums, const Runs<SIDE>& a, const Runs<SIDE>& b, int tile) {
        Operands o;
        load_a_down<HALF>(o, a, tile);
        load_b_down<HALF>(o, b, tile);
        multiply_add<TYPE>(sums, o);
    }

    // Does all the work of a block; `shared` has SHARED floats.
    __device__ __forceinline__ static void run(const GradientShape& shape, const float* large, const float* small,
                                               float* partials, const Place& block, float* shared) {
        const float* bs = shared + 2 * SIDE * DEPTH;
        TensorCoreWeightGradient product(shape, large, small, block, shared);
        Accumulators sums;
        sums.clear();
        bool finds_bias = shape.bias_at >= 0 && block.x == 0;
        float sum = 0;
        int warp = threadIdx.x / 32;
        Runs<SIDE> a(shared_address(shared), warp / 2 * WARP_ROWS);
        Runs<SIDE> b(shared_address(bs), warp % 2 * WARP_COLUMNS);
        if (warp < 2 && product.first + warp < product.last) {
            product.find_pixels(product.first + warp);
        }
        __syncthreads();
        if (product.first < product.last) {
            product.copy(product.first);
        }
        for (int k = product.first; k < product.last; k++) {
            wait_for_copies();
            __syncthreads();
            if (k + 1 < product.last) {
                product.copy(k + 1);
            }
            if (k + 2 < product.last && (k & 3) == warp) {
                product.find_pixels(k + 2);
            }
            int tile = (k & 1) * BYTES;
            multiply_half<0>(sums, a, b, tile);
            multiply_half<1>(sums, a, b, tile);
            if (finds_bias) {
                product.add_columns(bs + (k & 1) * SIDE * DEPTH, sum);
            }
        }
        float* share = partials + static_cast<long long>(block.z) * shape.share;
        product.leave(share, sums);
        int n = block.y * SIDE + threadIdx.x;
        if (finds_bias && threadIdx.x < SIDE && n < shape.columns) {
            share[shape.bias_at + n] = sum;
        }
    }
};
