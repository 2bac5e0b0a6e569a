#pragma once

#include "implicit_gemm.cuh"

// A convolution with a single 3x3 filter, stride 1 and padding 1, or with TRANSPOSED the transposed convolution of
// these sizes, which is the same with the taps in reverse order. Such is a network's last layer for grey images. With
// one output column, only neighbouring pixels share a value.
//
// A tile is 16 rows of 32 pixels. A block gathers it once for all nine taps, with a border of one pixel, zeros outside
// the image, eight channels at a time, to shared memory as [channel, row, pixel]. A warp takes two of the eight
// channels for the whole tile: a thread computes four rows of four pixels from six rows of six values. After the last
// channel, the sums of the four warps are added in their order, through the same shared memory. Channels are a multiple
// of 8.
//
// GemmShape is counted differently here: rows are tiles, by_grid divides by the tiles of an image, and by_width by the
// tiles in a row.
template <bool TRANSPOSED>
struct SingleFilter {
    static constexpr int THREADS = SUM_THREADS;
    static constexpr int ROWS = 16;
    static constexpr int COLUMNS = 32;
    static constexpr int WARPS = THREADS / 32;
    static constexpr int AT_ONCE = 8;
    static constexpr int WIDTH = COLUMNS + 4;
    static constexpr int HEIGHT = ROWS + 2;
    static constexpr int PITCH =
        HEIGHT * WIDTH + 4;  // floats of a channel; so that the channel four later is 16 banks further
    static constexpr int WEIGHT_PITCH = 12;
    static constexpr int LOADS = (HEIGHT * WIDTH * 2 + THREADS - 1) / THREADS;
    static constexpr int SHARED = AT_ONCE * (PITCH + WEIGHT_PITCH);

    int start[LOADS];  // index of the first float that is loaded, or -1 outside the image
    float values[4 * LOADS];

    __device__ void find(const GemmShape& shape, int image, int top, int left) {
#pragma unroll
        for (int r = 0; r < LOADS; r++) {
            int index = static_cast<int>(threadIdx.x + r * THREADS);
            int y = top - 1 + index / 2 / WIDTH;
            int x = left - 1 + index / 2 % WIDTH;
            bool inside = static_cast<unsigned>(y) < static_cast<unsigned>(shape.height)
                          && static_cast<unsigned>(x) < static_cast<unsigned>(shape.width) && index / 2 < HEIGHT * WIDTH
                          && y <= top + ROWS && x <= left + COLUMNS;
            start[r] = inside ? ((image * shape.height + y) * shape.width + x) * shape.channels + index % 2 * 4 : -1;
        }
#pragma unroll
        for (int i = 0; i < 4 * LOADS; i++) {
            values[i] = 0;  // values outside the image stay zero
        }
    }

    __device__ void load(const float* input, int channel) {
#pragma unroll
        for (int r = 0; r < LOADS; r++) {
            if (start[r] >= 0) {
                float4 four = *reinterpret_cast<const float4*>(input + start[r] + channel);
                values[4 * r] = four.x;
                values[4 * r + 1] = four.y;
                values[4 * r + 2] = four.z;
                values[4 * r + 3] = four.w;
            }
        }
    }

