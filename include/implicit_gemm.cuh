#pragma once

#include "activation.cuh"
#include "block_sum.cuh"
#include "divisor.cuh"
#include "loss.cuh"
#include "tile.cuh"

// A layer as one matrix product ("implicit GEMM"). Rows of the product are output pixels, columns are output channels,
// and the depth runs over the taps of the kernel and, within a tap, over the input channels. The values of a row are
// gathered from the images, [images, height, width, channels], while they are copied to shared memory; an im2col matrix
// is never stored. A dense layer is the convolution of an image of one pixel.
//
// Forward (TRANSPOSED false): output pixel (i, j) is the sum, over taps (ky, kx), of the tap's weights times input
// pixel (i * stride + ky - padding, j * stride + kx - padding). The weights are [tap, channels, columns]. That is a
// convolution, or the data gradient of a transposed convolution.
//
// Transposed: output pixel (y, x) is the sum, over taps (ky, kx), of the tap's weights times input pixel
// ((y + padding - ky) / stride, (x + padding - kx) / stride), for those taps where both divide without remainder. The
// weights are [tap, columns, channels]. That is a transposed convolution, or the data gradient of a convolution. Output
// pixels with the same (y mod stride, x mod stride) form a phase. They share their taps, so each phase is a product of
// its own, and no zeros between pixels are multiplied.
//
// The grid: block (x, y, z) computes tiles x, x + gridDim.x, ... of BM rows each, for BN columns from y * BN on, of
// phase z / splits. Tiles of both operands, BK values of the depth each, lie in shared memory with the depth as rows,
// in two buffers: while one is multiplied, the next tile is loaded from global memory to registers, and then stored in
// the other buffer. Where there are few tiles, the depth is split between blocks, and the last block of a tile adds the
// parts in the order of the depth. So no sum depends on the order in which blocks run.

// What is done with the products before they are stored. First the bias is added (not to gradients), then the old
// values of the output, if the shape says so, and then the images `added`, if there are any. An Activation or one of
// these follows:
enum Epilogue {
    RELU_GRADIENT = 3,     // the product where other > 0, else 0
    SIGMOID_GRADIENT = 4,  // the product times other * (1 - other)
    // output = y = activation(x); gradient = the derivative by x of the loss of y - other; losses = the sum of losses.
    LOSS = 5
};

// java/daegpu/engine/cuda/kernels/GemmShape.java has the same layout.
struct GemmShape {
    int rows;         // output pixels of a phase: images * grid_height * grid_width
    int grid_height;  // output pixels of a phase in an image
    int grid_width;
    int height;  // of the images that values are gathered from
    int width;
    int channels;
    int columns;
    int kernel;
    int padding;
    int stride;
    int splits;  // parts of the depth, each summed by another block
    int epilogue;
    int accumulates;   // whether the old values of the output are added
    int activation;    // LOSS: the activation of the layer
    int loss;          // LOSS: a Loss
    float scale;       // LOSS: factor of the gradient
    int sums_pitch;    // floats from one row of column sums to the next
    Divisor by_grid;   // grid_height * grid_width
    Divisor by_width;  // grid_width
    Divisor by_channels;
};

struct GemmOperands {
    const float* input;
    const float* weights;
    const float* bias;   // or null
    const float* added;  // images of the output's shape, or null
    const float* other;  // gradients: the result of the activation; LOSS: the clean images
    const float* mask;   // LOSS: the weight of each value, or null
    float* output;
    float* gradient;    // LOSS: receives the gradient
    float* sums;        // receives the column sums, a row for each phase and block.x; or null
    float* losses;      // LOSS: receives a sum for each phase, block.y and block.x
    float* partials;    // where the depth is split: the products of the parts
    unsigned* tickets;  // one for each tile that is split; zero between launches
};

// The input pixel to which the tap offsets of a row of the product are added.
struct Row {
    int start;  // index of the first channel of the pixel at tap offset (0, 0), even if that is outside the image
    int y;
    int x;
};

constexpr int BK = 16;               // depth of a tile
constexpr int OUTSIDE = -(1 << 20);  // a coordinate that no offset of a tap brings into an image

