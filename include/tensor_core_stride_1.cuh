#pragma once

#include "rounded_tile.cuh"
#include "tensor_core_epilogue.cuh"

// A 3x3 convolution with stride 1 and zeros around the image, by tensor cores; or with TRANSPOSED a transposed
// convolution, which is the convolution with the taps in reverse order. Channels are a multiple of 32, and columns a
// multiple of 8. A block computes tiles of 8 rows of 16 pixels by BN columns, each of its four warps two of the rows.
// The pixels with a border of one lie in shared memory for 32 channels at a time, gathered and rounded once for all
// nine taps: a tap is an offset from the address of a fragment. The weights of one tap lie there, too, with a row for
// each column, in two buffers: while a tap is multiplied, the weights of the next one are loaded to registers.
//
// GemmShape is counted differently here: rows are tiles, by_grid divides by the tiles of an image, and by_width by the
// tiles in a row.

constexpr int TILE_HEIGHT = 8;
constexpr int TILE_WIDTH = 16;

template <bool TRANSPOSED, Multiplicand TYPE, int BN>
struct TensorCoreStride1 {
    static constexpr int WARPS = SUM_THREADS / 32;
    static constexpr int ROWS = TILE_HEIGHT / WARPS;  // rows of pixels that a warp computes
    static constexpr int RUNS = BN / 8;               // groups of eight columns, as mma.sync takes them
    static constexpr int WIDTH = TILE_WIDTH + 2;
    using Rows = RoundedRows<TYPE>;
    using Input = RoundedTile<Rows, TILE_HEIGHT + 2, WIDTH>;
    static constexpr int PITCH = Rows::PITCH;
    static constexpr int WEIGHT_BYTES = BN * PITCH;
    static constexpr int SHARED = (Input::BYTES + 2 * WEIGHT_BYTES) / sizeof(float);

    // Copies the weights to shared memory, one tap of 32 channels after another. Each thread copies groups of four
    // channels of a column.
    struct Weights {
        static constexpr int COPIES = BN / ROWS_AT_ONCE;

        const GemmShape& shape;
        const float* next;  // the thread's first group of four channels in the next tap
        long long tap_step, chunk_step;
        int tap;
        int left;  // how many times a tap is still to be loaded, over all channels
        int four;  // the thread's first group, and its column in the block
        int column;
        int columns;  // how many columns there are from the first of the block on
        float4 values[COPIES];

        __device__ Weights(const GemmShape& s, const float* weights, int first) : shape(s) {
            int lane = threadIdx.x % 32;
            four = TRANSPOSED ? Rows::four() : lane / 8;
            column = TRANSPOSED ? Rows::row() : threadIdx.x / 32 * 8 + lane % 8;
            columns = shape.columns - first;
            int tap_floats = shape.channels * shape.columns;
            int in_tap =
                TRANSPOSED ? (first + column) * shape.channels + 4 * four : 4 * four * shape.columns + first + column;
            next = weights + in_tap + (TRANSPOSED ? 8LL * tap_floats : 0);
            tap_step = TRANSPOSED ? -tap_floats : tap_floats;
            chunk_step = ROW_CHANNELS * (TRANSPOSED ? 1 : shape.columns) - 8 * tap_step;
            tap = 0;
            left = shape.channels / ROW_CHANNELS * 9;
        }

        // Group and column of copy r, counted from the thread's first: those that a warp stores at once are in
        // different banks.
        __device__ static constexpr int four_of(int r) { return TRANSPOSED ? 0 : r % 2 * 4; }
        __device__ static constexpr int column_of(int r) { return TRANSPOSED ? r * ROWS_AT_ONCE : r / 2 * 32; }

        // Loads the next tap to registers, if there is one.
        __device__ void load() {
            if (left == 0) {
                return;
            }
#pragma unroll
            for (int r = 0; r < COPIES; r++) {
                values[r] = make_float4(0, 0, 0, 0);
                if (column + column_of(r) < columns) {
                    if (TRANSPOSED) {
                        values[r] = *reinterpret_cast<const float4*>(next + column_of(r) * shape.channels);
                    } else {
                        const float* from = next + 4 * four_of(r) * shape.columns + column_of(r);
                        values[r] =
                            make_float4(from[0], from[shape.columns], from[2 * shape.columns], from[3 * shape.columns]);
                    }
                }
            }
            left--;
            tap++;
            next += tap == 9 ? chunk_step : tap_step;
            tap = tap == 9 ? 0 : tap;
        }

        __device__ void store(unsigned tile) const {
            unsigned to = tile + Rows::place(column, four);
            unrolled<COPIES>([&](auto r) {
                Rows::template store<Rows::place(column_of(r.value), four_of(r.value))>(to, values[r.value]);
            });
        }
    };

