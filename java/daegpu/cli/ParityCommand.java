package daegpu.cli;

import daegpu.data.EmbeddedMnist;
import daegpu.data.ImageSet;
import daegpu.engine.Engine;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.model.Architecture;
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
@Command(name = "parity", mixinStandardHelpOptions = true,
        description = {"Replays recorded values on an engine and compares every tensor: activations, gradients, parameters "
                + "and losses.",
            "Without a file, records them from the reference engine, on a random network and real digits.",
            "Exit status 1 if a bound is not kept.", ""},
        footerHeading = "%nExamples:%n",
        footer = {"  dae-gpu parity tests/golden/seed.safetensors --engine reference", "  dae-gpu parity --engine cpu"})
final class ParityCommand implements Callable<Integer> {

    private static final int[] KERNEL_SIZES = {1, 3, 5, 7};
    private static final int STEPS = 5;

    @Spec
    private CommandSpec spec;

    @Parameters(paramLabel = "FILE", arity = "0..*", description = "Recorded values (*.safetensors).")
    private List<Path> files = List.of();

    @ArgGroup(validate = false)
    private EngineChoice engineChoice = new EngineChoice();

    @Option(names = "--seed", paramLabel = "N", description = "Decides the random network (default: another one each time).")
    private Long seed;

    @Override
    public Integer call() {
        if (seed != null && !files.isEmpty()) {
            throw new ParameterException(spec.commandLine(),
                    "--seed decides the random network that is taken where there is no FILE");
        }
        boolean passed = true;
        if (files.isEmpty()) {
            passed = compare(recordFromReference());
        }
        for (Path file : files) {
            passed &= compare(RecordedValues.read(file));
        }
        return passed ? ExitStatus.DONE : ExitStatus.PARITY_FAILED;
    }

    private RecordedValues recordFromReference() {
        long chosen = seed != null ? seed : ThreadLocalRandom.current().nextInt(1_000_000);
        Random random = new Random(chosen);
        List<Integer> filters = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(2); i++) {
            filters.add(1 + random.nextInt(48));
        }
        int batch = 1 + random.nextInt(8);
        ImageSet digits = EmbeddedMnist.test(batch);
        Architecture architecture = new Architecture(digits.height(), digits.width(), digits.channels(), filters,
                KERNEL_SIZES[random.nextInt(KERNEL_SIZES.length)], 1 + random.nextInt(32));
        out().printf("Random network: --seed %d, filters %s, kernel size %d, latent dimension %d, batch %d%n", chosen,
                filters,
                architecture.kernelSize(), architecture.latentDimension(), batch);
        float[] clean = new float[batch * digits.imageSize()];
        float[] noisy = new float[clean.length];
        try (Engine reference = Engines.open("reference", architecture, EngineOptions.fp32(batch)).engine()) {
            reference.corrupt(digits, Noise.gaussian(chosen, 0.5f, 0.5f), 0, 0, 0, batch, clean, noisy);
            return RecordedValues.record(reference, Initializer.glorotUniform(architecture, chosen), clean, noisy, batch,
                    1e-3f, STEPS);
        }
    }

    private boolean compare(RecordedValues recorded) {
        PrintWriter out = out();
        try (OpenedEngine engine = engineChoice.open(recorded.architecture(), recorded.batch())) {
            out.println(engine.engine().description() + " against " + recorded.name());
            List<Comparison> comparisons = Parity.replay(recorded, engine.engine(),
                    Tolerance.of(engine.name(), engineChoice.precision));
            out.printf("%-28s %12s %12s %12s%n", "tensor", "absolute", "relative", "bound");
            for (Comparison comparison : comparisons) {
                out.printf(Locale.ROOT, "%-28s %12.2e %12.2e %12.0e %s%n", comparison.name(), comparison.largestAbsolute(),
                        comparison.largestRelative(), comparison.bound(), comparison.passed() ? "ok" : "FAIL "
                        + comparison.explanation());
            }
            long failures = comparisons.stream().filter(comparison -> !comparison.passed()).count();
            out.println(failures == 0 ? "PASS: all " + comparisons.size() + " tensors are within their bounds"
                    : "FAIL: " + failures + " of " + comparisons.size() + " tensors are not within their bounds");
            out.flush();
            return failures == 0;
        }
    }

    private PrintWriter out() {
        return spec.commandLine().getOut();
    }
}
