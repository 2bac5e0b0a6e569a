package daegpu.engine.cpu;

import daegpu.bench.Operations;
import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.TrainingState;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Network;
import daegpu.noise.Noise;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Time of single operations of the cpu engine on one thread, which in a training step has a share of the batch.
 * {@link LayerTimes} has all of a step, in one table.
 */
public class CpuOperations extends Operations {

    private final NativeScope scope = new NativeScope();
    private TimedShare share;

    @Override
    protected void open() {
        OneDnn.load();
        OpenMp.useOneThread();
    }

    @Override
    protected Runnable noise() {
        ImageSet digits = EmbeddedMnist.training(batchSize);
        int size = digits.imageSize();
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        NoiseKernel kernel = new NoiseKernel(size);
        float[] clean = new float[batchSize * size];
        float[] noisy = new float[clean.length];
        return () -> {
            for (int i = 0; i < batchSize; i++) {
                digits.scale(i, clean, i * size);
                kernel.corrupt(noise, 1, i, 0, clean, noisy, i * size);
            }
        };
    }

    @Override
    protected Runnable loss() {
        float[] outputs = values(batchSize * 28 * 28);
        float[] clean = values(outputs.length);
        float[] gradient = new float[outputs.length];
        return () -> ShareLoss.gradient(
                Loss.MSE,
                Activation.SIGMOID,
                outputs,
                clean,
                Optional.empty(),
                outputs.length,
                outputs.length,
                gradient);
    }

    @Override
    protected Runnable adam() {
        Network network = Autoencoder.MNIST.network();
        TrainingState state = TrainingState.initial(Initializer.glorotUniform(network, 1));
        float[] gradients = values(network.parameterCount());
        NativeArray target =
                new PrimitiveBuilder(OneDnn.openEngine(scope), scope).array(ElementType.F32, gradients.length);
        UpdateSlice slice = new UpdateSlice(
                LearningRule.DEFAULT, 0, gradients.length, new NativeArray[1], gradients, state, target);
        float alpha = Optimizer.ADAM.alpha(1e-3f, 1000);
        return () -> slice.update(gradients, alpha, 0);
    }

    private static float[] values(int count) {
        Random random = new Random(count);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }

    /** The primitives of that name of a whole training pass. */
    @Override
    protected Runnable layer(Layer layer, String part) {
        share = new TimedShare(Autoencoder.MNIST.network(), batchSize, ElementType.F32);
        List<Primitive> primitives = share.primitives().stream()
                .filter(primitive -> primitive.name().startsWith(operation))
                .toList();
        if (primitives.isEmpty()) {
            throw new IllegalStateException("a training pass has no " + operation);
        }
        return () -> {
            for (Primitive primitive : primitives) {
                share.run(primitive);
            }
        };
    }

    @TearDown
    public void close() {
        if (share != null) {
            share.close();
        }
        scope.close();
    }
}
