package daegpu.cli;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.parity.Comparison;
import daegpu.parity.Parity;
import daegpu.parity.RecordedValues;
import daegpu.parity.Tolerance;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ThreadLocalRandom;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code parity}: whether an engine computes what others compute. */
@Command(
        name = "parity",
        mixinStandardHelpOptions = true,
        description = {
            "Replays recorded values on an engine and compares every tensor.",
            "The values are activations, gradients, what updates add to parameters, and losses. Without a file, they "
                    + "are recorded from the reference engine, with a random network and real digits; if rounding opens "
                    + "a ReLU in one engine only, the next random network is taken.",
            "The exit status is 1 if a difference is larger than its bound.",
            ""
        },
        footerHeading = "%nExamples:%n",
        footer = {
            "  dae-gpu parity tests/golden/seed.safetensors --engine reference",
            "  dae-gpu parity --engine cpu --seed 7"
        })
final class ParityCommand implements Callable<Integer> {

    private static final int[] KERNEL_SIZES = {1, 3, 5, 7};
    private static final int STEPS = 5;
    private static final int MOST_NETWORKS = 20;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", arity = "0..*", description = "Recorded values (*.safetensors).")
    private List<Path> files = List.of();

    @ArgGroup(validate = false)
    private EngineChoice engineChoice = new EngineChoice();

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Decides the random network (default: a different one each time).")
    private Long seed;

    @Override
    public Integer call() {
        if (seed != null && !files.isEmpty()) {
            throw new ParameterException(
                    spec.commandLine(), "--seed decides the random network that is taken where there is no FILE");
        }
        boolean passed = true;
        if (files.isEmpty()) {
            passed = compareWithReference();
        }
        for (Path file : files) {
            RecordedValues recorded = RecordedValues.read(file);
            try (OpenedEngine<InspectableEngine> opened =
                    engineChoice.openToTrain(recorded.network(), recorded.rule(), recorded.batch())) {
                InspectableEngine engine = opened.engine();
                passed &= print(recorded, engine, Parity.replay(recorded, engine, tolerance(opened)));
            }
        }
        return passed ? ExitStatus.DONE : ExitStatus.PARITY_FAILED;
    }

    /** Takes the next network where rounding, and no error, makes the engines differ; a limited number of times. */
    private boolean compareWithReference() {
        long first = seed != null ? seed : ThreadLocalRandom.current().nextInt(1_000_000);
        for (long chosen = first; ; chosen++) {
            RandomNetwork network = new RandomNetwork(chosen);
            out().println(network);
            try (OpenedEngine<InspectableEngine> opened = engineChoice.openToTrain(
                            network.architecture.network(), LearningRule.DEFAULT, network.batch);
                    InspectableEngine reference = Engines.openToTrain(
                                    EngineName.REFERENCE,
                                    network.architecture.network(),
                                    LearningRule.DEFAULT,
                                    new EngineOptions(network.batch, referencePrecision(opened), 0))
                            .engine()) {
                InspectableEngine engine = opened.engine();
                RecordedValues recorded = network.record(reference);
                Tolerance tolerance = tolerance(opened);
                List<Comparison> comparisons = Parity.replay(recorded, engine, tolerance);
                if (comparisons.stream().allMatch(Comparison::passed)
                        || chosen == first + MOST_NETWORKS - 1
                        || !Parity.roundingOpensRelu(recorded, reference, engine, tolerance.values())) {
                    return print(recorded, engine, comparisons);
                }
                out().println("Rounding opens a ReLU of it on one engine only, so their gradients cannot "
                        + "agree; the next:");
            }
        }
    }

    /** On a GPU bf16 rounds elsewhere than on processors, so there fp32 is the measure, as for tf32. */
    private Precision referencePrecision(OpenedEngine<?> engine) {
        return engine.name() == EngineName.CUDA ? Precision.FP32 : engineChoice.precision;
    }

    private Tolerance tolerance(OpenedEngine<?> engine) {
        return Tolerance.of(engine.name(), engineChoice.precision);
    }

    /** Prints the table and whether all is within its bounds, which it returns. */
    private boolean print(RecordedValues recorded, InspectableEngine engine, List<Comparison> comparisons) {
        PrintWriter out = out();
        out.println(engine.description() + " against " + recorded.name());
        out.printf("%-28s %12s %12s %12s%n", "tensor", "absolute", "relative", "bound");
        for (Comparison comparison : comparisons) {
            out.printf(
                    Locale.ROOT,
                    "%-28s %12.2e %12.2e %12.0e %s%n",
                    comparison.name(),
                    comparison.absolute(),
                    comparison.relative(),
                    comparison.bound(),
                    comparison.passed() ? "ok" : "FAIL " + comparison.explanation());
        }
        long failures =
                comparisons.stream().filter(comparison -> !comparison.passed()).count();
        out.println(
                failures == 0
                        ? "PASS: all " + comparisons.size() + " tensors are within their bounds"
                        : "FAIL: " + failures + " of " + comparisons.size() + " tensors are not within their bounds");
        out.flush();
        return failures == 0;
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** A network and a batch of real digits under noise, decided by the seed alone. */
    private static final class RandomNetwork {

        private final long seed;
        private final int batch;
        private final ImageSet digits;
        private final Autoencoder architecture;

        RandomNetwork(long seed) {
            this.seed = seed;
            Random random = new Random(seed);
            List<Integer> filters = new ArrayList<>();
            for (int i = 0; i < 1 + random.nextInt(2); i++) {
                filters.add(1 + random.nextInt(48));
            }
            batch = 1 + random.nextInt(8);
            digits = EmbeddedMnist.test(batch);
            architecture = new Autoencoder(
                    digits.height(),
                    digits.width(),
                    digits.channels(),
                    filters,
                    KERNEL_SIZES[random.nextInt(KERNEL_SIZES.length)],
                    2 + random.nextInt(31));
        }

        RecordedValues record(InspectableEngine reference) {
            float[] clean = new float[batch * digits.imageSize()];
            float[] noisy = new float[clean.length];
            reference.corrupt(digits, Noise.gaussian(0.5f, 0.5f), seed, 0, 0, 0, batch, clean, noisy);
            return RecordedValues.record(
                    reference,
                    LearningRule.DEFAULT,
                    Initializer.glorotUniform(architecture.network(), seed),
                    new GivenBatch(clean, noisy, batch),
                    1e-3f,
                    STEPS);
        }

        @Override
        public String toString() {
            return "Random network: --seed " + seed + ", filters " + architecture.filters() + ", kernel size "
                    + architecture.kernelSize() + ", latent dimension " + architecture.latentDimension() + ", batch "
                    + batch;
        }
    }
}
