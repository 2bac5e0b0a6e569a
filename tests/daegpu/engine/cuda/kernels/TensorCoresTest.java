package daegpu.engine.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.engine.Precision;
import daegpu.engine.cuda.RequiresCuda;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceFloats;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelTest;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import daegpu.model.LayerDescription;
import daegpu.model.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Supplier;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * The kernels of cuda/sm_80 on layers of random shapes beside plain loops in double precision, once on the operands as
 * they are, within the precision's tolerance, and once on operands that were rounded here, within what summing in fp32
 * may cost. What they write to is NaN before, and a second run must give the same bits.
 */
@RequiresCuda
@ExtendWith(Seeds.class)
class TensorCoresTest extends KernelTest {

    private static final int SHAPES = 30;
    private static final int BLOCK_SHAPES = 8;
    /** Of the sum of the products' magnitudes: some bits of fp32's 24, and far less than rounding to TF32 costs. */
    private static final double SUMMING = 2e-6;
    /** The bound for tf32 and bf16, of the largest magnitude. */
    private static final double TOLERANCE = 2e-2;

    @ParameterizedTest
    @EnumSource(names = {"TF32", "BF16"})
    void agreeWithPlainLoops(Precision precision) {
        Seeds.check(SHAPES, random -> {
            try (OwnedScope scope = new OwnedScope(device)) {
                int count = 1 + random.nextInt(5);
                new Case(precision, random, scope.scope(), Case.layer(random), count).check();
            }
        });
    }

    /** Those that gather blocks of pixels once for all taps. */
    @ParameterizedTest
    @EnumSource(names = {"TF32", "BF16"})
    void blocksAgreeWithPlainLoops(Precision precision) {
        Seeds.check(BLOCK_SHAPES, random -> {
            try (OwnedScope scope = new OwnedScope(device)) {
                Layer layer = withBlocks(random);
                Case one = new Case(precision, random, scope.scope(), layer, 1 + random.nextInt(2));
                one.assertUsesBlocks();
                one.check();
            }
        });
    }

    /** A layer with stride 1 whose images are whole and cut blocks. */
    private static Layer withBlocks(Random random) {
        int[] channels = {24, 32, 32, 40, 64, 96};
        int a = channels[random.nextInt(channels.length)];
        int b = channels[random.nextInt(channels.length)];
        Tensor before = new Tensor("before", 8 + random.nextInt(12), 8 + random.nextInt(12), a);
        return random.nextInt(3) == 0
                ? LayerDescription.transposedConvolution("deconv", b, 3, 1)
                        .activation(Activation.RELU)
                        .on(before, 0)
                : LayerDescription.convolution("conv", b, 3, 1)
                        .activation(random.nextBoolean() ? Activation.RELU : Activation.LINEAR)
                        .on(before, 0);
    }

    /** Of layers of the default network and of a U-Net whose products both go by tensor cores. */
    @ParameterizedTest
    @EnumSource(names = {"TF32", "BF16"})
    void bothGradientsInOneLaunchHaveTheSameBits(Precision precision) {
        int layers = 0;
        List<Layer> all = new ArrayList<>(Autoencoder.MNIST.network().layers());
        for (int columns : List.of(32, 64)) {
            all.add(LayerDescription.convolution("conv", 32, 3, 1).on(new Tensor("before", 9, 17, columns), 0));
        }
        for (Layer layer : all) {
            LayerGradients both = JointGradients.of(layer, 2, precision);
            if (both.data().kernel().file().startsWith("sm_80/")) {
                layers++;
                assertTrue(both.joint().isPresent(), layer::toString);
                try (OwnedScope scope = new OwnedScope(device)) {
                    Random random = Seeds.random(layers);
                    LayerProducts products = new LayerProducts(layer, 2);
                    JointGradients.assertSameBits(
                            both,
                            new DeviceFloats(device, scope.scope()),
                            kernels,
                            DeviceFloats.normal(random, 2 * layer.inputSize()),
                            DeviceFloats.normal(random, 2 * layer.outputSize()),
                            DeviceFloats.normal(random, products.weights()),
                            layer::toString);
                }
            }
        }
        assertEquals(5, layers);
    }

