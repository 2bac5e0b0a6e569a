package daegpu.engine.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceFloats;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import java.util.Optional;
import java.util.function.Supplier;

/** Both gradients of a layer in one launch beside a launch for each. */
final class JointGradients {

    private JointGradients() {}

    /** Those of {@code layer}, with the ReLU before it, for {@code count} images. */
    static LayerGradients of(Layer layer, int count, Precision precision) {
        return new LayerGradients(
                ImplicitGemm.dataGradient(layer, count, Activation.RELU, false, true, precision),
                WeightGradient.of(layer, count, precision));
    }

    /**
     * Fails unless one launch leaves the bits that two leave: of the gradient at what the layer took in, of the sums of
     * its columns, and of the shares of the weight gradient. What they write to is NaN before.
     *
     * @param input what the layer took in
     * @param gradient at what it put out
     */
    static void assertSameBits(
            LayerGradients both,
            DeviceFloats floats,
            KernelLibrary kernels,
            float[] input,
            float[] gradient,
            float[] weights,
            Supplier<String> what) {
        SplitMemory split = new SplitMemory(floats.device(), floats.scope());
        split.require(both.data());
        DeviceArray in = floats.upload(input);
        DeviceArray dz = floats.upload(gradient);
        DeviceArray kernel = floats.upload(weights);
        Optional<DeviceArray> term = Optional.of(floats.upload(reversed(input)));
        int shareFloats = both.weights().splits() * both.weights().share();
        int sumFloats = both.data().sumRows() * both.data().sumsPitch();
        DeviceArray shares = floats.nans(shareFloats);
        DeviceArray output = floats.nans(input.length);
        DeviceArray sums = floats.nans(sumFloats);
        both.launch(kernels, split, in, dz, kernel, shares, term, output, Optional.of(sums));
        DeviceArray aloneOutput = floats.nans(input.length);
        DeviceArray aloneSums = floats.nans(sumFloats);
        both.data()
                .launch(
                        kernels,
                        split,
                        GemmOperands.dataGradient(dz, kernel, term, in, aloneOutput, Optional.of(aloneSums)));
        DeviceArray aloneShares = floats.nans(shareFloats);
        both.weights().launch(kernels, in, dz, aloneShares);
        assertArrayEquals(floats.download(aloneOutput, input.length), floats.download(output, input.length), what);
        assertArrayEquals(floats.download(aloneSums, sumFloats), floats.download(sums, sumFloats), what);
        assertArrayEquals(floats.download(aloneShares, shareFloats), floats.download(shares, shareFloats), what);
    }

    private static float[] reversed(float[] values) {
        float[] reversed = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            reversed[i] = values[values.length - 1 - i];
        }
        return reversed;
    }
}
