// Dense layers forward with bias and activation, and their data gradients, through the activation before them.
// Reference: daegpu.engine.reference.ReferenceEngine. A dense layer is a convolution of an image of one pixel. A batch
// has few rows, so tiles have 32 rows; kernels with "narrow" in their name are for up to 16 columns. See
// include/implicit_gemm.cuh.
#include "implicit_gemm.cuh"

IMPLICIT_GEMM(dense, false, 0, 1, false, 32, 64, 4, 4)
IMPLICIT_GEMM(dense_vector, false, 0, 1, true, 32, 64, 4, 4)
IMPLICIT_GEMM(dense_narrow, false, 0, 1, false, 32, 16, 4, 1)
IMPLICIT_GEMM(dense_narrow_vector, false, 0, 1, true, 32, 16, 4, 1)
IMPLICIT_GEMM(dense_data_gradient, true, 0, 1, false, 32, 64, 4, 4)
IMPLICIT_GEMM(dense_data_gradient_vector, true, 0, 1, true, 32, 64, 4, 4)
IMPLICIT_GEMM(dense_data_gradient_narrow, true, 0, 1, false, 32, 16, 4, 1)
IMPLICIT_GEMM(dense_data_gradient_narrow_vector, true, 0, 1, true, 32, 16, 4, 1)
