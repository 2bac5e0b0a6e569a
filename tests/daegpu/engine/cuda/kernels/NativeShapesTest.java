package daegpu.engine.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.engine.Loss;
import daegpu.engine.Precision;
import daegpu.engine.cuda.RequiresCuda;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceFloats;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelTest;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.engine.cuda.layers.BatchShare;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import daegpu.model.LayerDescription;
import daegpu.model.Tensor;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * The kernels of {@code --convolutions native} on layers of random shapes beside plain loops in double precision; what
 * they write to is NaN before.
 */
@RequiresCuda
@ExtendWith(Seeds.class)
class NativeShapesTest extends KernelTest {

    private static final int SHAPES = 920;
    /** Such as kernels are made for: 3x3, images of five pixels and more. */
    private static final int LARGER_SHAPES = 80;

    /** Kernels that some shape asked for: for both gradients of a layer, and for its weight gradient alone. */
    private static final Set<LayerKernel> joint = EnumSet.noneOf(LayerKernel.class);

    private static final Set<LayerKernel> weightGradients = EnumSet.noneOf(LayerKernel.class);

    @Test
    void agreeWithPlainLoops() {
        Seeds.check(SHAPES, random -> check(false, random));
        Seeds.check(LARGER_SHAPES, random -> check(true, random));
        assertTrue(!Seeds.areDefault() || joint.size() == 6, () -> "not all kernels for both gradients ran: " + joint);
        Set<LayerKernel> all = Arrays.stream(LayerKernel.values())
                .filter(kernel -> kernel.name().startsWith("WEIGHT_GRADIENT")
                        && !kernel.name().matches(".*_(TF32|BF16).*"))
                .collect(Collectors.toSet());
        assertTrue(
                !Seeds.areDefault() || weightGradients.equals(all),
                () -> "not all of " + all + " ran: " + weightGradients);
    }

    private static void check(boolean isLarger, Random random) {
        try (OwnedScope scope = new OwnedScope(device)) {
            new Case(isLarger, random, scope.scope()).check();
        }
    }

    @Test
    void divisors() {
        Random random = Seeds.random(4);
        for (int i = 0; i < 100_000; i++) {
            int divisor = 1 + (random.nextInt() >>> 1 + random.nextInt(30));
            int n = random.nextInt() >>> 1 + random.nextInt(30);
            Divisor made = Divisor.of(divisor);
            long high = (Integer.toUnsignedLong(made.multiplier()) * n) >>> 32;
            assertEquals(n / divisor, (int) (((high + n) & 0xffffffffL) >>> made.shift()), n + " / " + divisor);
        }
    }

    /** A layer, its images and weights, and what has to come out. */
    private static final class Case {
        private final Random random;
        private final DeviceFloats floats;
        private final Layer layer;
        private final int count;
        private final LayerProducts layerProducts;
        private final float[] large;
        private final float[] small;
        private final float[] weights;

        private Case(boolean isLarger, Random random, DeviceScope scope) {
            this.random = random;
            floats = new DeviceFloats(device, scope);
            count = 1 + random.nextInt(4);
            int[] channels = isLarger
                    ? new int[] {1, 1, 4, 8, 24, 32, 32, 36, 64, 64}
                    : new int[] {1, 1, 2, 3, 4, 5, 8, 16, 17, 32, 36, 64};
            int a = channels[random.nextInt(channels.length)];
            int b = channels[random.nextInt(channels.length)];
            int kernel = List.of(1, 3, 3, 5, 7).get(isLarger ? 1 : random.nextInt(5));
            int height = isLarger ? 5 + random.nextInt(12) : 1 + random.nextInt(5);
            int width = isLarger ? 5 + random.nextInt(12) : 1 + random.nextInt(5);
            boolean isTiled = isLarger && random.nextBoolean(); // a last layer of one filter, larger than its tiles
            int down = isTiled ? 5 + random.nextInt(36) : height;
            int across = isTiled ? 5 + random.nextInt(66) : width;
            layer = switch (random.nextInt(isLarger ? 4 : 5)) {
                case 0 ->
                    LayerDescription.convolution("conv", b, kernel, 2)
                            .activation(Activation.RELU)
                            .on(new Tensor("before", 2 * height, 2 * width, a), 0);
                case 1 ->
                    LayerDescription.transposedConvolution("deconv", b, kernel, 2)
                            .activation(Activation.RELU)
                            .on(new Tensor("before", height, width, a), 0);
                case 2 ->
                    LayerDescription.transposedConvolution("output", isTiled ? 1 : b, kernel, 1)
                            .activation(Activation.SIGMOID)
                            .on(new Tensor("before", down, across, a), 0);
                case 3 ->
                    LayerDescription.convolution("conv", isTiled && random.nextBoolean() ? 1 : b, kernel, 1)
                            .activation(Activation.RELU)
                            .on(new Tensor("before", down, across, a), 0);
                default ->
                    LayerDescription.dense("latent", 1 + random.nextInt(80))
                            .on(new Tensor("before", 1, 1, 1 + random.nextInt(700)), 0);
            };
            layerProducts = new LayerProducts(layer, count);
            large = DeviceFloats.normal(random, layerProducts.large());
            small = DeviceFloats.normal(random, layerProducts.small());
            weights = DeviceFloats.normal(random, layerProducts.weights());
        }

