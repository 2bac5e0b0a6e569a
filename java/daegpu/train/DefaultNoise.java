package daegpu.train;

import daegpu.data.ImageSource;
import daegpu.data.NoisyFiles;
import daegpu.model.Architecture;
import daegpu.model.UNet;
import daegpu.noise.Noise;
import daegpu.noise.Noise.Kind;
import java.nio.file.Path;

/**
 * What corrupts images where nobody says it. The noise of the first program of this kind, of mean 0.5, is for digits: a
 * model that was trained on it makes any picture darker. Pictures, and U-Nets, which are for them, have noise of mean
 * 0.
 */
public enum DefaultNoise {
    /** For MNIST, IDX files and grey images from memory. */
    DIGITS("MNIST and IDX files"),
    /** For pictures. */
    PICTURES("pictures"),
    /** For the images of a U-Net, whatever they are. */
    U_NET("a U-Net"),
    /** For pictures that are noisy already. */
    NOISY_PICTURES("pictures that are noisy already");

    private final String images;

    DefaultNoise(String images) {
        this.images = images;
    }

    /**
     * The defaults for a training.
     *
     * @param initFrom the model that it begins with, whose network then counts in place of {@code architecture}; or
     *     null
     * @throws daegpu.data.InvalidInputException if there is no such model
     */
    public static DefaultNoise of(ImageSource images, Architecture architecture, Path initFrom) {
        if (images instanceof NoisyFiles) {
            return NOISY_PICTURES;
        }
        Architecture network = initFrom == null
                ? architecture
                : Checkpoint.ofModel(initFrom).options().architecture();
        return images.arePictures() ? PICTURES : network instanceof UNet ? U_NET : DIGITS;
    }

    /** The defaults for noise of another kind than a model was trained on. */
    public static DefaultNoise of(TrainingOptions model) {
        Noise noise = model.noise();
        boolean moved = noise.kind().defaultMean() != 0 && noise.mean() == 0;
        return model.architecture() instanceof UNet ? U_NET : moved || !noise.clipped() ? PICTURES : DIGITS;
    }

    /** The default of a kind of noise. */
    public Noise of(Kind kind) {
        if (this == NOISY_PICTURES && kind == Kind.GAUSSIAN) {
            return Noise.NONE;
        }
        return this == DIGITS ? kind.defaultNoise() : kind.pictureNoise();
    }

    /** What it is for, in words. */
    @Override
    public String toString() {
        return images;
    }
}
