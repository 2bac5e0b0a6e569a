package daegpu.engine.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.engine.Adam;
import daegpu.engine.cuda.batch.Layout;
import daegpu.engine.cuda.cudnn.PlaneKernel;
import daegpu.engine.cuda.driver.Device;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceFloats;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.driver.Grid;
import daegpu.engine.cuda.driver.Kernel;
import daegpu.engine.cuda.driver.KernelArguments;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.Planes.Walk;
import daegpu.engine.cuda.layers.StepKernel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
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
class KernelsTest {

    private static Device device;
    private static KernelLibrary kernels;
    private static final DeviceScope LIBRARY_SCOPE = new DeviceScope();

    private final DeviceScope scope = new DeviceScope();
    private final DeviceFloats floats = new DeviceFloats(device, scope);

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

    static int[] seeds() {
        return new Random(11).ints(24, 0, 1_000_000).toArray();
    }

    /** Planes of one size, at random with or without a border, and with rows of any or of a round length. */
    private static Planes planes(Random random, int channels, int height, int width) {
        int border = random.nextInt(2);
        int pitch = width + border;
        return switch (random.nextInt(3)) {
            case 0 -> Planes.packed(channels, height, width);
            case 1 -> new Planes(channels, height, width, border, (pitch + 3) / 4 * 4);
            default -> new Planes(channels, height, width, border, pitch);
        };
    }

    private static float at(float[] values, Planes planes, int image, int channel, int row, int column) {
        return values[index(planes, image, channel, row, column)];
    }

    private static int index(Planes planes, int image, int channel, int row, int column) {
        return (image * planes.channels() + channel) * planes.plane() + row * planes.pitch() + column;
    }

