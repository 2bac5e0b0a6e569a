package daegpu.engine;

import daegpu.model.Architecture;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The network in double precision, from its definition and in another way than any engine: images are surrounded with
 * real zeros, and a transposed convolution is an ordinary one whose input has zeros between its pixels and whose kernel
 * is turned by 180°. It shares nothing with the engines but the names and places of the parameters.
 */
public final class DoublePrecisionNetwork {

    private final Architecture architecture;
    private final double[] parameters;
    private final Map<String, Integer> offsets = new HashMap<>();
    private final Map<String, double[]> activations = new LinkedHashMap<>();
    private double nearestKink;
    private long activePattern;

    public DoublePrecisionNetwork(Parameters parameters) {
        architecture = parameters.architecture();
        for (ParameterTensor tensor : architecture.parameterTensors()) {
            offsets.put(tensor.name(), tensor.offset());
        }
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
        nearestKink = Double.POSITIVE_INFINITY;
        activePattern = 0;
        activations.clear();
        double squares = 0;
        for (int image = 0; image < count; image++) {
            double[] output = forward(noisy, image, count);
            for (int i = 0; i < output.length; i++) {
                double difference = output[i] - clean[image * output.length + i];
                squares += difference * difference;
            }
        }
        return squares / (count * architecture.imageSize());
    }

    /** What each layer put out, {@code [count, height, width, channels]}, by name. */
    public Map<String, double[]> activations() {
        return activations;
    }

    /** How near the argument of any ReLU came to zero, where its derivative jumps. */
    public double nearestKink() {
        return nearestKink;
    }

    /** Tells which ReLUs were active: between two points of the same pattern the loss has no kink. */
    public long activePattern() {
        return activePattern;
    }

    private double[] forward(float[] images, int index, int count) {
        double[][][] x = new double[architecture.height()][architecture.width()][architecture.channels()];
        int position = index * architecture.imageSize();
        for (double[][] row : x) {
            for (double[] pixel : row) {
                for (int c = 0; c < pixel.length; c++) {
                    pixel[c] = images[position++];
                }
            }
        }
        int depth = architecture.filters().size();
        for (int i = 1; i <= depth; i++) {
            x = convolve(x, "conv" + i, architecture.filters().get(i - 1), 2);
            rectify(x);
            keep("conv" + i, flatten(x), index, count);
        }
        int height = x.length;
        int width = x[0].length;
        double[] latent = dense(flatten(x), "latent", architecture.latentDimension());
        keep("latent", latent, index, count);
        double[] expanded =
                dense(latent, "expand", height * width * architecture.filters().get(depth - 1));
        keep("expand", expanded, index, count);
        x = reshape(expanded, height, width);
        for (int i = 1; i <= depth; i++) {
            x = convolveTransposed(x, "deconv" + i, architecture.filters().get(depth - i), 2);
            rectify(x);
            keep("deconv" + i, flatten(x), index, count);
        }
        double[] output = flatten(convolveTransposed(x, "output", architecture.channels(), 1));
        for (int i = 0; i < output.length; i++) {
            output[i] = 1 / (1 + Math.exp(-output[i]));
        }
        keep("output", output, index, count);
        return output;
    }

    private double[][][] convolve(double[][][] x, String layer, int filters, int stride) {
        int size = architecture.kernelSize();
        int top = zerosBefore(x.length, stride);
        int left = zerosBefore(x[0].length, stride);
        double[][][] padded = spread(x, 1, top, left, x.length + size + stride, x[0].length + size + stride);
        int kernel = offset(layer + ".kernel");
        int bias = offset(layer + ".bias");
        int channels = x[0][0].length;
        double[][][] y = new double[(x.length + stride - 1) / stride][(x[0].length + stride - 1) / stride][filters];
        for (int i = 0; i < y.length; i++) {
            for (int j = 0; j < y[0].length; j++) {
                for (int f = 0; f < filters; f++) {
                    double sum = parameters[bias + f];
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

    private double[][][] convolveTransposed(double[][][] x, String layer, int filters, int stride) {
        int size = architecture.kernelSize();
        int height = x.length * stride;
        int width = x[0].length * stride;
        int top = size - 1 - zerosBefore(height, stride);
        int left = size - 1 - zerosBefore(width, stride);
        double[][][] spread = spread(x, stride, top, left, height + 2 * size, width + 2 * size);
        int kernel = offset(layer + ".kernel");
        int bias = offset(layer + ".bias");
        int channels = x[0][0].length;
        double[][][] y = new double[height][width][filters];
        for (int i = 0; i < height; i++) {
            for (int j = 0; j < width; j++) {
                for (int f = 0; f < filters; f++) {
                    double sum = parameters[bias + f];
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
    private int zerosBefore(int size, int stride) {
        int windows = (int) Math.ceil((double) size / stride);
        return Math.max((windows - 1) * stride + architecture.kernelSize() - size, 0) / 2;
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

    private double[] dense(double[] x, String layer, int units) {
        int kernel = offset(layer + ".kernel");
        int bias = offset(layer + ".bias");
        double[] y = new double[units];
        for (int u = 0; u < units; u++) {
            y[u] = parameters[bias + u];
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
                    nearestKink = Math.min(nearestKink, Math.abs(pixel[c]));
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

    private int offset(String tensor) {
        return offsets.get(tensor);
    }
}
