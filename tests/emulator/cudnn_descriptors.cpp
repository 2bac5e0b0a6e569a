// libcudnn.so.9: handles, versions and descriptors.
#include "cudnn_descriptors.h"

#include <algorithm>
#include <cstdlib>

namespace emulator {

namespace {

constexpr int DATA_FLOAT = 0;
constexpr int DATA_BFLOAT16 = 9;

template <class T>
int create(T** target) {
    if (target == nullptr) {
        return DNN_BAD_PARAM;
    }
    *target = new T;
    return DNN_SUCCESS;
}

template <class T>
int destroy(T* descriptor) {
    delete descriptor;
    return DNN_SUCCESS;
}

bool arePositive(const int* sizes, int count) {
    return std::all_of(sizes, sizes + count, [](int size) { return size > 0; });
}

}  // namespace

bool elementOfDnn(int dataType, Element& element) {
    element = dataType == DATA_FLOAT ? Element::FLOAT32 : Element::BRAIN16;
    return dataType == DATA_FLOAT || dataType == DATA_BFLOAT16;
}

void setPacked(TensorDescriptor& tensor, int format) {
    const int* size = tensor.size;
    int* stride = tensor.stride;
    stride[0] = size[1] * size[2] * size[3];
    stride[1] = format == NHWC ? 1 : size[2] * size[3];
    stride[2] = format == NHWC ? size[3] * size[1] : size[3];
    stride[3] = format == NHWC ? size[1] : 1;
}

TensorDescriptor FilterDescriptor::asTensor() const {
    TensorDescriptor tensor;
    tensor.dataType = dataType;
    tensor.element = element;
    std::copy_n(size, 4, tensor.size);
    setPacked(tensor, format);
    return tensor;
}

EMULATOR_EXPORT size_t cudnnGetVersion() { return 90600; }

EMULATOR_EXPORT size_t cudnnGetCudartVersion() { return 12060; }

EMULATOR_EXPORT size_t cudnnGetMaxDeviceVersion() { return 900; }

EMULATOR_EXPORT int cudnnGetProperty(int type, int* value) {
    *value = type == 0 ? 9 : type == 1 ? 6 : 0;
    return DNN_SUCCESS;
}

EMULATOR_EXPORT const char* cudnnGetErrorString(int status) {
    switch (status) {
        case DNN_SUCCESS: return "CUDNN_STATUS_SUCCESS";
        case DNN_NOT_INITIALIZED: return "CUDNN_STATUS_NOT_INITIALIZED";
        case DNN_BAD_PARAM: return "CUDNN_STATUS_BAD_PARAM";
        case DNN_NOT_SUPPORTED: return "CUDNN_STATUS_NOT_SUPPORTED";
        case DNN_EXECUTION_FAILED: return "CUDNN_STATUS_EXECUTION_FAILED";
        default: return "CUDNN_UNKNOWN_STATUS";
    }
}

// The real functions check that the parts of cuDNN fit together.
EMULATOR_EXPORT int cudnnGraphVersionCheck() { return DNN_SUCCESS; }

EMULATOR_EXPORT int cudnnOpsVersionCheck() { return DNN_SUCCESS; }

EMULATOR_EXPORT int cudnnCnnVersionCheck() { return DNN_SUCCESS; }

EMULATOR_EXPORT int cudnnAdvVersionCheck() { return DNN_SUCCESS; }

EMULATOR_EXPORT int cudnnCreate(DnnHandle** handle) { return create(handle); }

EMULATOR_EXPORT int cudnnDestroy(DnnHandle* handle) { return destroy(handle); }

EMULATOR_EXPORT int cudnnSetStream(DnnHandle* handle, void* stream) {
    if (handle == nullptr) {
        return DNN_BAD_PARAM;
    }
    handle->stream = stream;
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetStream(DnnHandle* handle, void** stream) {
    *stream = handle->stream;
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnCreateTensorDescriptor(TensorDescriptor** descriptor) { return create(descriptor); }

EMULATOR_EXPORT int cudnnDestroyTensorDescriptor(TensorDescriptor* descriptor) { return destroy(descriptor); }

EMULATOR_EXPORT int cudnnSetTensor4dDescriptorEx(TensorDescriptor* tensor, int dataType, int n, int c, int h, int w,
                                                 int nStride, int cStride, int hStride, int wStride) {
    int size[4] = {n, c, h, w};
    int stride[4] = {nStride, cStride, hStride, wStride};
    if (tensor == nullptr || !arePositive(size, 4) || !arePositive(stride, 4)) {
        return DNN_BAD_PARAM;
    }
    if (!elementOfDnn(dataType, tensor->element)) {
        return DNN_NOT_SUPPORTED;
    }
    tensor->dataType = dataType;
    std::copy_n(size, 4, tensor->size);
    std::copy_n(stride, 4, tensor->stride);
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnSetTensor4dDescriptor(TensorDescriptor* tensor, int format, int dataType, int n, int c, int h,
                                               int w) {
    if (format != NCHW && format != NHWC) {
        return DNN_NOT_SUPPORTED;
    }
    TensorDescriptor packed;
    int size[4] = {n, c, h, w};
    std::copy_n(size, 4, packed.size);
    setPacked(packed, format);
    return cudnnSetTensor4dDescriptorEx(tensor, dataType, n, c, h, w, packed.stride[0], packed.stride[1],
                                        packed.stride[2], packed.stride[3]);
}

EMULATOR_EXPORT int cudnnSetTensorNdDescriptor(TensorDescriptor* tensor, int dataType, int dimensions, const int* size,
                                               const int* stride) {
    if (dimensions != 4) {
        return DNN_NOT_SUPPORTED;
    }
    return cudnnSetTensor4dDescriptorEx(tensor, dataType, size[0], size[1], size[2], size[3], stride[0], stride[1],
                                        stride[2], stride[3]);
}

EMULATOR_EXPORT int cudnnGetTensor4dDescriptor(TensorDescriptor* tensor, int* dataType, int* n, int* c, int* h, int* w,
                                               int* nStride, int* cStride, int* hStride, int* wStride) {
    *dataType = tensor->dataType;
    int* sizes[4] = {n, c, h, w};
    int* strides[4] = {nStride, cStride, hStride, wStride};
    for (int i = 0; i < 4; i++) {
        *sizes[i] = tensor->size[i];
        *strides[i] = tensor->stride[i];
    }
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetTensorSizeInBytes(TensorDescriptor* tensor, size_t* bytes) {
    size_t last = 0;
    for (int i = 0; i < 4; i++) {
        last += static_cast<size_t>(tensor->size[i] - 1) * static_cast<size_t>(tensor->stride[i]);
    }
    *bytes = (last + 1) * sizeOf(tensor->element);
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnCreateFilterDescriptor(FilterDescriptor** descriptor) { return create(descriptor); }

EMULATOR_EXPORT int cudnnDestroyFilterDescriptor(FilterDescriptor* descriptor) { return destroy(descriptor); }

EMULATOR_EXPORT int cudnnSetFilter4dDescriptor(FilterDescriptor* filter, int dataType, int format, int k, int c, int r,
                                               int s) {
    int size[4] = {k, c, r, s};
    if (filter == nullptr || !arePositive(size, 4)) {
        return DNN_BAD_PARAM;
    }
    if (!elementOfDnn(dataType, filter->element) || (format != NCHW && format != NHWC)) {
        return DNN_NOT_SUPPORTED;
    }
    filter->dataType = dataType;
    filter->format = format;
    std::copy_n(size, 4, filter->size);
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetFilter4dDescriptor(FilterDescriptor* filter, int* dataType, int* format, int* k, int* c,
                                               int* r, int* s) {
    *dataType = filter->dataType;
    *format = filter->format;
    int* sizes[4] = {k, c, r, s};
    for (int i = 0; i < 4; i++) {
        *sizes[i] = filter->size[i];
    }
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetFilterSizeInBytes(FilterDescriptor* filter, size_t* bytes) {
    *bytes = filter->elements() * sizeOf(filter->element);
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnCreateConvolutionDescriptor(ConvolutionDescriptor** descriptor) { return create(descriptor); }

EMULATOR_EXPORT int cudnnDestroyConvolutionDescriptor(ConvolutionDescriptor* descriptor) { return destroy(descriptor); }

EMULATOR_EXPORT int cudnnSetConvolution2dDescriptor(ConvolutionDescriptor* convolution, int paddingH, int paddingW,
                                                    int strideH, int strideW, int dilationH, int dilationW, int mode,
                                                    int computeType) {
    int steps[4] = {strideH, strideW, dilationH, dilationW};
    if (convolution == nullptr || paddingH < 0 || paddingW < 0 || !arePositive(steps, 4) || mode < 0 || mode > 1) {
        return DNN_BAD_PARAM;
    }
    if (computeType != DATA_FLOAT) {
        return DNN_NOT_SUPPORTED;
    }
    convolution->padding[0] = paddingH;
    convolution->padding[1] = paddingW;
    convolution->stride[0] = strideH;
    convolution->stride[1] = strideW;
    convolution->dilation[0] = dilationH;
    convolution->dilation[1] = dilationW;
    convolution->mode = mode;
    convolution->computeType = computeType;
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnSetConvolutionNdDescriptor(ConvolutionDescriptor* convolution, int dimensions,
                                                    const int* padding, const int* stride, const int* dilation,
                                                    int mode, int computeType) {
    if (dimensions != 2) {
        return DNN_NOT_SUPPORTED;
    }
    return cudnnSetConvolution2dDescriptor(convolution, padding[0], padding[1], stride[0], stride[1], dilation[0],
                                           dilation[1], mode, computeType);
}

EMULATOR_EXPORT int cudnnGetConvolution2dDescriptor(ConvolutionDescriptor* convolution, int* paddingH, int* paddingW,
                                                    int* strideH, int* strideW, int* dilationH, int* dilationW,
                                                    int* mode, int* computeType) {
    *paddingH = convolution->padding[0];
    *paddingW = convolution->padding[1];
    *strideH = convolution->stride[0];
    *strideW = convolution->stride[1];
    *dilationH = convolution->dilation[0];
    *dilationW = convolution->dilation[1];
    *mode = convolution->mode;
    *computeType = convolution->computeType;
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnSetConvolutionMathType(ConvolutionDescriptor* convolution, int mathType) {
    if (convolution == nullptr || mathType < 0 || mathType > 3) {
        return DNN_BAD_PARAM;
    }
    convolution->mathType = mathType;
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetConvolutionMathType(ConvolutionDescriptor* convolution, int* mathType) {
    *mathType = convolution->mathType;
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnSetConvolutionGroupCount(ConvolutionDescriptor* convolution, int groups) {
    if (convolution == nullptr || groups < 1) {
        return DNN_BAD_PARAM;
    }
    convolution->groups = groups;
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetConvolutionGroupCount(ConvolutionDescriptor* convolution, int* groups) {
    *groups = convolution->groups;
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetConvolution2dForwardOutputDim(ConvolutionDescriptor* convolution, TensorDescriptor* input,
                                                          FilterDescriptor* filter, int* n, int* c, int* h, int* w) {
    if (input->size[1] != filter->size[1] * convolution->groups) {
        return DNN_BAD_PARAM;
    }
    *n = input->size[0];
    *c = filter->size[0];
    *h = convolution->outputSize(0, input->size[2], filter->size[2]);
    *w = convolution->outputSize(1, input->size[3], filter->size[3]);
    return DNN_SUCCESS;
}

EMULATOR_EXPORT int cudnnGetConvolutionNdForwardOutputDim(ConvolutionDescriptor* convolution, TensorDescriptor* input,
                                                          FilterDescriptor* filter, int dimensions, int* size) {
    if (dimensions != 4) {
        return DNN_BAD_PARAM;
    }
    return cudnnGetConvolution2dForwardOutputDim(convolution, input, filter, &size[0], &size[1], &size[2], &size[3]);
}

}  // namespace emulator
