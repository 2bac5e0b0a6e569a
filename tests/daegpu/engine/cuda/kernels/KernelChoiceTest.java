package daegpu.engine.cuda.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;

import daegpu.engine.Precision;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.ConvolutionGeometry;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.UNet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Which kernel makes what, for some networks: tests/daegpu/engine/cuda/kernels/kernel-table.txt. */
class KernelChoiceTest {

    private static final Path TABLE = Path.of("tests/daegpu/engine/cuda/kernels/kernel-table.txt");

    @Test
    void tableIsTheCommittedOne() throws IOException {
        StringBuilder text = new StringBuilder("""
                The kernels that compute each layer in a training step, as KernelChoice has them; KernelChoiceTest prints
                them into target/kernel-table.txt. A layer's sizes are those of its kernel, its stride, and the height,
                width and channels of what goes in and comes out. A dash: nobody asks for it.
                """);
        for (Precision precision : Precision.values()) {
            append(text, Autoencoder.MNIST, precision);
        }
        append(text, new Autoencoder(32, 48, 3, List.of(16, 24, 40), 3, 20), Precision.FP32);
        append(text, new Autoencoder(32, 48, 3, List.of(16, 24, 40), 3, 20), Precision.BF16);
        append(text, new Autoencoder(28, 28, 1, List.of(5, 12), 5, 7), Precision.FP32);
        append(text, new Autoencoder(28, 28, 1, List.of(5, 12), 5, 7), Precision.TF32);
        append(text, new Autoencoder(16, 16, 2, List.of(8, 32), 5, 64), Precision.TF32);
        append(text, new Autoencoder(8, 8, 1, List.of(4), 1, 3), Precision.FP32);
        for (Precision precision : Precision.values()) {
            append(text, new UNet(64, 64, 1, List.of(32, 64, 128), List.of(1, 1, 2), true, true), precision);
        }
        Files.createDirectories(Path.of("target"));
        Files.writeString(Path.of("target/kernel-table.txt"), text);
        assertEquals(Files.readString(TABLE), text.toString(), "if that is well, commit target/kernel-table.txt");
    }

    private static void append(StringBuilder text, Autoencoder network, Precision precision) {
        append(
                text,
                network,
                "kernels " + network.kernelSize() + "x" + network.kernelSize() + ", latent "
                        + network.latentDimension(),
                network.filters(),
                precision);
    }

    private static void append(StringBuilder text, UNet network, Precision precision) {
        append(text, network, "a U-Net with blocks " + network.blocks(), network.filters(), precision);
    }

    private static void append(
            StringBuilder text, Architecture architecture, String kind, List<Integer> filters, Precision precision) {
        text.append(String.format(
                Locale.ROOT,
                "%n%dx%dx%d, filters %s, %s, in %s%n",
                architecture.height(),
                architecture.width(),
                architecture.channels(),
                filters,
                kind,
                precision));
        Network network = architecture.network();
        for (Layer layer : network.layers()) {
            ConvolutionGeometry geometry = layer.geometry();
            LayerKernels kernels = LayerKernels.of(
                    layer, network.maker(layer.input()), layer.output().equals(network.output()), precision);
            text.append(String.format(
                    Locale.ROOT,
                    "  %s: %s %dx%d/%d, %dx%dx%d to %dx%dx%d%n    forward          %s%n",
                    layer.name(),
                    layer.operation().name().toLowerCase(Locale.ROOT).replace('_', ' '),
                    geometry.kernelSize(),
                    geometry.kernelSize(),
                    geometry.stride(),
                    layer.inputHeight(),
                    layer.inputWidth(),
                    layer.inputChannels(),
                    layer.outputHeight(),
                    layer.outputWidth(),
                    layer.outputChannels(),
                    kernels.forward().entry()));
            if (kernels.bothGradients().isPresent()) {
                text.append("    both gradients   ")
                        .append(entry(kernels.bothGradients()))
                        .append('\n');
            } else {
                text.append("    data gradient    ")
                        .append(entry(kernels.dataGradient()))
                        .append("\n    weight gradient  ")
                        .append(kernels.weightGradient().entry())
                        .append('\n');
            }
        }
    }

    private static String entry(Optional<LayerKernel> kernel) {
        return kernel.map(LayerKernel::entry).orElse("-");
    }
}
