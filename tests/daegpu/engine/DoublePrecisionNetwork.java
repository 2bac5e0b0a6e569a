package daegpu.engine;

import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The network in double precision, from its definition and in another way than any engine: images are surrounded with
 * real zeros, and a transposed convolution is an ordinary one whose input has zeros between its pixels and whose kernel
 * is turned by 180°. It shares nothing with the engines but the names and places of the parameters.
 */
public final class DoublePrecisionNetwork {

    private final Network network;
    private final double[] parameters;
    private final Map<String, double[]> activations = new LinkedHashMap<>();
    private double nearestKink;
    private long activePattern;

    public DoublePrecisionNetwork(Parameters parameters) {
        network = parameters.network();
        this.parameters = new double[parameters.values().length];
        for (int i = 0; i < this.parameters.length; i++) {
            this.parameters[i] = parameters.values()[i];
        }
    }

    /** All parameters, to be changed at will. */
    public double[] parameters() {
        return parameters;
    }

    /** The mean of the squared errors of {@code count} images, after which the methods below speak of this batch. */
    public double loss(float[] clean, float[] noisy, int count) {
        return loss(new GivenBatch(clean, noisy, count), Loss.MSE);
    }

    /** The loss of a batch, from its formula, after which the methods below speak of this batch. */
    public double loss(GivenBatch batch, Loss loss) {
        nearestKink = Double.POSITIVE_INFINITY;
        activePattern = 0;
        activations.clear();
        double sum = 0;
        double weights = 0;
        for (int image = 0; image < batch.count(); image++) {
            double[] output = forward(batch.noisy(), image, batch.count());
            for (int i = 0; i < output.length; i++) {
                int at = image * output.length + i;
                double difference = output[i] - batch.clean()[at];
                double weight = batch.mask().isPresent() ? batch.mask().get()[at] : 1;
                weights += weight;
                sum += weight
                        * switch (loss) {
                            case MSE -> difference * difference;
                            case L1 -> Math.abs(difference);
                            case CHARBONNIER -> Math.sqrt(difference * difference + 1e-6);
                        };
                if (loss == Loss.L1 && weight > 0) {
                    nearestKink = Math.min(nearestKink, Math.abs(difference));
                    activePattern = activePattern * 0x5851F42D4C957F2DL + (difference > 0 ? 3 : 1);
                }
            }
        }
        return sum / weights;
    }

    /** What each layer put out, {@code [count, height, width, channels]}, by name. */
    public Map<String, double[]> activations() {
        return activations;
    }

    /**
     * How near the argument of any ReLU came to zero, where its derivative jumps, without being it: no step of a
     * parameter moves what is a sum of zeros, as some pixels of a transposed convolution are.
     */
    public double nearestKink() {
        return nearestKink;
    }

    /** Tells which ReLUs were active: between two points of the same pattern the loss has no kink. */
    public long activePattern() {
        return activePattern;
    }

