// The CUresult values that the emulated driver returns.
#pragma once

namespace emulator {

// Name, value, and the text of cuGetErrorString.
#define EMULATOR_RESULTS(X)                                                                                      \
    X(CUDA_SUCCESS, 0, "no error")                                                                               \
    X(CUDA_ERROR_INVALID_VALUE, 1, "invalid argument")                                                           \
    X(CUDA_ERROR_OUT_OF_MEMORY, 2, "out of memory")                                                              \
    X(CUDA_ERROR_NOT_INITIALIZED, 3, "initialization error")                                                     \
    X(CUDA_ERROR_NO_DEVICE, 100, "no CUDA-capable device is detected")                                           \
    X(CUDA_ERROR_INVALID_DEVICE, 101, "invalid device ordinal")                                                  \
    X(CUDA_ERROR_INVALID_CONTEXT, 201, "invalid device context")                                                 \
    X(CUDA_ERROR_ALREADY_MAPPED, 208, "resource already mapped")                                                 \
    X(CUDA_ERROR_NO_BINARY_FOR_GPU, 209, "no kernel image is available for execution on the device")             \
    X(CUDA_ERROR_NOT_MAPPED, 211, "resource not mapped")                                                         \
    X(CUDA_ERROR_INVALID_PTX, 218, "a PTX JIT compilation failed")                                               \
    X(CUDA_ERROR_INVALID_GRAPHICS_CONTEXT, 219, "invalid OpenGL or DirectX context")                             \
    X(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, 222, "the provided PTX was compiled with an unsupported toolchain.")   \
    X(CUDA_ERROR_FILE_NOT_FOUND, 301, "file not found")                                                          \
    X(CUDA_ERROR_INVALID_HANDLE, 400, "invalid resource handle")                                                 \
    X(CUDA_ERROR_NOT_FOUND, 500, "named symbol not found")                                                       \
    X(CUDA_ERROR_NOT_READY, 600, "device not ready")                                                             \
    X(CUDA_ERROR_ILLEGAL_ADDRESS, 700, "an illegal memory access was encountered")                               \
    X(CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, 701, "too many resources requested for launch")                        \
    X(CUDA_ERROR_LAUNCH_TIMEOUT, 702, "the launch timed out and was terminated")                                 \
    X(CUDA_ERROR_CONTEXT_IS_DESTROYED, 709, "context is destroyed")                                              \
    X(CUDA_ERROR_ILLEGAL_INSTRUCTION, 715, "an illegal instruction was encountered")                             \
    X(CUDA_ERROR_MISALIGNED_ADDRESS, 716, "misaligned address")                                                  \
    X(CUDA_ERROR_INVALID_ADDRESS_SPACE, 717, "operation not supported on global/shared address space")           \
    X(CUDA_ERROR_LAUNCH_FAILED, 719, "unspecified launch failure")                                               \
    X(CUDA_ERROR_NOT_SUPPORTED, 801, "operation not supported")                                                  \
    X(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, 900, "operation not permitted when stream is capturing")            \
    X(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, 901, "operation failed due to a previous error during capture")     \
    X(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, 903, "capture was not initiated in this stream")                      \
    X(CUDA_ERROR_STREAM_CAPTURE_UNJOINED, 904, "capturing stream has unjoined work")                             \
    X(CUDA_ERROR_STREAM_CAPTURE_ISOLATION, 905, "dependency created on uncaptured work in another stream")       \
    X(CUDA_ERROR_STREAM_CAPTURE_IMPLICIT, 906,                                                                   \
      "operation would make the legacy stream depend on a capturing blocking stream")                            \
    X(CUDA_ERROR_CAPTURED_EVENT, 907, "operation not permitted on an event last recorded in a capturing stream") \
    X(CUDA_ERROR_UNKNOWN, 999, "unknown error")

enum Result : int {
#define X(name, value, text) name = value,
    EMULATOR_RESULTS(X)
#undef X
};

}  // namespace emulator