    /** To {@code bits} of mantissa, to nearest. TF32 takes ties away from zero, bf16 to even. */
    private static float rounded(float value, Precision precision) {
        int bits = Float.floatToRawIntBits(value);
        return Float.intBitsToFloat(
                precision == Precision.TF32
                        ? (bits + 0x1000) & ~0x1fff
                        : (bits + 0x7fff + (bits >>> 16 & 1)) & ~0xffff);
    }

    /** A sum of products: of the operands, of the rounded operands, and of the magnitudes of those. */
    private static final class Sums {
        private final double[] exact;
        private final double[] rounded;
        private final double[] magnitude;

        private Sums(int count) {
            exact = new double[count];
            rounded = new double[count];
            magnitude = new double[count];
        }

        private void add(int at, double product, double roundedProduct) {
            exact[at] += product;
            rounded[at] += roundedProduct;
            magnitude[at] += Math.abs(roundedProduct);
        }

        private void add(int at, double value) {
            add(at, value, value);
        }

        private void add(int at, Optional<float[]> values) {
            values.ifPresent(array -> add(at, array[at]));
        }
    }

    /** A layer, its images and weights. */
    private static final class Case {
        private final Precision precision;
        private final DeviceFloats floats;
        private final Random random;
        private final Layer layer;
        private final int count;
        private final boolean transposed;
        private final LayerProducts layerProducts;
        private final float[] large;
        private final float[] small;
        private final float[] weights;

        private Case(Precision precision, Random random, DeviceScope scope, Layer layer, int count) {
            this.precision = precision;
            floats = new DeviceFloats(device, scope);
            this.random = random;
            this.layer = layer;
            this.count = count;
            transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
            layerProducts = new LayerProducts(layer, count);
            large = DeviceFloats.normal(random, layerProducts.large());
            small = DeviceFloats.normal(random, layerProducts.small());
            weights = DeviceFloats.normal(random, layerProducts.weights());
        }

        /** Of any shape. */
        private static Layer layer(Random random) {
            int[] channels = {8, 16, 24, 32, 32, 40, 64, 64, 96};
            int a = channels[random.nextInt(channels.length)];
            int b = channels[random.nextInt(channels.length)];
            int kernel = List.of(1, 3, 3, 3, 5, 7).get(random.nextInt(6));
            int height = 1 + random.nextInt(6);
            int width = 1 + random.nextInt(6);
            return switch (random.nextInt(5)) {
                case 0, 1 ->
                    LayerDescription.convolution("conv", b, kernel, 2)
                            .activation(Activation.RELU)
                            .on(new Tensor("before", 2 * height, 2 * width, a), 0);
                case 2, 3 ->
                    LayerDescription.transposedConvolution("deconv", b, kernel, 2)
                            .activation(Activation.RELU)
                            .on(new Tensor("before", height, width, a), 0);
                default ->
                    LayerDescription.transposedConvolution("output", b, kernel, 1)
                            .on(new Tensor("before", height, width, a), 0);
            };
        }

        /** Where what goes into a product comes in whole rows of 32 channels, and for weight gradients anyway. */
        private void assertUsesBlocks() {
            LayerGradients both = JointGradients.of(layer, count, precision);
            assertUsesBlocks(
                    layer.inputChannels() % 32 == 0,
                    ImplicitGemm.forward(layer, count, precision).kernel());
            assertUsesBlocks(layer.outputChannels() % 32 == 0, both.data().kernel());
            assertUsesBlocks(true, both.weights().kernel());
        }

        private static void assertUsesBlocks(boolean expected, LayerKernel kernel) {
            assertEquals(expected, kernel.name().contains("_STRIDE_1"), kernel.name());
        }

