package daegpu.bench;

import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import java.util.List;
import java.util.Locale;

/** The networks that are timed beside those of other programs, which {@code bench/peers} builds alike. */
enum TimedNetwork {
    /** The default network, for digits. */
    AUTOENCODER,
    /** {@code --network unet}, for grey patches of photographs. */
    UNET;

    Architecture architecture() {
        return switch (this) {
            case AUTOENCODER -> Autoencoder.MNIST;
            case UNET -> new UNet(64, 64, 1, List.of(32, 64, 128), List.of(1, 1, 2), true, true);
        };
    }

    /** What corrupts its images. */
    Noise noise() {
        return switch (this) {
            case AUTOENCODER -> Noise.gaussian(0.5f, 0.5f);
            case UNET -> Noise.gaussian(0, 25 / 255f).clipped(false);
        };
    }

    /** As users write it. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
