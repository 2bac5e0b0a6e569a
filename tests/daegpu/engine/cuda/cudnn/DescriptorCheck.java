package daegpu.engine.cuda.cudnn;

import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.CudaLibraries;
import daegpu.engine.cuda.driver.DeviceScope;
import daegpu.engine.cuda.layers.Planes;
import daegpu.model.Autoencoder;
import daegpu.model.Layer;
import daegpu.model.Layer.Operation;
import java.util.List;
import java.util.Random;

/**
 * Describes the convolutions of many networks to cuDNN, which checks their sizes; a program, because a process can load
 * one cuDNN.
 */
final class DescriptorCheck {

    private DescriptorCheck() {}

    public static void main(String[] arguments) {
        CudaLibraries.tryAll().stream()
                .filter(loading -> loading.library() == CudaLibraries.Library.CUDNN && loading.problem() != null)
                .forEach(loading -> {
                    throw new IllegalStateException(loading.problem());
                });
        int described = describe(Autoencoder.MNIST, 32);
        Random random = new Random(4);
        int[] kernelSizes = {1, 3, 5, 7};
        for (int i = 0; i < 200; i++) {
            int layers = 1 + random.nextInt(3);
            int factor = 1 << layers;
            List<Integer> filters = random.ints(layers, 1, 70).boxed().toList();
            described += describe(
                    new Autoencoder(
                            factor * (1 + random.nextInt(9)),
                            factor * (1 + random.nextInt(9)),
                            1 + random.nextInt(4),
                            filters,
                            kernelSizes[random.nextInt(4)],
                            1 + random.nextInt(20)),
                    1 + random.nextInt(64));
        }
        System.out.println(
                "cuDNN " + CudnnHandle.version() + " agrees with the sizes of " + described + " convolutions");
    }

    /** With a border, as it lies when another convolution wants one there, for every second layer. */
    private static Planes input(Layer layer) {
        Planes own = layer.isTransposed() ? SidePlanes.small(layer) : SidePlanes.large(layer);
        return layer.name().endsWith("1")
                ? new Planes(own.channels(), own.height(), own.width(), 1, (own.width() + 4) / 4 * 4)
                : own;
    }

    private static int describe(Autoencoder architecture, int count) {
        int described = 0;
        for (Layer layer : architecture.network().layers()) {
            if (layer.operation() != Operation.DENSE) {
                try (DeviceScope scope = new DeviceScope()) {
                    for (Precision precision : List.of(Precision.FP32, Precision.TF32)) {
                        new ConvolutionDescriptors(layer, input(layer), count, precision, scope);
                        described++;
                    }
                } catch (IllegalStateException e) {
                    throw new IllegalStateException(architecture + ", " + layer.name() + ": " + e.getMessage(), e);
                }
            }
        }
        return described;
    }
}
