package daegpu.train;

import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.engine.InferenceEngine;
import daegpu.metrics.PrincipalComponents;
import daegpu.preview.Chart;
import daegpu.preview.Chart.Curve;
import daegpu.preview.Lettering;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A map of images as an encoder sees them: where their latent vectors lie along the two directions in which they differ
 * most.
 */
public final class LatentMap {

    /** More points would hide each other. */
    private static final int MOST_IMAGES = 2000;

    private static final int LEAST_IMAGES = 3;
    private static final int SIZE = 640;

    private LatentMap() {}

    /**
     * Encodes images, the first 2,000 of them, without noise, and draws their latent vectors. Does nothing if there is
     * nothing to draw (fewer than three images, a latent dimension of 1, or latent vectors that are all the same), or
     * if there is no font.
     *
     * @param engine holds the weights
     * @param labels of the images, at least one for each; each label has its own colour
     * @param file PNG file to write
     * @throws IOException if it cannot be written
     */
    public static void write(InferenceEngine engine, ImageSet images, Optional<byte[]> labels, Path file)
            throws IOException {
        int count = Math.min(MOST_IMAGES, images.count());
        int dimension = engine.network().latent().orElseThrow().size();
        if (count < LEAST_IMAGES || dimension < 2 || Lettering.missing().isPresent()) {
            return;
        }
        float[] clean = new float[count * images.imageSize()];
        for (int i = 0; i < count; i++) {
            images.scale(i, clean, i * images.imageSize());
        }
        float[] latents = new float[count * dimension];
        engine.encode(clean, count, latents);
        PrincipalComponents components = PrincipalComponents.of(latents, count, dimension);
        if (components.variance()[0] > 0) {
            ImageFile.write(
                    file,
                    Chart.scatter(
                            SIZE,
                            SIZE,
                            "Latents of " + String.format(Locale.ROOT, "%,d", count) + " images",
                            axis(components, 0),
                            axis(components, 1),
                            groups(components, latents, count, labels)));
        }
    }

    private static String axis(PrincipalComponents components, int component) {
        return String.format(
                Locale.ROOT,
                "%s principal component (%.0f %% of the variance)",
                component == 0 ? "first" : "second",
                100 * components.share(component));
    }

    /** The points, those with the same label together. */
    static List<Curve> groups(PrincipalComponents components, float[] latents, int count, Optional<byte[]> labels) {
        int dimension = components.mean().length;
        Map<Integer, List<Integer>> members = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            members.computeIfAbsent(labels.isPresent() ? labels.get()[i] & 0xFF : 0, label -> new ArrayList<>())
                    .add(i);
        }
        return members.entrySet().stream()
                .map(group -> new Curve(
                        labels.isPresent() ? group.getKey().toString() : "images",
                        group.getValue().stream()
                                .mapToDouble(i -> components.project(latents, i * dimension, 0))
                                .toArray(),
                        group.getValue().stream()
                                .mapToDouble(i -> components.project(latents, i * dimension, 1))
                                .toArray()))
                .toList();
    }
}
