// libcudnn.so.9: convolutions as plain loops over strided tensors, summed in float32.
//
// Tensors are copied to dense arrays of the host, with channels innermost, computed there, and copied back. So one loop
// serves all layouts, and each element that is read or written is checked once.
#include <algorithm>
#include <cmath>
#include <vector>

#include "cudnn_descriptors.h"
#include "vector_loops.h"

namespace emulator {

namespace {

using Floats = std::vector<float>;

size_t count(int size) { return static_cast<size_t>(size); }

// A tensor [n, c, h, w] with its memory.
struct Tensor {
    TensorDescriptor shape;
    uint64_t address;

    uint64_t at(int n, int c, int h, int w) const {
        long long offset = static_cast<long long>(n) * shape.stride[0] + static_cast<long long>(c) * shape.stride[1]
                           + static_cast<long long>(h) * shape.stride[2] + static_cast<long long>(w) * shape.stride[3];
        return address + static_cast<uint64_t>(offset) * sizeOf(shape.element);
    }

    // Into [n][h][w][c].
    Floats load(const std::string& what, bool isTf32) const {
        Floats target(shape.elements());
        forRows([&](int n, int fixed, int h, bool isChannelRow, Floats& row) {
            loadRow(shape.element, isChannelRow ? at(n, 0, h, fixed) : at(n, fixed, h, 0), row.size(), row.data(), what,
                    isTf32);
            for (size_t i = 0; i < row.size(); i++) {
                target[place(n, fixed, h, isChannelRow, i)] = row[i];
            }
        });
        return target;
    }

    // target = alpha · values + beta · target
    void store(const Floats& values, float alpha, float beta, const std::string& what) const {
        forRows([&](int n, int fixed, int h, bool isChannelRow, Floats& row) {
            for (size_t i = 0; i < row.size(); i++) {
                row[i] = values[place(n, fixed, h, isChannelRow, i)];
            }
            storeRow(shape.element, isChannelRow ? at(n, 0, h, fixed) : at(n, fixed, h, 0), row.size(), row.data(),
                     alpha, beta, what);
        });
    }

    uint64_t bytes() const { return shape.elements() * sizeOf(shape.element); }

private:
    size_t place(int n, int fixed, int h, bool isChannelRow, size_t i) const {
        size_t w = isChannelRow ? count(fixed) : i;
        size_t c = isChannelRow ? i : count(fixed);
        return ((count(n) * count(shape.size[2]) + count(h)) * count(shape.size[3]) + w) * count(shape.size[1]) + c;
    }

    // Visits the tensor in pieces that lie together in memory: all channels of a pixel, a row of one channel, or single
    // elements.
    template <class F>
    void forRows(const F& visit) const {
        bool isChannelRow = shape.stride[1] == 1;
        bool isRow = !isChannelRow && shape.stride[3] == 1;
        Floats row(isChannelRow ? count(shape.size[1]) : isRow ? count(shape.size[3]) : 1);
        if (!isChannelRow && !isRow) {
            throw Failed{801};  // neither channels nor columns side by side: refused before
        }
        for (int n = 0; n < shape.size[0]; n++) {
            for (int fixed = 0; fixed < shape.size[isChannelRow ? 3 : 1]; fixed++) {
                for (int h = 0; h < shape.size[2]; h++) {
                    visit(n, fixed, h, isChannelRow, row);
                }
            }
        }
    }
};

bool isSupported(const TensorDescriptor& tensor) { return tensor.stride[1] == 1 || tensor.stride[3] == 1; }

// What the three convolutions have in common: x * w = y.
struct Shapes {
    TensorDescriptor x;
    FilterDescriptor w;
    ConvolutionDescriptor convolution;
    TensorDescriptor y;

    int check() const {
        int height = convolution.outputSize(0, x.size[2], w.size[2]);
        int width = convolution.outputSize(1, x.size[3], w.size[3]);
        bool fits = y.size[0] == x.size[0] && y.size[1] == w.size[0] && y.size[2] == height && y.size[3] == width
                    && x.size[1] == w.size[1] * convolution.groups && w.size[0] % convolution.groups == 0 && height > 0
                    && width > 0;
        if (!fits) {
            return DNN_BAD_PARAM;
        }
        return isSupported(x) && isSupported(y) && x.dataType == w.dataType && x.dataType == y.dataType
                   ? DNN_SUCCESS
                   : DNN_NOT_SUPPORTED;
    }

    // All but FMA_MATH allow TF32 for float32 operands.
    bool isTf32() const { return convolution.mathType != FMA_MATH && x.element == Element::FLOAT32; }