        private void check() {
            boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
            double[] toSmall = new double[small.length];
            double[] toLarge = new double[large.length];
            double[] gradient = new double[weights.length];
            layerProducts.visit((l, s, w) -> {
                toSmall[s] += (double) large[l] * weights[w];
                toLarge[l] += (double) small[s] * weights[w];
                gradient[w] += (double) large[l] * small[s];
            });
            checkForward(random, transposed ? small : large, transposed ? toLarge : toSmall);
            checkDataGradient(random, transposed ? large : small, transposed ? toSmall : toLarge);
            checkWeightGradient(gradient);
            checkJointGradients();
        }

        private void checkForward(Random random, float[] input, double[] products) {
            int columns = layer.outputChannels();
            Optional<float[]> bias = maybe(random, columns);
            Optional<float[]> added = maybe(random, products.length);
            Layer variant = with(Activation.values()[random.nextInt(3)], bias.isPresent());
            boolean isLoss = layer.activation() == Activation.SIGMOID && random.nextBoolean();
            Loss loss = Loss.values()[random.nextInt(3)];
            BatchShare share = new BatchShare(count, 3 * count, loss);
            ImplicitGemm gemm = isLoss
                    ? ImplicitGemm.loss(variant, share, Precision.FP32)
                    : ImplicitGemm.forward(variant, count, Precision.FP32);
            DeviceArray output = floats.nans(products.length);
            GemmOperands forward = GemmOperands.forward(
                    floats.upload(input),
                    floats.upload(weights),
                    bias.map(floats::upload),
                    added.map(floats::upload),
                    output);
            double[] expected = new double[products.length];
            for (int i = 0; i < expected.length; i++) {
                int at = i;
                double x = products[i]
                        + bias.map(values -> values[at % columns]).orElse(0f)
                        + added.map(values -> values[at]).orElse(0f);
                expected[i] = switch (variant.activation()) {
                    case LINEAR -> x;
                    case RELU -> Math.max(x, 0);
                    case SIGMOID -> 1 / (1 + Math.exp(-x));
                };
            }
            if (isLoss) {
                checkLoss(random, variant, share, gemm, forward, expected);
            } else {
                gemm.launch(kernels, split(gemm), forward);
            }
            assertNear(variant.activation() + " forward", expected, floats.download(output, expected.length));
        }

        private Optional<float[]> maybe(Random random, int count) {
            return random.nextBoolean() ? Optional.of(DeviceFloats.normal(random, count)) : Optional.empty();
        }

        private Layer with(Activation activation, boolean hasBias) {
            return new Layer(
                    layer.name(),
                    layer.operation(),
                    activation,
                    layer.input(),
                    Optional.empty(),
                    layer.output(),
                    layer.kernelSize(),
                    layer.stride(),
                    layer.kernel(),
                    hasBias ? layer.bias() : Optional.empty());
        }

        private void checkLoss(
                Random random,
                Layer variant,
                BatchShare share,
                ImplicitGemm gemm,
                GemmOperands forward,
                double[] output) {
            int columns = layer.outputChannels();
            float[] clean = DeviceFloats.normal(random, output.length);
            Optional<float[]> mask = maybe(random, output.length);
            DeviceArray gradient = floats.nans(output.length);
            DeviceArray sums = floats.nans(gemm.sumRows() * gemm.sumsPitch());
            DeviceArray losses = floats.nans(gemm.losses());
            boolean wantsSums = random.nextBoolean();
            gemm.launch(
                    kernels,
                    split(gemm),
                    forward.withLoss(
                            floats.upload(clean),
                            mask.map(floats::upload),
                            gradient,
                            wantsSums ? Optional.of(sums) : Optional.empty(),
                            losses));
            double[] gradients = new double[output.length];
            double sum = 0;
            double magnitude = 0;
            double divisor = 3.0 * count * layer.outputSize();
            for (int i = 0; i < output.length; i++) {
                int at = i;
                double weight = mask.map(values -> values[at]).orElse(1f);
                double y = output[i];
                double difference = y - clean[i];
                double slope =
                        switch (share.loss()) {
                            case MSE -> 2 * difference;
                            case L1 -> Math.signum(difference);
                            case CHARBONNIER -> difference / Math.sqrt(difference * difference + 1e-6);
                        };
                double through =
                        switch (variant.activation()) {
                            case LINEAR -> 1;
                            case RELU -> y > 0 ? 1 : 0;
                            case SIGMOID -> y * (1 - y);
                        };
                gradients[i] = weight * slope / divisor * through;
                sum += weight * share.loss().value(difference);
                magnitude += Math.abs(weight) * share.loss().value(difference); // weights of this test may be negative
            }
            assertNear("gradient at the loss", gradients, floats.download(gradient, gradients.length));
            if (wantsSums) {
                assertNear("bias gradient at the loss", columnSums(gradients, columns), addRows(sums, gemm, columns));
            }
            float[] parts = floats.download(losses, gemm.losses());
            double total =
                    IntStream.range(0, parts.length).mapToDouble(i -> parts[i]).sum();
            assertEquals(sum, total, 1e-4 * magnitude + 1e-5, "loss of " + layer);
        }

