package daegpu.engine.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.engine.Optimizer;
import daegpu.engine.cuda.RequiresCuda;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceFloats;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.RandomPlanes;
import daegpu.engine.cuda.layers.StepState;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.model.Layer.Activation;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Each kernel by itself beside the plain arithmetic that it stands for, over random shapes; what it writes to is NaN
 * before.
 */
@RequiresCuda
class PlaneOperationsTest {

    private static Device device;
    private static KernelLibrary kernels;
    private static final DeviceScope LIBRARY_SCOPE = new DeviceScope();

    private final DeviceScope scope = new DeviceScope();
    private final DeviceFloats floats = new DeviceFloats(device, scope);
    private final PlaneOperations operations = new PlaneOperations(kernels);

    @BeforeAll
    static void open() {
        device = new Device(Gpu.all().get(0));
        kernels = new KernelLibrary(device, LIBRARY_SCOPE);
    }

    @AfterAll
    static void close() {
        device.close(LIBRARY_SCOPE);
        device.close();
    }

    @AfterEach
    void free() {
        device.close(scope);
    }

    private static void assertNear(double expected, float actual, double tolerance) {
        assertEquals(expected, actual, tolerance * (1 + Math.abs(expected)));
    }

    @ParameterizedTest
    @MethodSource("daegpu.engine.cuda.layers.RandomPlanes#seeds")
    void biasAndActivation(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(3);
        int channels = 1 + random.nextInt(5);
        int height = 1 + random.nextInt(9);
        int width = 1 + random.nextInt(12);
        Planes from = RandomPlanes.of(random, channels, height, width);
        Planes to = RandomPlanes.of(random, channels, height, width);
        boolean relu = random.nextBoolean();
        float[] input = DeviceFloats.normal(random, count * from.size());
        float[] bias = DeviceFloats.normal(random, channels);
        DeviceArray output = floats.nans(count * to.size());
        operations.biasActivation(
                relu ? Activation.RELU : Activation.SIGMOID,
                count,
                new DeviceTensor(floats.upload(input), from),
                floats.upload(bias),
                new DeviceTensor(output, to));
        float[] actual = floats.download(output, count * to.size());
        int written = 0;
        for (float value : actual) {
            written += Float.isNaN(value) ? 0 : 1;
        }
        assertEquals(count * to.values(), written, "values outside the images were written");
        for (int n = 0; n < count; n++) {
            for (int c = 0; c < channels; c++) {
                for (int i = 0; i < height; i++) {
                    for (int j = 0; j < width; j++) {
                        float x = RandomPlanes.at(input, from, n, c, i, j) + bias[c];
                        assertNear(
                                relu ? Math.max(x, 0) : 1 / (1 + Math.exp(-x)),
                                RandomPlanes.at(actual, to, n, c, i, j),
                                1e-6);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("daegpu.engine.cuda.layers.RandomPlanes#seeds")
    void reluGradient(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(7);
        int channels = 1 + random.nextInt(4);
        int height = 1 + random.nextInt(20);
        int width = 1 + random.nextInt(20);
        Planes dyPlanes = RandomPlanes.of(random, channels, height, width);
        Planes yPlanes = RandomPlanes.of(random, channels, height, width);
        Planes dzPlanes = RandomPlanes.of(random, channels, height, width);
        float[] dy = DeviceFloats.normal(random, count * dyPlanes.size());
        float[] y = DeviceFloats.normal(random, count * yPlanes.size());
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.max(y[i], 0);
        }
        int slices = 1 + random.nextInt(count);
        DeviceArray dz = floats.nans(count * dzPlanes.size());
        DeviceArray partials = floats.nans(channels * slices);
        operations.reluGradient(
                count,
                slices,
                new DeviceTensor(floats.upload(dy), dyPlanes),
                new DeviceTensor(floats.upload(y), yPlanes),
                new DeviceTensor(dz, dzPlanes),
                partials);
        float[] actual = floats.download(dz, count * dzPlanes.size());
        float[] sums = floats.download(partials, channels * slices);
        for (int c = 0; c < channels; c++) {
            for (int slice = 0; slice < slices; slice++) {
                double sum = 0;
                for (int n = count * slice / slices; n < count * (slice + 1) / slices; n++) {
                    for (int i = 0; i < height; i++) {
                        for (int j = 0; j < width; j++) {
                            float expected = RandomPlanes.at(y, yPlanes, n, c, i, j) > 0
                                    ? RandomPlanes.at(dy, dyPlanes, n, c, i, j)
                                    : 0;
                            assertEquals(expected, RandomPlanes.at(actual, dzPlanes, n, c, i, j), 0);
                            sum += expected;
                        }
                    }
                }
                assertNear(sum, sums[c * slices + slice], 1e-4);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("daegpu.engine.cuda.layers.RandomPlanes#seeds")
    void sigmoidAndMeanSquaredError(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(7);
        int channels = 1 + random.nextInt(4);
        int plane = 1 + random.nextInt(400);
        int slices = 1 + random.nextInt(count);
        float[] x = DeviceFloats.normal(random, count * channels * plane);
        float[] bias = DeviceFloats.normal(random, channels);
        float[] clean = DeviceFloats.normal(random, x.length);
        DeviceArray y = floats.nans(x.length);
        DeviceArray dz = floats.nans(x.length);
        DeviceArray squares = floats.nans(channels * slices);
        DeviceArray partials = floats.nans(channels * slices);
        operations.sigmoidLoss(
                count,
                channels,
                slices,
                plane,
                2f / x.length,
                floats.upload(x),
                floats.upload(bias),
                floats.upload(clean),
                y,
                dz,
                squares,
                partials);
        float[] actualY = floats.download(y, x.length);
        float[] actualDz = floats.download(dz, x.length);
        float[] actualSquares = floats.download(squares, channels * slices);
        float[] actualPartials = floats.download(partials, channels * slices);
        for (int c = 0; c < channels; c++) {
            for (int slice = 0; slice < slices; slice++) {
                double squareSum = 0;
                double gradientSum = 0;
                for (int n = count * slice / slices; n < count * (slice + 1) / slices; n++) {
                    for (int i = (n * channels + c) * plane; i < (n * channels + c + 1) * plane; i++) {
                        double output = 1 / (1 + Math.exp(-(x[i] + bias[c])));
                        double gradient = 2 * (output - clean[i]) / x.length * output * (1 - output);
                        assertNear(output, actualY[i], 1e-6);
                        assertEquals(gradient, actualDz[i], 2e-6 / x.length + 1e-6 * Math.abs(gradient));
                        squareSum += (output - clean[i]) * (output - clean[i]);
                        gradientSum += gradient;
                    }
                }
                assertNear(squareSum, actualSquares[c * slices + slice], 1e-5);
                assertNear(gradientSum, actualPartials[c * slices + slice], 1e-5);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 5, 40})
    void sumsOfPartials(int sums) {
        Random random = new Random(sums);
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
        TrainedArrays arrays = TrainedArrays.allocate(device, kernels, scope, sums, Optimizer.ADAM);
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
        Random random = new Random(units);
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
        Random random = new Random(units);
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
