package daegpu.model;

import daegpu.noise.Philox;
import java.util.List;

/** Where training starts from: Glorot-uniform kernels and zero biases, Keras's defaults. */
public final class Initializer {

    private Initializer() {}

    /**
     * Kernels uniform in ±sqrt(6 / (fan in + fan out)) (Glorot and Bengio, 2010), fans counted as Keras counts them:
     * receptive field × channels. Drawn from Philox: tensor {@code i} of {@link Network#parameterTensors()} is
     * subsequence {@code i} of {@link Philox#PURPOSE_INITIAL_WEIGHTS}, so the weights are a pure function of the seed.
     */
    public static Parameters glorotUniform(Network network, long seed) {
        Parameters parameters = new Parameters(network);
        List<ParameterTensor> tensors = network.parameterTensors();
        float[] uniform = new float[4];
        for (int index = 0; index < tensors.size(); index++) {
            ParameterTensor tensor = tensors.get(index);
            int[] shape = tensor.shape();
            if (shape.length == 1) {
                continue; // a bias stays zero
            }
            long subsequence = Philox.subsequence(Philox.PURPOSE_INITIAL_WEIGHTS, index);
            int receptiveField = tensor.size() / (shape[shape.length - 1] * shape[shape.length - 2]);
            double fans = (double) receptiveField * (shape[shape.length - 1] + shape[shape.length - 2]);
            float limit = (float) Math.sqrt(6 / fans);
            for (int i = 0; i < tensor.size(); i += 4) {
                Philox.uniform4(seed, subsequence, i, uniform);
                for (int j = i; j < Math.min(i + 4, tensor.size()); j++) {
                    parameters.values()[tensor.offset() + j] = (2 * uniform[j - i] - 1) * limit;
                }
            }
        }
        return parameters;
    }
}
