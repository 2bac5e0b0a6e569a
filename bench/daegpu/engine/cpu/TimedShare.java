package daegpu.engine.cpu;

import daegpu.engine.Loss;
import daegpu.engine.Plan;
import daegpu.model.Initializer;
import daegpu.model.Network;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.bytedeco.dnnl.dnnl_engine;
import org.bytedeco.dnnl.dnnl_stream;

/** A share of a batch on the calling thread, whose primitives are to be timed. */
final class TimedShare implements AutoCloseable {

    private final NativeScope scope = new NativeScope();
    private final dnnl_stream stream;
    private final Pass pass;
    private final GradientPass gradientPass;
    private final Network network;
    private final int images;

    /** Makes the primitives and runs them once, so that all have something to compute with. */
    TimedShare(Network network, int images, ElementType type) {
        this.network = network;
        this.images = images;
        OneDnn.load();
        OpenMp.useOneThread();
        dnnl_engine engine = OneDnn.openEngine(scope);
        stream = OneDnn.openStream(engine, scope);
        PrimitiveBuilder builder = new PrimitiveBuilder(engine, scope);
        NativeArray parameters = builder.array(ElementType.F32, network.parameterCount());
        float[] initial = Initializer.heNormal(network, 0).values();
        parameters.write(0, initial, 0, initial.length);
        KernelLayouts kernels = new KernelLayouts(builder, parameters, type);
        NativeArray gradients = builder.array(ElementType.F32, network.parameterCount());
        pass = scope.own(
                new Pass(engine, network, Plan.training(network, false), network.input(), kernels, images, gradients),
                Pass::close);
        for (int i = 0; i < kernels.count(); i++) {
            kernels.renew(i, stream);
        }
        gradientPass = new GradientPass(network, pass, Loss.MSE, images);
        fill(gradientPass.images().clean());
        fill(gradientPass.images().noisy());
        run();
    }

    private static void fill(float[] values) {
        Random random = new Random(values.length);
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat();
        }
    }

    /** The whole way there and back. */
    void run() {
        gradientPass.run(stream, 0, images, (double) images * network.output().size(), Map.of(), 0);
    }

    /** All operations of {@link #run}, in order. */
    List<Primitive> primitives() {
        return pass.primitives();
    }

    /** Runs one of them. */
    void run(Primitive primitive) {
        primitive.run(stream);
    }

    @Override
    public void close() {
        scope.close();
    }
}
