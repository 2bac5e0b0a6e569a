#pragma once

#include "implicit_gemm.cuh"

// Layers with 3x3 kernels in fp32 that gather each input value once for all nine taps. A strip is seven neighbouring
// small pixels of a row, or eight with stride 1 and many channels. Small pixels are those that a convolution puts out,
// or that a transposed convolution takes in. Eight threads compute a strip for all columns of the block, TN columns
// each. A block's tile is 16 strips, counted down a column of strips of an image, then down the next column, then on in
// the next image. The input rows that they need, with a border of zeros, lie in shared memory, AT_ONCE channels at a
// time: a block loads each value once from global memory, and a thread keeps a row in registers while it multiplies it
// by the taps.
//
// GemmShape is counted differently here: rows are strips, by_width divides by the strips in a column of strips
// (grid_height), and by_channels by the columns of strips of an image.

constexpr int STRIP = 7;
constexpr int LONG_STRIP = 8;
constexpr int STRIPS = SUM_THREADS / 8;

// The input rows of a tile in shared memory, [row, channel, pixel]. WINDOW: rows that a strip needs; STEP: rows from
// one strip to the next; WIDTH: pixels of a row in shared memory, at least as many as a strip needs, of which the first
// GATHERED are loaded; BEFORE: rows and columns of zeros before an image; ROWS: most rows that a tile needs; AT_ONCE:
// channels at a time, 8 or 1; LENGTH: pixels of a strip.
template <int WINDOW, int STEP, int WIDTH, int GATHERED, int BEFORE, int ROWS, int AT_ONCE, int LENGTH>
struct StripInput {
    static constexpr int THREADS = SUM_THREADS;
    static constexpr bool VECTOR = AT_ONCE == 8;
    // These pitches put the 32 values that a warp stores at once in different banks.
    static constexpr int FOUR_PITCH = WIDTH == 8 ? 40 : WIDTH == 12 ? 48 : 80;  // floats of four channels of a row
    static constexpr int PITCH = VECTOR ? 2 * FOUR_PITCH + (WIDTH == 12 ? 12 : 0) : WIDTH;
    static constexpr int SHARED = ROWS * PITCH;
    static constexpr int ROWS_AT_ONCE = THREADS / (WIDTH * (VECTOR ? 2 : 1));
    static constexpr int LOADS = (ROWS + ROWS_AT_ONCE - 1) / ROWS_AT_ONCE;
    static_assert(!VECTOR || WIDTH == 8 || WIDTH == 12 || WIDTH == 16, "pitches are for these");

    const GemmShape& shape;
    const float* input;
    int start[LOADS];  // index of the first float that is loaded, or -1 outside the image
    float values[LOADS * (VECTOR ? 4 : 1)];

    __device__ StripInput(const GemmShape& s, const float* i) : shape(s), input(i) {}

    // Which pixel this thread loads, counted over the rows that are loaded at once; with eight channels, two threads
    // load a pixel. Some threads may have none.
    __device__ static int place() { return static_cast<int>(threadIdx.x) / (VECTOR ? 2 : 1); }
    __device__ static bool loads() { return THREADS % WIDTH == 0 || place() < ROWS_AT_ONCE * WIDTH; }

    // The input row where a strip begins, counted through all columns of strips; and the column of strips and the row
    // in it.
    __device__ int first_row(int strip, int& column, int& i) const {
        column = shape.by_width.quotient(strip);
        i = strip - column * shape.grid_height;
        return column * (STEP * shape.grid_height + WINDOW - STEP) + STEP * i;
    }

