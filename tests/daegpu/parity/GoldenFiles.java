package daegpu.parity;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.InspectableEngine;
import daegpu.engine.Precision;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What Keras computed, and how far an engine may be from it: within the bounds of {@link Tolerance}, but for the
 * tensors that are named here.
 *
 * <p>Keras computed in fp32. What is rounded to TF32 or bf16 opens or closes a ReLU now and then, and the gradients
 * that pass through it are then off by some hundredths of the largest. Adam divides each element by its own length, so
 * where a gradient is itself some hundredths of the largest, or of the order of Adam's ε, its update is off by the same
 * part of a step, or goes the other way. Each bound is a tenth over what was seen with the emulated device, and in bf16
 * with the reference engine and with oneDNN, which agree on all of them.
 */
public final class GoldenFiles {

    private static final Path FOLDER = Path.of("tests/golden");

    /** The bounds of the reference and of the cpu engine, which round alike. */
    private static final String BF16_ON_PROCESSORS = """
            kernel3_6x10x3 after1.expand.bias 6.7e-2
            kernel3_6x10x3 after5.conv1.kernel 1.1e-1
            kernel3_6x10x3 after5.latent.kernel 1.1e-1
            kernel3_6x10x3 after5.latent.bias 1.2e-1
            kernel3_6x10x3 after5.expand.kernel 7.5e-2
            kernel3_6x10x3 after5.expand.bias 8.7e-2
            seed gradient.conv1.kernel 5.3e-2
            seed gradient.conv1.bias 4.6e-2
            seed gradient.conv2.kernel 6.8e-2
            seed gradient.conv2.bias 5.4e-2
            seed gradient.latent.kernel 2.7e-2
            seed gradient.latent.bias 2.4e-2
            seed gradient.expand.kernel 5.4e-2
            seed gradient.expand.bias 4.8e-2
            seed gradient.deconv1.kernel 4.6e-2
            seed after1.conv1.kernel 1.8e-1
            seed after1.conv1.bias 2.1e-1
            seed after1.conv2.kernel 6.3e-2
            seed after1.conv2.bias 2.2e-1
            seed after1.latent.bias 1.4e-1
            seed after1.expand.bias 1.8e-1
            seed after1.deconv1.kernel 7.7e-2
            seed after5.conv1.kernel 1.1e-1
            seed after5.conv1.bias 7.7e-2
            seed after5.conv2.bias 8.7e-2
            seed after5.expand.bias 8.1e-2
            seed after5.deconv1.kernel 6.1e-2
            seed after5.deconv2.bias 1.1e-1
            tiny gradient.conv2.bias 2.7e-2
            tiny gradient.latent.kernel 3.1e-2
            tiny gradient.latent.bias 2.6e-2
            tiny gradient.expand.kernel 4.4e-2
            tiny gradient.expand.bias 4.7e-2
            tiny gradient.deconv1.kernel 4.7e-2
            tiny after1.conv1.kernel 3.1e-1
            tiny after1.conv2.kernel 2.4e-1
            tiny after1.latent.kernel 1.8e-1
            tiny after1.expand.kernel 3.5e-1
            tiny after1.expand.bias 1.7
            tiny after1.deconv1.kernel 7.6e-2
            tiny after5.conv1.kernel 1.3e-1
            tiny after5.conv2.kernel 1.4e-1
            tiny after5.latent.kernel 9.4e-2
            tiny after5.expand.kernel 1.3e-1
            tiny after5.expand.bias 4.2e-1
            tiny after5.deconv1.kernel 7.5e-2
            unet-color gradient.down1_0.kernel 2.7e-2
            unet-color gradient.down2_0.kernel 3.4e-2
            unet-grey gradient.down1_0.kernel 3.3e-2
            unet-grey gradient.down1_0.bias 2.8e-2
            unet-grey gradient.down2_0.kernel 2.0e-1
            unet-grey gradient.down2_0.bias 1.8e-1
            unet-grey gradient.down2_1.kernel 5.4e-2
            unet-grey gradient.down2_1.bias 4.6e-2
            unet-grey gradient.down3_0.kernel 5.5e-2
            unet-grey gradient.down3_0.bias 4.6e-2
            unet-grey gradient.down3_1.kernel 3.4e-2
            unet-grey gradient.down3_1.bias 2.9e-2
            unet-grey gradient.down3_2.bias 2.8e-2
            unet-grey gradient.up2_0.kernel 2.8e-2
            unet-grey gradient.up2_0.bias 2.5e-2
            unet-grey gradient.up2_1.kernel 6.6e-2
            unet-grey gradient.up2_1.bias 5.3e-2
            """;

    private static final String TF32_BY_CUDNN = """
            seed gradient.conv2.kernel 7.0e-2
            seed gradient.conv2.bias 5.2e-2
            seed gradient.expand.kernel 2.6e-2
            seed gradient.expand.bias 2.4e-2
            seed gradient.deconv1.kernel 4.8e-2
            seed after1.conv1.kernel 6.9e-2
            seed after1.conv1.bias 7.4e-2
            seed after1.latent.bias 7.3e-2
            seed after1.expand.bias 9.0e-2
            seed after5.conv1.kernel 6.4e-2
            seed after5.conv2.bias 8.0e-2
            seed after5.expand.bias 6.7e-2
            unet-color after5.down1_0.kernel 1.4e-1
            unet-color after5.down2_0.kernel 6.0e-2
            unet-color average5.down1_0.kernel 1.3e-1
            unet-color average5.down2_0.kernel 6.1e-2
            unet-grey after5.down2_0.kernel 1.3e-1
            unet-grey after5.down2_1.kernel 7.8e-2
            unet-grey after5.down3_0.kernel 6.4e-2
            unet-grey after5.down3_1.kernel 9.2e-2
            unet-grey after5.down3_1.bias 8.9e-2
            unet-grey after5.down3_2.kernel 6.1e-2
            unet-grey after5.down3_2.bias 6.4e-2
            """;

