package daegpu.engine.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.Seeds;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Plan.GradientSum;
import daegpu.engine.cuda.RequiresCuda;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceFloats;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelTest;
import daegpu.engine.cuda.layers.BatchShare;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientTarget;
import daegpu.engine.cuda.layers.LossTarget;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.RandomPlanes;
import daegpu.engine.cuda.layers.StepState;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.engine.cuda.layers.WeightPlace;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.LayerDescription;
import daegpu.model.Tensor;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each kernel by itself beside the plain arithmetic that it stands for, over random shapes; what it writes to is NaN
 * before.
 */
@RequiresCuda
@ExtendWith(Seeds.class)
class PlaneOperationsTest extends KernelTest {

    private final DeviceScope scope = new DeviceScope();
    private final DeviceFloats floats = new DeviceFloats(device, scope);
    private final PlaneOperations operations = new PlaneOperations(kernels);

    @AfterEach
    void free() {
        device.close(scope);
    }

    private static void assertNear(double expected, float actual, double tolerance) {
        assertEquals(expected, actual, tolerance * (1 + Math.abs(expected)));
    }

    /** Images of one size on the device, with or without gaps, and what is in them. */
    private record Images(float[] values, DeviceTensor tensor) {

        float at(int image, int channel, int row, int column) {
            return RandomPlanes.at(values, tensor.planes(), image, channel, row, column);
        }
    }

    private Images random(Random random, int count, Planes planes) {
        float[] values = DeviceFloats.normal(random, count * planes.size());
        return new Images(values, new DeviceTensor(floats.upload(values), planes));
    }

    private Optional<Images> maybe(Random random, int count, Planes planes) {
        Images images = random(random, count, planes);
        return random.nextBoolean() ? Optional.of(images) : Optional.empty();
    }

    private Images download(DeviceTensor tensor, int count) {
        Images images = new Images(
                floats.download(tensor.memory(), count * tensor.planes().size()), tensor);
        int written = 0;
        for (float value : images.values()) {
            written += Float.isNaN(value) ? 0 : 1;
        }
        assertEquals(count * tensor.planes().values(), written, "values outside the images were written");
        return images;
    }

    private static double at(Optional<Images> images, int n, int c, int i, int j) {
        return images.map(each -> each.at(n, c, i, j)).orElse(0f);
    }

    private static double activated(Activation activation, double x) {
        return switch (activation) {
            case LINEAR -> x;
            case RELU -> Math.max(x, 0);
            case SIGMOID -> 1 / (1 + Math.exp(-x));
        };
    }

    private static double derivative(Activation activation, double y) {
        return switch (activation) {
            case LINEAR -> 1;
            case RELU -> y > 0 ? 1 : 0;
            case SIGMOID -> y * (1 - y);
        };
    }

    @ParameterizedTest
    @MethodSource("daegpu.engine.cuda.layers.RandomPlanes#seeds")
    void biasAndActivation(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(3);
        int channels = 1 + random.nextInt(5);
        int height = 1 + random.nextInt(9);
        int width = 1 + random.nextInt(12);
        Activation activation = Activation.values()[random.nextInt(3)];
        Images input = random(random, count, RandomPlanes.of(random, channels, height, width));
        Optional<Images> added = maybe(random, count, RandomPlanes.of(random, channels, height, width));
        float[] bias = DeviceFloats.normal(random, channels);
        boolean hasBias = random.nextBoolean();
        Planes to = RandomPlanes.of(random, channels, height, width);
        DeviceTensor output = new DeviceTensor(floats.nans(count * to.size()), to);
        operations.biasActivation(
                activation,
                count,
                input.tensor(),
                hasBias ? Optional.of(floats.upload(bias)) : Optional.empty(),
                added.map(Images::tensor),
                output);
        Images actual = download(output, count);
        for (int n = 0; n < count; n++) {
            for (int c = 0; c < channels; c++) {
                for (int i = 0; i < height; i++) {
                    for (int j = 0; j < width; j++) {
                        double x = input.at(n, c, i, j) + (hasBias ? bias[c] : 0) + at(added, n, c, i, j);
                        assertNear(activated(activation, x), actual.at(n, c, i, j), 1e-6);
                    }
                }
            }
        }
    }