    // Finds the values that this thread loads for the tile that begins at strip `first_strip`.
    __device__ void find(int first_strip) {
        int rows_of_column = STEP * shape.grid_height + WINDOW - STEP;
        int column, i;
        first_row(first_strip, column, i);
        int across = (shape.grid_width + LENGTH - 1) / LENGTH;
        int images = shape.by_channels.quotient(shape.by_width.quotient(shape.rows));
        int image = shape.by_channels.quotient(column);
        int left = column - image * across;
        int row = STEP * i + place() / WIDTH;
        int four = VECTOR ? static_cast<int>(threadIdx.x) % 2 * 4 : 0;
#pragma unroll
        for (int r = 0; r < LOADS; r++) {
            while (row >= rows_of_column) {
                row -= rows_of_column;
                left++;
                if (left == across) {
                    left = 0;
                    image++;
                }
            }
            int y = row - BEFORE;
            int x = place() % WIDTH + left * LENGTH * STEP - BEFORE;
            bool inside = loads() && (GATHERED == WIDTH || place() % WIDTH < GATHERED) && image < images
                          && static_cast<unsigned>(y) < static_cast<unsigned>(shape.height)
                          && static_cast<unsigned>(x) < static_cast<unsigned>(shape.width);
            int pixel = (image * shape.height + y) * shape.width + x;
            start[r] = inside ? pixel * (VECTOR ? shape.channels : 1) + four : -1;
            row += ROWS_AT_ONCE;
        }
    }

    __device__ void load(int channel) {
#pragma unroll
        for (int r = 0; r < LOADS; r++) {
            if (VECTOR) {
                float4 four = make_float4(0, 0, 0, 0);
                if (start[r] >= 0) {
                    four = *reinterpret_cast<const float4*>(input + start[r] + channel);
                }
                values[r * 4] = four.x;
                values[r * 4 + 1 % (LOADS * 4)] = four.y;
                values[r * 4 + 2 % (LOADS * 4)] = four.z;
                values[r * 4 + 3 % (LOADS * 4)] = four.w;
            } else {
                values[r] = start[r] >= 0 ? input[start[r] + channel] : 0.0f;
            }
        }
    }

    __device__ void stage(float* shared) const {
#pragma unroll
        for (int r = 0; r < LOADS; r++) {
            int row = place() / WIDTH + r * ROWS_AT_ONCE;
            if (loads() && ((r + 1) * ROWS_AT_ONCE <= ROWS || row < ROWS)) {
                float* to = shared + row * PITCH + place() % WIDTH;
                if (VECTOR) {
#pragma unroll
                    for (int j = 0; j < 4; j++) {
                        to[threadIdx.x % 2 * FOUR_PITCH + j * WIDTH] = values[r * 4 + j];
                    }
                } else {
                    *to = values[r];
                }
            }
        }
    }

    // Reads N pixels of a row for channel number `channel` of those in shared memory.
    template <int N>
    __device__ static void read(float (&window)[N], const float* row, int channel) {
        const float* from = row + (VECTOR ? channel / 4 * FOUR_PITCH + channel % 4 * WIDTH : 0);
#pragma unroll
        for (int m = 0; m < N / 4; m++) {
            float four[4];
            read_shared(four, from + 4 * m);
#pragma unroll
            for (int j = 0; j < 4; j++) {
                window[4 * m + j] = four[j];
            }
        }
    }
};

// A convolution with stride 2 and zeros after the image only, or with stride 1 and zeros all around; and the data
// gradients of transposed convolutions of these sizes. AT_ONCE 8: channels are a multiple of 8; AT_ONCE 1: there is one
// channel. Columns are a multiple of 4. TRANSPOSED: the weights are those of a transposed convolution with stride 1,
// [tap, columns, channels], which is the convolution with the taps in reverse order. Weights lie in shared memory as
// [tap, channel, column].
template <int STRIDE, int AT_ONCE, bool TRANSPOSED = false>
struct StripConvolution {
    static constexpr int TN = 4;
    static constexpr int BN = 8 * TN;
    static constexpr int THREADS = SUM_THREADS;
    static constexpr int WIDTH = STRIDE == 2 ? 16 : 12;
    static constexpr bool IS_LONG = STRIDE == 1 && AT_ONCE == 8;
    static constexpr int LENGTH = IS_LONG ? LONG_STRIP : STRIP;
    static_assert(!TRANSPOSED || IS_LONG, "weights are turned by 16 for the second four of 8 channels");
    using Input = StripInput<3, STRIDE, WIDTH, IS_LONG ? LENGTH + 2 : WIDTH, STRIDE == 1 ? 1 : 0, STRIDE == 2 ? 36 : 24,
                             AT_ONCE, LENGTH>;
    static constexpr int WEIGHTS = AT_ONCE * 9 * BN;
    static constexpr int WEIGHT_LOADS = (WEIGHTS / 4 + THREADS - 1) / THREADS;
    static constexpr int SHARED =
        (Input::SHARED + WEIGHTS > STRIPS * (BN + 8)) ? Input::SHARED + WEIGHTS : STRIPS * (BN + 8);

