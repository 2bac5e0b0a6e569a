package daegpu.model;

import daegpu.noise.Philox;
import java.util.List;

/** Makes the parameters that training starts from: random kernels and zero biases, as Keras's initializers do. */
public final class Initializer {

    /**
     * The standard deviation of a standard normal distribution that is cut off at {@link #CUT_OFF} standard deviations.
     */
    private static final double TRUNCATED_DEVIATION = 0.8796256610342398;

    private static final int CUT_OFF = 2;

    /** Fills a kernel. */
    private interface Filling {

        /**
         * @param subsequence of Philox, for this kernel alone
         * @param receptiveField taps of the kernel
         * @param in input channels of a tap
         * @param out output channels of a tap
         */
        void fill(long subsequence, int receptiveField, int in, int out, float[] values, int offset, int size);
    }

    private Initializer() {}

    /**
     * Kernels uniform in ±sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010), with fans counted as Keras counts
     * them: receptive field × channels. Values are drawn from Philox: tensor {@code i} of
     * {@link Network#parameterTensors()} is subsequence {@code i} of {@link Philox#PURPOSE_INITIAL_WEIGHTS}, so the
     * weights are a pure function of the seed.
     */
    public static Parameters glorotUniform(Network network, long seed) {
        return fill(network, (subsequence, receptiveField, in, out, values, offset, size) -> {
            double fans = (double) receptiveField * (in + out);
            float limit = (float) Math.sqrt(6 / fans);
            float[] uniform = new float[4];
            for (int i = 0; i < size; i += 4) {
                Philox.uniform4(seed, subsequence, i, uniform);
                for (int j = i; j < Math.min(i + 4, size); j++) {
                    values[offset + j] = (2 * uniform[j - i] - 1) * limit;
                }
            }
        });
    }

    /**
     * Normal kernels of variance 2 / fan in, cut off at two standard deviations (He, Zhang, Ren and Sun, "Delving deep
     * into rectifiers", 2015; Keras's {@code he_normal}). The fan in of a transposed convolution is counted as Keras
     * counts it, which takes the second last dimension of the kernel for the input: receptive field × filters. Values
     * are drawn from the same subsequences as in {@link #glorotUniform}. A value beyond the cut is drawn again, further
     * on in the subsequence by the size of the tensor, rounded up to 4.
     */
    public static Parameters heNormal(Network network, long seed) {
        return fill(network, (subsequence, receptiveField, in, out, values, offset, size) -> {
            double deviation = Math.sqrt(2.0 / ((double) receptiveField * in)) / TRUNCATED_DEVIATION;
            float[] normal = new float[4];
            for (int i = 0; i < size; i++) {
                long draw = i;
                do {
                    Philox.normal4(seed, subsequence, draw / 4 * 4, normal);
                    values[offset + i] = (float) (normal[(int) (draw % 4)] * deviation);
                    draw += (size + 3L) / 4 * 4;
                } while (Math.abs(values[offset + i]) > CUT_OFF * deviation);
            }
        });
    }

    private static Parameters fill(Network network, Filling filling) {
        Parameters parameters = new Parameters(network);
        List<ParameterTensor> tensors = network.parameterTensors();
        for (int index = 0; index < tensors.size(); index++) {
            ParameterTensor tensor = tensors.get(index);
            int[] shape = tensor.shape();
            if (shape.length > 1) { // biases stay zero
                int in = shape[shape.length - 2];
                int out = shape[shape.length - 1];
                filling.fill(
                        Philox.subsequence(Philox.PURPOSE_INITIAL_WEIGHTS, index),
                        tensor.size() / (in * out),
                        in,
                        out,
                        parameters.values(),
                        tensor.offset(),
                        tensor.size());
            }
        }
        return parameters;
    }
}
