package daegpu.engine.cuda;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.UNet;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/** A network whose training step is counted. */
enum CountedNetwork {
    /** The default one. */
    AUTOENCODER(32),
    /** That of {@code --network unet}, on patches of 64×64 pixels. */
    UNET(1);

    private final int batch;

    CountedNetwork(int batch) {
        this.batch = batch;
    }

    Architecture architecture() {
        return switch (this) {
            case AUTOENCODER -> Autoencoder.MNIST;
            case UNET -> new UNet(64, 64, 1, List.of(32, 64, 128), List.of(1, 1, 2), true, true);
        };
    }

    /** Images in the step of which a page is committed: few, as one of a U-Net takes the emulated device a minute. */
    int batch() {
        return batch;
    }

    /** As the option names it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Images to train on; what is in them changes no counter. */
    ImageSet images(int count) {
        if (this == AUTOENCODER) {
            return EmbeddedMnist.training(count);
        }
        Architecture architecture = architecture();
        byte[] pixels = new byte[count * architecture.imageSize()];
        new Random(1).nextBytes(pixels);
        return new ImageSet(architecture.height(), architecture.width(), architecture.channels(), pixels);
    }
}
