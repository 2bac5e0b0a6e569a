#pragma once

#include "strips.cuh"
#include "weight_gradient.cuh"

// The weight gradient of 3x3 layers in fp32 whose large images have one channel, such as the first and the last layer
// of a network for grey images. A tile is 16 strips of include/strips.cuh. Eight threads take a strip for 32 channels
// of the small images, four channels each, and keep the sums of nine taps for them in registers. Each value of the
// small images is loaded from global memory by the one thread that needs it; those of the large images are in shared
// memory, and each serves three taps and four channels. At the end, the block adds the sums of its 16 strips in their
// order, through shared memory. Columns are a multiple of 4.
//
// EXCHANGED, for stride 1: the large images have a multiple of 4 channels and the small ones have one. With stride 1
// both have the same size, so this is the same sum with the images exchanged and the taps in reverse order.
//
// GradientShape is counted differently here: pixels are strips, by_width divides by the strips in a column of strips
// (small_height), and by_image by the columns of strips of an image.
template <int STRIDE, bool EXCHANGED = false>
struct ThinStripGradient {
    static_assert(!EXCHANGED || STRIDE == 1, "both images are of one size");
    static constexpr int THREADS = SUM_THREADS;
    static constexpr int TN = 4;
    static constexpr int BN = 8 * TN;
    static constexpr int TAPS = 9;
    static constexpr int LINES = TAPS + 1;  // the last one is the bias gradient
    static constexpr int WIDTH = StripConvolution<STRIDE, 1>::WIDTH;
    using Input = typename StripConvolution<STRIDE, 1>::Input;
    static constexpr int SHARED = Input::SHARED > STRIPS* LINES* BN ? Input::SHARED : STRIPS* LINES* BN;

    // The GemmShape by which StripInput finds rows of the large images.
    __device__ static GemmShape strips_of(const GradientShape& shape) {
        GemmShape strips = {};
        strips.rows = shape.pixels;
        strips.grid_height = shape.small_height;
        strips.grid_width = shape.small_width;
        strips.height = shape.large_height;
        strips.width = shape.large_width;
        strips.channels = 1;
        strips.by_width = shape.by_width;
        strips.by_channels = shape.by_image;
        return strips;
    }

    // Loads the pixels of a strip for four channels. `left` pixels are left in the row; what would be beyond them is
    // zero.
    __device__ static void load(float (&values)[STRIP][TN], const float* from, int columns, int left) {
        if (left >= STRIP) {
#pragma unroll
            for (int q = 0; q < STRIP; q++) {
                load_row(values[q], from + q * columns, TN, true);
            }
        } else {
#pragma unroll
            for (int q = 0; q < STRIP; q++) {
                load_row(values[q], from + q * columns, q < left ? TN : 0, false);
            }
        }
    }

    // Adds the products of a strip. acc: [tap, channel], and the bias gradient after the taps.
    __device__ static void multiply(const float* rows, const float (&small)[STRIP][TN], bool finds_bias,
                                    float (&acc)[LINES][TN]) {
#pragma unroll
        for (int ky = 0; ky < 3; ky++) {
            float window[WIDTH];
            Input::read(window, rows + ky * Input::PITCH, 0);
            if (EXCHANGED && ky == 1 && finds_bias) {
#pragma unroll
                for (int q = 0; q < STRIP; q++) {
                    acc[TAPS][0] += window[q + 1];
                }
            }
#pragma unroll
            for (int q = 0; q < STRIP; q++) {
#pragma unroll
                for (int kx = 0; kx < 3; kx++) {
#pragma unroll
                    for (int j = 0; j < TN; j++) {
                        acc[ky * 3 + kx][j] = fmaf(window[q * STRIDE + kx], small[q][j], acc[ky * 3 + kx][j]);
                    }
                }
            }
        }
    }

    // Does all the work of a block; `shared` has SHARED floats.
    __device__ __forceinline__ static void run(const GradientShape& shape, const float* large, const float* small,
                                               float* partials, const Place& block, float* shared) {
        GemmShape strips = strips_of(shape);
        Input input(strips, EXCHANGED ? small : large);
        const float* others = EXCHANGED ? large : small;
        int columns = EXCHANGED ? shape.channels : shape.columns;
        int across = (shape.small_width + STRIP - 1) / STRIP;
        int column = (EXCHANGED ? block.x : block.y) * BN;
        int n = column + static_cast<int>(threadIdx.x) % 8 * TN;
        bool finds_bias = shape.bias_at >= 0;
        float acc[LINES][TN];
#pragma unroll
        for (int i = 0; i < LINES * TN; i++) {
            acc[i / TN][i % TN] = 0;
        }
        int tiles = (shape.pixels + STRIPS - 1) / STRIPS;
        for (int tile = block.z; tile < tiles; tile += shape.splits) {
            int strip = tile * STRIPS + static_cast<int>(threadIdx.x) / 8;
            int line, i;
            int first = input.first_row(tile * STRIPS, line, i);
            const float* rows = shared + (input.first_row(strip, line, i) - first) * Input::PITCH;
            bool works = strip < shape.pixels && n < columns;
            input.find(tile * STRIPS);
            input.load(0);
            float values[STRIP][TN];
            if (works) {
                int image = strips.by_channels.quotient(line);
                int x = (line - image * across) * STRIP;
                const float* from = others + ((image * shape.small_height + i) * shape.small_width + x) * columns + n;
                load(values, from, columns, shape.small_width - x);
            }
            __syncthreads();
            input.stage(shared);
            __syncthreads();
            if (works) {
                multiply(rows, values, finds_bias, acc);
                if (!EXCHANGED && finds_bias) {
#pragma unroll
                    for (int q = 0; q < STRIP; q++) {
#pragma unroll
                        for (int j = 0; j < TN; j++) {
                            acc[TAPS][j] += values[q][j];
                        }
                    }
                }
            }
        }
        __syncthreads();
#pragma unroll
        for (int k = 0; k < LINES; k++) {
            write_shared(shared + ((threadIdx.x / 8) * LINES + k) * BN + threadIdx.x % 8 * TN, acc[k][0], acc[k][1],
                         acc[k][2], acc[k][3]);
        }
        __syncthreads();
        float* share = partials + static_cast<long long>(block.z) * shape.share;
        int lines = finds_bias ? LINES : TAPS;
        for (int at = threadIdx.x; at < lines * BN / TN; at += THREADS) {
            int k = at / 8;
            int c = column + at % 8 * TN;
            float sum[TN] = {0, 0, 0, 0};
#pragma unroll
            for (int s = 0; s < STRIPS; s++) {
                float four[TN];
                read_shared(four, shared + s * LINES * BN + at * TN);
#pragma unroll
                for (int j = 0; j < TN; j++) {
                    sum[j] += four[j];
                }
            }
            if (EXCHANGED && k == TAPS) {
                if (c == 0) {
                    share[shape.bias_at] = sum[0];
                }
            } else if (c < columns) {
                int tap = EXCHANGED ? TAPS - 1 - k : k;
                store_row(sum, share + (k < TAPS ? tap * columns : shape.bias_at) + c, TN, true);
            }
        }
    }
};