    /** A layer whose gradient is summed up: of the plan, only what decides the sum. */
    private static GradientTarget target(
            Activation activation, boolean accumulates, Images values, DeviceTensor gradient, Optional<Images> term) {
        Planes planes = values.tensor().planes();
        Layer maker = LayerDescription.convolution("maker", planes.channels(), 1, 1)
                .activation(activation)
                .on(new Tensor("input", planes.height(), planes.width(), 1), 0);
        return new GradientTarget(
                new GradientSum(
                        maker.output(),
                        accumulates,
                        term.map(each -> List.of(maker.output())).orElse(List.of()),
                        true,
                        activation),
                maker,
                new WeightPlace(0, 0, 0, 0),
                values.tensor(),
                gradient,
                term.map(each -> List.of(each.tensor())).orElse(List.of()));
    }

    @ParameterizedTest
    @MethodSource("daegpu.engine.cuda.layers.RandomPlanes#seeds")
    void gradientThroughAnActivation(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(7);
        int channels = 1 + random.nextInt(4);
        int height = 1 + random.nextInt(20);
        int width = 1 + random.nextInt(20);
        Activation activation = Activation.values()[random.nextInt(3)];
        Optional<Images> data = maybe(random, count, RandomPlanes.of(random, channels, height, width));
        Optional<Images> term = maybe(random, count, RandomPlanes.of(random, channels, height, width));
        Images y = random(random, count, RandomPlanes.of(random, channels, height, width));
        Planes planes = RandomPlanes.of(random, channels, height, width);
        Images there = random(random, count, planes);
        boolean accumulates = random.nextBoolean();
        boolean wantsSums = random.nextBoolean();
        int slices = 1 + random.nextInt(count);
        float[] before = new float[count * planes.size()];
        Arrays.fill(before, Float.NaN);
        for (int line = 0; accumulates && line < count * channels * height; line++) {
            int at = line / height * planes.plane() + line % height * planes.pitch();
            System.arraycopy(there.values(), at, before, at, width);
        }
        DeviceTensor dz = new DeviceTensor(floats.upload(before), planes);
        DeviceArray partials = floats.nans(channels * slices);
        operations.activationGradient(
                count,
                slices,
                data.map(Images::tensor),
                target(activation, accumulates, y, dz, term),
                wantsSums ? Optional.of(partials) : Optional.empty());
        Images actual = download(dz, count);
        float[] sums = floats.download(partials, channels * slices);
        for (int c = 0; c < channels; c++) {
            for (int slice = 0; slice < slices; slice++) {
                double sum = 0;
                for (int n = count * slice / slices; n < count * (slice + 1) / slices; n++) {
                    for (int i = 0; i < height; i++) {
                        for (int j = 0; j < width; j++) {
                            double gradient = at(data, n, c, i, j) + at(term, n, c, i, j);
                            gradient += accumulates ? there.at(n, c, i, j) : 0;
                            double expected = gradient * derivative(activation, y.at(n, c, i, j));
                            assertNear(expected, actual.at(n, c, i, j), 1e-6);
                            sum += expected;
                        }
                    }
                }
                if (wantsSums) {
                    assertNear(sum, sums[c * slices + slice], 1e-4);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("daegpu.engine.cuda.layers.RandomPlanes#seeds")
    void lossAndGradient(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(7);
        int channels = 1 + random.nextInt(4);
        int height = 1 + random.nextInt(20);
        int width = 1 + random.nextInt(20);
        int slices = 1 + random.nextInt(count);
        Activation activation = Activation.values()[random.nextInt(3)];
        Loss loss = Loss.values()[random.nextInt(3)];
        Images x = random(random, count, RandomPlanes.of(random, channels, height, width));
        Optional<Images> added = maybe(random, count, RandomPlanes.of(random, channels, height, width));
        float[] bias = DeviceFloats.normal(random, channels);
        boolean hasBias = random.nextBoolean();
        Planes packed = Planes.packed(channels, height, width);
        Images clean = random(random, count, packed);
        Optional<Images> mask = maybe(random, count, packed);
        DeviceTensor y = new DeviceTensor(floats.nans(count * packed.size()), packed);
        Planes planes = RandomPlanes.of(random, channels, height, width);
        DeviceTensor dz = new DeviceTensor(floats.nans(count * planes.size()), planes);
        DeviceArray losses = floats.nans(channels * slices);
        DeviceArray partials = floats.nans(channels * slices);
        boolean wantsSums = random.nextBoolean();
        Layer layer = LayerDescription.convolution("output", channels, 1, 1)
                .activation(activation)
                .on(new Tensor("before", height, width, 1), 0);
        int batch = count + random.nextInt(3);
        operations.loss(
                layer,
                new BatchShare(count, batch, loss),
                slices,
                x.tensor(),
                hasBias ? Optional.of(floats.upload(bias)) : Optional.empty(),
                added.map(Images::tensor),
                new LossTarget(clean.tensor(), mask.map(Images::tensor)),
                y,
                dz,
                losses,
                wantsSums ? Optional.of(partials) : Optional.empty());
        Images actualY = download(y, count);
        Images actualDz = download(dz, count);
        float[] actualLosses = floats.download(losses, channels * slices);
        float[] actualPartials = floats.download(partials, channels * slices);
        double divisor = (double) batch * layer.outputSize();
        for (int c = 0; c < channels; c++) {
            for (int slice = 0; slice < slices; slice++) {
                double lossSum = 0;
                double gradientSum = 0;
                for (int n = count * slice / slices; n < count * (slice + 1) / slices; n++) {
                    for (int i = 0; i < height; i++) {
                        for (int j = 0; j < width; j++) {
                            double output = activated(
                                    activation, x.at(n, c, i, j) + (hasBias ? bias[c] : 0) + at(added, n, c, i, j));
                            double weight = mask.isPresent() ? mask.get().at(n, c, i, j) : 1;
                            double difference = output - clean.at(n, c, i, j);
                            double slope =
                                    switch (loss) {
                                        case MSE -> 2 * difference;
                                        case L1 -> Math.signum(difference);
                                        case CHARBONNIER -> difference / Math.sqrt(difference * difference + 1e-6);
                                    };
                            double gradient = weight * slope / divisor * derivative(activation, output);
                            assertNear(output, actualY.at(n, c, i, j), 1e-6);
                            // Near zero, Charbonnier's derivative changes 1000 times as fast as the difference.
                            double tolerance = loss == Loss.CHARBONNIER ? 2e-4 : 5e-6;
                            assertEquals(
                                    gradient, actualDz.at(n, c, i, j), tolerance / divisor + 1e-6 * Math.abs(gradient));
                            lossSum += weight * loss.value(difference);
                            gradientSum += gradient;
                        }
                    }
                }
                assertNear(lossSum, actualLosses[c * slices + slice], 1e-5);
                if (wantsSums) {
                    assertNear(gradientSum, actualPartials[c * slices + slice], 1e-5);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 40})
    void sumsOfPartials(int sums) {
        Random random = Seeds.random(sums);
        int[] ranges = new int[3 * (sums + 1)];
        int at = 0;
        for (int i = 0; i <= sums; i++) {
            int shares = 1 + random.nextInt(100);
            ranges[3 * i] = at;
            ranges[3 * i + 1] = shares;
            ranges[3 * i + 2] = sums - 1 - i;
            at += shares;
        }
        float[] partials = DeviceFloats.normal(random, at);
        DeviceArray table = device.allocate(scope, 4L * ranges.length, "a test");
        device.upload(ranges, table);
        TrainedArrays arrays = TrainedArrays.allocate(
                device, kernels, scope, sums, LearningRule.DEFAULT, device.allocateFloats(scope, sums, "a test"));
        StepState state = arrays.state();
        state.expect(0.5f, 10);
        operations.sumShares(floats.upload(partials), table, sums + 1, 0.25f, 7, arrays);
        float[] actual = floats.download(arrays.gradients(), sums);
        for (int i = 0; i <= sums; i++) {
            double sum = 0;
            for (int share = 0; share < ranges[3 * i + 1]; share++) {
                sum += partials[ranges[3 * i] + share];
            }
            assertNear(
                    i < sums ? sum : sum / 4,
                    i < sums ? actual[sums - 1 - i] : floats.download(arrays.losses(), 1)[0],
                    1e-5);
        }
        assertEquals(17, Float.floatToRawIntBits(floats.download(state.position(), 1)[0]), "place in the order");
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 16, 50, 400})
    void denseBias(int units) {
        Random random = Seeds.random(units);
        int count = 1 + random.nextInt(9);
        float[] bias = DeviceFloats.normal(random, units);
        DeviceArray output = floats.nans(count * units);
        operations.denseBias(count, units, floats.upload(bias), output);
        float[] expected = new float[count * units];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = bias[i % units];
        }
        assertArrayEquals(expected, floats.download(output, expected.length));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 300})
    void denseBiasGradient(int units) {
        Random random = Seeds.random(units);
        int count = 1 + random.nextInt(40);
        float[] dz = DeviceFloats.normal(random, count * units);
        DeviceArray gradient = floats.nans(units);
        operations.denseBiasGradient(count, units, floats.upload(dz), gradient);
        float[] expected = new float[units];
        for (int i = 0; i < dz.length; i++) {
            expected[i % units] += dz[i];
        }
        assertArrayEquals(expected, floats.download(gradient, units), "the order of the sum is that of the images");
    }
}