    uint64_t multiplyAdds() const { return y.elements() * w.elements() / count(w.size[0]); }

    // Calls visit(n, p, q, h, w, r, s, group) for each pixel of y and each tap of the filter that meets x.
    template <class F>
    void forTaps(const F& visit) const {
        for (int n = 0; n < y.size[0]; n++) {
            for (int p = 0; p < y.size[2]; p++) {
                for (int q = 0; q < y.size[3]; q++) {
                    for (int r = 0; r < w.size[2]; r++) {
                        int h = p * convolution.stride[0] - convolution.padding[0] + r * convolution.dilation[0];
                        for (int s = 0; s < w.size[3]; s++) {
                            int v = q * convolution.stride[1] - convolution.padding[1] + s * convolution.dilation[1];
                            if (h >= 0 && h < x.size[2] && v >= 0 && v < x.size[3]) {
                                // A true convolution reverses the filter.
                                int row = convolution.mode == 1 ? r : w.size[2] - 1 - r;
                                int column = convolution.mode == 1 ? s : w.size[3] - 1 - s;
                                visit(((count(n) * count(y.size[2]) + count(p)) * count(y.size[3]) + count(q))
                                          * count(y.size[1]),
                                      ((count(n) * count(x.size[2]) + count(h)) * count(x.size[3]) + count(v))
                                          * count(x.size[1]),
                                      count(row * w.size[3] + column));
                            }
                        }
                    }
                }
            }
        }
    }
};

// The filter, loaded as [k][r][s][c], becomes [tap][c][k] or [tap][k][c].
Floats turn(const Floats& filter, const FilterDescriptor& shape, bool isOutputInnermost) {
    size_t outputs = count(shape.size[0]);
    size_t inputs = count(shape.size[1]);
    size_t taps = count(shape.size[2] * shape.size[3]);
    Floats result(filter.size());
    for (size_t k = 0; k < outputs; k++) {
        for (size_t tap = 0; tap < taps; tap++) {
            for (size_t c = 0; c < inputs; c++) {
                result[isOutputInnermost ? (tap * inputs + c) * outputs + k : (tap * outputs + k) * inputs + c] =
                    filter[(k * taps + tap) * inputs + c];
            }
        }
    }
    return result;
}

enum class Pass { FORWARD, DATA, FILTER };

struct Convolution {
    Pass pass;
    const char* name;
    Shapes shapes;
    uint64_t x, w, y;  // where they are
    float alpha, beta;

    Tensor tensor(const TensorDescriptor& shape, uint64_t address) const { return {shape, address}; }

