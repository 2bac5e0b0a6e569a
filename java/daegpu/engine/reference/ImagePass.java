package daegpu.engine.reference;

import daegpu.engine.Bfloat16;
import daegpu.engine.Loss;
import daegpu.engine.Plan;
import daegpu.engine.Plan.Backward;
import daegpu.engine.Plan.Buffer;
import daegpu.engine.Plan.Forward;
import daegpu.engine.Plan.GradientSum;
import daegpu.engine.Plan.LossGradient;
import daegpu.engine.Plan.Step;
import daegpu.engine.Plan.Sum;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import daegpu.model.Network;
import daegpu.model.Tensor;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * One image on its way through a plan, with all values that are computed from it. Images are
 * {@code [pixels][channels]}; for a dense layer the same values are copied to one pixel of many channels, in row,
 * column, channel order.
 */
final class ImagePass {

    private final Network network;
    private final Plan plan;
    private final boolean rounds;
    private final Map<Buffer, float[][]> images = new HashMap<>();
    /** A pixel of many channels for each side of a dense layer. */
    private final Map<Layer, DenseRows> rows = new HashMap<>();

    private final float[][] clean;
    private final float[][] mask;

    private record DenseRows(float[][] input, float[][] output) {}

    /**
     * @param rounds whether the operands of products are rounded to bf16: the inputs of layers, and the gradients that
     *     go back through them
     */
    ImagePass(Network network, Plan plan, boolean rounds) {
        this.network = network;
        this.plan = plan;
        this.rounds = rounds;
        plan.lives().keySet().forEach(buffer -> images.put(buffer, image(buffer.tensor())));
        for (Layer layer : network.layers()) {
            if (layer.operation() == Operation.DENSE) {
                rows.put(
                        layer,
                        new DenseRows(new float[1][layer.inputChannels()], new float[1][layer.outputChannels()]));
            }
        }
        clean = image(network.output());
        mask = image(network.output());
    }

    private static float[][] image(Tensor tensor) {
        return new float[tensor.height() * tensor.width()][tensor.channels()];
    }

    /** Bytes of memory for the values of a tensor. Each pixel is an array, which also has a header and a reference. */
    static long memory(Tensor tensor) {
        return 4L * tensor.size() + 24L * tensor.height() * tensor.width();
    }

    /** Fills the values of a tensor from a flat array in row, column, channel order. */
    void fill(Tensor tensor, float[] flat, int at) {
        fill(values(tensor), flat, at);
        round(values(tensor));
    }

    /** Fills the image that should come out. */
    void fillClean(float[] flat, int at) {
        fill(clean, flat, at);
    }

    /** Fills the mask: the weights of the values in the loss. */
    void fillMask(float[] flat, int at) {
        fill(mask, flat, at);
    }

    /** Writes the values of a tensor to a flat array in row, column, channel order. */
    void flatten(Tensor tensor, float[] flat, int at) {
        int position = at;
        for (float[] pixel : values(tensor)) {
            System.arraycopy(pixel, 0, flat, position, pixel.length);
            position += pixel.length;
        }
    }

    private float[][] values(Tensor tensor) {
        return images.get(Buffer.values(tensor));
    }

    private float[][] gradient(Tensor tensor) {
        return images.get(Buffer.gradient(tensor));
    }

    /**
     * Runs the steps of a plan for inference.
     *
     * @param weights of each layer
     */
    void infer(Map<Layer, LayerWeights> weights) {
        for (Step step : plan.steps()) {
            forward(((Forward) step).layer(), weights);
        }
    }

    /**
     * Runs the steps of a plan for training, and adds this image's share to {@code gradients}.
     *
     * @param isMasked whether values have the weights of {@link #fillMask}; otherwise all count alike
     * @param divisor the sum of the weights in the whole batch
     * @return the sum of the weighted losses of this image
     */
    double train(
            Loss loss,
            boolean isMasked,
            float divisor,
            Map<Layer, LayerWeights> weights,
            Map<Layer, LayerWeights> gradients) {
        double sum = 0;
        for (Step step : plan.steps()) {
            if (step instanceof Forward forward) {
                forward(forward.layer(), weights);
            } else if (step instanceof LossGradient end) {
                float[][] gradient = gradient(end.output());
                sum = BatchLoss.gradient(loss, values(end.output()), clean, isMasked ? mask : null, divisor, gradient);
                complete(end.activation(), end.output());
            } else if (step instanceof Backward backward) {
                backward(backward, weights.get(backward.layer()), gradients.get(backward.layer()));
            } else if (step instanceof Sum end) {
                begin(end.sum());
                complete(end.sum().activation(), end.sum().target());
            }
        }
        return sum;
    }

