package daegpu.engine.cuda.cudnn;

import daegpu.engine.cuda.driver.CudaStatus;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Workspace;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Layer;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnConvolutionBwdDataAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionBwdFilterAlgoPerf;
import jcuda.jcudnn.cudnnConvolutionFwdAlgoPerf;
import jcuda.jcudnn.cudnnDeterminism;
import jcuda.jcudnn.cudnnStatus;

/**
 * A convolution by cuDNN for batches of one size, and its two gradients. A transposed convolution is the data gradient
 * of a convolution, so these three operations are all that either kind of layer needs, forward and backward.
 *
 * <p>Of the algorithms that cuDNN's heuristics recommend, it takes the first one that is deterministic and needs at
 * most {@link #WORKSPACE_LIMIT} bytes of memory. The heuristics measure nothing, so the choice is the same every time
 * on the same GPU with the same cuDNN.
 */
final class CudnnConvolution {

    /**
     * The largest number of bytes of memory that an algorithm may need; others are passed over. It is a part of what
     * decides the choice, and thus the bits.
     */
    private static final long WORKSPACE_LIMIT = 256L << 20;
    /** More algorithms than cuDNN has for any of the three operations. */
    private static final int MOST_ALGORITHMS = 16;

    private static final Pointer ONE = Pointer.to(new float[] {1});
    private static final Pointer ZERO = Pointer.to(new float[] {0});

    private record Algorithm(int number, int status, int determinism, long memory) {}

    private final CudnnHandle dnn;
    private final ConvolutionDescriptors descriptors;
    private final Algorithm forward;
    private final Algorithm dataGradient;
    private final Algorithm weightGradient;
    private final Workspace workspace;

    /**
     * Chooses an algorithm for each operation.
     *
     * @param input the layout of the layer's input
     * @throws IllegalStateException if cuDNN offers no deterministic algorithm
     */
    CudnnConvolution(CudnnHandle dnn, Layer layer, Planes input, int count, DeviceScope owner) {
        this.dnn = dnn;
        descriptors = new ConvolutionDescriptors(layer, input, count, dnn.precision(), owner);
        forward = chooseForward(layer);
        dataGradient = chooseDataGradient(layer);
        weightGradient = chooseWeightGradient(layer);
        workspace = dnn.workspace();
        workspace.require(Math.max(forward.memory(), Math.max(dataGradient.memory(), weightGradient.memory())));
    }

    private Algorithm chooseForward(Layer layer) {
        cudnnConvolutionFwdAlgoPerf[] offers =
                make(cudnnConvolutionFwdAlgoPerf[]::new, cudnnConvolutionFwdAlgoPerf::new);
        int[] count = new int[1];
        CudaStatus.checkDnn(
                JCudnn.cudnnGetConvolutionForwardAlgorithm_v7(
                        dnn.handle(),
                        descriptors.forwardLarge(),
                        descriptors.filter(),
                        descriptors.convolution(),
                        descriptors.forwardSmall(),
                        MOST_ALGORITHMS,
                        count,
                        offers),
                "recommend an algorithm for " + layer.name());
        return choose(
                layer,
                "forward",
                Stream.of(offers)
                        .limit(count[0])
                        .map(offer -> new Algorithm(offer.algo, offer.status, offer.determinism, offer.memory)));
    }

    private Algorithm chooseDataGradient(Layer layer) {
        cudnnConvolutionBwdDataAlgoPerf[] offers =
                make(cudnnConvolutionBwdDataAlgoPerf[]::new, cudnnConvolutionBwdDataAlgoPerf::new);
        int[] count = new int[1];
        CudaStatus.checkDnn(
                JCudnn.cudnnGetConvolutionBackwardDataAlgorithm_v7(
                        dnn.handle(),
                        descriptors.filter(),
                        descriptors.dataGradientSmall(),
                        descriptors.convolution(),
                        descriptors.dataGradientLarge(),
                        MOST_ALGORITHMS,
                        count,
                        offers),
                "recommend an algorithm for " + layer.name());
        return choose(
                layer,
                "data gradient",
                Stream.of(offers)
                        .limit(count[0])
                        .map(offer -> new Algorithm(offer.algo, offer.status, offer.determinism, offer.memory)));
    }

