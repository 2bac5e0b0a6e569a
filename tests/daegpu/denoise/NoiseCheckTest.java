package daegpu.denoise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.Depth;
import daegpu.data.Photo;
import daegpu.data.Pixels;
import daegpu.data.ValueRange;
import daegpu.noise.Noise;
import daegpu.noise.Noise.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Results that are as they should be, of any noise, and results that are not. */
class NoiseCheckTest {

    private static final Noise DIGITS = Noise.gaussian(0.5f, 0.5f);
    private static final Noise PHOTOS = Kind.GAUSSIAN.pictureNoise();

    private static boolean passes(Noise trained, Photo noisy, Photo denoised) {
        NoiseCheck check = new NoiseCheck(trained, Strength.FULL);
        check.add(noisy, denoised);
        return check.isPassed();
    }

    /** A handful of pixels may be dark by chance. */
    @Test
    void fewPixelsTellNothing() {
        Photo digit = picture(28, 28, 1);
        assertTrue(passes(PHOTOS, digit, scaled(digit, 0)));
        Photo more = picture(32, 32, 1);
        assertFalse(passes(PHOTOS, more, scaled(more, 0)));
    }

    /** Bright and dark areas, and details in them. */
    private static Photo picture(int height, int width, int channels) {
        Random random = Seeds.random(height * 31 + width);
        float[] values = new float[height * width * channels];
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                for (int channel = 0; channel < channels; channel++) {
                    double large = 0.5 + 0.4 * Math.sin(7.0 * x / width + channel) * Math.cos(5.0 * y / height);
                    values[(y * width + x) * channels + channel] =
                            (float) Math.max(0, Math.min(1, large + 0.05 * random.nextGaussian()));
                }
            }
        }
        return photo(height, width, channels, values);
    }

    private static Photo photo(int height, int width, int channels, float[] values) {
        return new Photo(height, width, channels, values, null, Depth.BITS_8, "png");
    }

    private static Photo flat(float value) {
        return picture(60, 90, 1).withValues(1, constant(60 * 90, value));
    }

    private static float[] constant(int count, float value) {
        float[] values = new float[count];
        Arrays.fill(values, value);
        return values;
    }

    private static Photo scaled(Photo photo, float factor) {
        float[] values = photo.values().clone();
        for (int i = 0; i < values.length; i++) {
            values[i] *= factor;
        }
        return photo.withValues(photo.channels(), values);
    }

    static List<Noise> noises() {
        List<Noise> noises = new ArrayList<>(List.of(DIGITS, PHOTOS, Noise.gaussian(0.5f, 0.25f)));
        noises.add(new Noise(0.5f, 0.25f, 1, false));
        for (Kind kind : Kind.values()) {
            noises.add(kind.defaultNoise());
            noises.add(kind.pictureNoise());
        }
        return noises;
    }

    @ParameterizedTest
    @MethodSource("noises")
    void cleanVersionsOfNoisyPicturesPass(Noise noise) {
        for (int[] size : new int[][] {{60, 90, 1}, {28, 28, 1}, {9, 7, 3}, {700, 40, 3}}) {
            Photo clean = picture(size[0], size[1], size[2]);
            assertTrue(passes(noise, PictureNoise.add(noise, 3, clean), clean), noise + " on " + size[0]);
        }
        for (float value : new float[] {0, 0.01f, 0.99f, 1}) {
            assertTrue(passes(noise, PictureNoise.add(noise, 3, flat(value)), flat(value)), noise + " on " + value);
        }
    }

    /** A hot pixel of a camera may be a thousand times as bright as all others, and stay that. */
    @Test
    void floatsFarOutsideOfTheRangeTellNothing() {
        Photo grey = picture(60, 90, 1);
        Photo clean = new Photo(60, 90, 1, grey.values(), null, Depth.BITS_16, "tiff", new ValueRange(3, 4));
        Photo noisy = PictureNoise.add(PHOTOS, 3, clean);
        noisy.values()[1234] = 1e5f;
        clean.values()[1234] = 3e4f;
        assertTrue(passes(PHOTOS, noisy, clean));
        assertFalse(passes(PHOTOS, noisy, scaled(clean, 0)));
    }

    /** Whatever noise a model knows: what it leaves as it was is not spoilt. */
    @ParameterizedTest
    @MethodSource("noises")
    void whatStaysAsItWasPasses(Noise noise) {
        for (Photo photo : List.of(picture(60, 90, 3), flat(0), flat(0.02f), flat(0.98f), flat(1))) {
            assertTrue(passes(noise, photo, photo), noise::toString);
        }
    }

    @ParameterizedTest
    @EnumSource(Kind.class)
    void whatGetsMuchDarkerDoesNotPass(Kind kind) {
        Photo clean = picture(60, 90, 1);
        assertFalse(passes(kind.pictureNoise(), clean, scaled(clean, 0.5f)), kind::toString);
        assertFalse(passes(kind.defaultNoise(), clean, scaled(clean, 0)), kind::toString);
    }

    /** The mean of black with this noise is grey, but grey is not noisy; and a picture has no two areas alike. */
    @Test
    void noiseThatWouldExplainTheMeanMustBeThere() {
        assertFalse(passes(DIGITS, flat(0.5f), flat(0)));
        assertFalse(passes(DIGITS, picture(60, 90, 3), scaled(picture(60, 90, 3), 0)));
        assertTrue(passes(DIGITS, PictureNoise.add(DIGITS, 3, flat(0)), flat(0)));
        Photo weaker = PictureNoise.add(Noise.gaussian(0.5f, 0.25f), 3, flat(0));
        assertTrue(passes(DIGITS, weaker, flat(0)), "half of the level is still such noise");
    }

    @Test
    void areasThatChangePlacesDoNotPass() {
        Photo halves = picture(64, 64, 1);
        float[] left = new float[64 * 64];
        float[] right = new float[64 * 64];
        for (int i = 0; i < left.length; i++) {
            left[i] = i % 64 < 32 ? 1 : 0;
            right[i] = 1 - left[i];
        }
        assertFalse(passes(PHOTOS, halves.withValues(1, left), halves.withValues(1, right)));
    }

    @Test
    void countsAllPicturesOfAFileAndSaysHowBrightTheyAre() {
        NoiseCheck check = new NoiseCheck(PHOTOS, Strength.FULL);
        assertTrue(check.isPassed(), "nothing was added");
        check.add(flat(0.25f), flat(0.25f));
        assertTrue(check.isPassed());
        check.add(flat(0.75f), flat(0.25f));
        assertEquals(0.5, check.before(), 1e-6);
        assertEquals(0.25, check.after(), 1e-6);
        assertFalse(check.isPassed());
        assertTrue(check.ofAnotherFile().isPassed());
    }

    /** A result that was blended with what went in is judged by what the network did. */
    @Test
    void strengthDoesNotMatterUnlessItIsNone() {
        Photo clean = picture(60, 90, 1);
        for (float value : new float[] {0, 0.1f, 0.5f, 1}) {
            Strength strength = new Strength(value);
            float[] blended = scaled(clean, 0.4f).values();
            strength.apply(clean.values(), blended.length, blended);
            NoiseCheck check = new NoiseCheck(PHOTOS, strength);
            check.add(clean, clean.withValues(1, blended));
            assertEquals(value == 0, check.isPassed(), () -> "strength " + value);
        }
    }

    @Test
    void watchingRowsGivesTheSame() {
        for (int[] size : new int[][] {{60, 90, 1}, {1100, 20, 3}, {1, 1, 1}, {5, 1, 3}}) {
            Photo noisy = picture(size[0], size[1], size[2]);
            Photo denoised = scaled(noisy, 0.6f);
            NoiseCheck whole = new NoiseCheck(DIGITS, Strength.FULL);
            whole.add(noisy, denoised);
            NoiseCheck rows = new NoiseCheck(DIGITS, Strength.FULL);
            Pixels watched = rows.watch(noisy, denoised);
            float[] read = watched.values();
            assertArrayEquals(denoised.values(), read);
            assertEquals(whole.isPassed(), rows.isPassed());
            assertEquals(whole.before(), rows.before());
            assertEquals(whole.after(), rows.after());
        }
    }
}