        private void check() {
            Sums toSmall = new Sums(small.length);
            Sums toLarge = new Sums(large.length);
            Sums gradient = new Sums(weights.length);
            float[] l = rounded(large);
            float[] s = rounded(small);
            float[] w = rounded(weights);
            layerProducts.visit((i, j, k) -> {
                toSmall.add(j, (double) large[i] * weights[k], (double) l[i] * w[k]);
                toLarge.add(i, (double) small[j] * weights[k], (double) s[j] * w[k]);
                gradient.add(k, (double) large[i] * small[j], (double) l[i] * s[j]);
            });
            checkForward(transposed ? small : large, transposed ? toLarge : toSmall);
            checkDataGradient(transposed ? large : small, transposed ? toSmall : toLarge);
            checkWeightGradient(gradient);
        }

        private void checkWeightGradient(Sums expected) {
            WeightGradient product = WeightGradient.of(layer, count, precision);
            assertUses(product.kernel());
            int shareFloats = product.splits() * product.share();
            Supplier<float[]> run = () -> {
                DeviceArray shares = floats.nans(shareFloats);
                product.launch(
                        kernels,
                        floats.upload(transposed ? small : large),
                        floats.upload(transposed ? large : small),
                        shares);
                return floats.download(shares, shareFloats);
            };
            float[] shares = run.get();
            float[] added = new float[weights.length];
            int smallChannels = layerProducts.smallChannels();
            double[] bias = new double[smallChannels];
            for (int split = 0; split < product.splits(); split++) {
                for (int i = 0; i < added.length; i++) {
                    added[i] += shares[split * product.share() + i];
                }
                for (int i = 0; !transposed && i < bias.length; i++) {
                    bias[i] += shares[split * product.share() + product.biasAt() + i];
                }
            }
            assertNear("weight gradient", expected, added);
            if (!transposed) { // sums of what was not rounded
                double[] sums = new double[smallChannels];
                double[] magnitudes = new double[smallChannels];
                for (int i = 0; i < small.length; i++) {
                    sums[i % smallChannels] += small[i];
                    magnitudes[i % smallChannels] += Math.abs(small[i]);
                }
                for (int i = 0; i < sums.length; i++) {
                    assertEquals(sums[i], bias[i], SUMMING * magnitudes[i], "bias gradient of " + layer);
                }
            }
            assertArrayEquals(shares, run.get(), "a repeat gives other bits");
        }

        private float[] rounded(float[] values) {
            float[] results = new float[values.length];
            for (int i = 0; i < values.length; i++) {
                results[i] = TensorCoresTest.rounded(values[i], precision);
            }
            return results;
        }

        private void checkForward(float[] input, Sums products) {
            int columns = layer.outputChannels();
            float[] bias = DeviceFloats.normal(random, columns);
            Optional<float[]> added = maybe(products.exact.length);
            ImplicitGemm gemm = ImplicitGemm.forward(layer, count, precision);
            assertUses(gemm.kernel());
            Supplier<float[]> run = () -> {
                DeviceArray output = floats.nans(products.exact.length);
                gemm.launch(
                        kernels,
                        split(gemm),
                        GemmOperands.forward(
                                floats.upload(input),
                                floats.upload(weights),
                                Optional.of(floats.upload(bias)),
                                added.map(floats::upload),
                                output));
                return floats.download(output, products.exact.length);
            };
            for (int i = 0; i < products.exact.length; i++) {
                products.add(i, bias[i % columns]);
                products.add(i, added);
                if (layer.activation() == Activation.RELU) {
                    products.exact[i] = Math.max(products.exact[i], 0);
                    products.rounded[i] = Math.max(products.rounded[i], 0);
                }
            }
            assertNear(layer.activation() + " forward", products, run.get());
            assertArrayEquals(run.get(), run.get(), "a repeat gives other bits");
        }