    __device__ void stage(float* shared) const {
#pragma unroll
        for (int r = 0; r < LOADS; r++) {
            int index = (threadIdx.x + r * THREADS) / 2;
            if (index < HEIGHT * WIDTH) {
                float* to = shared + threadIdx.x % 2 * 4 * PITCH + index;
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    to[j * PITCH] = values[4 * r + j];
                }
            }
        }
    }

    // Stores the weights, [tap, channels], as [channel, tap], with zeros after the ninth tap, so that a row is read by
    // 16 bytes. The taps are in the order of a transposed convolution.
    __device__ static void stage_weights(const GemmShape& shape, const float* weights, int channel, float* shared) {
        int tap = threadIdx.x / AT_ONCE;
        int which = threadIdx.x % AT_ONCE;
        if (tap < WEIGHT_PITCH) {
            int from = TRANSPOSED ? tap : 8 - tap;
            shared[which * WEIGHT_PITCH + tap] = tap < 9 ? weights[from * shape.channels + channel + which] : 0.0f;
        }
    }

    // Adds the products of one channel. rows: the first of the six rows, at the pixel left of the first output pixel;
    // acc: [row, pixel].
    __device__ static void multiply(const float* rows, const float* weights, float (&acc)[4][4]) {
        float w[12];
#pragma unroll
        for (int part = 0; part < 3; part++) {
            float four[4];
            read_shared(four, weights + 4 * part);
#pragma unroll
            for (int j = 0; j < 4; j++) {
                w[4 * part + j] = four[j];
            }
        }
#pragma unroll
        for (int from = 0; from < 6; from++) {
            float left[8];
            read_shared(left, rows + from * WIDTH);
#pragma unroll
            for (int row = 0; row < 4; row++) {
                int ky = row + 2 - from;
                if (ky >= 0 && ky < 3) {
#pragma unroll
                    for (int kx = 0; kx < 3; kx++) {
#pragma unroll
                        for (int q = 0; q < 4; q++) {
                            acc[row][q] = fmaf(left[q + 2 - kx], w[ky * 3 + kx], acc[row][q]);
                        }
                    }
                }
            }
        }
    }

    __device__ __forceinline__ static void run(const GemmShape& shape, const GemmOperands& operands, const Place& block,
                                               float* shared) {
        float* weights = shared + AT_ONCE * PITCH;
        int warp = threadIdx.x / 32;
        int row = threadIdx.x % 32 / 8 * 4;
        int across = (shape.grid_width + COLUMNS - 1) / COLUMNS;
        int down = (shape.grid_height + ROWS - 1) / ROWS;
        float bias[4];
        load_bias(operands, 0, 1, bias);
        bias[1] = bias[2] = bias[3] = bias[0];
        float sums[4] = {0, 0, 0, 0};
        float losses = 0;
        SingleFilter tile;
        for (int number = block.x; number < shape.rows; number += block.across) {
            int image = shape.by_grid.quotient(number);
            int rest = number - image * (across * down);
            int line = shape.by_width.quotient(rest);
            int top = line * ROWS;
            int left = (rest - line * across) * COLUMNS;
            float acc[4][4];
#pragma unroll
            for (int i = 0; i < 16; i++) {
                acc[i / 4][i % 4] = 0;
            }
            int x = threadIdx.x % 8 * 4;
            bool works = left + x < shape.grid_width && top + row < shape.grid_height;
            tile.find(shape, image, top, left);
            tile.load(operands.input, 0);
            for (int channel = 0; channel < shape.channels; channel += AT_ONCE) {
                __syncthreads();
                tile.stage(shared);
                stage_weights(shape, operands.weights, channel, weights);
                __syncthreads();
                if (channel + AT_ONCE < shape.channels) {
                    tile.load(operands.input, channel + AT_ONCE);
                }
                if (works) {
#pragma unroll
                    for (int two = 0; two < 2; two++) {
                        multiply(shared + (2 * warp + two) * PITCH + row * WIDTH + x,
                                 weights + (2 * warp + two) * WEIGHT_PITCH, acc);
                    }
                }
            }
            __syncthreads();
#pragma unroll
            for (int i = 0; i < 4; i++) {
                write_shared(shared + (warp * ROWS + row + i) * COLUMNS + x, acc[i][0], acc[i][1], acc[i][2],
                             acc[i][3]);
            }
            __syncthreads();
            float total[4] = {0, 0, 0, 0};
            int y = top + static_cast<int>(threadIdx.x / 8);
#pragma unroll
            for (int w = 0; w < WARPS; w++) {
                float part[4];
                read_shared(part, shared + (w * ROWS + threadIdx.x / 8) * COLUMNS + x);
#pragma unroll
                for (int q = 0; q < 4; q++) {
                    total[q] += part[q];
                }
            }
            int count = min(4, shape.grid_width - left - x);
            if (y < shape.grid_height && count > 0) {
                long long at = (static_cast<long long>(image) * shape.grid_height + y) * shape.grid_width + left + x;
                with_epilogue(shape, [&](auto epilogue) {
                    finish_pixel(epilogue, shape, operands, at, count, shape.grid_width % 4 == 0, bias, total, sums,
                                 losses);
                });
            }
        }
        if (operands.sums != nullptr || shape.epilogue == LOSS) {
            float sum[1] = {sums[0] + sums[1] + sums[2] + sums[3]};
            leave_sums<THREADS, 1>(shape, operands, block, 0, 0, shared, sum, losses);
        }
    }
};
