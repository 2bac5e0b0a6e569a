package daegpu.bench;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * The networks that are timed beside those of other programs, which {@code bench/peers} builds alike, and whose
 * training step is counted on the emulated device.
 */
public enum BenchmarkNetwork {
    /** The default network, for digits. */
    AUTOENCODER(32),
    /** {@code --network unet}, for grey patches of 64×64 pixels. */
    UNET(1);

    private final int countedBatch;

    BenchmarkNetwork(int countedBatch) {
        this.countedBatch = countedBatch;
    }

    /** The network. */
    public Architecture architecture() {
        return switch (this) {
            case AUTOENCODER -> Autoencoder.MNIST;
            case UNET -> new UNet(64, 64, 1, List.of(32, 64, 128), List.of(1, 1, 2), true, true);
        };
    }

    /** What corrupts its images. */
    public Noise noise() {
        return switch (this) {
            case AUTOENCODER -> Noise.gaussian(0.5f, 0.5f);
            case UNET -> Noise.gaussian(0, 25 / 255f).clipped(false);
        };
    }

    /** Images in the step of which a page is committed: few, as one of a U-Net takes the emulated device a minute. */
    public int countedBatch() {
        return countedBatch;
    }

    /** Images to count a step on; what is in them changes no counter. */
    public ImageSet countedImages(int count) {
        if (this == AUTOENCODER) {
            return EmbeddedMnist.training(count);
        }
        Architecture architecture = architecture();
        byte[] pixels = new byte[count * architecture.imageSize()];
        new Random(1).nextBytes(pixels);
        return new ImageSet(architecture.height(), architecture.width(), architecture.channels(), pixels);
    }

    /** As users write it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
