#pragma once

#include "rounded_tile.cuh"
#include "weight_gradient.cuh"

// The weight gradient of 3x3 layers with stride 1 and padding 1 by tensor cores, for channels and columns that are
// multiples of 8. A block computes all nine taps of 32 channels of the large images by 32 channels of the small ones.
// It runs over its part of the tiles, each of 8 rows of 16 small pixels, which lie in shared memory with the large
// pixels around them, rounded when they were gathered. Rows of the products are channels of the small images; columns
// are channels of the large ones, eight to a warp; the depth runs over the pixels of a row. The fragments of a row of
// large pixels, one for each kx, serve the small rows of all three ky, so a thread keeps those of three rows in
// registers. In bf16, ldmatrix.trans exchanges pixels and channels; TF32, which it cannot transpose, is loaded value by
// value.
//
// GradientShape is counted differently here: pixels are tiles, by_image divides by the tiles of an image, and by_width
// by the tiles in a row.
template <Multiplicand TYPE>
struct TensorCoreStride1Gradient {
    static constexpr int HEIGHT = 8;
    static constexpr int WIDTH = 16;
    static constexpr bool TURNED = TYPE == TF32;
    using Rows = RoundedRows<TYPE, TURNED>;
    // Large pixels in a row of the tile: a multiple of four with TURNED, as the permutation within a pixel repeats
    // every four pixels.
    static constexpr int LARGE_WIDTH = TURNED ? WIDTH + 4 : WIDTH + 2;
    using Large = RoundedTile<Rows, HEIGHT + 2, LARGE_WIDTH, WIDTH + 2>;
    using Small = RoundedTile<Rows, HEIGHT, WIDTH>;
    static constexpr int PITCH = Rows::PITCH;
    static constexpr int DEPTH_AT_ONCE = TYPE == TF32 ? 8 : 16;  // pixels of a row in one mma.sync
    static constexpr int SHARED = (Large::BYTES + Small::BYTES) / sizeof(float);

    // The address of a thread's part of each fragment in the first row, at the first pixels.
    struct Places {
        unsigned small[4];  // TF32: one for each eight channels; bf16: one for all
        unsigned large[3];  // TF32: one for each kx; bf16: one for the first two, one for the last

        __device__ Places(unsigned larges, unsigned smalls) {
            int warp = threadIdx.x / 32;
            int lane = threadIdx.x % 32;
            if (TYPE == TF32) {
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    small[j] = smalls + value(lane_within(), 8 * j + lane_group());
                }
#pragma unroll
                for (int kx = 0; kx < 3; kx++) {
                    large[kx] = larges + value(lane_within() + kx, 8 * warp + lane_group());
                }
            } else {
                small[0] = smalls + Rows::place(lane % 8 + lane / 16 * 8, 0) + lane / 8 % 2 * 16;
                large[0] = larges + Rows::place(lane % 16 + lane / 16, 0) + warp * 16;
                large[1] = larges + Rows::place(lane % 16 + 2, 0) + warp * 16;
            }
        }

