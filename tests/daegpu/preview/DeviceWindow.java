package daegpu.preview;

import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.ValidationSet;
import daegpu.engine.Convolutions;
import daegpu.engine.DeviceSamples;
import daegpu.engine.EngineOptions;
import daegpu.engine.LearningRule;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.CudaTrainingEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.preview.ContactSheet.Block;
import daegpu.train.SampleBlock;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import jcuda.driver.JCudaDriver;

/**
 * A program that shows samples in a window: first from this machine's memory, by which the window finds out whether
 * OpenGL runs on the device, and then others, from the device where it does. It writes what is then to be seen as a
 * picture, made in this machine's memory, prints whether the device's images are shared, and ends when its input does.
 */
public final class DeviceWindow {

    private static final int COUNT = 7;
    private static final int COLUMNS = 4;

    private DeviceWindow() {}

    /** Channels of the images, and the file to write. */
    public static void main(String[] arguments) throws IOException {
        int channels = Integer.parseInt(arguments[0]);
        Autoencoder architecture = new Autoencoder(12, 8, channels, List.of(2, 3), 3, 2);
        byte[] pixels = new byte[2 * COUNT * architecture.imageSize()];
        new Random(1).nextBytes(pixels);
        ImageSet images = new ImageSet(12, 8, channels, pixels);
        Noise before = Noise.gaussian(0.1f, 0.2f);
        Noise noise = Noise.gaussian(0.5f, 0.5f);
        try (CudaTrainingEngine engine = new CudaTrainingEngine(
                architecture.network(),
                LearningRule.DEFAULT,
                EngineOptions.fp32(1).withConvolutions(Convolutions.NATIVE))) {
            engine.load(TrainingState.initial(Initializer.glorotUniform(architecture.network(), 1)));
            DeviceSamples samples = engine.deviceSamples(COUNT, COLUMNS);
            TrainingPicture first = picture(architecture, blocks(engine, images, before, true), samples);
            TrainingPicture expected = picture(architecture, blocks(engine, images, noise, true), null);
            ImageFile.write(Path.of(arguments[1]), expected.draw());
            try (Window window = new Window(
                    "device window", expected.draw().getWidth(), expected.draw().getHeight(), new Window.Input() {})) {
                window.show(first.draw(), first);
                List<Block> places = blocks(engine, images, noise, false);
                samples.take(images, before, 1); // the other of two places in memory
                JCudaDriver.cuProfilerStart();
                samples.take(images, noise, 2);
                TrainingPicture second = samples.isShared() ? picture(architecture, places, samples) : expected;
                window.show(second.draw(), second);
                JCudaDriver.cuProfilerStop();
                System.out.println(samples.isShared());
                while (System.in.available() == 0 && window.waitForEvents(0.05)) {}
            }
        }
    }

    private static TrainingPicture picture(Autoencoder architecture, List<Block> blocks, DeviceSamples samples) {
        return new TrainingPicture(
                architecture.height(),
                architecture.width(),
                architecture.channels(),
                blocks,
                List.of(),
                List.of("Images"),
                samples);
    }

    private static List<Block> blocks(CudaTrainingEngine engine, ImageSet images, Noise noise, boolean withImages) {
        List<Block> blocks = new ArrayList<>();
        for (int from = 0; from < COUNT; from += COLUMNS) {
            int part = Math.min(COLUMNS, COUNT - from);
            Block block = SampleBlock.of(engine, ValidationSet.of(images), noise, 2, from, part);
            blocks.add(
                    withImages
                            ? block
                            : new Block(
                                    block.caption(), List.of(new float[part][], new float[part][], new float[part][])));
        }
        return blocks;
    }
}