    private Algorithm chooseWeightGradient(Layer layer) {
        cudnnConvolutionBwdFilterAlgoPerf[] offers =
                make(cudnnConvolutionBwdFilterAlgoPerf[]::new, cudnnConvolutionBwdFilterAlgoPerf::new);
        int[] count = new int[1];
        CudaStatus.checkDnn(
                JCudnn.cudnnGetConvolutionBackwardFilterAlgorithm_v7(
                        dnn.handle(),
                        descriptors.weightGradientLarge(),
                        descriptors.weightGradientSmall(),
                        descriptors.convolution(),
                        descriptors.filter(),
                        MOST_ALGORITHMS,
                        count,
                        offers),
                "recommend an algorithm for " + layer.name());
        return choose(
                layer,
                "weight gradient",
                Stream.of(offers)
                        .limit(count[0])
                        .map(offer -> new Algorithm(offer.algo, offer.status, offer.determinism, offer.memory)));
    }

    private static <T> T[] make(IntFunction<T[]> array, java.util.function.Supplier<T> element) {
        return IntStream.range(0, MOST_ALGORITHMS).mapToObj(i -> element.get()).toArray(array);
    }

    private static Algorithm choose(Layer layer, String pass, Stream<Algorithm> offers) {
        return offers.filter(offer -> offer.status() == cudnnStatus.CUDNN_STATUS_SUCCESS
                        && offer.determinism() == cudnnDeterminism.CUDNN_DETERMINISTIC
                        && offer.memory() <= WORKSPACE_LIMIT)
                .findFirst()
                .orElseThrow(() -> new IllegalStateException("cuDNN has no deterministic algorithm for the "
                        + pass + " of "
                        + layer.name() + " that works with " + WORKSPACE_LIMIT + " bytes of scratch memory"));
    }

    /** {@code small = large * kernel}. */
    void forward(DeviceArray large, DeviceArray kernel, DeviceArray small) {
        CudaStatus.checkDnn(
                JCudnn.cudnnConvolutionForward(
                        dnn.handle(),
                        ONE,
                        descriptors.forwardLarge(),
                        large.pointer(),
                        descriptors.filter(),
                        kernel.pointer(),
                        descriptors.convolution(),
                        forward.number(),
                        workspace.memory().pointer(),
                        workspace.memory().bytes(),
                        ZERO,
                        descriptors.forwardSmall(),
                        small.pointer()),
                "convolve");
        dnn.device().asked("cudnnConvolutionForward");
    }

    /**
     * The gradient with respect to the large side, from that with respect to the small side. If the large side has a
     * border, its gradient is written as well.
     */
    void dataGradient(DeviceArray small, DeviceArray kernel, DeviceArray large) {
        CudaStatus.checkDnn(
                JCudnn.cudnnConvolutionBackwardData(
                        dnn.handle(),
                        ONE,
                        descriptors.filter(),
                        kernel.pointer(),
                        descriptors.dataGradientSmall(),
                        small.pointer(),
                        descriptors.convolution(),
                        dataGradient.number(),
                        workspace.memory().pointer(),
                        workspace.memory().bytes(),
                        ZERO,
                        descriptors.dataGradientLarge(),
                        large.pointer()),
                "convolve back");
        dnn.device().asked("cudnnConvolutionBackwardData");
    }

    /** The gradient with respect to the kernel. A border of {@code large} must be zero. */
    void weightGradient(DeviceArray large, DeviceArray small, DeviceArray kernel) {
        CudaStatus.checkDnn(
                JCudnn.cudnnConvolutionBackwardFilter(
                        dnn.handle(),
                        ONE,
                        descriptors.weightGradientLarge(),
                        large.pointer(),
                        descriptors.weightGradientSmall(),
                        small.pointer(),
                        descriptors.convolution(),
                        weightGradient.number(),
                        workspace.memory().pointer(),
                        workspace.memory().bytes(),
                        ZERO,
                        descriptors.filter(),
                        kernel.pointer()),
                "find the gradient of a kernel");
        dnn.device().asked("cudnnConvolutionBackwardFilter");
    }
}
