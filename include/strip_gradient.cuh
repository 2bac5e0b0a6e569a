#pragma once

#include "weight_gradient.cuh"

// The weight gradient of 3x3 layers in fp32 that gathers each value once for all nine taps. It is for stride 2 without
// padding before the image (its sides are even), and for stride 1 with padding 1. A block computes nine taps of 32
// channels of the large images by 32 channels of the small ones; a thread has 9 x 2 x 4 of these sums in registers. The
// block runs over its part of the tiles, which are 7x7 small pixels with their 15x15 large ones, or with stride 1 8x8
// small pixels with 10x10. Both lie in shared memory as [row, pixel, channel], so that the threads of a warp read
// neighbouring channels, without bank conflicts. Tiles, and pixels within them, are added in their order. Channels and
// columns are multiples of 4.
//
// GradientShape is counted differently here: pixels are tiles, by_image divides by the tiles of an image, and by_width
// by the tiles in a row.
template <int STRIDE>
struct StripGradient {
    static constexpr int THREADS = SUM_THREADS;
    static constexpr int SIZE = STRIDE == 2 ? 7 : 8;
    static constexpr int LARGE = STRIDE * (SIZE - 1) + 3;
    static constexpr int PADDING = STRIDE == 2 ? 0 : 1;
    static constexpr int CHANNELS = 32;  // of either image in a block
    static constexpr int FOURS = CHANNELS / 4;
    static constexpr int SHARED = (LARGE * LARGE + SIZE * SIZE) * CHANNELS;

    // Copies pixels [top, top + ROWS) x [left, left + ROWS) of an image, 32 channels from `channel` on, to shared
    // memory; pixels outside the image are zero.
    template <int ROWS>
    __device__ static void gather(const float* images, int image, int height, int width, int channels, int top,
                                  int left, int channel, float* shared) {
        int c = channel + static_cast<int>(threadIdx.x) % FOURS * 4;
#pragma unroll 4
        for (int index = static_cast<int>(threadIdx.x) / FOURS; index < ROWS * ROWS; index += THREADS / FOURS) {
            int y = top + index / ROWS;
            int x = left + index % ROWS;
            float4 four = make_float4(0, 0, 0, 0);
            if (static_cast<unsigned>(y) < static_cast<unsigned>(height)
                && static_cast<unsigned>(x) < static_cast<unsigned>(width) && c < channels) {
                four = *reinterpret_cast<const float4*>(images + ((image * height + y) * width + x) * channels + c);
            }
            write_shared(shared + index * CHANNELS + threadIdx.x % FOURS * 4, four.x, four.y, four.z, four.w);
        }
    }

    // Adds the products of one row of small pixels. acc: [tap, large channel, small channel].
    __device__ static void multiply(const float* large, const float* small, float (&acc)[9][2][4]) {
        float window[3][3][2];
        constexpr int KEPT = 3 - STRIDE;  // columns of the window that the pixel before had as well
#pragma unroll
        for (int ky = 0; ky < 3; ky++) {
#pragma unroll
            for (int kx = 0; kx < KEPT; kx++) {
                read_shared(window[ky][STRIDE + kx], large + (ky * LARGE + kx) * CHANNELS);
            }
        }
#pragma unroll
        for (int q = 0; q < SIZE; q++) {
            float right[4];
            read_shared(right, small + q * CHANNELS);
#pragma unroll
            for (int ky = 0; ky < 3; ky++) {
#pragma unroll
                for (int kx = 0; kx < 3; kx++) {
                    if (kx < KEPT) {
                        window[ky][kx][0] = window[ky][kx + STRIDE][0];
                        window[ky][kx][1] = window[ky][kx + STRIDE][1];
                    } else {
                        read_shared(window[ky][kx], large + (ky * LARGE + STRIDE * q + kx) * CHANNELS);
                    }
                }
            }
#pragma unroll
            for (int tap = 0; tap < 9; tap++) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
#pragma unroll
                    for (int j = 0; j < 4; j++) {
                        acc[tap][i][j] = fmaf(window[tap / 3][tap % 3][i], right[j], acc[tap][i][j]);
                    }
                }
            }
        }
    }

    // Does all the work of a block; `shared` has SHARED floats.
    __device__ __forceinline__ static void run(const GradientShape& shape, const float* large, const float* small,
                                               float* partials, const Place& block, float* shared) {
        float* larges = shared;
        float* smalls = shared + LARGE * LARGE * CHANNELS;
        int tx = static_cast<int>(threadIdx.x) / FOURS * 2;
        int ty = static_cast<int>(threadIdx.x) % FOURS * 4;
        int channel = block.x * CHANNELS;
        int column = block.y * CHANNELS;
        bool finds_bias = shape.bias_at >= 0 && block.x == 0 && threadIdx.x < CHANNELS;
        float sum = 0;
        float acc[9][2][4];
#pragma unroll
        for (int i = 0; i < 72; i++) {
            acc[i / 8][i / 4 % 2][i % 4] = 0;
        }
        int first = static_cast<int>(static_cast<long long>(shape.pixels) * block.z / shape.splits);
        int last = static_cast<int>(static_cast<long long>(shape.pixels) * (block.z + 1) / shape.splits);
        int across = (shape.small_width + SIZE - 1) / SIZE;
        int of_image = across * ((shape.small_height + SIZE - 1) / SIZE);
        for (int tile = first; tile < last; tile++) {
            int image = shape.by_image.quotient(tile);
            int rest = tile - image * of_image;
            int line = shape.by_width.quotient(rest);
            int top = line * SIZE;
            int left = (rest - line * across) * SIZE;
            __syncthreads();
            gather<LARGE>(large, image, shape.large_height, shape.large_width, shape.channels, STRIDE * top - PADDING,
                          STRIDE * left - PADDING, channel, larges);
            gather<SIZE>(small, image, shape.small_height, shape.small_width, shape.columns, top, left, column, smalls);
            __syncthreads();
            int rows = min(SIZE, shape.small_height - top);
#pragma unroll 1
            for (int row = 0; row < rows; row++) {
                multiply(larges + STRIDE * row * LARGE * CHANNELS + tx, smalls + row * SIZE * CHANNELS + ty, acc);
            }
            if (finds_bias) {
                for (int i = 0; i < rows * SIZE; i++) {
                    sum += smalls[i * CHANNELS + threadIdx.x];
                }
            }
        }
        float* share = partials + static_cast<long long>(block.z) * shape.share;
        int c = channel + tx;
        int n = column + ty;
        if (c < shape.channels && n < shape.columns) {
#pragma unroll
            for (int tap = 0; tap < 9; tap++) {
#pragma unroll
                for (int i = 0; i < 2; i++) {
                    store_row(acc[tap][i], share + (tap * shape.channels + c + i) * shape.columns + n, 4, true);
                }
            }
        }
        if (finds_bias && column + static_cast<int>(threadIdx.x) < shape.columns) {
            share[shape.bias_at + column + threadIdx.x] = sum;
        }
    }
};