template <bool TRANSPOSED>
__device__ inline Row locate(const GemmShape& shape, int channels, int row) {
    if (row >= shape.rows) {
        return {0, OUTSIDE, OUTSIDE};
    }
    int image = shape.by_grid.quotient(row);
    int pixel = row - image * shape.grid_height * shape.grid_width;
    int i = shape.by_width.quotient(pixel);
    int j = pixel - i * shape.grid_width;
    int step = TRANSPOSED ? 1 : shape.stride;
    int y = i * step;
    int x = j * step;
    return {((image * shape.height + y) * shape.width + x) * channels, y, x};
}

// The taps of a phase, numbered row by row; without TRANSPOSED, all taps of the kernel.
template <bool TRANSPOSED>
struct Taps {
    int first_y, first_x, down, across, kernel, padding, stride, phase_y, phase_x;

    __device__ Taps(const GemmShape& shape, int size, int phase)
        : kernel(size), padding(shape.padding), stride(shape.stride) {
        first_y = first_x = phase_y = phase_x = 0;
        down = across = size;
        if (TRANSPOSED && stride > 1) {
            phase_y = phase / stride;
            phase_x = phase - phase_y * stride;
            first_y = (phase_y + padding) % stride;
            first_x = (phase_x + padding) % stride;
            down = first_y < size ? (size - first_y + stride - 1) / stride : 0;
            across = first_x < size ? (size - first_x + stride - 1) / stride : 0;
        }
    }
    __device__ int count() const { return down * across; }
    // The offsets of tap number `tap` from the pixel of a row, and its number in the kernel.
    __device__ void place(int tap, int& dy, int& dx, int& in_kernel) const {
        int y = tap / across;
        int x = tap - y * across;
        if (TRANSPOSED) {
            int ky = first_y + y * stride;
            int kx = first_x + x * stride;
            dy = (phase_y + padding - ky) / stride;
            dx = (phase_x + padding - kx) / stride;
            in_kernel = ky * kernel + kx;
        } else {
            dy = y - padding;
            dx = x - padding;
            in_kernel = tap;
        }
    }

    // The output pixel that a row of the product is, counted through all images.
    __device__ int output_pixel(const GemmShape& shape, int row) const {
        if (!TRANSPOSED || stride == 1) {
            return row;
        }
        int image = shape.by_grid.quotient(row);
        int pixel = row - image * shape.grid_height * shape.grid_width;
        int i = shape.by_width.quotient(pixel);
        int j = pixel - i * shape.grid_width;
        return ((image * shape.grid_height + i) * stride + phase_y) * (shape.grid_width * stride) + j * stride
               + phase_x;
    }
};

// Where value m of depth k lies in a tile with BM values for each k. Groups of eight values are permuted by an
// exclusive or with bits 2 and 3 of k: a warp that stores float4s of the depth as columns writes 8 values of m for each
// of k, k + 4, k + 8 and k + 12 at once, and these are then in different banks.
template <int BM>
__device__ inline int swizzled(int k, int m) {
    constexpr int GROUPS = BM >= 32 ? 3 : BM >= 16 ? 1 : 0;
    // A row of 16 floats has only two groups. From k = 8 on, rows of even and odd k are exchanged as well.
    int row = BM == 16 ? k ^ (k >> 3 & 1) : k;
    return row * BM + (m ^ (((k >> 2) & GROUPS) * 8));
}

// Loads the bias of `count` of N columns from n on; it is zero where there is none.
template <int N>
__device__ inline void load_bias(const GemmOperands& operands, int n, int count, float (&bias)[N]) {
#pragma unroll
    for (int j = 0; j < N; j++) {
        bias[j] = 0;
    }
    if (operands.bias != nullptr) {
        load_row(bias, operands.bias + n, count, false);
    }
}

// An epilogue as a type, so that the compiler leaves out the code of the others.
template <int EPILOGUE>
struct Known {
    static constexpr int epilogue = EPILOGUE;
};

// Adds the first `count` of N floats at `from` to `values`.
template <int N>
__device__ inline void add_row(float (&values)[N], const float* from, int count, bool whole) {
    float more[N];
    load_row(more, from, count, whole);
#pragma unroll
    for (int j = 0; j < N; j++) {
        values[j] += more[j];
    }
}

