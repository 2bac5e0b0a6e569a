package daegpu.bench;

import daegpu.data.Depth;
import daegpu.data.Photo;
import daegpu.denoise.ModelEngines;
import daegpu.denoise.Strength;
import daegpu.denoise.WholePictureDenoiser;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.engine.Precision;
import daegpu.format.OnnxFile;
import daegpu.format.WeightsFile;
import daegpu.format.WeightsFile.Convention;
import daegpu.model.Architecture;
import daegpu.model.Initializer;
import daegpu.model.Parameters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Times how a U-Net with random weights denoises one square grey picture, and prints one line of JSON: median_step_ms
 * of a picture, and mean_square, the mean of the squares of what comes out, by which programs that compute the same can
 * be told. {@code bench/compare-with-peers} compares it with its peers, which take the weights from what
 * {@code --export} writes, and the same picture.
 */
@Command(name = "DenoisingThroughput", mixinStandardHelpOptions = true)
public final class DenoisingThroughput implements Callable<Integer> {

    @Option(names = "--engine", defaultValue = "cpu")
    private EngineName engine;

    @Option(names = "--precision", defaultValue = "fp32")
    private Precision precision;

    @Option(names = "--threads", defaultValue = "0")
    private int threads;

    @Option(names = "--side", defaultValue = "512", description = "Rows and columns of the picture.")
    private int side;

    @Option(names = "--steps", defaultValue = "20", description = "How often to time it.")
    private int steps;

    @Option(names = "--warm-up", defaultValue = "10", description = "How often to denoise it before that.")
    private int warmUp;

    @Option(names = "--whole", description = "In one piece, and not in tiles as the command denoise does it.")
    private boolean whole;

    @Option(
            names = "--export",
            description = "Write the network into this folder, as unet.onnx and unet.safetensors, and time nothing.")
    private Path export;

    public static void main(String[] arguments) {
        System.exit(new CommandLine(new DenoisingThroughput()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        Architecture architecture = BenchmarkNetwork.UNET.architecture().sizedFor(side, side, 1);
        // Not as training begins: there, what comes out is what goes in.
        Parameters parameters = Initializer.heNormal(architecture.network(), 1);
        if (export != null) {
            Files.createDirectories(export);
            OnnxFile.write(export.resolve("unet.onnx"), parameters, "bench");
            WeightsFile.write(export.resolve("unet.safetensors"), parameters, Convention.PYTORCH, Map.of());
            return 0;
        }
        float[] picture = picture(side);
        ModelEngines engines = new ModelEngines(
                Engines.choose(engine, new EngineOptions(1, precision, threads)),
                new EngineOptions(1, precision, threads),
                parameters);
        if (whole) {
            float[] denoised = new float[picture.length];
            try (InferenceEngine opened = engines.open(architecture.network(), engines.together())) {
                time(engines, () -> {
                    opened.denoise(picture, 1, denoised);
                    return denoised;
                });
            }
        } else {
            List<Photo> photos = List.of(new Photo(side, side, 1, picture, null, Depth.BITS_8, "png"));
            try (WholePictureDenoiser denoiser = new WholePictureDenoiser(
                    architecture, engines, Strength.FULL, WholePictureDenoiser.defaultMemory())) {
                time(engines, () -> denoiser.denoise(photos).get(0).values());
            }
        }
        return 0;
    }

    /** The picture that all programs denoise: in row r and column c, (31 r + 17 c) modulo 256, divided by 255. */
    private static float[] picture(int side) {
        float[] values = new float[side * side];
        for (int row = 0; row < side; row++) {
            for (int column = 0; column < side; column++) {
                values[row * side + column] = (31 * row + 17 * column) % 256 / 255f;
            }
        }
        return values;
    }

    private interface Denoised {
        float[] values();
    }

    private void time(ModelEngines engines, Denoised denoised) {
        double[] milliseconds = new double[steps];
        float[] values = {};
        for (int step = -warmUp; step < steps; step++) {
            long start = System.nanoTime();
            values = denoised.values();
            if (step >= 0) {
                milliseconds[step] = (System.nanoTime() - start) / 1e6;
            }
        }
        double sum = 0;
        for (float value : values) {
            sum += (double) value * value;
        }
        Arrays.sort(milliseconds);
        System.out.printf(
                Locale.ROOT,
                "{\"framework\": \"dae-gpu %s%s\", \"batch\": 1, \"median_step_ms\": %.3f, \"mean_square\": %.6g}%n",
                engines.description().replaceFirst(": .*", ""), // without why it was chosen
                whole ? ", in one piece" : "",
                milliseconds[steps / 2],
                sum / values.length);
    }
}
