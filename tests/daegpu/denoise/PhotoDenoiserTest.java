package daegpu.denoise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.Seeds;
import daegpu.data.Depth;
import daegpu.data.ImageFile;
import daegpu.data.Photo;
import daegpu.model.Autoencoder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

@ExtendWith(Seeds.class)
class PhotoDenoiserTest {

    /** Whatever the sizes, a network that returns its input gives back the pictures exactly, many at a time. */
    @Test
    void aNetworkThatChangesNothingGivesThePicturesBack() {
        Seeds.check(40, random -> {
            Autoencoder network = new Autoencoder(
                    2 + 2 * random.nextInt(9),
                    2 + 2 * random.nextInt(9),
                    random.nextBoolean() ? 1 : 3,
                    List.of(1),
                    3,
                    1);
            int overlap = random.nextInt(Math.min(network.height(), network.width()));
            PhotoDenoiser denoiser = new PhotoDenoiser(
                    network.network().input(),
                    (noisy, count, denoised) -> System.arraycopy(noisy, 0, denoised, 0, noisy.length),
                    overlap,
                    Strength.FULL);
            List<Photo> photos = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int channels = random.nextBoolean() ? 1 : 3;
                photos.add(photo(
                        1 + random.nextInt(70),
                        1 + random.nextInt(70),
                        channels,
                        random.nextBoolean() ? Depth.BITS_8 : Depth.BITS_16,
                        random));
            }
            List<Photo> result =
                    denoiser.denoise(photos.stream().map(denoiser::forNetwork).toList());
            for (int i = 0; i < photos.size(); i++) {
                Photo before = photos.get(i);
                Photo after = result.get(i).withChannels(before.channels());
                int largest = before.depth().white();
                assertArrayEquals(
                        numbers(before, largest), numbers(after, largest), "overlap " + overlap + ", " + network);
                assertSame(before.alpha(), after.alpha());
                assertArrayEquals(ImageFile.encode(before), ImageFile.encode(after));
            }
        });
    }

    private static int[] numbers(Photo photo, int largest) {
        int[] numbers = new int[photo.values().length];
        Arrays.setAll(numbers, i -> Math.round(photo.values()[i] * largest));
        return numbers;
    }

    private static Photo photo(int height, int width, int channels, Depth depth, Random random) {
        float[] values = new float[height * width * channels];
        int largest = depth.white();
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(largest + 1) / (float) largest;
        }
        float[] alpha = new float[height * width];
        Arrays.fill(alpha, 0.2f);
        return new Photo(height, width, channels, values, random.nextBoolean() ? alpha : null, depth, "png");
    }

    /** What a tile says changes smoothly into what its neighbour says, also where each says something else. */
    @Test
    void neighboursFadeIntoEachOther() {
        Autoencoder network = new Autoencoder(8, 8, 1, List.of(1), 3, 1);
        int[] tile = new int[1];
        PhotoDenoiser denoiser = new PhotoDenoiser(
                network.network().input(),
                (noisy, count, denoised) -> {
                    for (int t = 0; t < count; t++) {
                        Arrays.fill(denoised, t * 64, t * 64 + 64, tile[0]++);
                    }
                },
                4,
                Strength.FULL);
        float[] row = denoiser.denoise(List.of(photo(8, 12, 1, Depth.BITS_8, Seeds.random(2))))
                .get(0)
                .values();
        for (int x = 0; x < 12; x++) {
            double expected = x < 4 ? 0 : x >= 8 ? 1 : 0.5 - 0.5 * Math.cos(Math.PI * (x - 4 + 0.5) / 4);
            for (int y = 0; y < 8; y++) {
                assertEquals(expected, row[y * 12 + x], 1e-6);
            }
        }
    }

    /** More tiles than go through the network together, and no batch larger than that. */
    @Test
    void batchesAreLimited() {
        Autoencoder network = new Autoencoder(28, 28, 1, List.of(1), 3, 1);
        List<Integer> counts = new ArrayList<>();
        PhotoDenoiser denoiser = new PhotoDenoiser(
                network.network().input(), (noisy, count, denoised) -> counts.add(count), 0, Strength.FULL);
        denoiser.denoise(List.of(
                photo(28 * 30, 28 * 30, 1, Depth.BITS_8, Seeds.random(3)),
                photo(3, 3, 3, Depth.BITS_8, Seeds.random(4))));
        assertEquals(903, counts.stream().mapToInt(Integer::intValue).sum());
        assertTrue(counts.stream().allMatch(count -> count <= 500), counts.toString());
    }
}