    private static final String TF32_BY_OUR_KERNELS = """
            seed gradient.conv2.kernel 6.9e-2
            seed gradient.conv2.bias 5.2e-2
            seed gradient.deconv1.kernel 3.9e-2
            seed after1.expand.bias 6.5e-2
            seed after5.conv1.bias 5.8e-2
            unet-grey after5.down3_2.bias 5.7e-2
            """;

    private static final String BF16_BY_OUR_KERNELS = """
            seed gradient.conv1.kernel 5.8e-2
            seed gradient.conv1.bias 4.7e-2
            seed gradient.conv2.kernel 7.2e-2
            seed gradient.conv2.bias 5.2e-2
            seed gradient.expand.kernel 3.5e-2
            seed gradient.expand.bias 4.0e-2
            seed gradient.deconv1.kernel 5.6e-2
            seed after1.conv1.kernel 1.5e-1
            seed after1.conv1.bias 8.6e-2
            seed after1.conv2.bias 2.4e-1
            seed after1.expand.bias 1.6e-1
            seed after1.deconv1.kernel 6.6e-2
            seed after5.conv1.kernel 1.7e-1
            seed after5.conv1.bias 1.4e-1
            seed after5.conv2.bias 2.6e-1
            seed after5.expand.bias 7.8e-2
            seed after5.deconv2.bias 1.1e-1
            unet-color gradient.down2_1.kernel 2.5e-2
            unet-grey gradient.down2_0.kernel 6.0e-2
            unet-grey gradient.down2_0.bias 6.8e-2
            unet-grey gradient.down2_1.kernel 5.7e-2
            unet-grey gradient.down2_1.bias 5.0e-2
            unet-grey gradient.down3_0.kernel 4.7e-2
            unet-grey gradient.down3_0.bias 3.0e-2
            unet-grey gradient.down3_1.kernel 3.5e-2
            unet-grey gradient.down3_1.bias 3.1e-2
            unet-grey gradient.up2_0.kernel 3.4e-2
            unet-grey gradient.up2_1.kernel 6.2e-2
            unet-grey gradient.up2_1.bias 5.2e-2
            """;

    private GoldenFiles() {}

    /** Every file of recorded values. */
    public static List<Path> all() {
        try (Stream<Path> files = Files.list(FOLDER)) {
            List<Path> recorded = files.filter(file -> file.toString().endsWith(".safetensors"))
                    .sorted()
                    .toList();
            assertEquals(9, recorded.size());
            return recorded;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The bounds for one of the files. */
    public static Tolerance tolerance(EngineName engine, EngineOptions options, Path golden) {
        Tolerance bounds = Tolerance.of(engine, options.precision());
        if (options.precision() == Precision.FP32) {
            return bounds;
        }
        String table = BF16_ON_PROCESSORS;
        if (engine == EngineName.CUDA) {
            boolean isTf32 = options.precision() == Precision.TF32;
            table = !isTf32
                    ? BF16_BY_OUR_KERNELS
                    : options.convolutions() == Convolutions.CUDNN ? TF32_BY_CUDNN : TF32_BY_OUR_KERNELS;
        }
        Map<String, Double> named = new HashMap<>();
        table.lines().map(line -> line.split(" ")).forEach(line -> {
            if (golden.endsWith(line[0] + ".safetensors")) {
                assertTrue(
                        line[1].matches("(gradient|after[15]|average5)\\..*"),
                        "only gradients and what follows from them");
                named.put(line[1], Double.valueOf(line[2]));
            }
        });
        return bounds.except(named);
    }

    /**
     * Replays one of the files.
     *
     * @param engine opened for it, by these options
     */
    public static void assertAgrees(Path golden, InspectableEngine engine, EngineName name, EngineOptions options) {
        Tolerance tolerance = tolerance(name, options, golden);
        List<Comparison> comparisons = Parity.replay(RecordedValues.read(golden), engine, tolerance);
        Set<String> compared = comparisons.stream().map(Comparison::name).collect(Collectors.toSet());
        assertTrue(compared.containsAll(tolerance.named().keySet()), "a bound is for nothing");
        assertAll(
                golden.toString(),
                comparisons.stream()
                        .filter(isComparable(golden, options))
                        .map(comparison -> () -> assertTrue(comparison.passed(), comparison::toString)));
    }

    /**
     * In bf16, gradients of the U-Nets, which have a ReLU in every layer, are off by up to a fifth, and their updates
     * have nothing to do with Keras's. They are compared with those of the reference engine, where another rounds the
     * same.
     */
    private static Predicate<Comparison> isComparable(Path golden, EngineOptions options) {
        boolean hasUpdates = options.precision() != Precision.BF16
                || !golden.getFileName().toString().startsWith("unet");
        return comparison -> hasUpdates || !comparison.name().matches("(after|average)[0-9].*");
    }
}
