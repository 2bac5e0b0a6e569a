package daegpu.engine.cuda;

import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.driver.KernelLibrary;
import daegpu.engine.cuda.kernels.Epilogue;
import daegpu.engine.cuda.kernels.GemmOperands;
import daegpu.engine.cuda.kernels.ImplicitGemm;
import daegpu.engine.cuda.kernels.SplitMemory;
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
                .map(layer ->
                        ImplicitGemm.forward(layer, count, Epilogue.of(layer.activation()), 0, toolkit.precision()))
                .toList();
        split = new SplitMemory(toolkit.device(), owner);
        products.forEach(split::require);
    }

    @Override
    public void run(int from, int to) {
        for (int l = from; l < to; l++) {
            products.get(l)
                    .launch(
                            kernels,
                            split,
                            GemmOperands.forward(
                                    activations.input(l),
                                    arena.kernel(parameters, l),
                                    arena.bias(parameters, l),
                                    activations.output(l)));
        }
    }
}
