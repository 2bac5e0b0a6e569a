package daegpu.engine.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.Seeds;
import daegpu.engine.Plan.GradientSum;
import daegpu.engine.cuda.RequiresCuda;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceFloats;
import daegpu.engine.cuda.driver.KernelTest;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientTarget;
import daegpu.engine.cuda.layers.Planes;
import daegpu.engine.cuda.layers.WeightPlace;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.LayerDescription;
import daegpu.model.Tensor;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Sums of gradients beside plain loops; what they write to is NaN before, unless it is added to. */
@RequiresCuda
class SumKernelTest extends KernelTest {

    @Test
    void agreesWithPlainLoops() {
        Seeds.check(40, random -> {
            try (OwnedScope scope = new OwnedScope(device)) {
                check(random, new DeviceFloats(device, scope.scope()));
            }
        });
    }

    private static void check(Random random, DeviceFloats floats) {
        int count = 1 + random.nextInt(3);
        int columns = 1 + random.nextInt(70);
        Activation activation = Activation.values()[random.nextInt(3)];
        Layer maker = LayerDescription.transposedConvolution("maker", columns, 3, 1)
                .activation(activation)
                .on(new Tensor("input", 1 + random.nextInt(12), 1 + random.nextInt(12), 1), 0);
        int size = count * maker.outputSize();
        float[] y = DeviceFloats.normal(random, size);
        float[] there = DeviceFloats.normal(random, size);
        float[] term = DeviceFloats.normal(random, size);
        boolean accumulates = random.nextBoolean();
        boolean hasTerm = random.nextBoolean();
        boolean wantsSums = random.nextBoolean();
        Planes planes = Planes.pixels(maker.outputHeight(), maker.outputWidth(), columns);
        DeviceArray gradient = accumulates ? floats.upload(there) : floats.nans(size);
        SumKernel kernel = SumKernel.of(
                new GradientTarget(
                        new GradientSum(
                                maker.output(),
                                accumulates,
                                hasTerm ? List.of(maker.output()) : List.of(),
                                true,
                                activation),
                        maker,
                        new WeightPlace(0, 0, 0, columns),
                        new DeviceTensor(floats.upload(y), planes),
                        new DeviceTensor(gradient, planes),
                        hasTerm ? List.of(new DeviceTensor(floats.upload(term), planes)) : List.of()),
                count);
        int sumFloats = kernel.blocks() * kernel.sumsPitch();
        DeviceArray sums = floats.nans(sumFloats);
        kernel.launch(kernels, wantsSums ? Optional.of(sums) : Optional.empty());
        float[] actual = floats.download(gradient, size);
        double[] expectedSums = new double[columns];
        for (int i = 0; i < size; i++) {
            double expected = (accumulates ? there[i] : 0) + (hasTerm ? term[i] : 0);
            expected *= switch (activation) {
                case LINEAR -> 1;
                case RELU -> y[i] > 0 ? 1 : 0;
                case SIGMOID -> y[i] * (1 - y[i]);
            };
            assertEquals(expected, actual[i], 1e-6 * (1 + Math.abs(expected)), "value " + i + " of " + maker);
            expectedSums[i % columns] += expected;
        }
        float[] rows = floats.download(sums, sumFloats);
        for (int column = 0; wantsSums && column < columns; column++) {
            double sum = 0;
            for (int row = 0; row < kernel.blocks(); row++) {
                sum += rows[row * kernel.sumsPitch() + column];
            }
            assertEquals(expectedSums[column], sum, 1e-4 * (1 + Math.abs(sum)), "column " + column + " of " + maker);
        }
    }
}
