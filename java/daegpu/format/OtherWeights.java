package daegpu.format;

import daegpu.data.FileKind;
import daegpu.data.InvalidInputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.ZipFile;

/** Files of weights that are not safetensors files, and how to make one of each. */
public final class OtherWeights {

    private static final String OF_KERAS = "holds weights as Keras saves them; in Python, with model ="
            + " keras.models.load_model(…), safetensors.numpy.save_file({v.path: v.numpy() for v in model.weights},"
            + " \"weights.safetensors\") writes the file to import";

    private static final String OF_PYTORCH = "holds weights as PyTorch saves them; in Python,"
            + " safetensors.torch.save_file(torch.load(…, map_location=\"cpu\"), \"weights.safetensors\")"
            + " writes the file to import (of a whole model, its state_dict())";

    private static final String OF_ONNX =
            "is an ONNX file; import takes weights as a safetensors file, from the program that trained them";

    private static final String OF_NUMPY = "holds arrays as NumPy saves them; in Python,"
            + " safetensors.numpy.save_file(dict(numpy.load(…)), \"weights.safetensors\") writes the file to import";

    private static final String OF_TENSORFLOW = "is a model as TensorFlow saves it; in Python, with model ="
            + " tf.keras.models.load_model(…), safetensors.numpy.save_file({v.name: v.numpy() for v in model.weights},"
            + " \"weights.safetensors\") writes the file to import";

    private OtherWeights() {}

    /**
     * Refuses what is known not to be a safetensors file; what is not there, or cannot be read, is left to others.
     *
     * @throws InvalidInputException if it is a file of weights of another kind; the message says how to convert it
     */
    public static void refuse(Path file) {
        kind(file).ifPresent(kind -> {
            throw new InvalidInputException(file + " " + kind);
        });
    }

    private static Optional<String> kind(Path file) {
        if (Files.isDirectory(file)) {
            return Files.exists(file.resolve("saved_model.pb")) ? Optional.of(OF_TENSORFLOW) : Optional.empty();
        }
        if (!Files.isRegularFile(file)) {
            return Optional.empty();
        }
        byte[] bytes;
        try {
            bytes = FileKind.start(file);
        } catch (IOException e) {
            return Optional.empty();
        }
        String start = new String(bytes, StandardCharsets.ISO_8859_1);
        if (Safetensors.isBegunBy(bytes)) {
            return Optional.empty();
        }
        String name = file.toString().toLowerCase(Locale.ROOT);
        if (start.startsWith("\u0089HDF")) {
            return Optional.of(OF_KERAS);
        }
        if (start.startsWith("PK\u0003\u0004")) {
            return inZip(file);
        }
        // A pickle of protocol 2 and later, and what PyTorch wrote before it took zip archives.
        if (start.matches("(?s)\u0080[\u0002-\u0005].*")) {
            return Optional.of(OF_PYTORCH);
        }
        if (name.endsWith(".onnx")) {
            return Optional.of(OF_ONNX);
        }
        return name.matches(".*(\\.ckpt|\\.index|\\.data-\\d+-of-\\d+|\\.pb)")
                ? Optional.of(OF_TENSORFLOW)
                : FileKind.instead(bytes, "a safetensors file");
    }

    private static Optional<String> inZip(Path file) {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            boolean[] found = new boolean[3];
            zip.stream().limit(10_000).forEach(entry -> {
                found[0] |= entry.getName().endsWith(".h5");
                found[1] |= entry.getName().endsWith("data.pkl");
                found[2] |= entry.getName().endsWith(".npy");
            });
            return found[0]
                    ? Optional.of(OF_KERAS)
                    : found[1]
                            ? Optional.of(OF_PYTORCH)
                            : found[2]
                                    ? Optional.of(OF_NUMPY)
                                    : Optional.of("is a zip archive, not a safetensors file: unpack it first");
        } catch (IOException e) {
            return Optional.of("is a zip archive, not a safetensors file, and damaged");
        }
    }
}