    private double[] forward(float[] images, int index, int count) {
        Tensor image = network.input();
        double[] flat = new double[image.size()];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = images[index * flat.length + i];
        }
        Map<Tensor, double[][][]> values = new HashMap<>();
        values.put(image, reshape(flat, image.height(), image.width()));
        for (Layer layer : network.layers()) {
            double[][][] x = values.get(layer.input());
            double[][][] y =
                    switch (layer.operation()) {
                        case CONVOLUTION -> convolve(x, layer);
                        case TRANSPOSED_CONVOLUTION -> convolveTransposed(x, layer);
                        case DENSE ->
                            reshape(
                                    dense(flatten(x), layer),
                                    layer.output().height(),
                                    layer.output().width());
                    };
            layer.added().ifPresent(added -> add(values.get(added), y));
            activate(layer.activation(), y);
            values.put(layer.output(), y);
            keep(layer.name(), flatten(y), index, count);
        }
        return flatten(values.get(network.output()));
    }

    private double bias(Layer layer, int filter) {
        return layer.bias().map(bias -> parameters[bias.offset() + filter]).orElse(0.0);
    }

    private static void add(double[][][] x, double[][][] y) {
        for (int i = 0; i < y.length; i++) {
            for (int j = 0; j < y[0].length; j++) {
                for (int c = 0; c < y[0][0].length; c++) {
                    y[i][j][c] += x[i][j][c];
                }
            }
        }
    }

    private void activate(Layer.Activation activation, double[][][] x) {
        switch (activation) {
            case LINEAR -> {}
            case RELU -> rectify(x);
            case SIGMOID -> {
                for (double[][] row : x) {
                    for (double[] pixel : row) {
                        for (int c = 0; c < pixel.length; c++) {
                            pixel[c] = 1 / (1 + Math.exp(-pixel[c]));
                        }
                    }
                }
            }
        }
    }

    private double[][][] convolve(double[][][] x, Layer layer) {
        int filters = layer.output().channels();
        int stride = layer.stride();
        int size = layer.kernelSize();
        int top = zerosBefore(layer, x.length);
        int left = zerosBefore(layer, x[0].length);
        double[][][] padded = spread(x, 1, top, left, x.length + size + stride, x[0].length + size + stride);
        int kernel = layer.kernel().offset();
        int channels = x[0][0].length;
        double[][][] y = new double[(x.length + stride - 1) / stride][(x[0].length + stride - 1) / stride][filters];
        for (int i = 0; i < y.length; i++) {
            for (int j = 0; j < y[0].length; j++) {
                for (int f = 0; f < filters; f++) {
                    double sum = bias(layer, f);
                    for (int a = 0; a < size; a++) {
                        for (int b = 0; b < size; b++) {
                            double[] pixel = padded[i * stride + a][j * stride + b];
                            int tap = a * size + b;
                            for (int c = 0; c < channels; c++) {
                                sum += pixel[c] * parameters[kernel + (tap * channels + c) * filters + f];
                            }
                        }
                    }
                    y[i][j][f] = sum;
                }
            }
        }
        return y;
    }

    private double[][][] convolveTransposed(double[][][] x, Layer layer) {
        int filters = layer.output().channels();
        int stride = layer.stride();
        int size = layer.kernelSize();
        int height = x.length * stride;
        int width = x[0].length * stride;
        int top = size - 1 - zerosBefore(layer, height);
        int left = size - 1 - zerosBefore(layer, width);
        double[][][] spread = spread(x, stride, top, left, height + 2 * size, width + 2 * size);
        int kernel = layer.kernel().offset();
        int channels = x[0][0].length;
        double[][][] y = new double[height][width][filters];
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                for (int f = 0; f < filters; f++) {
                    double sum = bias(layer, f);
                    for (int a = 0; a < size; a++) {
                        for (int b = 0; b < size; b++) {
                            double[] pixel = spread[i + a][j + b];
                            int turned = (size - 1 - a) * size + size - 1 - b;
                            for (int c = 0; c < channels; c++) {
                                sum += pixel[c] * parameters[kernel + (turned * filters + f) * channels + c];
                            }
                        }
                    }
                    y[i][j][f] = sum;
                }
            }
        }
        return y;
    }

    /** TensorFlow's rule: the smaller half of the zeros that 'same' needs comes before the image. */
    private static int zerosBefore(Layer layer, int size) {
        int windows = (int) Math.ceil((double) size / layer.stride());
        return Math.max((windows - 1) * layer.stride() + layer.kernelSize() - size, 0) / 2;
    }

    /** The pixels of {@code x}, {@code distance} apart from each other, in an image of zeros. */
    private static double[][][] spread(double[][][] x, int distance, int top, int left, int height, int width) {
        double[][][] image = new double[height][width][x[0][0].length];
        for (int i = 0; i < x.length; i++) {
            for (int j = 0; j < x[0].length; j++) {
                image[top + i * distance][left + j * distance] = x[i][j];
            }
        }
        return image;
    }

    private double[] dense(double[] x, Layer layer) {
        int units = layer.output().size();
        int kernel = layer.kernel().offset();
        double[] y = new double[units];
        for (int u = 0; u < units; u++) {
            y[u] = bias(layer, u);
            for (int i = 0; i < x.length; i++) {
                y[u] += x[i] * parameters[kernel + i * units + u];
            }
        }
        return y;
    }

    private void rectify(double[][][] x) {
        for (double[][] row : x) {
            for (double[] pixel : row) {
                for (int c = 0; c < pixel.length; c++) {
                    if (pixel[c] != 0) { // which is what only zeros add up to
                        nearestKink = Math.min(nearestKink, Math.abs(pixel[c]));
                    }
                    activePattern = activePattern * 0x5851F42D4C957F2DL + (pixel[c] > 0 ? 3 : 1);
                    pixel[c] = pixel[c] > 0 ? pixel[c] : 0;
                }
            }
        }
    }

    private static double[] flatten(double[][][] x) {
        int channels = x[0][0].length;
        double[] flat = new double[x.length * x[0].length * channels];
        for (int i = 0; i < flat.length; i++) {
            flat[i] = x[i / channels / x[0].length][i / channels % x[0].length][i % channels];
        }
        return flat;
    }

    private static double[][][] reshape(double[] flat, int height, int width) {
        int channels = flat.length / height / width;
        double[][][] x = new double[height][width][channels];
        for (int i = 0; i < flat.length; i++) {
            x[i / channels / width][i / channels % width][i % channels] = flat[i];
        }
        return x;
    }

    private void keep(String layer, double[] values, int index, int count) {
        double[] all = activations.computeIfAbsent(layer, name -> new double[count * values.length]);
        System.arraycopy(values, 0, all, index * values.length, values.length);
    }
}
