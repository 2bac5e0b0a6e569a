// Dense layers forward with bias, and their data gradients with the gradient of the ReLU before them. Reference:
// daegpu.engine.reference.ReferenceEngine. A dense layer is a convolution of an image of one
// pixel; a batch has few rows.
#include "implicit_gemm.cuh"

IMPLICIT_GEMM(dense, false, 0, 1, false, 32, 64, 4, 4)
IMPLICIT_GEMM(dense_vector, false, 0, 1, true, 32, 64, 4, 4)
IMPLICIT_GEMM(dense_narrow, false, 0, 1, false, 32, 16, 4, 1)
IMPLICIT_GEMM(dense_narrow_vector, false, 0, 1, true, 32, 16, 4, 1)
IMPLICIT_GEMM(dense_data_gradient, true, 0, 1, false, 32, 64, 4, 4)
IMPLICIT_GEMM(dense_data_gradient_vector, true, 0, 1, true, 32, 64, 4, 4)
IMPLICIT_GEMM(dense_data_gradient_narrow, true, 0, 1, false, 32, 16, 4, 1)
IMPLICIT_GEMM(dense_data_gradient_narrow_vector, true, 0, 1, true, 32, 16, 4, 1)