// Finishes and stores `count` of N neighbouring columns of an output pixel, which begin at float `at`: adds what is to
// be added, and applies the activation, its gradient or the loss. Adds the results to the column sums and losses of
// this thread.
template <int EPILOGUE, int N>
__device__ inline void finish_pixel(Known<EPILOGUE>, const GemmShape& shape, const GemmOperands& operands, long long at,
                                    int count, bool whole, const float (&bias)[N], float (&values)[N], float (&sums)[N],
                                    float& losses) {
    constexpr bool IS_GRADIENT = EPILOGUE == RELU_GRADIENT || EPILOGUE == SIGMOID_GRADIENT;
    float other[N];
    if (IS_GRADIENT || EPILOGUE == LOSS) {
        load_row(other, operands.other + at, count, whole);
    }
    float weights[N];
    if (EPILOGUE == LOSS) {
#pragma unroll
        for (int j = 0; j < N; j++) {
            weights[j] = 1;
        }
        if (operands.mask != nullptr) {
            load_row(weights, operands.mask + at, count, whole);
        }
    }
    if (!IS_GRADIENT) {
#pragma unroll
        for (int j = 0; j < N; j++) {
            values[j] += bias[j];
        }
    }
    if (shape.accumulates || operands.added != nullptr) {
        if (shape.accumulates) {
            add_row(values, operands.output + at, count, whole);
        }
        if (operands.added != nullptr) {
            add_row(values, operands.added + at, count, whole);
        }
    }
    float gradient[N];
#pragma unroll
    for (int j = 0; j < N; j++) {
        float value = values[j];
        if (EPILOGUE == LINEAR) {
            sums[j] += j < count ? value : 0.0f;
        } else if (EPILOGUE == RELU || EPILOGUE == SIGMOID) {
            value = activated(EPILOGUE, value);
        } else if (IS_GRADIENT) {
            value = j < count ? back_through(EPILOGUE == RELU_GRADIENT ? RELU : SIGMOID, other[j], value) : 0.0f;
            sums[j] += value;
        } else if (EPILOGUE == LOSS) {
            value = activated(shape.activation, value);
            float difference = j < count ? value - other[j] : 0.0f;
            float slope = add_loss(shape.loss, difference, j < count ? weights[j] : 0.0f, losses);
            gradient[j] = back_through(shape.activation, value, slope * shape.scale);
            sums[j] += gradient[j];
        }
        values[j] = value;
    }
    store_row(values, operands.output + at, count, whole);
    if (EPILOGUE == LOSS) {
        store_row(gradient, operands.gradient + at, count, whole);
    }
}

// Calls `finish` with the epilogue as a type, which is one of those of hidden layers.
template <typename Finish>
__device__ __forceinline__ void with_hidden_epilogue(const GemmShape& shape, Finish finish) {
    if (shape.epilogue == RELU_GRADIENT) {
        finish(Known<RELU_GRADIENT>());
    } else if (shape.epilogue == RELU) {
        finish(Known<RELU>());
    } else {
        finish(Known<LINEAR>());
    }
}

// The same for any epilogue.
template <typename Finish>
__device__ __forceinline__ void with_epilogue(const GemmShape& shape, Finish finish) {
    if (shape.epilogue == LOSS) {
        finish(Known<LOSS>());
    } else if (shape.epilogue == SIGMOID) {
        finish(Known<SIGMOID>());
    } else if (shape.epilogue == SIGMOID_GRADIENT) {
        finish(Known<SIGMOID_GRADIENT>());
    } else {
        with_hidden_epilogue(shape, finish);
    }
}

