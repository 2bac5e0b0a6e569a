package daegpu.cli;

import daegpu.data.AtomicFile;
import daegpu.data.Depth;
import daegpu.data.IdxFile;
import daegpu.data.ImageFile;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InferenceEngine;
import daegpu.format.LatentVectors;
import daegpu.model.Network;
import daegpu.model.Tensor;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code decode}: latent vectors to images. */
@Command(
        name = "decode",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {"Makes an image of each latent vector, as encode writes them.", ""},
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu decode digits latents.csv --output pictures",
            "  dae-gpu decode digits latents.npy --output images.idx3-ubyte.gz"
        })
final class DecodeCommand implements Callable<Integer> {

    private static final int CHUNK = 1000;
    /** Characters of a name, of up to 3 bytes; file systems take 255 bytes. */
    private static final int LONGEST_NAME = 60;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFile model;

    @Parameters(
            index = "1",
            paramLabel = "LATENTS",
            description = "A file *.csv or *.npy, as encode writes it; - is the standard input.")
    private Path input;

    @Option(
            names = "--output",
            paramLabel = "PATH",
            required = true,
            description = "Where the images go: an IDX file (*-ubyte or *-ubyte.gz), or else a folder of PNG "
                    + "files, named as in the CSV or by number; - is the standard output, for one picture.")
    private Path output;

    @Option(names = "--overwrite", description = "Replace files that are there already.")
    private boolean overwrite;

    @ArgGroup(validate = false, heading = "%nWhat computes:%n")
    private EngineChoice engineChoice = new EngineChoice();

    private final StandardStreams streams = new StandardStreams();

    @Override
    public Integer call() throws IOException {
        return streams.call(this::run);
    }

    private int run() throws IOException {
        ModelFile.requireNone(List.of(input), spec);
        if (!StandardStreams.isStream(input) && !LatentVectors.isFormat(input)) {
            throw new ParameterException(spec.commandLine(), "LATENTS must end in .csv or .npy, not be " + input);
        }
        if (!Files.isDirectory(output) && !OutputName.saysFolder(spec)) {
            OutputName.requireFitting(output, spec, "a folder of pictures or an IDX file (*-ubyte)", "ubyte");
        }
        input = streams.read(input);
        boolean toStandardOutput = StandardStreams.isStreamForOutput(output);
        output = streams.output(output, spec.commandLine());
        boolean toIdx = output.toString().toLowerCase(Locale.ROOT).matches(".*ubyte(\\.gz)?");
        LatentVectors vectors = LatentVectors.read(input);
        Checkpoint checkpoint = model.read();
        Network network = checkpoint.options().network();
        int dimension = Bottleneck.of(network).size();
        if (vectors.dimension() != dimension) {
            throw new InvalidInputException(
                    input + " has vectors of " + vectors.dimension() + " values; the model's have " + dimension);
        }
        if (!toIdx && Files.exists(output) && !Files.isDirectory(output)) {
            throw new InvalidInputException(output + " is a file; pictures need a folder for --output");
        }
        if (toStandardOutput && vectors.count() != 1) {
            throw new InvalidInputException("one picture goes to a stream, and " + input + " has " + vectors.count()
                    + " vectors: name a folder or an IDX file");
        }
        Path[] targets = toIdx || toStandardOutput ? new Path[] {output} : targets(vectors);
        for (Path target : targets) {
            Overwriting.requireAllowed(target, overwrite);
        }
        ImageSet images;
        try (OpenedEngine<InferenceEngine> engine = engineChoice.open(network, 1)) {
            engine.engine().load(checkpoint.state().weights());
            images = decode(engine.engine(), vectors);
        }
        if (toIdx) {
            IdxFile.write(output, images);
        } else {
            if (!toStandardOutput) {
                Files.createDirectories(output);
            }
            for (int i = 0; i < targets.length; i++) {
                AtomicFile.write(targets[i], ImageFile.encode(images, i, "png"));
            }
        }
        streams.writeOut();
        spec.commandLine()
                .getOut()
                .println("Decoded " + images.count() + (images.count() == 1 ? " image" : " images") + " into "
                        + streams.named(output.toString()));
        return ExitStatus.DONE;
    }

    private static ImageSet decode(InferenceEngine engine, LatentVectors vectors) {
        Tensor image = engine.network().output();
        int size = image.size();
        byte[] pixels = new byte[Math.multiplyExact(vectors.count(), size)];
        for (int first = 0; first < vectors.count(); first += CHUNK) {
            int count = Math.min(CHUNK, vectors.count() - first);
            int from = first * vectors.dimension();
            float[] values = new float[count * size];
            engine.decode(
                    Arrays.copyOfRange(vectors.values(), from, from + count * vectors.dimension()), count, values);
            Depth.BITS_8.unscale(values, values.length, pixels, first * size);
        }
        return new ImageSet(image.height(), image.width(), image.channels(), pixels);
    }

    /**
     * A picture's file for each vector: its name without what cannot be in one, or its number. Where another has that
     * name, its number is added, as if it were too long.
     */
    private Path[] targets(LatentVectors vectors) {
        Set<Path> targets = new LinkedHashSet<>();
        for (int i = 0; i < vectors.count(); i++) {
            String number = String.format(Locale.ROOT, "%05d", i + 1);
            String name = vectors.names().isEmpty()
                    ? number
                    : vectors.names()
                            .get(i)
                            .replaceFirst("(?i)\\.(png|jpe?g|jpe|jfif|tiff?|bmp|dib|gif|webp)(?=(#\\d+)?$)", "")
                            .replaceAll("[^\\p{L}\\p{N}._#-]", "_");
            String beginning = name.substring(0, Math.min(name.length(), LONGEST_NAME));
            if (beginning.length() < name.length() || !targets.add(output.resolve(name + ".png"))) {
                while (!targets.add(output.resolve(beginning + "_" + number + ".png"))) {
                    number += "_";
                }
            }
        }
        return targets.toArray(Path[]::new);
    }
}
