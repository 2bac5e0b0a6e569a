package daegpu.engine.cuda.layers;

import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.Seeds;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.cuda.RequiresCuda;
import daegpu.engine.cuda.driver.DeviceFloats;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelTest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An update of random parameters beside the plain arithmetic that it stands for. */
@RequiresCuda
@ExtendWith(Seeds.class)
class GradientUpdateTest extends KernelTest {

    private final DeviceScope scope = new DeviceScope();
    private final DeviceFloats floats = new DeviceFloats(device, scope);

    @AfterEach
    void free() {
        device.close(scope);
    }

    private static void assertNear(double expected, float actual, double tolerance) {
        assertEquals(expected, actual, tolerance * (1 + Math.abs(expected)));
    }

    /** Early and late updates; a step size differs from Java's at most by how float32 rounds. */
    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 10, 1875, 18750, 1_000_000, 5_000_000_000L})
    void adam(long step) {
        Random random = Seeds.random(Long.hashCode(step));
        int count = 4 * (1 + random.nextInt(100));
        float[] parameters = DeviceFloats.normal(random, count);
        float[] first = DeviceFloats.normal(random, count);
        float[] second = DeviceFloats.normal(random, count);
        float[] gradients = DeviceFloats.normal(random, count);
        for (int i = 0; i < count; i++) {
            second[i] *= second[i];
        }
        first[3] = second[3] = gradients[3] = 0;
        StepState state = new StepState(device, kernels, scope, Optimizer.ADAM);
        state.load(step - 1);
        state.expect(1e-3f);
        double weightDecay = random.nextBoolean() ? 0 : random.nextDouble();
        LearningRule rule = new LearningRule(
                Loss.MSE,
                Optimizer.adamW(weightDecay),
                random.nextBoolean() ? OptionalDouble.empty() : OptionalDouble.of(random.nextDouble()));
        float[] average = DeviceFloats.normal(random, count);
        TrainedArrays arrays = new TrainedArrays(
                count,
                floats.upload(parameters),
                floats.upload(first),
                floats.upload(second),
                rule.averageDecay().isPresent() ? Optional.of(floats.upload(average)) : Optional.empty(),
                floats.nans(1),
                floats.nans(1),
                state,
                UpdateRule.of(rule));
        GradientUpdate.run(kernels, arrays, floats.upload(gradients));
        float weight1 = Optimizer.ADAM.weight1();
        float weight2 = Optimizer.ADAM.weight2();
        float alpha = Optimizer.ADAM.alpha(1e-3f, step);
        ByteBuffer bytes = ByteBuffer.allocate(StepState.BYTES).order(ByteOrder.nativeOrder());
        bytes.asFloatBuffer().put(floats.download(state.pointer(), StepState.BYTES / 4));
        float next = Optimizer.ADAM.alpha(1e-3f, step + 1);
        assertEquals(next, bytes.getFloat(0) * bytes.getFloat(4) / bytes.getFloat(8), Math.ulp(next), "step size");
        assertEquals(step, bytes.getLong(16), "updates done");
        assertEquals(0, bytes.getInt(28), "ticket");
        float[][] actual = {
            floats.download(arrays.parameters(), count),
            floats.download(arrays.firstMoment(), count),
            floats.download(arrays.secondMoment(), count)
        };
        for (int i = 0; i < count; i++) {
            double mean = first[i] + (gradients[i] - first[i]) * weight1;
            double square = second[i] + (gradients[i] * gradients[i] - second[i]) * weight2;
            assertNear(mean, actual[1][i], 1e-6);
            assertNear(square, actual[2][i], 1e-6);
            double decayed = parameters[i] - 1e-3f * weightDecay * parameters[i];
            double updated = decayed - alpha * mean / (Math.sqrt(square) + Optimizer.ADAM.epsilon());
            assertNear(updated, actual[0][i], 1e-6);
            if (rule.averageDecay().isPresent()) {
                assertNear(
                        average[i]
                                + (updated - average[i])
                                        * (1 - rule.averageDecay().getAsDouble()),
                        floats.download(arrays.average().orElseThrow(), count)[i],
                        1e-6);
            }
        }
    }
}