// Stores the column sums of the block in row (phase, block.x) of operands.sums, and with LOSS the sum of its losses.
// Thread (ty, tx) of ROWS by ACROSS has the sums of TN columns from column + tx * TN on. Rows are added in pairs, i and
// i + half, until 16 are left; these are added in their order, so that the bits are the same each time. `scratch` is
// shared memory of ROWS * (ACROSS * TN + 8) floats.
template <int ROWS, int ACROSS, int TN>
__device__ inline void leave_sums(const GemmShape& shape, const GemmOperands& operands, const Place& block, int phase,
                                  int column, float* scratch, const float (&sums)[TN], float losses) {
    constexpr int BN = ACROSS * TN;
    constexpr int PITCH = BN + 8;  // so that the rows that a warp writes lie in different banks
    int ty = threadIdx.x / ACROSS;
    int tx = threadIdx.x % ACROSS;
    __syncthreads();
#pragma unroll
    for (int j = 0; j < TN; j++) {
        scratch[ty * PITCH + j * ACROSS + tx] = sums[j];
    }
    __syncthreads();
    constexpr int LAST_ROWS = ROWS < 16 ? ROWS : 16;
    for (int half = ROWS / 2; half >= LAST_ROWS; half /= 2) {
        for (int i = threadIdx.x; i < half * BN; i += SUM_THREADS) {
            int at = i / BN * PITCH + i % BN;
            scratch[at] += scratch[at + half * PITCH];
        }
        __syncthreads();
    }
    int line = phase * block.across + block.x;
    for (int i = threadIdx.x; i < BN; i += SUM_THREADS) {
        int n = column + i % ACROSS * TN + i / ACROSS;
        float sum = 0;
#pragma unroll
        for (int row = 0; row < LAST_ROWS; row++) {
            sum += scratch[row * PITCH + i];
        }
        if (n < shape.columns && operands.sums != nullptr) {
            operands.sums[static_cast<long long>(line) * shape.sums_pitch + n] = sum;
        }
    }
    if (shape.epilogue == LOSS) {
        __syncthreads();
        float total = block_sum(losses, scratch);
        if (threadIdx.x == 0) {
            operands.losses[(phase * block.down + block.y) * block.across + block.x] = total;
        }
    }
}

// C, KERNEL: the number of channels and the size of the kernel, where the compiler is to know them, else 0. VECTOR:
// values are loaded by 16 bytes; channels are then a multiple of 4 and, unless TRANSPOSED, columns, too. A block of
// SUM_THREADS threads computes tiles of BM rows by BN columns, and a thread TM by TN of them.
template <bool TRANSPOSED, int C, int KERNEL, bool VECTOR, int BM, int BN, int TM, int TN>
struct ImplicitGemm {
    static constexpr int THREADS = SUM_THREADS;
    static constexpr int SHARED = 2 * (BM + BN) * BK;  // floats
    static_assert((BM / TM) * (BN / TN) == THREADS, "each thread makes one part of the tile");
    static_assert(BM / TM * (BN + 8) <= 2 * BM * BK, "sums of columns take the place of a tile at the end");
    static constexpr int A_VALUES = BM * BK / THREADS;
    static constexpr int A_ROWS = VECTOR ? (BM * 4 + THREADS - 1) / THREADS : BM > THREADS ? BM / THREADS : 1;
    static constexpr int B_FOURS = BN >= 4 ? BN / 4 : 1;  // float4s in a row
    static constexpr int B_VALUES = VECTOR ? (BN * 4 + THREADS - 1) / THREADS * 4 : (BN * BK + THREADS - 1) / THREADS;

    const GemmShape& shape;
    const GemmOperands& operands;
    const Place& block;
    const Taps<TRANSPOSED> taps;
    const int depth;
    const int column;  // first column of the tile
    Row rows[A_ROWS];
    float a[A_VALUES];
    float b[B_VALUES];

    __device__ int channels() const { return C ? C : shape.channels; }

    __device__ ImplicitGemm(const GemmShape& s, const GemmOperands& o, const Place& p, int phase)
        : shape(s),
          operands(o),
          block(p),
          taps(s, KERNEL ? KERNEL : s.kernel, phase),
          depth(taps.count() * (C ? C : s.channels)),
          column(p.y * BN) {}

    __device__ void split_depth(int k, int& tap, int& channel) const {
        tap = C ? k / C : shape.by_channels.quotient(k);
        channel = k - tap * channels();
    }

