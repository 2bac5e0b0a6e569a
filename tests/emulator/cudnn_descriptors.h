// The contents of the descriptors of cuDNN.
#pragma once

#include <cstddef>

#include "library_memory.h"

namespace emulator {

// cudnnStatus_t of cuDNN 9
constexpr int DNN_SUCCESS = 0;
constexpr int DNN_NOT_INITIALIZED = 1001;
constexpr int DNN_BAD_PARAM = 2000;
constexpr int DNN_NOT_SUPPORTED = 3000;
constexpr int DNN_EXECUTION_FAILED = 5000;

// cudnnTensorFormat_t, cudnnMathType_t
constexpr int NCHW = 0;
constexpr int NHWC = 1;
constexpr int FMA_MATH = 3;

struct DnnHandle {
    void* stream = nullptr;
};

// n, c, h, w; strides in elements.
struct TensorDescriptor {
    int dataType = 0;
    Element element = Element::FLOAT32;
    int size[4] = {0, 0, 0, 0};
    int stride[4] = {0, 0, 0, 0};

    size_t elements() const {
        return static_cast<size_t>(size[0]) * static_cast<size_t>(size[1]) * static_cast<size_t>(size[2])
               * static_cast<size_t>(size[3]);
    }
};

// k, c, r, s
struct FilterDescriptor {
    int dataType = 0;
    Element element = Element::FLOAT32;
    int format = NCHW;
    int size[4] = {0, 0, 0, 0};

    size_t elements() const {
        return static_cast<size_t>(size[0]) * static_cast<size_t>(size[1]) * static_cast<size_t>(size[2])
               * static_cast<size_t>(size[3]);
    }
    // The same as a tensor: KCRS if the format is NCHW, KRSC if it is NHWC.
    TensorDescriptor asTensor() const;
};

struct ConvolutionDescriptor {
    int padding[2] = {0, 0};
    int stride[2] = {1, 1};
    int dilation[2] = {1, 1};
    int mode = 1;  // cross-correlation; 0 for a convolution, which reverses the filter
    int computeType = 0;
    int mathType = 0;
    int groups = 1;
    int reorder = 0;

    int outputSize(int axis, int input, int filter) const {
        return 1 + (input + 2 * padding[axis] - ((filter - 1) * dilation[axis] + 1)) / stride[axis];
    }
};

bool elementOfDnn(int dataType, Element& element);
void setPacked(TensorDescriptor& tensor, int format);

}  // namespace emulator
