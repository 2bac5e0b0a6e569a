package daegpu.engine.cpu;

import daegpu.engine.Loss;
import daegpu.engine.Plan.Buffer;
import daegpu.engine.Plan.Forward;
import daegpu.engine.Plan.LossGradient;
import daegpu.engine.Plan.Step;
import daegpu.model.Layer.Activation;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.dnnl_stream;

/**
 * Takes a share of a batch forward and backward through the network; shares take turns. If a share has fewer images
 * than the pass, the gradient of the loss is zero for the rest, and so is all that follows from it.
 */
final class GradientPass {

    private final Pass pass;
    private final Loss loss;
    private final int imageSize;
    private final ShareImages images;
    private final NativeArray nativeOutput;
    private final NativeArray nativeGradient;
    private final float[] output;
    private final float[] gradient;

    /**
     * Uses a pass through a plan for training.
     *
     * @param capacity number of images that it computes at a time
     */
    GradientPass(Network network, Pass pass, Loss loss, int capacity) {
        this.pass = pass;
        this.loss = loss;
        imageSize = network.input().size();
        images = new ShareImages(imageSize, capacity);
        nativeOutput = pass.memory().values(network.output());
        nativeGradient = pass.memory().writable(Buffer.gradient(network.output()));
        output = new float[nativeOutput.size()];
        gradient = new float[nativeOutput.size()];
    }

    /** The images of the share, to be filled before {@link #run}. */
    ShareImages images() {
        return images;
    }

    /**
     * Computes the gradients of a share.
     *
     * @param stream of the calling thread
     * @param target index of the pass's gradient target that receives them
     * @param count number of images of this share
     * @param divisor the sum of the weights of all values in the whole batch
     * @param activations receive the outputs of layers, each with room for the whole batch; empty if they are not
     *     needed
     * @param first index of the share's first image in the batch
     * @return the sum of the weighted losses of this share
     */
    double run(dnnl_stream stream, int target, int count, double divisor, Map<Tensor, float[]> activations, int first) {
        double sum = 0;
        pass.select(target);
        pass.put(stream, images.noisy(), 0, count * imageSize);
        List<Step> steps = pass.steps();
        for (int i = 0; i < steps.size(); i++) {
            if (steps.get(i) instanceof LossGradient step) {
                sum = loss(step.activation(), count * imageSize, divisor);
            }
            pass.run(stream, i);
            if (!activations.isEmpty() && steps.get(i) instanceof Forward step) {
                Tensor tensor = step.layer().output();
                NativeArray values = pass.memory().values(tensor);
                values.read(0, activations.get(tensor), first * tensor.size(), count * tensor.size());
            }
        }
        return sum;
    }

    private double loss(Activation activation, int length, double divisor) {
        nativeOutput.read(0, output, 0, output.length);
        double sum =
                ShareLoss.gradient(loss, activation, output, images.clean(), images.mask(), length, divisor, gradient);
        nativeGradient.write(0, gradient, 0, gradient.length);
        return sum;
    }

    /** The primitives that {@link #run} runs, in their order. */
    List<Primitive> primitives() {
        return pass.primitives();
    }
}
