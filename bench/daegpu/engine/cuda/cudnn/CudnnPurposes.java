package daegpu.engine.cuda.cudnn;

import daegpu.bench.Work;
import daegpu.engine.cuda.KernelTable;
import daegpu.engine.cuda.KernelTable.Purpose;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Layer.Activation;
import daegpu.model.Layer.Operation;
import daegpu.model.Network;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/** What a kernel of a step with cuDNN and cuBLAS, or all calls of a library's function, are for. */
public final class CudnnPurposes {

    private final Map<String, Purpose> purposes = new TreeMap<>();
    private final Network network;
    private final int batch;
    private long shares;
    private long sums = 1;

    private CudnnPurposes(Network network, int batch) {
        this.network = network;
        this.batch = batch;
    }

    /** Of one step. */
    public static Map<String, Purpose> of(Autoencoder architecture, int batch) {
        CudnnPurposes step = new CudnnPurposes(architecture.network(), batch);
        long pixels = (long) batch * architecture.imageSize();
        step.add("gather_noise_vector", pixels + 4 * (batch + 2 * pixels));
        step.add("adam", 4 * 7 * (long) architecture.parameterCount() + KernelTable.STEP_BYTES);
        step.network.layers().forEach(step::add);
        step.add("sum_partials", 4 * (step.shares + 3 * step.sums + step.sums));
        return step.purposes;
    }

    private void add(Layer layer) {
        long n = batch;
        long in = n * layer.inputSize();
        long out = n * layer.outputSize();
        long channels = layer.outputChannels();
        long slices = PlaneOperations.slices(batch, layer.outputChannels());
        long weights = IntStream.of(layer.kernelShape()).asLongStream().reduce(1, (a, b) -> a * b);
        Purpose product = new Purpose(n * (long) Work.multiplyAdds(layer), 4 * (in + weights + out));
        switch (layer.operation()) {
            case CONVOLUTION -> {
                add("cudnnConvolutionForward", product);
                add("cudnnConvolutionBackwardFilter", product);
                if (network.maker(layer.input()).isPresent()) {
                    add("cudnnConvolutionBackwardData", product);
                }
            }
            case TRANSPOSED_CONVOLUTION -> {
                add("cudnnConvolutionBackwardData", product);
                add("cudnnConvolutionBackwardFilter", product);
                add("cudnnConvolutionForward", product);
            }
            case DENSE -> {
                add("cublasSgemm", product.plus(product).plus(product));
                add(channels % 4 == 0 ? "dense_bias_vector" : "dense_bias", 4 * (channels + out));
                add("dense_bias_gradient", 4 * (out + channels));
            }
            default -> throw new AssertionError(layer);
        }
        if (layer.operation() != Operation.DENSE) {
            shares += channels * slices;
            sums += channels;
        }
        if (layer.output().equals(network.output())) {
            shares += channels * slices; // of the loss
            add(
                    layer.outputHeight() * layer.outputWidth() % 4 == 0 ? "plane_loss_vector" : "plane_loss",
                    4 * (4 * out + channels + 2 * channels * slices));
        } else if (layer.activation() == Activation.RELU) {
            Planes from = SidePlanes.output(layer);
            Planes to = new CudnnLayout().planes(layer.output(), readers(layer));
            add(
                    Planes.walk(from, to).vector() ? "bias_activation_vector" : "bias_activation",
                    4 * (2 * out + channels));
            add(
                    Planes.walk(to, to, from).vector() ? "activation_gradient_vector" : "activation_gradient",
                    4 * (3 * out + channels * slices));
        }
    }

    private List<Layer> readers(Layer layer) {
        return network.layers().stream()
                .filter(reader -> reader.input().equals(layer.output()))
                .toList();
    }

    private void add(String name, long bytes) {
        add(name, new Purpose(0, bytes));
    }

    private void add(String name, Purpose purpose) {
        purposes.merge(name, purpose, Purpose::plus);
    }
}
