package daegpu.engine.cuda.cudnn;

import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import java.util.List;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionDescriptor;
import jcuda.jcudnn.cudnnConvolutionMode;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnFilterDescriptor;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnTensorFormat;

/**
 * cuDNN's descriptors of a convolution; for a transposed convolution, of the convolution whose data gradient it is. The
 * large side is the input of that convolution, and the small side its output. The input of a layer may have the layout
 * that other layers need; its gradients and what it computes have the layout that it needs itself. This needs the
 * library, but no GPU.
 */
final class ConvolutionDescriptors {

    private final boolean isTransposed;
    private final cudnnTensorDescriptor input = new cudnnTensorDescriptor();
    private final cudnnTensorDescriptor large = new cudnnTensorDescriptor();
    private final cudnnTensorDescriptor small = new cudnnTensorDescriptor();
    private final cudnnFilterDescriptor filter = new cudnnFilterDescriptor();
    private final cudnnConvolutionDescriptor convolution = new cudnnConvolutionDescriptor();

    /**
     * Describes layer {@code layer} for {@code count} images.
     *
     * @param inputPlanes the layout of the layer's input
     * @param precision {@code fp32}, which forbids TF32, or {@code tf32}, which allows it
     * @throws IllegalStateException if cuDNN derives other sizes than the layer has
     */
    ConvolutionDescriptors(Layer layer, Planes inputPlanes, int count, Precision precision, DeviceScope owner) {
        isTransposed = layer.isTransposed();
        for (cudnnTensorDescriptor descriptor : List.of(input, large, small)) {
            CudaStatus.checkDnn(JCudnn.cudnnCreateTensorDescriptor(descriptor), "make a descriptor");
            owner.own(() -> JCudnn.cudnnDestroyTensorDescriptor(descriptor));
        }
        CudaStatus.checkDnn(JCudnn.cudnnCreateFilterDescriptor(filter), "make a descriptor");
        owner.own(() -> JCudnn.cudnnDestroyFilterDescriptor(filter));
        CudaStatus.checkDnn(JCudnn.cudnnCreateConvolutionDescriptor(convolution), "make a descriptor");
        owner.own(() -> JCudnn.cudnnDestroyConvolutionDescriptor(convolution));

        Planes largeSide = SidePlanes.large(layer);
        Planes smallSide = SidePlanes.small(layer);
        Planes inputSide = isTransposed ? smallSide : largeSide;
        describe(input, inputSide, inputPlanes, count);
        describe(large, largeSide, largeSide, count);
        describe(small, smallSide, smallSide, count);
        int size = layer.kernelSize();
        CudaStatus.checkDnn(
                JCudnn.cudnnSetFilter4dDescriptor(
                        filter,
                        cudnnDataType.CUDNN_DATA_FLOAT,
                        cudnnTensorFormat.CUDNN_TENSOR_NCHW,
                        smallSide.channels(),
                        largeSide.channels(),
                        size,
                        size),
                "describe a kernel");
        int padding = layer.paddingBefore();
        CudaStatus.checkDnn(
                JCudnn.cudnnSetConvolution2dDescriptor(
                        convolution,
                        padding,
                        padding,
                        layer.stride(),
                        layer.stride(),
                        1,
                        1,
                        cudnnConvolutionMode.CUDNN_CROSS_CORRELATION,
                        cudnnDataType.CUDNN_DATA_FLOAT),
                "describe a convolution");
        CudaStatus.checkDnn(
                JCudnn.cudnnSetConvolutionMathType(
                        convolution,
                        precision == Precision.FP32 ? cudnnMathType.CUDNN_FMA_MATH : cudnnMathType.CUDNN_DEFAULT_MATH),
                "choose the precision");
        requireSize(layer, count, smallSide);
    }

    /** Describes images of the size of {@code side} with its border, in the layout {@code planes}. */
    private static void describe(cudnnTensorDescriptor descriptor, Planes side, Planes planes, int count) {
        CudaStatus.checkDnn(
                JCudnn.cudnnSetTensor4dDescriptorEx(
                        descriptor,
                        cudnnDataType.CUDNN_DATA_FLOAT,
                        count,
                        side.channels(),
                        side.height() + side.border(),
                        side.width() + side.border(),
                        planes.size(),
                        planes.plane(),
                        planes.pitch(),
                        1),
                "describe images");
    }

    private void requireSize(Layer layer, int count, Planes expected) {
        int[] n = new int[1];
        int[] c = new int[1];
        int[] h = new int[1];
        int[] w = new int[1];
        CudaStatus.checkDnn(
                JCudnn.cudnnGetConvolution2dForwardOutputDim(convolution, forwardLarge(), filter, n, c, h, w),
                "tell the size of a result");
        if (n[0] != count || c[0] != expected.channels() || h[0] != expected.height() || w[0] != expected.width()) {
            throw new IllegalStateException("cuDNN makes " + layer.name() + " " + n[0] + "x" + c[0] + "x" + h[0] + "x"
                    + w[0] + " where it should be "
                    + count + "x" + expected.channels() + "x" + expected.height() + "x" + expected.width());
        }
    }

    /** The large side from which small images are made; for a transposed convolution it is a gradient. */
    cudnnTensorDescriptor forwardLarge() {
        return isTransposed ? large : input;
    }

    /** The small side that is made from the large one. */
    cudnnTensorDescriptor forwardSmall() {
        return small;
    }

    /** The small side from which large images are made; for a convolution it is a gradient. */
    cudnnTensorDescriptor dataGradientSmall() {
        return isTransposed ? input : small;
    }

    /** The large side that is made from the small one. */
    cudnnTensorDescriptor dataGradientLarge() {
        return large;
    }

    /** The large side of a weight gradient. */
    cudnnTensorDescriptor weightGradientLarge() {
        return isTransposed ? large : input;
    }

    /** The small side of a weight gradient. */
    cudnnTensorDescriptor weightGradientSmall() {
        return isTransposed ? input : small;
    }

    cudnnFilterDescriptor filter() {
        return filter;
    }

    cudnnConvolutionDescriptor convolution() {
        return convolution;
    }
}
