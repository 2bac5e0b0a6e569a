package daegpu.engine.cpu;

import daegpu.bench.Operations;
import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.Adam;
import daegpu.model.Architecture;
import daegpu.model.Initializer;
import daegpu.model.Layer;
import daegpu.noise.Noise;
import java.util.List;
import java.util.Random;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Time of single operations of the cpu engine on one thread, which in a training step has a share of the batch.
 * {@link LayerTimes} has all of a step, in one table.
 */
public class CpuOperations extends Operations {

    private final NativeScope scope = new NativeScope();
    private TrainingPass pass;

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
                kernel.corrupt(noise, 1, i, 0, digits.pixels(), i * size, clean, noisy, i * size);
            }
        };
    }

    /** With a copy of the outputs before, which are replaced by the gradient. */
    @Override
    protected Runnable loss() {
        float[] outputs = values(batchSize * 28 * 28);
        float[] clean = values(outputs.length);
        float[] gradient = new float[outputs.length];
        return () -> {
            System.arraycopy(outputs, 0, gradient, 0, outputs.length);
            MeanSquaredError.gradient(gradient, clean, gradient.length, gradient.length);
        };
    }

    @Override
    protected Runnable adam() {
        float[] parameters =
                Initializer.glorotUniform(Architecture.MNIST.network(), 1).values();
        float[] gradients = values(parameters.length);
        float[] firstMoment = new float[parameters.length];
        float[] secondMoment = new float[parameters.length];
        NativeArray target =
                new PrimitiveBuilder(OneDnn.openEngine(scope), scope).array(ElementType.F32, parameters.length);
        AdamSlice slice = new AdamSlice(0, parameters.length);
        NativeArray[] noShares = {};
        return () -> slice.update(
                noShares, gradients, parameters, firstMoment, secondMoment, Adam.alpha(1e-3f, 1000), target);
    }

    private static float[] values(int count) {
        Random random = new Random(count);
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat();
        }
        return values;
    }

    /**
     * The primitives of that name of a whole training pass, which has run once, so that all have something to compute
     * with.
     */
    @Override
    protected Runnable layer(Layer layer, String part) {
        Architecture architecture = Architecture.MNIST;
        dnnl_engine engine = OneDnn.openEngine(scope);
        dnnl_stream stream = OneDnn.openStream(engine, scope);
        PrimitiveBuilder builder = new PrimitiveBuilder(engine, scope);
        NativeArray parameters = builder.array(ElementType.F32, architecture.parameterCount());
        float[] initial = Initializer.glorotUniform(architecture.network(), 1).values();
        parameters.write(0, initial, 0, initial.length);
        KernelLayouts kernels = new KernelLayouts(builder, parameters, ElementType.F32);
        NativeArray[] gradients = {builder.array(ElementType.F32, architecture.parameterCount())};
        pass = new TrainingPass(engine, architecture.network(), kernels, batchSize, gradients);
        for (int i = 0; i < kernels.count(); i++) {
            kernels.renew(i, stream);
        }
        System.arraycopy(values(pass.noisy().length), 0, pass.noisy(), 0, pass.noisy().length);
        pass.run(stream, 0, batchSize, batchSize);
        List<Primitive> primitives = pass.primitives().stream()
                .filter(primitive -> primitive.name().startsWith(operation))
                .toList();
        if (primitives.isEmpty()) {
            throw new IllegalStateException("a training pass has no " + operation);
        }
        return () -> {
            for (Primitive primitive : primitives) {
                primitive.run(stream);
            }
        };
    }

    @TearDown
    public void close() {
        if (pass != null) {
            pass.close();
        }
        scope.close();
    }
}