        private void checkDataGradient(Random random, float[] dz, double[] products) {
            int columns = layer.inputChannels();
            Activation through = Activation.values()[random.nextInt(3)];
            boolean leavesSums = random.nextBoolean();
            float[] other = DeviceFloats.normal(random, products.length);
            Optional<float[]> there = maybe(random, products.length);
            Optional<float[]> term = maybe(random, products.length);
            ImplicitGemm gemm =
                    ImplicitGemm.dataGradient(layer, count, through, there.isPresent(), leavesSums, Precision.FP32);
            DeviceArray output = there.map(floats::upload).orElseGet(() -> floats.nans(products.length));
            DeviceArray sums = floats.nans(gemm.sumRows() * gemm.sumsPitch());
            gemm.launch(
                    kernels,
                    split(gemm),
                    GemmOperands.dataGradient(
                            floats.upload(dz),
                            floats.upload(weights),
                            term.map(floats::upload),
                            floats.upload(other),
                            output,
                            leavesSums ? Optional.of(sums) : Optional.empty()));
            double[] expected = products.clone();
            for (int i = 0; i < expected.length; i++) {
                int at = i;
                expected[i] += there.map(values -> values[at]).orElse(0f)
                        + term.map(values -> values[at]).orElse(0f);
                expected[i] *= switch (through) {
                    case LINEAR -> 1;
                    case RELU -> other[i] > 0 ? 1 : 0;
                    case SIGMOID -> other[i] * (1 - other[i]);
                };
            }
            assertNear("data gradient", expected, floats.download(output, expected.length));
            if (leavesSums) {
                assertNear("bias gradient before", columnSums(expected, columns), addRows(sums, gemm, columns));
            }
        }

        private void checkWeightGradient(double[] expected) {
            WeightGradient product = WeightGradient.of(layer, count, Precision.FP32);
            weightGradients.add(product.kernel());
            boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
            DeviceArray shares = floats.nans(product.splits() * product.share());
            product.launch(
                    kernels,
                    floats.upload(transposed ? small : large),
                    floats.upload(transposed ? large : small),
                    shares);
            float[] values = floats.download(shares, product.splits() * product.share());
            float[] gradient = new float[expected.length];
            float[] bias = new float[transposed ? 0 : layerProducts.smallChannels()];
            for (int split = 0; split < product.splits(); split++) {
                for (int i = 0; i < gradient.length; i++) {
                    gradient[i] += values[split * product.share() + i];
                }
                for (int i = 0; i < bias.length; i++) {
                    bias[i] += values[split * product.share() + product.biasAt() + i];
                }
            }
            assertNear("weight gradient", expected, gradient);
            if (!transposed) {
                double[] dz = IntStream.range(0, small.length)
                        .mapToDouble(i -> small[i])
                        .toArray();
                assertNear("bias gradient", columnSums(dz, layerProducts.smallChannels()), bias);
            }
        }

        /**
         * Both in one launch give the bits that a launch for each gives; where there is no kernel for both, nothing is
         * to do.
         */
        private void checkJointGradients() {
            boolean transposed = layer.operation() == Operation.TRANSPOSED_CONVOLUTION;
            LayerGradients both = JointGradients.of(layer, count, Precision.FP32);
            if (both.joint().isPresent()) {
                joint.add(both.joint().get());
                JointGradients.assertSameBits(
                        both,
                        floats,
                        kernels,
                        transposed ? small : large,
                        transposed ? large : small,
                        weights,
                        this::toString);
            }
        }

        @Override
        public String toString() {
            return "both gradients of " + layer + ", " + count + " images";
        }

        private static double[] columnSums(double[] values, int columns) {
            double[] sums = new double[columns];
            for (int i = 0; i < values.length; i++) {
                sums[i % columns] += values[i];
            }
            return sums;
        }

        private float[] addRows(DeviceArray sums, ImplicitGemm gemm, int columns) {
            float[] values = floats.download(sums, gemm.sumRows() * gemm.sumsPitch());
            float[] added = new float[columns];
            for (int row = 0; row < gemm.sumRows(); row++) {
                for (int i = 0; i < columns; i++) {
                    added[i] += values[row * gemm.sumsPitch() + i];
                }
            }
            return added;
        }

        private void assertNear(String what, double[] expected, float[] actual) {
            double largest = Arrays.stream(expected).map(Math::abs).max().orElseThrow();
            for (int i = 0; i < expected.length; i++) {
                int at = i;
                assertEquals(
                        expected[i],
                        actual[i],
                        1e-4 * largest + 1e-5,
                        () -> what + ", value " + at + " of " + layer + ", " + count + " images");
            }
        }

        private SplitMemory split(ImplicitGemm gemm) {
            SplitMemory split = new SplitMemory(device, floats.scope());
            split.require(gemm);
            return split;
        }
    }
}