        // The offset in bytes of the value of a channel of a pixel.
        __device__ static int value(int row, int channel) {
            return Rows::place(row, channel / 4) + channel % 4 * Rows::BYTES;
        }
    };

    template <int OFFSET>
    __device__ static unsigned load_value(unsigned address) {
        unsigned value;
        asm volatile("ld.shared.b32 %0, [%1+%2];" : "=r"(value) : "r"(address), "n"(OFFSET) : "memory");
        return value;
    }

    // Loads the fragments of row ROW of small pixels; `first` is the offset in bytes of the pixels that are taken at
    // once.
    template <int ROW>
    __device__ static void load_small(unsigned (&a)[2][4], const Places& places, unsigned first) {
        constexpr int AT = ROW * WIDTH * PITCH;
        if constexpr (TYPE == TF32) {
#pragma unroll
            for (int j = 0; j < 4; j++) {
                a[j / 2][j % 2] = load_value<AT>(places.small[j] + first);
                a[j / 2][j % 2 + 2] = load_value<AT + 4 * PITCH>(places.small[j] + first);
            }
        } else {
            load_transposed<AT>(a[0], places.small[0]);
            load_transposed<AT + 32>(a[1], places.small[0]);
        }
    }

    // Loads the fragments of row ROW of large pixels, one for each kx.
    template <int ROW>
    __device__ static void load_large(unsigned (&b)[3][2], const Places& places, unsigned first) {
        constexpr int AT = ROW * LARGE_WIDTH * PITCH;
        if constexpr (TYPE == TF32) {
#pragma unroll
            for (int kx = 0; kx < 3; kx++) {
                b[kx][0] = load_value<AT>(places.large[kx] + first);
                b[kx][1] = load_value<AT + 4 * PITCH>(places.large[kx] + first);
            }
        } else {
            unsigned two[4];
            load_transposed<AT>(two, places.large[0]);
            b[0][0] = two[0];
            b[0][1] = two[1];
            b[1][0] = two[2];
            b[1][1] = two[3];
            load_transposed<AT>(b[2], places.large[1]);
        }
    }

    // Adds the products of a tile. sums: [tap, 16 small channels, register of the accumulator fragment].
    __device__ static void multiply(float (&sums)[9][2][4], const Places& places) {
#pragma unroll 1
        for (unsigned first = 0; first < WIDTH * PITCH; first += DEPTH_AT_ONCE * PITCH) {
            unsigned b[3][3][2];  // row y of large pixels is in b[y % 3]
            load_large<0>(b[0], places, first);
            load_large<1>(b[1], places, first);
            unrolled<HEIGHT>([&](auto y) {
                unsigned a[2][4];
                load_small<y.value>(a, places, first);
                load_large<y.value + 2>(b[(y.value + 2) % 3], places, first);
#pragma unroll
                for (int tap = 0; tap < 9; tap++) {
#pragma unroll
                    for (int i = 0; i < 2; i++) {
                        multiply_add<TYPE>(sums[tap][i], a[i], b[(y.value + tap / 3) % 3][tap % 3]);
                    }
                }
            });
        }
    }

    __device__ static void leave(const GradientShape& shape, float* share, int channel, int column,
                                 const float (&sums)[9][2][4]) {
        int c = channel + threadIdx.x / 32 * 8 + lane_within() * 2;
        int n = column + lane_group();
        if (c < shape.channels) {
#pragma unroll
            for (int tap = 0; tap < 9; tap++) {
                float* to = share + (tap * shape.channels + c) * shape.columns;
#pragma unroll
                for (int e = 0; e < 8; e++) {
                    if (n + e / 2 * 8 < shape.columns) {
                        to[e % 2 * shape.columns + n + e / 2 * 8] = sums[tap][e / 4][e % 4];
                    }
                }
            }
        }
    }

    // Does all the work of a block; `shared` has SHARED floats.
    __device__ __forceinline__ static void run(const GradientShape& shape, const float* large, const float* small,
                                               float* partials, const Place& block, float* shared) {
        unsigned larges = shared_address(shared);
        unsigned smalls = larges + Large::BYTES;
        Places places(larges, smalls);
        int channel = block.x * ROW_CHANNELS;
        int column = block.y * ROW_CHANNELS;
        bool finds_bias = shape.bias_at >= 0 && block.x == 0;
        float4 bias = make_float4(0, 0, 0, 0);  // sums of the thread's four columns, over the pixels that it copies
        float sums[9][2][4] = {};
        int first = static_cast<int>(static_cast<long long>(shape.pixels) * block.z / shape.splits);
        int last = static_cast<int>(static_cast<long long>(shape.pixels) * (block.z + 1) / shape.splits);
        int across = (shape.small_width + WIDTH - 1) / WIDTH;
        int of_image = across * ((shape.small_height + HEIGHT - 1) / HEIGHT);
        for (int tile = first; tile < last; tile++) {
            int image = shape.by_image.quotient(tile);
            int rest = tile - image * of_image;
            int line = shape.by_width.quotient(rest);
            int top = line * HEIGHT;
            int left = (rest - line * across) * WIDTH;
            Large of_large;
            of_large.find(image, shape.large_height, shape.large_width, shape.channels, top - 1, left - 1, channel);
            Small of_small;
            of_small.find(image, shape.small_height, shape.small_width, shape.columns, top, left, column);
            __syncthreads();
            of_large.copy(large, 0, larges);
            of_small.copy(small, 0, smalls, [&](const float4& four) {
                if (finds_bias) {
                    bias.x += four.x;
                    bias.y += four.y;
                    bias.z += four.z;
                    bias.w += four.w;
                }
            });
            __syncthreads();
            multiply(sums, places);
        }
        float* share = partials + static_cast<long long>(block.z) * shape.share;
        leave(shape, share, channel, column, sums);
        if (finds_bias) {
            __syncthreads();
            write_shared(shared + 4 * threadIdx.x, bias.x, bias.y, bias.z, bias.w);
            __syncthreads();
            int n = threadIdx.x;
            if (n < ROW_CHANNELS && column + n < shape.columns) {
                float sum = 0;
                for (int row = 0; row < ROWS_AT_ONCE; row++) {
                    sum += shared[row * ROW_CHANNELS + n];
                }
                share[shape.bias_at + column + n] = sum;
            }
        }
    }
};
