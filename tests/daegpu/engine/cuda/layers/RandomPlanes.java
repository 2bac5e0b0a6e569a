package daegpu.engine.cuda.layers;

import daegpu.Seeds;
import java.util.Random;

/** Planes for tests of kernels, and where a value is in them. */
public final class RandomPlanes {

    private RandomPlanes() {}

    /** Seeds of shapes. */
    public static int[] seeds() {
        return Seeds.random(11).ints(24, 0, 1_000_000).toArray();
    }

    /** Planes of one size, at random with or without a border, and with rows of any or of a round length. */
    public static Planes of(Random random, int channels, int height, int width) {
        int border = random.nextInt(2);
        int pitch = width + border;
        return switch (random.nextInt(3)) {
            case 0 -> Planes.packed(channels, height, width);
            case 1 -> new Planes(channels, height, width, border, (pitch + 3) / 4 * 4);
            default -> new Planes(channels, height, width, border, pitch);
        };
    }

    /** The value of a pixel of an image. */
    public static float at(float[] values, Planes planes, int image, int channel, int row, int column) {
        return values[(image * planes.channels() + channel) * planes.plane() + row * planes.pitch() + column];
    }
}
