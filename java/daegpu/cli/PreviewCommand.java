package daegpu.cli;

import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.data.ReadingListener;
import daegpu.data.ValidationSet;
import daegpu.denoise.ImageDenoiser;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InferenceEngine;
import daegpu.model.Network;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import daegpu.preview.ContactSheet;
import daegpu.preview.ContactSheet.Block;
import daegpu.preview.ModelPreview;
import daegpu.preview.NoWindowException;
import daegpu.train.Checkpoint;
import daegpu.train.SampleBlock;
import daegpu.train.TrainingOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code preview}: a model to play with. */
@Command(
        name = "preview",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Opens a window in which to try a model: with a slider for the noise, keys, and pictures that you drop on it.",
            "The key S saves what the window shows as preview-1.png, preview-2.png and so on in the working directory.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {"  dae-gpu preview digits", "  dae-gpu preview digits/last.safetensors --noise-std 1"})
final class PreviewCommand implements Callable<Integer> {

    private static final int SHEET_WIDTH = 800;
    private static final int MOST_IMAGES = 12;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFile model;

    @Mixin
    private ValidationImages data;

    @ArgGroup(
            validate = false,
            heading = "%nNoise to begin with (default: the strongest of the model's training):%n",
            order = 1)
    private NoiseOptions noise = new NoiseOptions();

    @ArgGroup(validate = false, heading = "%nWhat computes:%n", order = 2)
    private EngineChoice engineChoice = new EngineChoice();

    @Override
    public Integer call() {
        Checkpoint checkpoint = model.read();
        Network network = checkpoint.options().network();
        Tensor image = network.input();
        Noise chosen = noise(checkpoint.options());
        ValidationSet images = data.read(model, image, new PictureFitting(), MOST_IMAGES, ReadingListener.SILENT)
                .images();
        try (OpenedEngine<InferenceEngine> engine = engineChoice.open(network, 1)) {
            engine.engine().load(checkpoint.state().weights());
            int columns =
                    Math.min(images.count(), ContactSheet.columnsWithin(SHEET_WIDTH, image.height(), image.width()));
            new ModelPreview(
                            image.height(),
                            image.width(),
                            image.channels(),
                            strongest(chosen),
                            Path.of(""),
                            functions(
                                    engine.engine(),
                                    images,
                                    chosen,
                                    checkpoint.options().seed(),
                                    columns))
                    .run("dae-gpu preview " + model.name());
        } catch (NoWindowException e) {
            throw new InvalidInputException(e.getMessage() + "; evaluate and denoise write pictures without one", e);
        }
        return ExitStatus.DONE;
    }

    private Noise noise(TrainingOptions model) {
        try {
            return noise.noise(model);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private static ModelPreview.Model functions(
            InferenceEngine engine, ValidationSet images, Noise noise, long seed, int columns) {
        return new ModelPreview.Model() {
            @Override
            public Block corrupted(float level, long draw) {
                return SampleBlock.of(engine, images, at(noise, level), seed + draw, 0, columns);
            }

            @Override
            public String title(float level) {
                return NoiseText.title(at(noise, level));
            }

            @Override
            public Block denoised(Path picture) {
                ImageSet given = ImageFile.read(picture, images.height(), images.width(), images.channels())
                        .image();
                return new Block(List.of(row(given), row(ImageDenoiser.denoise(engine, given))));
            }
        };
    }

    /**
     * Noise of a model's kind at a place of the slider, where photons, and a level with its gain, stand as the
     * deviation that they give white.
     */
    private static Noise at(Noise trained, float level) {
        if (trained.kind().hasGain()) {
            float part = level / Math.max(strongest(trained), Float.MIN_NORMAL);
            float gain = part * part * trained.highestGain();
            return trained.withLevel(part * trained.highest())
                    .withGains(gain, gain)
                    .drawnOnce(false);
        }
        float own =
                switch (trained.kind().measure()) {
                    case STD -> level;
                    case AMOUNT -> Math.min(level, 1);
                    case PEAK -> Math.min(1 / (level * level), Noise.HIGHEST_PEAK);
                };
        return trained.withLevel(own).drawnOnce(false);
    }

    private static float strongest(Noise noise) {
        if (noise.isNone()) { // what the slider adds to pictures that are noisy already
            return Noise.STRONGEST_IN_PICTURES;
        }
        return switch (noise.kind().measure()) {
            case STD -> noise.kind().hasGain() ? noise.at(1).deviation(1) : noise.highest();
            case AMOUNT -> noise.highest();
            case PEAK -> (float) (1 / Math.sqrt(noise.lowest()));
        };
    }

    private static float[][] row(ImageSet image) {
        float[] values = new float[image.imageSize()];
        image.scale(0, values, 0);
        return new float[][] {values};
    }
}