        private void checkDataGradient(float[] dz, Sums products) {
            int columns = layer.inputChannels();
            boolean relu = random.nextBoolean();
            float[] other = DeviceFloats.normal(random, products.exact.length);
            boolean leavesSums = random.nextBoolean();
            Optional<float[]> there = maybe(products.exact.length);
            Optional<float[]> term = maybe(products.exact.length);
            ImplicitGemm gemm = ImplicitGemm.dataGradient(
                    layer, count, relu ? Activation.RELU : Activation.LINEAR, there.isPresent(), leavesSums, precision);
            assertUses(gemm.kernel());
            int sumFloats = gemm.sumRows() * gemm.sumsPitch();
            DeviceArray[] last = new DeviceArray[1];
            Supplier<float[]> run = () -> {
                DeviceArray output = there.map(floats::upload).orElseGet(() -> floats.nans(products.exact.length));
                last[0] = floats.nans(sumFloats);
                gemm.launch(
                        kernels,
                        split(gemm),
                        GemmOperands.dataGradient(
                                floats.upload(dz),
                                floats.upload(weights),
                                term.map(floats::upload),
                                floats.upload(other),
                                output,
                                leavesSums ? Optional.of(last[0]) : Optional.empty()));
                return floats.download(output, products.exact.length);
            };
            for (int i = 0; i < other.length; i++) {
                products.add(i, there);
                products.add(i, term);
                if (relu && other[i] <= 0) {
                    products.exact[i] = 0;
                    products.rounded[i] = 0;
                    products.magnitude[i] = 0;
                }
            }
            assertNear("data gradient", products, run.get());
            if (leavesSums) {
                float[] rows = floats.download(last[0], sumFloats);
                Sums expected = new Sums(columns);
                for (int i = 0; i < other.length; i++) {
                    expected.exact[i % columns] += products.exact[i];
                    expected.rounded[i % columns] += products.rounded[i];
                    expected.magnitude[i % columns] += products.magnitude[i];
                }
                float[] added = new float[columns];
                for (int row = 0; row < gemm.sumRows(); row++) {
                    for (int i = 0; i < columns; i++) {
                        added[i] += rows[row * gemm.sumsPitch() + i];
                    }
                }
                assertNear("bias gradient before", expected, added);
                float[] unused = run.get();
                assertArrayEquals(rows, floats.download(last[0], sumFloats), "a repeat gives other bits");
            }
            assertArrayEquals(run.get(), run.get(), "a repeat gives other bits");
        }

        private Optional<float[]> maybe(int count) {
            return random.nextBoolean() ? Optional.of(DeviceFloats.normal(random, count)) : Optional.empty();
        }

        private void assertUses(LayerKernel kernel) {
            assertTrue(kernel.file().startsWith("sm_80/") && kernel.name().contains(precision.name()), kernel.name());
        }

        /** Also that the two checks are two: rounding is seen by the second, unless a tensor is zero. */
        private void assertNear(String what, Sums expected, float[] actual) {
            double largest = Arrays.stream(expected.exact).map(Math::abs).max().orElseThrow();
            double rounding = 0;
            for (int i = 0; i < actual.length; i++) {
                int at = i;
                Supplier<String> place = () -> what + ", value " + at + " of " + layer + ", " + count + " images";
                assertEquals(expected.exact[i], actual[i], TOLERANCE * largest, place);
                double bound = SUMMING * expected.magnitude[i];
                assertEquals(expected.rounded[i], actual[i], bound, place);
                rounding = Math.max(rounding, Math.abs(expected.exact[i] - actual[i]) - bound);
            }
            assertTrue(largest == 0 || rounding > 0, () -> what + " of " + layer + ": operands were not rounded");
        }

        private SplitMemory split(ImplicitGemm gemm) {
            SplitMemory split = new SplitMemory(device, floats.scope());
            split.require(gemm);
            return split;
        }
    }
}