    void operator()() const {
        size_t groups = count(shapes.convolution.groups);
        size_t inputs = count(shapes.w.size[1]);   // of a group
        size_t outputs = count(shapes.w.size[0]);  // of all groups
        size_t outputsOfGroup = outputs / groups;
        bool isTf32 = shapes.isTf32();
        std::string what = name;
        Tensor inputTensor = tensor(shapes.x, x);
        Tensor filterTensor = tensor(shapes.w.asTensor(), w);
        Tensor outputTensor = tensor(shapes.y, y);
        switch (pass) {
            case Pass::FORWARD: {
                Floats input = inputTensor.load(what + " input", isTf32);
                Floats filter = turn(filterTensor.load(what + " filter", isTf32), shapes.w, true);
                Floats output(shapes.y.elements());
                shapes.forTaps([&](size_t to, size_t from, size_t tap) {
                    for (size_t c = 0; c < inputs * groups; c++) {
                        size_t group = c / inputs;
                        float value = input[from + c];
                        addScaled(&output[to + group * outputsOfGroup],
                                  &filter[(tap * inputs + c % inputs) * outputs + group * outputsOfGroup], value,
                                  outputsOfGroup);
                    }
                });
                outputTensor.store(output, alpha, beta, what + " output");
                break;
            }
            case Pass::DATA: {
                Floats gradient = outputTensor.load(what + " gradient", isTf32);
                bool isNarrow = inputs < 4;  // then the vectors go along the outputs
                Floats filter = turn(filterTensor.load(what + " filter", isTf32), shapes.w, isNarrow);
                Floats input(shapes.x.elements());
                shapes.forTaps([&](size_t from, size_t to, size_t tap) {
                    if (isNarrow) {
                        for (size_t c = 0; c < inputs * groups; c++) {
                            size_t first = c / inputs * outputsOfGroup;
                            input[to + c] +=
                                dotProduct(&gradient[from + first],
                                           &filter[(tap * inputs + c % inputs) * outputs + first], outputsOfGroup);
                        }
                    } else {
                        for (size_t k = 0; k < outputs; k++) {
                            addScaled(&input[to + k / outputsOfGroup * inputs], &filter[(tap * outputs + k) * inputs],
                                      gradient[from + k], inputs);
                        }
                    }
                });
                inputTensor.store(input, alpha, beta, what + " result");
                break;
            }
            case Pass::FILTER: {
                Floats input = inputTensor.load(what + " input", isTf32);
                Floats gradient = outputTensor.load(what + " gradient", isTf32);
                size_t taps = count(shapes.w.size[2] * shapes.w.size[3]);
                Floats sums(shapes.w.elements());  // [tap][c][k]
                shapes.forTaps([&](size_t from, size_t at, size_t tap) {
                    for (size_t c = 0; c < inputs * groups; c++) {
                        size_t group = c / inputs;
                        float value = input[at + c];
                        addScaled(&sums[(tap * inputs + c % inputs) * outputs + group * outputsOfGroup],
                                  &gradient[from + group * outputsOfGroup], value, outputsOfGroup);
                    }
                });
                Floats filter(sums.size());  // [k][tap][c]
                for (size_t k = 0; k < outputs; k++) {
                    for (size_t tap = 0; tap < taps; tap++) {
                        for (size_t c = 0; c < inputs; c++) {
                            filter[(k * taps + tap) * inputs + c] = sums[(tap * inputs + c) * outputs + k];
                        }
                    }
                }
                filterTensor.store(filter, alpha, beta, what + " result");
                break;
            }
        }
        emulatorCount(name, shapes.multiplyAdds(), inputTensor.bytes() + filterTensor.bytes() + outputTensor.bytes());
    }
};

// What cudnnGet…Algorithm_v7 and cudnnFind… return about an algorithm: cudnnConvolution…AlgoPerf_t.
struct Performance {
    int algorithm;
    int status;
    float time;
    size_t memory;
    int determinism;
    int mathType;
    int reserved[3];
};

struct Algorithm {
    int number;
    bool isDeterministic;
    bool wantsWorkspace;
};

// Some of the real algorithms, in about the order in which the real library would list them, so that a program has some
// to choose from and some to refuse. The numbers are those of cuDNN; what is computed is the same for all.
const std::vector<Algorithm>& algorithmsOf(Pass pass) {
    static const std::vector<Algorithm> FORWARD = {{1, true, true}, {0, true, false}};
    static const std::vector<Algorithm> DATA = {{0, false, false}, {1, true, true}};
    static const std::vector<Algorithm> FILTER = {{0, false, false}, {1, true, true}, {3, false, true}};
    return pass == Pass::FORWARD ? FORWARD : pass == Pass::DATA ? DATA : FILTER;
}

// They need some scratch memory, so that programs that do not provide it are found.
size_t workspaceOf(const Algorithm& algorithm, const Shapes& shapes) {
    return algorithm.wantsWorkspace ? (shapes.w.elements() * 4 + 255) / 256 * 256 : 0;
}

const Algorithm* findAlgorithm(Pass pass, int number) {
    for (const Algorithm& algorithm : algorithmsOf(pass)) {
        if (algorithm.number == number) {
            return &algorithm;
        }
    }
    return nullptr;
}

int listAlgorithms(Pass pass, const Shapes& shapes, int requested, int* returned, Performance* results,
                   bool isMeasured) {
    if (int status = shapes.check()) {
        return status;
    }
    if (requested < 1 || returned == nullptr || results == nullptr) {
        return DNN_BAD_PARAM;
    }
    *returned = 0;
    for (const Algorithm& algorithm : algorithmsOf(pass)) {
        if (*returned < requested) {
            Performance& result = results[*returned];
            float time = isMeasured ? static_cast<float>(*returned + 1) : -1;
            result = {algorithm.number,
                      DNN_SUCCESS,
                      time,
                      workspaceOf(algorithm, shapes),
                      algorithm.isDeterministic ? 1 : 0,
                      shapes.convolution.mathType,
                      {}};
            ++*returned;
        }
    }
    return DNN_SUCCESS;
}

int workspaceSize(Pass pass, const Shapes& shapes, int number, size_t* bytes) {
    if (int status = shapes.check()) {
        return status;
    }
    const Algorithm* algorithm = findAlgorithm(pass, number);
    if (algorithm == nullptr) {
        return DNN_NOT_SUPPORTED;
    }
    *bytes = workspaceOf(*algorithm, shapes);
    return DNN_SUCCESS;
}

int convolve(DnnHandle* handle, Pass pass, const char* name, const Shapes& shapes, int number, const void* x,
             const void* w, const void* y, const void* workspace, size_t workspaceBytes, const void* alpha,
             const void* beta) {
    if (handle == nullptr || alpha == nullptr || beta == nullptr) {
        return DNN_BAD_PARAM;
    }
    if (int status = shapes.check()) {
        return status;
    }
    const Algorithm* algorithm = findAlgorithm(pass, number);
    if (algorithm == nullptr) {
        return DNN_NOT_SUPPORTED;
    }
    size_t needed = workspaceOf(*algorithm, shapes);
    if (needed > 0 && (workspaceBytes < needed || workspace == nullptr)) {
        return DNN_BAD_PARAM;
    }
    Convolution work{
        pass, name, shapes, reinterpret_cast<uint64_t>(x), reinterpret_cast<uint64_t>(w), reinterpret_cast<uint64_t>(y),
        0,    0};
    std::memcpy(&work.alpha, alpha, sizeof work.alpha);
    std::memcpy(&work.beta, beta, sizeof work.beta);
    return enqueueWork(handle->stream, name, work) == 0 ? DNN_SUCCESS : DNN_EXECUTION_FAILED;
}

}  // namespace

#define SHAPES(x, w, c, y) \
    Shapes { *(x), *(w), *(c), *(y) }

EMULATOR_EXPORT int cudnnGetConvolutionForwardAlgorithmMaxCount(DnnHandle*, int* most) {
    *most = static_cast<int>(algorithmsOf(Pass::FORWARD).size());
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetConvolutionBackwardDataAlgorithmMaxCount(DnnHandle*, int* most) {
    *most = static_cast<int>(algorithmsOf(Pass::DATA).size());
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetConvolutionBackwardFilterAlgorithmMaxCount(DnnHandle*, int* most) {
    *most = static_cast<int>(algorithmsOf(Pass::FILTER).size());
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetConvolutionForwardAlgorithm_v7(DnnHandle*, TensorDescriptor* x, FilterDescriptor* w,
                                                           ConvolutionDescriptor* convolution, TensorDescriptor* y,
                                                           int requested, int* returned, Performance* results) {
    return listAlgorithms(Pass::FORWARD, SHAPES(x, w, convolution, y), requested, returned, results, false);
}

EMULATOR_EXPORT int cudnnGetConvolutionBackwardDataAlgorithm_v7(DnnHandle*, FilterDescriptor* w, TensorDescriptor* y,
                                                                ConvolutionDescriptor* convolution, TensorDescriptor* x,
                                                                int requested, int* returned, Performance* results) {
    return listAlgorithms(Pass::DATA, SHAPES(x, w, convolution, y), requested, returned, results, false);
}

EMULATOR_EXPORT int cudnnGetConvolutionBackwardFilterAlgorithm_v7(DnnHandle*, TensorDescriptor* x, TensorDescriptor* y,
                                                                  ConvolutionDescriptor* convolution,
                                                                  FilterDescriptor* w, int requested, int* returned,
                                                                  Performance* results) {
    return listAlgorithms(Pass::FILTER, SHAPES(x, w, convolution, y), requested, returned, results, false);
}

EMULATOR_EXPORT int cudnnFindConvolutionForwardAlgorithm(DnnHandle*, TensorDescriptor* x, FilterDescriptor* w,
                                                         ConvolutionDescriptor* convolution, TensorDescriptor* y,
                                                         int requested, int* returned, Performance* results) {
    return listAlgorithms(Pass::FORWARD, SHAPES(x, w, convolution, y), requested, returned, results, true);
}

EMULATOR_EXPORT int cudnnFindConvolutionBackwardDataAlgorithm(DnnHandle*, FilterDescriptor* w, TensorDescriptor* y,
                                                              ConvolutionDescriptor* convolution, TensorDescriptor* x,
                                                              int requested, int* returned, Performance* results) {
    return listAlgorithms(Pass::DATA, SHAPES(x, w, convolution, y), requested, returned, results, true);
}

EMULATOR_EXPORT int cudnnFindConvolutionBackwardFilterAlgorithm(DnnHandle*, TensorDescriptor* x, TensorDescriptor* y,
                                                                ConvolutionDescriptor* convolution, FilterDescriptor* w,
                                                                int requested, int* returned, Performance* results) {
    return listAlgorithms(Pass::FILTER, SHAPES(x, w, convolution, y), requested, returned, results, true);
}

// The Ex forms run in the memory of the caller; they find the same algorithms.
EMULATOR_EXPORT int cudnnFindConvolutionForwardAlgorithmEx(DnnHandle*, TensorDescriptor* x, const void*,
                                                           FilterDescriptor* w, const void*,
                                                           ConvolutionDescriptor* convolution, TensorDescriptor* y,
                                                           void*, int requested, int* returned, Performance* results,
                                                           void*, size_t) {
    return listAlgorithms(Pass::FORWARD, SHAPES(x, w, convolution, y), requested, returned, results, true);
}

EMULATOR_EXPORT int cudnnFindConvolutionBackwardDataAlgorithmEx(DnnHandle*, FilterDescriptor* w, const void*,
                                                                TensorDescriptor* y, const void*,
                                                                ConvolutionDescriptor* convolution, TensorDescriptor* x,
                                                                void*, int requested, int* returned,
                                                                Performance* results, void*, size_t) {
    return listAlgorithms(Pass::DATA, SHAPES(x, w, convolution, y), requested, returned, results, true);
}

EMULATOR_EXPORT int cudnnFindConvolutionBackwardFilterAlgorithmEx(DnnHandle*, TensorDescriptor* x, const void*,
                                                                  TensorDescriptor* y, const void*,
                                                                  ConvolutionDescriptor* convolution,
                                                                  FilterDescriptor* w, void*, int requested,
                                                                  int* returned, Performance* results, void*, size_t) {
    return listAlgorithms(Pass::FILTER, SHAPES(x, w, convolution, y), requested, returned, results, true);
}

EMULATOR_EXPORT int cudnnGetConvolutionForwardWorkspaceSize(DnnHandle*, TensorDescriptor* x, FilterDescriptor* w,
                                                            ConvolutionDescriptor* convolution, TensorDescriptor* y,
                                                            int algorithm, size_t* bytes) {
    return workspaceSize(Pass::FORWARD, SHAPES(x, w, convolution, y), algorithm, bytes);
}

EMULATOR_EXPORT int cudnnGetConvolutionBackwardDataWorkspaceSize(DnnHandle*, FilterDescriptor* w, TensorDescriptor* y,
                                                                 ConvolutionDescriptor* convolution,
                                                                 TensorDescriptor* x, int algorithm, size_t* bytes) {
    return workspaceSize(Pass::DATA, SHAPES(x, w, convolution, y), algorithm, bytes);
}

EMULATOR_EXPORT int cudnnGetConvolutionBackwardFilterWorkspaceSize(DnnHandle*, TensorDescriptor* x, TensorDescriptor* y,
                                                                   ConvolutionDescriptor* convolution,
                                                                   FilterDescriptor* w, int algorithm, size_t* bytes) {
    return workspaceSize(Pass::FILTER, SHAPES(x, w, convolution, y), algorithm, bytes);
}

EMULATOR_EXPORT int cudnnConvolutionForward(DnnHandle* handle, const void* alpha, TensorDescriptor* x,
                                            const void* xData, FilterDescriptor* w, const void* wData,
                                            ConvolutionDescriptor* convolution, int algorithm, void* workspace,
                                            size_t workspaceBytes, const void* beta, TensorDescriptor* y, void* yData) {
    return convolve(handle, Pass::FORWARD, "cudnnConvolutionForward", SHAPES(x, w, convolution, y), algorithm, xData,
                    wData, yData, workspace, workspaceBytes, alpha, beta);
}

EMULATOR_EXPORT int cudnnConvolutionBackwardData(DnnHandle* handle, const void* alpha, FilterDescriptor* w,
                                                 const void* wData, TensorDescriptor* y, const void* yData,
                                                 ConvolutionDescriptor* convolution, int algorithm, void* workspace,
                                                 size_t workspaceBytes, const void* beta, TensorDescriptor* x,
                                                 void* xData) {
    return convolve(handle, Pass::DATA, "cudnnConvolutionBackwardData", SHAPES(x, w, convolution, y), algorithm, xData,
                    wData, yData, workspace, workspaceBytes, alpha, beta);
}

EMULATOR_EXPORT int cudnnConvolutionBackwardFilter(DnnHandle* handle, const void* alpha, TensorDescriptor* x,
                                                   const void* xData, TensorDescriptor* y, const void* yData,
                                                   ConvolutionDescriptor* convolution, int algorithm, void* workspace,
                                                   size_t workspaceBytes, const void* beta, FilterDescriptor* w,
                                                   void* wData) {
    return convolve(handle, Pass::FILTER, "cudnnConvolutionBackwardFilter", SHAPES(x, w, convolution, y), algorithm,
                    xData, wData, yData, workspace, workspaceBytes, alpha, beta);
}

}  // namespace emulator