    __device__ static void load_weights(const GemmShape& shape, const float* weights, int channel, int column,
                                        float (&values)[4 * WEIGHT_LOADS]) {
#pragma unroll
        for (int r = 0; r < WEIGHT_LOADS; r++) {
            int index = threadIdx.x + r * THREADS;
            float4 four = make_float4(0, 0, 0, 0);
            if (TRANSPOSED) {
                int n = column + index / 2 % BN;
                int tap = index / (2 * BN);
                if (n < shape.columns && tap < 9) {
                    four = *reinterpret_cast<const float4*>(weights + ((8 - tap) * shape.columns + n) * shape.channels
                                                            + channel + index % 2 * 4);
                }
            } else {
                int n = column + index % 8 * 4;
                int line = index / 8;
                int tap = line / AT_ONCE;
                if (n < shape.columns && tap < 9) {
                    four = *reinterpret_cast<const float4*>(
                        weights + (tap * shape.channels + channel + line % AT_ONCE) * shape.columns + n);
                }
            }
            values[4 * r] = four.x;
            values[4 * r + 1] = four.y;
            values[4 * r + 2] = four.z;
            values[4 * r + 3] = four.w;
        }
    }

    __device__ static void stage_weights(float* shared, const float (&values)[4 * WEIGHT_LOADS]) {
#pragma unroll
        for (int r = 0; r < WEIGHT_LOADS; r++) {
            int index = threadIdx.x + r * THREADS;
            if (4 * index >= WEIGHTS) {
                continue;
            }
            if (TRANSPOSED) {
                int four = index % 2 * 4;
                float* to = shared + (index / (2 * BN) * AT_ONCE + four) * BN + (index / 2 % BN ^ 4 * four);
#pragma unroll
                for (int j = 0; j < 4; j++) {
                    to[j * BN] = values[4 * r + j];
                }
            } else {
                write_shared(shared + 4 * index, values[4 * r], values[4 * r + 1], values[4 * r + 2],
                             values[4 * r + 3]);
            }
        }
    }

    // Adds the products of AT_ONCE channels; `first` and `others` are the weights of channels 0 to 3 and 4 to 7. With
    // TRANSPOSED, the columns of the latter are exchanged by 16 (an exclusive or), so that a warp stores them without
    // bank conflicts.
    __device__ static void multiply(const float* rows, const float* first, const float* others,
                                    float (&acc)[LENGTH][TN]) {
#pragma unroll
        for (int channel = 0; channel < AT_ONCE; channel++) {
            const float* weights = channel < 4 ? first : others;
#pragma unroll
            for (int ky = 0; ky < 3; ky++) {
                float window[WIDTH];
                Input::read(window, rows + ky * Input::PITCH, channel);
#pragma unroll
                for (int kx = 0; kx < 3; kx++) {
                    float right[TN];
                    read_shared(right, weights + ((ky * 3 + kx) * AT_ONCE + channel) * BN);
#pragma unroll
                    for (int q = 0; q < LENGTH; q++) {
#pragma unroll
                        for (int j = 0; j < TN; j++) {
                            acc[q][j] = fmaf(window[q * STRIDE + kx], right[j], acc[q][j]);
                        }
                    }
                }
            }
        }
    }

