package daegpu.engine.cuda;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.kernels.ImplicitGemm;
import daegpu.engine.cuda.kernels.ImplicitGemm.Epilogue;
import daegpu.engine.cuda.kernels.ImplicitGemm.SplitMemory;
import daegpu.model.Layer;
import java.util.List;

/** {@link Forward} by this program's own kernels: one for each layer. */
final class NativeForward implements Forward {

    private final KernelLibrary kernels;
    private final List<ImplicitGemm> products;
    private final SplitMemory split;
    private final ParameterArena arena;
    private final DeviceArray parameters;
    private final Activations activations;

    NativeForward(
            Toolkit toolkit,
            List<Layer> layers,
            ParameterArena arena,
            DeviceArray parameters,
            Activations activations,
            int count,
            DeviceScope owner) {
        kernels = toolkit.kernels();
        this.arena = arena;
        this.parameters = parameters;
        this.activations = activations;
        products = layers.stream()
                .map(layer -> ImplicitGemm.forward(layer, count, epilogue(layer), 0, toolkit.precision()))
                .toList();
        split = SplitMemory.forProducts(toolkit.device(), owner, products);
    }

    /** What a layer that is not the last of a training step ends with. */
    static Epilogue epilogue(Layer layer) {
        return switch (layer.activation()) {
            case LINEAR -> Epilogue.BIAS;
            case RELU -> Epilogue.BIAS_RELU;
            case SIGMOID -> Epilogue.BIAS_SIGMOID;
        };
    }

    @Override
    public void run(int from, int to) {
        for (int l = from; l < to; l++) {
            products.get(l)
                    .launch(
                            kernels,
                            split,
                            activations.input(l),
                            arena.kernel(parameters, l),
                            arena.bias(parameters, l),
                            0L,
                            activations.output(l),
                            0L,
                            0L,
                            0L);
        }
    }
}