    __device__ void find_rows(int row) {
#pragma unroll
        for (int r = 0; r < A_ROWS; r++) {
            int m = VECTOR         ? (threadIdx.x + r * THREADS) / 4
                    : BM > THREADS ? threadIdx.x + r * THREADS
                                   : threadIdx.x % BM;
            rows[r] = locate<TRANSPOSED>(shape, channels(), row + m);
        }
    }

    // Loads the next tile of both operands from global memory to registers.
    __device__ void load(int first) {
        if (VECTOR) {
            load_vector(first);
        } else {
            load_scalar(first);
        }
    }

    __device__ bool inside(const Row& row, int dy, int dx) const {
        return static_cast<unsigned>(row.y + dy) < static_cast<unsigned>(shape.height)
               && static_cast<unsigned>(row.x + dx) < static_cast<unsigned>(shape.width);
    }

    __device__ void load_vector(int first) {
        int k = first + threadIdx.x % 4 * 4;
        int tap, channel, dy = OUTSIDE, dx = OUTSIDE, in_kernel = 0;
        split_depth(k, tap, channel);
        if (k < depth) {
            taps.place(tap, dy, dx, in_kernel);
        }
        int offset = (dy * shape.width + dx) * channels() + channel;
#pragma unroll
        for (int r = 0; r < A_ROWS; r++) {
            float4 four = make_float4(0, 0, 0, 0);
            if (k < depth && inside(rows[r], dy, dx)) {
                four = *reinterpret_cast<const float4*>(operands.input + rows[r].start + offset);
            }
            a[4 * r] = four.x;
            a[4 * r + 1] = four.y;
            a[4 * r + 2] = four.z;
            a[4 * r + 3] = four.w;
        }
#pragma unroll
        for (int r = 0; r < B_VALUES / 4; r++) {
            float4 four = make_float4(0, 0, 0, 0);
            int index = threadIdx.x + r * THREADS;
            if (TRANSPOSED) {
                int n = column + index / 4;
                if (index < BN * 4 && n < shape.columns && k < depth) {
                    four = *reinterpret_cast<const float4*>(operands.weights
                                                            + (in_kernel * shape.columns + n) * channels() + channel);
                }
            } else {
                int n = column + index % B_FOURS * 4;
                int deep = first + index / B_FOURS;
                if (n < shape.columns && deep < depth) {
                    four = *reinterpret_cast<const float4*>(operands.weights + deep * shape.columns + n);
                }
            }
            b[4 * r] = four.x;
            b[4 * r + 1] = four.y;
            b[4 * r + 2] = four.z;
            b[4 * r + 3] = four.w;
        }
    }

    __device__ void load_scalar(int first) {
#pragma unroll
        for (int i = 0; i < A_VALUES; i++) {
            int k = first + (BM >= THREADS ? i / A_ROWS : threadIdx.x / BM + i * (THREADS / BM));
            const Row& row = rows[i % A_ROWS];
            float value = 0;
            if (k < depth) {
                int tap, channel, dy, dx, in_kernel;
                split_depth(k, tap, channel);
                taps.place(tap, dy, dx, in_kernel);
                if (inside(row, dy, dx)) {
                    value = operands.input[row.start + (dy * shape.width + dx) * channels() + channel];
                }
            }
            a[i] = value;
        }
#pragma unroll
        for (int i = 0; i < B_VALUES; i++) {
            int index = threadIdx.x + i * THREADS;
            int n = column + index % BN;
            int k = first + index / BN;
            float value = 0;
            if (index < BN * BK && n < shape.columns && k < depth) {
                if (TRANSPOSED) {
                    int tap, channel, dy, dx, in_kernel;
                    split_depth(k, tap, channel);
                    taps.place(tap, dy, dx, in_kernel);
                    value = operands.weights[(in_kernel * shape.columns + n) * channels() + channel];
                } else {
                    value = operands.weights[k * shape.columns + n];
                }
            }
            b[i] = value;
        }
    }

