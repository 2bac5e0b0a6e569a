// The data gradient and the weight gradient of a layer in one launch: see include/layer_gradients.cuh. These are for
// the layers of the default network and for most of those of a U-Net; other layers take a launch for each gradient.
// Reference: that of the kernels in strips.cu, dense.cu and weight_gradient.cu, which compute the same.
#include "layer_gradients.cuh"
#include "strip_gradient.cuh"
#include "strips.cuh"
#include "thin_strip_gradient.cuh"

using WeightGradientVector = WeightGradient<true, true, 64, 32, 4, 4>;
using WeightGradientThinVector = WeightGradient<false, true, 16, 32, 1, 4>;
using StripConvolution2Of8 = StripConvolution<2, 8>;
using StripConvolution1Of1 = StripConvolution<1, 1>;
using TransposedConvolution1 = StripConvolution<1, 8, true>;
using StripGradient2 = StripGradient<2>;
using StripGradient1 = StripGradient<1>;
using ThinStripGradient1 = ThinStripGradient<1>;
using DenseDataGradientVector = ImplicitGemm<true, 0, 1, true, 32, 64, 4, 4>;
using DenseDataGradientNarrowVector = ImplicitGemm<true, 0, 1, true, 32, 16, 4, 1>;

LAYER_GRADIENTS(convolution_strips_gradients, StripConvolution2Of8, StripGradient2)
LAYER_GRADIENTS(convolution_strips_1_gradients, StripConvolution1Of1, ThinStripGradient1)
LAYER_GRADIENTS(transposed_convolution_strips_64_gradients, StripTransposed<64>, StripGradient2)
LAYER_GRADIENTS(transposed_convolution_strips_stride_1_gradients, TransposedConvolution1, StripGradient1)
LAYER_GRADIENTS(dense_gradients, DenseDataGradientVector, WeightGradientVector)
LAYER_GRADIENTS(dense_narrow_gradients, DenseDataGradientNarrowVector, WeightGradientThinVector)
