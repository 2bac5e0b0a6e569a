package daegpu.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import daegpu.metrics.NoiseEstimate;
import daegpu.noise.Noise;
import daegpu.train.BuiltInModel;
import java.io.PrintWriter;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.UnaryOperator;

/** What {@code evaluate} tells of the noise in pictures. */
final class NoiseReport {

    private final SeenNoise seen;
    /** A text with the names that users know. */
    private final UnaryOperator<String> named;

    NoiseReport(SeenNoise seen, UnaryOperator<String> named) {
        this.seen = seen;
        this.named = named;
    }

    /** A line for each picture, options to train by, and a model for them. */
    void print(PrintWriter out) {
        out.printf("%-8s %10s   %-14s %s%n", "std", "of 255", "size", "picture");
        for (SeenNoise.Picture picture : seen.pictures()) {
            out.printf(
                    Locale.ROOT,
                    "%-8s %10s   %-14s %s%s%n",
                    SeenNoise.number(picture.noise().std()),
                    SeenNoise.of255(picture.noise().std()),
                    picture.height() + "x" + picture.width() + (picture.channels() == 1 ? " grey" : " color"),
                    DaeGpu.oneLine(named.apply(picture.file().toString())),
                    SeenNoise.remark(picture.noise()));
        }
        out.println();
        if (seen.pictures().stream().anyMatch(picture -> !picture.noise().isReliable())) {
            out.println("Uncertain are pictures that have fine texture everywhere, so that they may have less\n"
                    + "noise, or noise that was smoothed, by JPEG or a camera, so that they may have more.");
        }
        Noise range = seen.range();
        if (isNone(range)) {
            out.println("There is hardly any noise.");
            return;
        }
        out.println("Such noise in a training: " + SeenNoise.options(range));
        models().forEach((model, stronger) -> {
            Noise trained = model.read().options().noise();
            out.printf(
                    Locale.ROOT,
                    "A model for it: %s, trained on %s%s%n",
                    model,
                    NoiseText.formula(trained),
                    stronger == 0
                            ? ""
                            : String.format(
                                    Locale.ROOT,
                                    "; %,d %s more noise than that",
                                    stronger,
                                    stronger == 1 ? "picture has" : "pictures have"));
        });
    }

    private static boolean isNone(Noise range) {
        return range.highest() == 0 && range.highestGain() == 0;
    }

    /** The models in the program that fit the pictures, and how many pictures have more noise than they can take. */
    private Map<BuiltInModel, Integer> models() {
        Map<BuiltInModel, Integer> models = new EnumMap<>(BuiltInModel.class);
        Map<BuiltInModel, Float> strongest = new EnumMap<>(BuiltInModel.class);
        for (SeenNoise.Picture picture : seen.pictures()) {
            BuiltInModel model = BuiltInModel.forPictures(picture.channels());
            float most = strongest.computeIfAbsent(
                    model, read -> read.read().options().noise().highest());
            models.merge(model, picture.noise().std() > most ? 1 : 0, Integer::sum);
        }
        return models;
    }

    /** @param leftOut what is wrong with each picture that was left out */
    String json(List<String> leftOut) throws JsonProcessingException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode root = mapper.createObjectNode();
        ArrayNode pictures = root.putArray("pictures");
        for (SeenNoise.Picture picture : seen.pictures()) {
            NoiseEstimate noise = picture.noise();
            ObjectNode node = pictures.addObject()
                    .put("file", named.apply(picture.file().toString()))
                    .put("height", picture.height())
                    .put("width", picture.width())
                    .put("channels", picture.channels())
                    .put("noise_std", noise.std())
                    .put("reliable", noise.isReliable())
                    .put("signal_dependent", noise.isSignalDependent());
            if (noise.isSignalDependent()) {
                node.put("gain", noise.gain()).put("black_std", noise.blackStd());
            }
            node.put("model", BuiltInModel.forPictures(picture.channels()).toString());
        }
        Noise range = seen.range();
        ObjectNode training =
                root.putObject("training").put("noise", range.kind().toString());
        if (range.kind().hasGain()) {
            training.put("noise-gain", range.gains());
        }
        training.put("noise-std", range.levels());
        leftOut.forEach(root.putArray("left_out")::add);
        return mapper.writerWithDefaultPrettyPrinter().writeValueAsString(root);
    }
}