    // Stores the tiles that were loaded in shared memory, with the depth as rows.
    __device__ void stage(float* as, float* bs) const {
        if (VECTOR) {
            int k = threadIdx.x % 4 * 4;
#pragma unroll
            for (int r = 0; r < A_ROWS; r++) {
                int m = (threadIdx.x + r * THREADS) / 4;
                if (BM * 4 % THREADS == 0 || m < BM) {
#pragma unroll
                    for (int j = 0; j < 4; j++) {
                        as[swizzled<BM>(k + j, m)] = a[4 * r + j];
                    }
                }
            }
#pragma unroll
            for (int r = 0; r < B_VALUES / 4; r++) {
                int index = threadIdx.x + r * THREADS;
                if (index < BN * 4) {
                    if (TRANSPOSED) {
#pragma unroll
                        for (int j = 0; j < 4; j++) {
                            bs[swizzled<BN>(k + j, index / 4)] = b[4 * r + j];
                        }
                    } else {
                        write_shared(bs + swizzled<BN>(index / B_FOURS, index % B_FOURS * 4), b[4 * r], b[4 * r + 1],
                                     b[4 * r + 2], b[4 * r + 3]);
                    }
                }
            }
        } else {
#pragma unroll
            for (int i = 0; i < A_VALUES; i++) {
                int k = BM >= THREADS ? i / A_ROWS : threadIdx.x / BM + i * (THREADS / BM);
                int m = BM > THREADS ? threadIdx.x + i % A_ROWS * THREADS : threadIdx.x % BM;
                as[swizzled<BM>(k, m)] = a[i];
            }
#pragma unroll
            for (int i = 0; i < B_VALUES; i++) {
                int index = threadIdx.x + i * THREADS;
                if (index < BN * BK) {
                    bs[swizzled<BN>(index / BN, index % BN)] = b[i];
                }
            }
        }
    }

    __device__ void multiply(const float* as, const float* bs, float (&acc)[TM][TN]) const {
        int m = threadIdx.x / (BN / TN) * TM;
        int n = threadIdx.x % (BN / TN) * TN;
#pragma unroll
        for (int k = 0; k < BK; k++) {
            float left[TM], right[TN];
            read_shared(left, as + swizzled<BM>(k, m));
            read_shared(right, bs + swizzled<BN>(k, n));
#pragma unroll
            for (int i = 0; i < TM; i++) {
#pragma unroll
                for (int j = 0; j < TN; j++) {
                    acc[i][j] = fmaf(left[i], right[j], acc[i][j]);
                }
            }
        }
    }

    // Computes the products of tile `tile` over part `split` of the depth. The barrier in the loop stands between the
    // writing of a buffer and its reading, and between its reading and the next writing.
    __device__ void product(int tile, int split, float* as, float* bs, float (&acc)[TM][TN]) {
#pragma unroll
        for (int i = 0; i < TM; i++) {
#pragma unroll
            for (int j = 0; j < TN; j++) {
                acc[i][j] = 0;
            }
        }
        int tiles = (depth + BK - 1) / BK;
        int first = tiles * split / shape.splits;
        int end = tiles * (split + 1) / shape.splits;
        find_rows(tile * BM);
        if (first < end) {
            load(first * BK);
            stage(as, bs);
        }
        __syncthreads();
        for (int k = first; k < end; k++) {
            int now = (k - first) & 1;
            if (k + 1 < end) {
                load((k + 1) * BK);
            }
            multiply(as + now * BM * BK, bs + now * BN * BK, acc);
            if (k + 1 < end) {
                stage(as + (now ^ 1) * BM * BK, bs + (now ^ 1) * BN * BK);
            }
            __syncthreads();
        }
    }

    // Stores the part of a split tile that this block computed. The last block of the tile to come here adds all parts,
    // always in the order of the depth, and returns true.
    __device__ bool add_splits(int tile, int phase, int split, float (&acc)[TM][TN]) const {
        int tiles = (shape.rows + BM - 1) / BM;
        int place = (phase * block.down + block.y) * tiles + tile;
        float* mine = operands.partials + static_cast<long long>(place) * shape.splits * BM * BN + threadIdx.x;
#pragma unroll
        for (int i = 0; i < TM * TN; i++) {
            __stcg(mine + split * BM * BN + i * THREADS, acc[i / TN][i % TN]);
        }
        return last_of_all(operands.tickets + place, shape.splits) && sum_splits(mine, acc);
    }