    // Adds the products of one tap. sums: [row of pixels, eight columns, register of the accumulator fragment].
    __device__ static void multiply(float (&sums)[ROWS][RUNS][4], unsigned pixels, unsigned weights) {
        unrolled<Rows::STEPS>([&](auto step) {
            unsigned b[RUNS / 2][4];
            unrolled<RUNS / 2>(
                [&](auto j) { load_matrices<j.value * 16 * PITCH + step.value * 32>(b[j.value], weights); });
            unrolled<ROWS>([&](auto i) {
                unsigned a[4];
                load_matrices<i.value * WIDTH * PITCH + step.value * 32>(a, pixels);
#pragma unroll
                for (int j = 0; j < RUNS; j++) {
                    const unsigned(&pair)[4] = b[j / 2];
                    unsigned run[2] = {pair[j % 2 * 2], pair[j % 2 * 2 + 1]};
                    multiply_add<TYPE>(sums[i.value][j], a, run);
                }
            });
        });
    }

    // Does all the work of a block; `shared` has SHARED floats.
    __device__ __forceinline__ static void run(const GemmShape& shape, const GemmOperands& operands, const Place& block,
                                               float* shared) {
        int lane = threadIdx.x % 32;
        int warp = threadIdx.x / 32;
        int column = block.y * BN;
        int n = column + lane_within() * 2;
        unsigned pixels_to = shared_address(shared);
        unsigned weights_to = pixels_to + Input::BYTES;
        unsigned pixels_from = pixels_to + Rows::place(warp * ROWS * WIDTH + lane % 16, 0) + lane / 16 * 16;
        unsigned weights_from = weights_to + Rows::place(lane % 8 + lane / 16 * 8, 0) + lane / 8 % 2 * 16;
        int across = (shape.grid_width + TILE_WIDTH - 1) / TILE_WIDTH;
        int of_image = across * ((shape.grid_height + TILE_HEIGHT - 1) / TILE_HEIGHT);
        bool adds = shape.accumulates || operands.added != nullptr;
        bool has_sums = operands.sums != nullptr;
        float of_columns[RUNS][2] = {};
        for (int tile = block.x; tile < shape.rows; tile += block.across) {
            int image = shape.by_grid.quotient(tile);
            int rest = tile - image * of_image;
            int line = shape.by_width.quotient(rest);
            int top = line * TILE_HEIGHT;
            int left = (rest - line * across) * TILE_WIDTH;
            float sums[ROWS][RUNS][4] = {};
            Input input;
            input.find(image, shape.height, shape.width, shape.channels, top - 1, left - 1, 0);
            Weights weights(shape, operands.weights, column);
            weights.load();
            int turn = 0;
            for (int channel = 0; channel < shape.channels; channel += ROW_CHANNELS) {
                __syncthreads();
                input.copy(operands.input, channel, pixels_to);
                unsigned row = pixels_from;
#pragma unroll 1
                for (int ky = 0; ky < 3; ky++) {
                    unrolled<3>([&](auto kx) {
                        // This overwrites the weights of two taps ago: since the last barrier, no thread reads them any
                        // more. The barrier below makes the new weights, and in the first tap the pixels, visible to
                        // all.
                        weights.store(weights_to + turn);
                        __syncthreads();
                        weights.load();
                        multiply(sums, row + kx.value * PITCH, weights_from + turn);
                        turn ^= WEIGHT_BYTES;
                    });
                    row += WIDTH * PITCH;
                }
            }
            float2 bias[RUNS];
            load_bias(shape, operands, n, bias);
#pragma unroll
            for (int i = 0; i < 2 * ROWS; i++) {
                int y = top + warp * ROWS + i / 2;
                int x = left + i % 2 * 8 + lane_group();
                if (y < shape.grid_height && x < shape.grid_width) {
                    long long pixel = (image * shape.grid_height + y) * shape.grid_width + x;
                    long long at = pixel * shape.columns + n;
#pragma unroll
                    for (int j = 0; j < RUNS; j++) {
                        if (n + 8 * j < shape.columns) {
                            const float(&products)[4] = sums[i / 2][j];
                            finish_pair(shape, operands, adds, has_sums, at + 8 * j, products[i % 2 * 2] + bias[j].x,
                                        products[i % 2 * 2 + 1] + bias[j].y, of_columns[j]);
                        }
                    }
                }
            }
        }
        if (has_sums) {
            __syncthreads();
            leave_pair_sums<WARPS, BN>(shape, operands, block, 0, warp, 0, shared, of_columns);
        }
    }
};