    __device__ __forceinline__ static void run(const GemmShape& shape, const GemmOperands& operands, const Place& block,
                                               float* shared) {
        float* weights = shared + Input::SHARED;
        int column = block.y * BN;
        int n = column + threadIdx.x % 8 * TN;
        int count = shape.columns - n >= TN ? TN : 0;
        Input input(shape, operands.input);
        float sums[TN] = {0, 0, 0, 0};
        float losses = 0;
        float loaded[4 * WEIGHT_LOADS];
        float bias[TN];
        load_bias(operands, n, count, bias);
        for (int tile = block.x; tile * STRIPS < shape.rows; tile += block.across) {
            int strip = tile * STRIPS + threadIdx.x / 8;
            int line, i;
            int first = input.first_row(tile * STRIPS, line, i);
            const float* rows = shared + (input.first_row(strip, line, i) - first) * Input::PITCH;
            bool works = strip < shape.rows && count > 0;
            if (!works) {
                rows = shared;
            }
            float acc[LENGTH][TN];
#pragma unroll
            for (int q = 0; q < LENGTH; q++) {
#pragma unroll
                for (int j = 0; j < TN; j++) {
                    acc[q][j] = 0;
                }
            }
            input.find(tile * STRIPS);
            input.load(0);
            load_weights(shape, operands.weights, 0, column, loaded);
            int channels = AT_ONCE == 1 ? 1 : shape.channels;
            for (int channel = 0; channel < channels; channel += AT_ONCE) {
                __syncthreads();
                input.stage(shared);
                stage_weights(weights, loaded);
                __syncthreads();
                if (channel + AT_ONCE < channels) {
                    input.load(channel + AT_ONCE);
                    load_weights(shape, operands.weights, channel + AT_ONCE, column, loaded);
                }
                if (works) {
                    int at = threadIdx.x % 8 * TN;
                    multiply(rows, weights + at, weights + (TRANSPOSED ? at ^ 16 : at), acc);
                }
            }
            if (works) {
                int across = (shape.grid_width + LENGTH - 1) / LENGTH;
                int image = shape.by_channels.quotient(line);
                int x = (line - image * across) * LENGTH;
                int pixel = (image * shape.grid_height + i) * shape.grid_width + x;
                with_hidden_epilogue(shape, [&](auto epilogue) {
                    long long at = static_cast<long long>(pixel) * shape.columns + n;
#pragma unroll
                    for (int q = 0; q < LENGTH; q++) {
                        if (x + q < shape.grid_width) {
                            finish_pixel(epilogue, shape, operands, at, TN, true, bias, acc[q], sums, losses);
                        }
                        at += shape.columns;
                    }
                });
            }
        }
        if (operands.sums != nullptr) {
            leave_sums<STRIPS, 8>(shape, operands, block, 0, column, shared, sums, losses);
        }
    }
};

// A transposed convolution with stride 2, or the data gradient of a convolution with stride 2. The threads of a strip
// compute all four phases, which are two rows of 14 large pixels, from two rows of 8 small ones. A block keeps the
// weights of its columns for all channels in shared memory, as [channel, tap, column]. Channels are C, and columns a
// multiple of 4.
template <int C>
struct StripTransposed {
    static constexpr int TN = 2;
    static constexpr int BN = 8 * TN;
    static constexpr int THREADS = SUM_THREADS;
    static constexpr int AT_ONCE = 8;
    using Input = StripInput<2, 1, 8, 8, 1, 24, AT_ONCE, STRIP>;
    // Floats of the weights of one channel; so that the channel four later is 16 banks further.
    static constexpr int PITCH = 9 * BN + 4;
    static constexpr int SHARED = Input::SHARED + C * PITCH;

    // Copies the weights, [tap, columns, channels], to shared memory as [channel, tap, column].
    __device__ static void stage_weights(const GemmShape& shape, const float* from, int column, float* weights) {
        int n = threadIdx.x / 2 % BN;
        bool has = column + n < shape.columns;
        for (int index = threadIdx.x; index < 9 * BN * C / 4; index += THREADS) {
            int rest = index / (2 * BN);
            int tap = rest / (C / 8);
            int channel = rest % (C / 8) * 8 + index % 2 * 4;
            float4 four = make_float4(0, 0, 0, 0);
            if (has) {
                four = *reinterpret_cast<const float4*>(from + (tap * shape.columns + column + n) * C + channel);
            }
            float* to = weights + channel * PITCH + tap * BN + n;
            to[0] = four.x;
            to[PITCH] = four.y;
            to[2 * PITCH] = four.z;
            to[3 * PITCH] = four.w;
        }
    }