    __device__ bool sum_splits(const float* mine, float (&acc)[TM][TN]) const {
#pragma unroll
        for (int i = 0; i < TM * TN; i++) {
            float sum = 0;
            for (int split = 0; split < shape.splits; split++) {
                sum += __ldcg(mine + split * BM * BN + i * THREADS);
            }
            acc[i / TN][i % TN] = sum;
        }
        return true;
    }

    // Finishes and stores this thread's part of a tile.
    __device__ void finish(int tile, float (&acc)[TM][TN], float (&sums)[TN], float& losses) const {
        int n = column + threadIdx.x % (BN / TN) * TN;
        int count = min(TN, shape.columns - n);
        if (count <= 0) {
            return;
        }
        bool whole = TN == 4 && shape.columns % 4 == 0;
        float bias[TN];
        load_bias(operands, n, count, bias);
#pragma unroll
        for (int i = 0; i < TM; i++) {
            int row = tile * BM + threadIdx.x / (BN / TN) * TM + i;
            if (row < shape.rows) {
                long long at = static_cast<long long>(taps.output_pixel(shape, row)) * shape.columns + n;
                with_epilogue(shape, [&](auto epilogue) {
                    finish_pixel(epilogue, shape, operands, at, count, whole, bias, acc[i], sums, losses);
                });
            }
        }
    }

    // Does all the work of a block; `shared` has SHARED floats.
    __device__ __forceinline__ static void run(const GemmShape& shape, const GemmOperands& operands, const Place& block,
                                               float* shared) {
        float* as = shared;
        float* bs = shared + 2 * BM * BK;
        int phase = block.z / shape.splits;
        int split = block.z - phase * shape.splits;
        ImplicitGemm gemm(shape, operands, block, phase);
        float sums[TN];
#pragma unroll
        for (int j = 0; j < TN; j++) {
            sums[j] = 0;
        }
        float losses = 0;
        for (int tile = block.x; tile * BM < shape.rows; tile += block.across) {
            float acc[TM][TN];
            gemm.product(tile, split, as, bs, acc);
            if (shape.splits == 1 || gemm.add_splits(tile, phase, split, acc)) {
                gemm.finish(tile, acc, sums, losses);
            }
        }
        if (operands.sums != nullptr || shape.epilogue == LOSS) {
            leave_sums<BM / TM, BN / TN>(shape, operands, block, phase, gemm.column, as, sums, losses);
        }
    }
};

// The parameters of a kernel of this kind after its shape, and the GemmOperands that they make.
#define GEMM_PARAMETERS                                                                                   \
    const float* __restrict__ input, const float* __restrict__ weights, const float* __restrict__ bias,   \
        const float* __restrict__ added, const float* __restrict__ other, const float* __restrict__ mask, \
        float* __restrict__ output, float* __restrict__ gradient, float* __restrict__ sums,               \
        float* __restrict__ losses, float* __restrict__ partials, unsigned* __restrict__ tickets
#define GEMM_OPERANDS \
    { input, weights, bias, added, other, mask, output, gradient, sums, losses, partials, tickets }

// Defines the kernel NAME, whose blocks run the product type that follows. Shared memory begins at a multiple of 128
// bytes, as tensor_core.cuh needs it. Two blocks a multiprocessor are asked for: otherwise ptxas spills registers in
// order to fit more.
#define PRODUCT(NAME, ...)                                                                                \
    extern "C" __global__ void __launch_bounds__(SUM_THREADS, 2) NAME(GemmShape shape, GEMM_PARAMETERS) { \
        using Product = __VA_ARGS__;                                                                      \
        __shared__ __align__(128) float shared[Product::SHARED];                                          \
        GemmOperands operands = GEMM_OPERANDS;                                                            \
        Product::run(shape, operands, Place::own(), shared);                                              \
    }

#define IMPLICIT_GEMM(NAME, TRANSPOSED, C, KERNEL, VECTOR, BM, BN, TM, TN) \
    PRODUCT(NAME, ImplicitGemm<TRANSPOSED, C, KERNEL, VECTOR, BM, BN, TM, TN>)