    private static void assertNear(double expected, float actual, double tolerance) {
        assertEquals(expected, actual, tolerance * (1 + Math.abs(expected)));
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void biasAndActivation(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(3);
        int channels = 1 + random.nextInt(5);
        int height = 1 + random.nextInt(9);
        int width = 1 + random.nextInt(12);
        Planes from = planes(random, channels, height, width);
        Planes to = planes(random, channels, height, width);
        boolean relu = random.nextBoolean();
        float[] input = DeviceFloats.normal(random, count * from.size());
        float[] bias = DeviceFloats.normal(random, channels);
        DeviceArray output = floats.nans(count * to.size());
        Walk walk = Planes.walk(from, to);
        Kernel kernel = relu
                ? walk.vector() ? PlaneKernel.BIAS_RELU_VECTOR : PlaneKernel.BIAS_RELU
                : walk.vector() ? PlaneKernel.BIAS_SIGMOID_VECTOR : PlaneKernel.BIAS_SIGMOID;
        int total = count * channels * walk.rows() * walk.steps();
        kernels.launch(
                kernel,
                Grid.covering(total),
                new KernelArguments()
                        .add(floats.upload(input))
                        .add(from.plane())
                        .add(walk.pitches()[0])
                        .add(floats.upload(bias))
                        .add(output)
                        .add(to.plane())
                        .add(walk.pitches()[1])
                        .add(total)
                        .add(channels)
                        .add(walk.rows())
                        .add(walk.steps()));
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
                        float x = at(input, from, n, c, i, j) + bias[c];
                        assertNear(relu ? Math.max(x, 0) : 1 / (1 + Math.exp(-x)), at(actual, to, n, c, i, j), 1e-6);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void reluGradient(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(7);
        int channels = 1 + random.nextInt(4);
        int height = 1 + random.nextInt(20);
        int width = 1 + random.nextInt(20);
        Planes dyPlanes = planes(random, channels, height, width);
        Planes yPlanes = planes(random, channels, height, width);
        Planes dzPlanes = planes(random, channels, height, width);
        float[] dy = DeviceFloats.normal(random, count * dyPlanes.size());
        float[] y = DeviceFloats.normal(random, count * yPlanes.size());
        for (int i = 0; i < y.length; i++) {
            y[i] = Math.max(y[i], 0);
        }
        int slices = 1 + random.nextInt(count);
        Walk walk = Planes.walk(dyPlanes, yPlanes, dzPlanes);
        DeviceArray dz = floats.nans(count * dzPlanes.size());
        DeviceArray partials = floats.nans(channels * slices);
        kernels.launch(
                walk.vector() ? PlaneKernel.RELU_GRADIENT_VECTOR : PlaneKernel.RELU_GRADIENT,
                Grid.blocks(channels, slices, 1),
                new KernelArguments()
                        .add(floats.upload(dy))
                        .add(dyPlanes.plane())
                        .add(walk.pitches()[0])
                        .add(floats.upload(y))
                        .add(yPlanes.plane())
                        .add(walk.pitches()[1])
                        .add(dz)
                        .add(dzPlanes.plane())
                        .add(walk.pitches()[2])
                        .add(count)
                        .add(walk.rows())
                        .add(walk.steps())
                        .add(partials));
        float[] actual = floats.download(dz, count * dzPlanes.size());
        float[] sums = floats.download(partials, channels * slices);
        for (int c = 0; c < channels; c++) {
            for (int slice = 0; slice < slices; slice++) {
                double sum = 0;
                for (int n = count * slice / slices; n < count * (slice + 1) / slices; n++) {
                    for (int i = 0; i < height; i++) {
                        for (int j = 0; j < width; j++) {
                            float expected = at(y, yPlanes, n, c, i, j) > 0 ? at(dy, dyPlanes, n, c, i, j) : 0;
                            assertEquals(expected, at(actual, dzPlanes, n, c, i, j), 0);
                            sum += expected;
                        }
                    }
                }
                assertNear(sum, sums[c * slices + slice], 1e-4);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
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
        boolean vector = plane % 4 == 0;
        kernels.launch(
                vector ? PlaneKernel.SIGMOID_MSE_VECTOR : PlaneKernel.SIGMOID_MSE,
                Grid.blocks(channels, slices, 1),
                new KernelArguments()
                        .add(floats.upload(x))
                        .add(floats.upload(bias))
                        .add(floats.upload(clean))
                        .add(y)
                        .add(dz)
                        .add(count)
                        .add(vector ? plane / 4 : plane)
                        .add(2f / x.length)
                        .add(squares)
                        .add(partials));
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
        DeviceArray gradients = floats.nans(sums);
        DeviceArray losses = floats.nans(3);
        DeviceArray state = device.allocate(scope, StepState.BYTES, "a test");
        kernels.launch(
                StepKernel.SET_STEP,
                Grid.ONE_THREAD,
                new KernelArguments().add(state).add(0.5f).add(10).add(1));
        kernels.launch(
                PlaneKernel.SUM_PARTIALS,
                Grid.blocks(sums / 4 + 1, 1, 1),
                new KernelArguments()
                        .add(floats.upload(partials))
                        .add(table)
                        .add(sums + 1)
                        .add(gradients)
                        .add(0.25f)
                        .add(losses)
                        .add(7)
                        .add(state));
        float[] actual = floats.download(gradients, sums);
        for (int i = 0; i <= sums; i++) {
            double sum = 0;
            for (int share = 0; share < ranges[3 * i + 1]; share++) {
                sum += partials[ranges[3 * i] + share];
            }
            assertNear(i < sums ? sum : sum / 4, i < sums ? actual[sums - 1 - i] : floats.download(losses, 2)[1], 1e-5);
        }
        ByteBuffer bytes = state(state);
        assertEquals(17, bytes.getInt(16), "place in the order");
        assertEquals(2, bytes.getInt(20), "losses that wait");
    }

    private ByteBuffer state(DeviceArray state) {
        ByteBuffer bytes = ByteBuffer.allocate(StepState.BYTES).order(ByteOrder.nativeOrder());
        bytes.asFloatBuffer().put(floats.download(state, StepState.BYTES / 4));
        return bytes;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 16, 50, 400})
    void denseBias(int units) {
        Random random = new Random(units);
        int count = 1 + random.nextInt(9);
        float[] bias = DeviceFloats.normal(random, units);
        DeviceArray output = floats.nans(count * units);
        DeviceArray deviceBias = floats.upload(bias);
        kernels.launch(
                PlaneKernel.DENSE_BIAS,
                Grid.covering(count * units),
                new KernelArguments()
                        .add(deviceBias)
                        .add(output)
                        .add(count * units)
                        .add(units));
        float[] expected = new float[count * units];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = bias[i % units];
        }
        assertArrayEquals(expected, floats.download(output, expected.length));
        if (units % 4 == 0) {
            DeviceArray again = floats.nans(count * units);
            kernels.launch(
                    PlaneKernel.DENSE_BIAS_VECTOR,
                    Grid.covering(count * units / 4),
                    new KernelArguments()
                            .add(deviceBias)
                            .add(again)
                            .add(count * units / 4)
                            .add(units / 4));
            assertArrayEquals(expected, floats.download(again, expected.length));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 16, 300})
    void denseBiasGradient(int units) {
        Random random = new Random(units);
        int count = 1 + random.nextInt(40);
        float[] dz = DeviceFloats.normal(random, count * units);
        DeviceArray gradient = floats.nans(units);
        kernels.launch(
                PlaneKernel.DENSE_BIAS_GRADIENT,
                Grid.covering(units),
                new KernelArguments()
                        .add(floats.upload(dz))
                        .add(gradient)
                        .add(count)
                        .add(units));
        float[] expected = new float[units];
        for (int i = 0; i < dz.length; i++) {
            expected[i % units] += dz[i];
        }
        assertArrayEquals(expected, floats.download(gradient, units), "the order of the sum is that of the images");
    }

    /** Early and late updates; a step size differs from the CPU's at most by how float32 rounds. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 10, 1875, 18750, 1_000_000, 5_000_000_000L})
    void adam(long step) {
        Random random = new Random(step);
        int count = 4 * (1 + random.nextInt(100));
        float[] parameters = DeviceFloats.normal(random, count);
        float[] first = DeviceFloats.normal(random, count);
        float[] second = DeviceFloats.normal(random, count);
        float[] gradients = DeviceFloats.normal(random, count);
        for (int i = 0; i < count; i++) {
            second[i] *= second[i];
        }
        first[3] = second[3] = gradients[3] = 0;
        DeviceArray state = device.allocate(scope, StepState.BYTES, "a test");
        byte[] steps = ByteBuffer.allocate(8)
                .order(ByteOrder.nativeOrder())
                .putLong(step - 1)
                .array();
        device.upload(steps, 0, 8, state, 0);
        kernels.launch(
                StepKernel.SET_STEP,
                Grid.ONE_THREAD,
                new KernelArguments().add(state).add(1e-3f).add(0).add(0));
        kernels.launch(
                StepKernel.ADVANCE_STEP,
                Grid.ONE_THREAD,
                new KernelArguments().add(state).add((float) Adam.BETA_1).add((float) Adam.BETA_2));
        DeviceArray p = floats.upload(parameters);
        DeviceArray m = floats.upload(first);
        DeviceArray v = floats.upload(second);
        float weight1 = (float) (1 - Adam.BETA_1);
        float weight2 = (float) (1 - Adam.BETA_2);
        kernels.launch(
                StepKernel.ADAM,
                Grid.covering(count / 4),
                new KernelArguments()
                        .add(p)
                        .add(m)
                        .add(v)
                        .add(floats.upload(gradients))
                        .add(count / 4)
                        .add(weight1)
                        .add(weight2)
                        .add(Adam.EPSILON)
                        .add(state));
        float alpha = Adam.alpha(1e-3f, step);
        assertEquals(step, state(state).getLong(0));
        assertEquals(alpha, state(state).getFloat(12), Math.ulp(alpha));
        float[][] actual = {floats.download(p, count), floats.download(m, count), floats.download(v, count)};
        for (int i = 0; i < count; i++) {
            double mean = first[i] + (gradients[i] - first[i]) * weight1;
            double square = second[i] + (gradients[i] * gradients[i] - second[i]) * weight2;
            assertNear(mean, actual[1][i], 1e-6);
            assertNear(square, actual[2][i], 1e-6);
            assertNear(parameters[i] - alpha * mean / (Math.sqrt(square) + Adam.EPSILON), actual[0][i], 1e-6);
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void layoutBothWays(int seed) {
        Random random = new Random(seed);
        int count = 1 + random.nextInt(3);
        Planes shape = planes(random, 1 + random.nextInt(4), 1 + random.nextInt(9), 1 + random.nextInt(9));
        float[] pixels = DeviceFloats.normal(random, count * shape.values());
        DeviceArray planes = floats.nans(count * shape.size());
        Layout layout = new Layout(kernels);
        layout.toPlanes(floats.upload(pixels), planes, shape, count);
        float[] inPlanes = floats.download(planes, count * shape.size());
        int i = 0;
        for (int n = 0; n < count; n++) {
            for (int row = 0; row < shape.height(); row++) {
                for (int column = 0; column < shape.width(); column++) {
                    for (int channel = 0; channel < shape.channels(); channel++) {
                        assertEquals(pixels[i++], at(inPlanes, shape, n, channel, row, column));
                    }
                }
            }
        }
        DeviceArray back = floats.nans(pixels.length);
        layout.toPixels(planes, back, shape, count);
        assertArrayEquals(pixels, floats.download(back, pixels.length));
    }
}