    // Adds the products of eight channels. acc: [row of the phase, column of the phase, small pixel, column].
    __device__ static void multiply(const float* rows, const float* weights, float (&acc)[2][2][STRIP][TN]) {
#pragma unroll
        for (int channel = 0; channel < AT_ONCE; channel++) {
            float above[8], here[8];
            Input::read(above, rows, channel);
            Input::read(here, rows + Input::PITCH, channel);
#pragma unroll
            for (int tap = 0; tap < 9; tap++) {
                int ky = tap / 3;
                int kx = tap % 3;
                float right[TN];
                read_shared(right, weights + channel * PITCH + tap * BN);
#pragma unroll
                for (int q = 0; q < STRIP; q++) {
                    float left = (ky == 2 ? above : here)[kx == 2 ? q : q + 1];
#pragma unroll
                    for (int j = 0; j < TN; j++) {
                        acc[ky % 2][kx % 2][q][j] = fmaf(left, right[j], acc[ky % 2][kx % 2][q][j]);
                    }
                }
            }
        }
    }

    __device__ __forceinline__ static void run(const GemmShape& shape, const GemmOperands& operands, const Place& block,
                                               float* shared) {
        float* weights = shared + Input::SHARED;
        int column = block.y * BN;
        int n = column + threadIdx.x % 8 * TN;
        int count = shape.columns - n >= TN ? TN : 0;
        Input input(shape, operands.input);
        float sums[TN] = {0, 0};
        float losses = 0;
        float bias[TN];
        load_bias(operands, n, count, bias);
        stage_weights(shape, operands.weights, column, weights);
        for (int tile = block.x; tile * STRIPS < shape.rows; tile += block.across) {
            int strip = tile * STRIPS + threadIdx.x / 8;
            int line, i;
            int first = input.first_row(tile * STRIPS, line, i);
            const float* rows = shared + (input.first_row(strip, line, i) - first) * Input::PITCH;
            bool works = strip < shape.rows && count > 0;
            if (!works) {
                rows = shared;
            }
            float acc[2][2][STRIP][TN];
#pragma unroll
            for (int k = 0; k < 4 * STRIP * TN; k++) {
                acc[k / TN / STRIP / 2][k / TN / STRIP % 2][k / TN % STRIP][k % TN] = 0;
            }
            input.find(tile * STRIPS);
            input.load(0);
            for (int channel = 0; channel < C; channel += AT_ONCE) {
                __syncthreads();
                input.stage(shared);
                __syncthreads();
                if (channel + AT_ONCE < C) {
                    input.load(channel + AT_ONCE);
                }
                if (works) {
                    multiply(rows, weights + channel * PITCH + threadIdx.x % 8 * TN, acc);
                }
            }
            if (works) {
                int across = (shape.grid_width + STRIP - 1) / STRIP;
                int image = shape.by_channels.quotient(line);
                int x = (line - image * across) * STRIP;
#pragma unroll
                for (int part = 0; part < 4; part++) {
                    int pixel =
                        ((image * shape.grid_height + i) * 2 + part / 2) * 2 * shape.grid_width + 2 * x + part % 2;
                    // The epilogue is looked up once for each phase. If it is looked up once for all four, ptxas takes
                    // up to 60 registers more.
                    with_hidden_epilogue(shape, [&](auto epilogue) {
                        long long at = static_cast<long long>(pixel) * shape.columns + n;
#pragma unroll
                        for (int q = 0; q < STRIP; q++) {
                            if (x + q < shape.grid_width) {
                                finish_pixel(epilogue, shape, operands, at, TN, true, bias, acc[part / 2][part % 2][q],
                                             sums, losses);
                            }
                            at += 2 * shape.columns;
                        }
                    });
                }
            }
        }
        if (operands.sums != nullptr) {
            leave_sums<STRIPS, 8>(shape, operands, block, 0, column, shared, sums, losses);
        }
    }
};