    private void forward(Layer layer, Map<Layer, LayerWeights> weights) {
        LayerWeights own = weights.get(layer);
        float[][] input = asPixels(layer, values(layer.input()));
        float[][] output = values(layer.output());
        float[][] sums = rows.containsKey(layer) ? rows.get(layer).output() : output;
        for (float[] pixel : sums) {
            System.arraycopy(own.bias(), 0, pixel, 0, pixel.length);
        }
        if (layer.isTransposed()) {
            own.loops().addDataGradient(input, own.turned(), sums);
        } else {
            own.loops().addForward(input, own.kernel(), sums);
        }
        if (sums != output) {
            copy(sums, output);
        }
        layer.added().ifPresent(added -> add(values(added), output));
        ActivationFunctions.apply(layer.activation(), output);
        if (!layer.output().equals(network.output())) { // the image that comes out stays as it is
            round(output);
        }
    }

    private void backward(Backward step, LayerWeights weights, LayerWeights gradients) {
        Layer layer = step.layer();
        float[][] input = asPixels(layer, values(layer.input()));
        float[][] gradient = gradient(layer.output());
        if (rows.containsKey(layer)) {
            copy(gradient, rows.get(layer).output());
            gradient = rows.get(layer).output();
        }
        if (layer.bias().isPresent()) {
            ActivationFunctions.addBiasGradient(gradient, gradients.bias());
        }
        if (layer.isTransposed()) {
            weights.loops().addWeightGradient(gradient, input, gradients.kernel());
        } else {
            weights.loops().addWeightGradient(input, gradient, gradients.kernel());
        }
        if (step.data().isPresent()) {
            passBack(step.data().get(), layer, gradient, weights);
        }
    }

    private void passBack(GradientSum sum, Layer layer, float[][] gradient, LayerWeights weights) {
        begin(sum);
        float[][] target = gradient(sum.target());
        float[][] pixels = asPixels(layer, target);
        if (layer.isTransposed()) {
            weights.loops().addForward(gradient, weights.kernel(), pixels);
        } else {
            weights.loops().addDataGradient(gradient, weights.turned(), pixels);
        }
        if (pixels != target) {
            copy(pixels, target);
        }
        complete(sum.activation(), sum.target());
    }

    /** Writes to the target what the sum adds to a data gradient. */
    private void begin(GradientSum sum) {
        float[][] target = gradient(sum.target());
        if (!sum.accumulates()) {
            for (float[] pixel : target) {
                Arrays.fill(pixel, 0);
            }
        }
        sum.terms().forEach(term -> add(gradient(term), target));
    }

    private void complete(Activation activation, Tensor target) {
        ActivationFunctions.applyGradient(activation, values(target), gradient(target));
        round(gradient(target));
    }

    /** An image as the input of a layer: for a dense layer, a single pixel. */
    private float[][] asPixels(Layer layer, float[][] image) {
        if (!rows.containsKey(layer)) {
            return image;
        }
        copy(image, rows.get(layer).input());
        return rows.get(layer).input();
    }

    private void round(float[][] image) {
        if (rounds) {
            for (float[] pixel : image) {
                Bfloat16.round(pixel);
            }
        }
    }

    private static void add(float[][] terms, float[][] sums) {
        for (int p = 0; p < sums.length; p++) {
            for (int c = 0; c < sums[p].length; c++) {
                sums[p][c] += terms[p][c];
            }
        }
    }

    /** Copies an image in row, column, channel order into one of another shape with the same number of values. */
    private static void copy(float[][] from, float[][] to) {
        int row = 0;
        int column = 0;
        for (float[] pixel : from) {
            for (int done = 0; done < pixel.length; ) {
                int length = Math.min(pixel.length - done, to[row].length - column);
                System.arraycopy(pixel, done, to[row], column, length);
                done += length;
                column += length;
                if (column == to[row].length) {
                    row++;
                    column = 0;
                }
            }
        }
    }

    private static void fill(float[][] image, float[] flat, int at) {
        int position = at;
        for (float[] pixel : image) {
            System.arraycopy(flat, position, pixel, 0, pixel.length);
            position += pixel.length;
        }
    }
}
