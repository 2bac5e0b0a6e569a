package daegpu.cli;

import daegpu.data.Depth;
import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.data.Photo;
import daegpu.data.PictureFolder;
import daegpu.data.PictureReader;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Fit;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InferenceEngine;
import daegpu.format.LatentVectors;
import daegpu.model.Network;
import daegpu.model.Tensor;
import daegpu.train.Checkpoint;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code encode}: images to latent vectors. */
@Command(
        name = "encode",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Writes the latent vector of each image: what the network keeps of it.",
            "Images are taken as they are, clean or noisy; decode makes images of the vectors. Tiles of a picture "
                    + "and the images of an IDX file are numbered: scan.png#1 and so on, tiles row by row.",
            "What cannot be used is named at the end; the rest is done, and the exit status is 3.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu encode digits scan.png --output latents.csv",
            "  dae-gpu encode digits scans/ more.idx3-ubyte --output latents.npy",
            "  dae-gpu encode digits photos/ --crop --output latents.csv"
        })
final class EncodeCommand implements Callable<Integer> {

    /** Values of the images that go through the network together, about: 1,000 of MNIST's. */
    private static final int CHUNK = 1000 * 28 * 28;

    @Spec
    private CommandSpec spec;

    @Mixin
    private ModelFile model;

    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "INPUT",
            description =
                    "Pictures (PNG, JPEG, TIFF, BMP, GIF or WebP), IDX files, or folders of pictures and of such folders; "
                            + "- is the standard input.")
    private List<Path> inputs;

    @Option(
            names = "--output",
            paramLabel = "FILE",
            required = true,
            description =
                    "The file to write: *.csv, a line for each image, its name first; or *.npy, 32-bit floats [images, "
                            + "values] for NumPy; - is the standard output, as CSV.")
    private Path output;

    @Option(names = "--overwrite", description = "Replace a file that is there already.")
    private boolean overwrite;

    @ArgGroup(validate = false, heading = PictureFitting.HEADING, order = 1)
    private PictureFitting fitting = new PictureFitting();

    @ArgGroup(validate = false, heading = "%nWhat computes:%n", order = 2)
    private EngineChoice engineChoice = new EngineChoice();

    private final List<String> failures = new ArrayList<>();
    private final List<String> remarks = new ArrayList<>();
    private final List<String> names = new ArrayList<>();
    /** The vectors of some images each. */
    private final List<float[]> latents = new ArrayList<>();
    /** Images that wait to go through the network together; {@link #waitingCount} of them are there. */
    private float[] waiting;

    private int waitingCount;
    /** Whether a picture was cut into tiles. */
    private boolean cut;

    /** A file to encode, and its name in the output: for a file in a folder, its path inside that. */
    private record InputFile(Path path, String name) {}

    private final StandardStreams streams = new StandardStreams();

    @Override
    public Integer call() throws IOException {
        return streams.call(this::run);
    }

    private int run() throws IOException {
        if (!StandardStreams.isStreamForOutput(output) && !LatentVectors.isFormat(output)) {
            throw new ParameterException(spec.commandLine(), "--output must end in .csv or .npy, not be " + output);
        }
        ModelFile.requireNone(inputs, spec);
        output = streams.output(output, spec.commandLine());
        Overwriting.requireAllowed(output, overwrite);
        Checkpoint checkpoint = model.read();
        Network network = checkpoint.options().network();
        int imageSize = network.input().size();
        int dimension = Bottleneck.of(network).size();
        Preparation preparation = fitting.preparation(network.input(), model.run());
        List<InputFile> files = files();
        waiting = new float[Math.max(1, CHUNK / imageSize) * imageSize];
        try (OpenedEngine<InferenceEngine> engine = engineChoice.open(network, 1);
                FileProgress progress = new FileProgress(spec.commandLine().getOut(), "files")) {
            engine.engine().load(checkpoint.state().weights());
            int started = 0;
            for (InputFile file : files) {
                try {
                    encode(engine.engine(), file.path(), file.name(), preparation);
                } catch (InvalidInputException e) {
                    failures.add(Remedies.message(e, spec));
                }
                started++;
                progress.progressed("encoding", started, files.size());
            }
            if (waitingCount > 0) {
                encodeWaiting(engine.engine());
            }
        }
        if (!names.isEmpty()) {
            FloatBuffer values = FloatBuffer.allocate(Math.multiplyExact(names.size(), dimension));
            latents.forEach(values::put);
            new LatentVectors(names, dimension, values.array()).write(output);
            streams.writeOut();
            spec.commandLine()
                    .getOut()
                    .println("Encoded " + names.size() + (names.size() == 1 ? " image" : " images") + " into "
                            + dimension + " values each: " + streams.named(output.toString()));
            if (cut && !fitting.isGiven()) {
                spec.commandLine()
                        .getOut()
                        .println("Pictures were cut into tiles, as for the model's training; --resize and"
                                + " --crop take each as one image.");
            }
        }
        for (String remark : remarks) {
            spec.commandLine().getOut().println(DaeGpu.oneLine(streams.named(remark)));
        }
        for (String failure : failures) {
            spec.commandLine().getErr().println(spec.qualifiedName() + ": " + DaeGpu.oneLine(streams.named(failure)));
        }
        return failures.isEmpty() ? ExitStatus.DONE : names.isEmpty() ? ExitStatus.BAD_INPUT : ExitStatus.DONE_IN_PART;
    }

    private List<InputFile> files() throws IOException {
        List<InputFile> files = new ArrayList<>();
        for (Path input : inputs) {
            if (Files.isDirectory(input)) {
                InputFiles.picturesIn(input, file -> true, failures)
                        .forEach(file -> files.add(new InputFile(file, PictureFolder.inside(input, file))));
            } else {
                boolean isStandardInput = input.equals(StandardStreams.DASH);
                files.add(new InputFile(
                        streams.read(input), isStandardInput ? "stdin" : String.valueOf(input.getFileName())));
            }
        }
        return files;
    }

    private void encode(InferenceEngine engine, Path file, String name, Preparation preparation) {
        Tensor image = engine.network().input();
        if (InputFiles.formatOf(file) == null) {
            ImageSet images = InputFiles.readIdx(file, image);
            encode(engine, name, true, images.count(), (first, count, values, at) -> {
                for (int i = 0; i < count; i++) {
                    images.scale(first + i, values, at + i * images.imageSize());
                }
            });
            return;
        }
        InputFiles.requirePicturesFit(file, image);
        Photo photo;
        try (PictureReader reader = PictureReader.open(file, preparation.range())) {
            photo = reader.photo(0).withChannels(preparation.channels());
            preparation.requireSize(reader.page(0), photo.height(), photo.width());
            reader.remarkOfFirst().ifPresent(remarks::add);
        }
        boolean tiles = preparation.fit() == Fit.TILES;
        cut |= tiles;
        Depth depth = photo.depth();
        long all = preparation.images(photo.height(), photo.width());
        encode(engine, name, tiles, all, (first, count, values, at) -> {
            byte[] pixels = new byte[count * image.size() * depth.bytes()];
            preparation.write(photo, first, count, depth, pixels, 0);
            depth.scale(pixels, 0, count * image.size(), values, at);
        });
    }

    /** The images of a file. */
    private interface FileImages {
        void write(int first, int count, float[] values, int at);
    }

    private void encode(InferenceEngine engine, String name, boolean numbered, long all, FileImages images) {
        int size = engine.network().input().size();
        for (long done = 0; done < all; ) {
            int count = (int) Math.min(all - done, waiting.length / size - waitingCount);
            images.write((int) done, count, waiting, waitingCount * size);
            for (int i = 0; i < count; i++) {
                names.add(numbered ? name + "#" + (done + i + 1) : name);
            }
            done += count;
            waitingCount += count;
            if (waitingCount * size == waiting.length) {
                encodeWaiting(engine);
            }
        }
    }

    private void encodeWaiting(InferenceEngine engine) {
        float[] values =
                new float[waitingCount * Bottleneck.of(engine.network()).size()];
        engine.encode(waiting, waitingCount, values);
        latents.add(values);
        waitingCount = 0;
    }
}
