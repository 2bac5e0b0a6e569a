package daegpu.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.engine.LearningRule;
import daegpu.engine.Loss;
import daegpu.engine.Optimizer;
import daegpu.engine.TrainingState;
import daegpu.model.Parameters;
import daegpu.train.Trainer.Outcome;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TrainerTest {

    private static final int EPOCHS = 2;

    @TempDir
    private Path folder;

    /** Everything that a run leaves but the lock, and but the columns of {@code metrics.csv} that tell time. */
    private static Map<String, String> content(Path run) throws IOException {
        Map<String, String> content = new TreeMap<>();
        try (Stream<Path> files = Files.walk(run)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String name = run.relativize(file).toString();
                if (name.equals("metrics.csv")) {
                    content.put(name, Files.readString(file).replaceAll("(?m)^(\\d+),[^,]*,[^,]*,", "$1,"));
                } else if (!name.equals(".lock")) {
                    content.put(name, Arrays.hashCode(Files.readAllBytes(file)) + " of " + Files.size(file) + " bytes");
                }
            }
        }
        return content;
    }

    private Map<String, String> uninterrupted(TinyTraining training, int epochs) throws IOException {
        Path run = folder.resolve("uninterrupted");
        assertEquals(Outcome.FINISHED, training.start(run, epochs));
        Map<String, String> content = content(run);
        assertEquals(
                List.of("best.safetensors", "last.safetensors", "metrics.csv", "samples/epoch-001.png"),
                content.keySet().stream().limit(4).toList());
        assertEquals(3 + epochs, content.size(), content.toString());
        return content;
    }

    /** Every call of the engine in a training, by the name of the method. */
    private static List<String> calls(Path run) throws IOException {
        List<String> calls = new ArrayList<>();
        TinyTraining.constant().onCall((trainer, method) -> calls.add(method)).start(run, EPOCHS);
        return calls;
    }

    @Test
    void sameRunTwiceGivesTheSameBytes() throws IOException {
        Map<String, String> expected = uninterrupted(TinyTraining.constant(), EPOCHS);
        TinyTraining.constant().start(folder.resolve("again"), EPOCHS);
        assertEquals(expected, content(folder.resolve("again")));
    }

    @Test
    void interruptedAnywhereAndResumedEndsAsThoughNothingHadHappened() throws IOException {
        interruptAtEveryCall(TinyTraining::constant);
    }

    /** The average of the weights is resumed, too, and so is the rule, which nobody names again. */
    @Test
    void interruptedAnywhereWithAnotherRule() throws IOException {
        LearningRule rule = new LearningRule(Loss.CHARBONNIER, Optimizer.adamW(0.01), OptionalDouble.of(0.9));
        interruptAtEveryCall(() -> TinyTraining.constant().rule(rule));
    }

    private void interruptAtEveryCall(Supplier<TinyTraining> training) throws IOException {
        Map<String, String> expected = uninterrupted(training.get(), EPOCHS);
        int calls = calls(folder.resolve("counted")).size();
        for (int call = 0; call < calls; call++) {
            Path run = folder.resolve("interrupted at " + call);
            int last = call;
            AtomicInteger seen = new AtomicInteger();
            Outcome outcome = training.get()
                    .onCall((trainer, method) -> {
                        if (seen.getAndIncrement() == last) {
                            trainer.interrupt();
                        }
                    })
                    .start(run, EPOCHS);
            if (outcome == Outcome.INTERRUPTED) {
                outcome = TinyTraining.constant().resume(run, EPOCHS);
            }
            assertEquals(Outcome.FINISHED, outcome);
            assertEquals(expected, content(run), "interrupted at call " + call);
        }
    }

    /** 12 updates an epoch: losses are read after every N-th and after the last; every update counts, and only once. */
    @ParameterizedTest
    @CsvSource({"1, 12", "5, 3", "12, 1", "1000, 1"})
    void readsLossesAsOftenAsAsked(int every, int readings) throws IOException {
        Map<String, String> expected = uninterrupted(TinyTraining.constant(), 1);
        List<Integer> done = new ArrayList<>();
        List<Double> losses = new ArrayList<>();
        AtomicInteger taken = new AtomicInteger();
        TinyTraining.constant()
                .logEvery(every)
                .listener(new TrainingListener() {
                    @Override
                    public void progressed(int images, double loss) {
                        done.add(images);
                        losses.add(loss);
                    }
                })
                .onCall((trainer, method) -> taken.addAndGet(method.equals("takeLosses") ? 1 : 0))
                .start(folder.resolve("run"), 1);
        assertEquals(expected, content(folder.resolve("run")), "reading decides nothing");
        assertEquals(readings, taken.get());
        assertEquals(readings, done.size());
        assertEquals(TinyTraining.TRAINING.count(), done.get(readings - 1));
        assertEquals(
                MetricsLog.read(folder.resolve("run").resolve("metrics.csv"))
                        .get(0)
                        .trainLoss(),
                losses.get(readings - 1),
                1e-6,
                "what is shown at last is the mean over the epoch");
    }

    /** However many updates have losses that were not read yet. */
    @Test
    void interruptionForgetsNoLoss() throws IOException {
        Map<String, String> expected = uninterrupted(TinyTraining.constant(), 1);
        for (int update = 1; update < TinyTraining.UPDATES_PER_EPOCH; update++) {
            Path run = folder.resolve("interrupted at " + update);
            int last = update;
            AtomicInteger seen = new AtomicInteger();
            assertEquals(
                    Outcome.INTERRUPTED,
                    TinyTraining.constant()
                            .logEvery(1000)
                            .onCall((trainer, method) -> {
                                if (method.equals("trainStep") && seen.incrementAndGet() == last) {
                                    trainer.interrupt();
                                }
                            })
                            .start(run, 1));
            assertEquals(Outcome.FINISHED, TinyTraining.constant().logEvery(7).resume(run, 1));
            assertEquals(expected, content(run), "interrupted at update " + update);
        }
    }

    @Test
    void interruptedAmidstValidation() throws IOException {
        // More images than are evaluated at a time.
        ImageSet validation = TinyTraining.images(501, 3);
        Map<String, String> expected =
                uninterrupted(TinyTraining.constant().images(TinyTraining.TRAINING, validation), 1);
        Path run = folder.resolve("run");
        AtomicInteger corrupted = new AtomicInteger();
        assertEquals(
                Outcome.INTERRUPTED,
                TinyTraining.constant()
                        .images(TinyTraining.TRAINING, validation)
                        .onCall((trainer, method) -> {
                            if (method.equals("corrupt") && corrupted.incrementAndGet() == 1) {
                                trainer.interrupt();
                            }
                        })
                        .start(run, 1));
        assertEquals(1, corrupted.get(), "it went on with the validation");
        assertEquals(
                Outcome.FINISHED,
                TinyTraining.constant()
                        .images(TinyTraining.TRAINING, validation)
                        .resume(run, 1));
        assertEquals(expected, content(run));
    }

    @Test
    void interruptedAgainAndAgainEndsAsThoughNothingHadHappened() throws IOException {
        Map<String, String> expected = uninterrupted(TinyTraining.constant(), EPOCHS);
        Path run = folder.resolve("run");
        TinyTraining training = TinyTraining.constant().onCall((trainer, method) -> {
            if (method.equals("trainStep")) {
                trainer.interrupt();
            }
        });
        assertEquals(Outcome.INTERRUPTED, training.start(run, EPOCHS));
        int sessions = 1;
        while (training.resume(run, EPOCHS) == Outcome.INTERRUPTED) {
            sessions++;
        }
        // After the last update, one more session is left with the validation alone.
        assertEquals(EPOCHS * TinyTraining.UPDATES_PER_EPOCH, sessions);
        assertEquals(expected, content(run));
    }

    @Test
    void diedAnywhereAndResumedEndsAsThoughNothingHadHappened() throws IOException {
        Map<String, String> expected = uninterrupted(TinyTraining.constant(), EPOCHS);
        List<String> calls = calls(folder.resolve("counted"));
        for (int call = 0; call < calls.size(); call++) {
            if (call > 0
                    && calls.get(call).equals("trainStep")
                    && calls.get(call - 1).equals("trainStep")) {
                // Nothing is written between two updates, so the files are those of the last case.
                continue;
            }
            Path run = folder.resolve("died at " + call);
            int last = call;
            AtomicInteger seen = new AtomicInteger();
            assertThrows(IllegalStateException.class, () -> TinyTraining.constant()
                    .onCall((trainer, method) -> {
                        if (seen.getAndIncrement() == last) {
                            throw new IllegalStateException("died");
                        }
                    })
                    .start(run, EPOCHS));
            Outcome outcome = Files.exists(run.resolve("last.safetensors"))
                    ? TinyTraining.constant().resume(run, EPOCHS)
                    : TinyTraining.constant().start(run, EPOCHS);
            assertEquals(Outcome.FINISHED, outcome);
            assertEquals(expected, content(run), "died at call " + call);
        }
    }

    @Test
    void moreEpochsLaterEqualMoreEpochsAtOnce() throws IOException {
        Map<String, String> expected = uninterrupted(TinyTraining.constant(), 3);
        Path run = folder.resolve("run");
        TinyTraining.constant().start(run, 1);
        TinyTraining.constant().resume(run, 2);
        TinyTraining.constant().resume(run, 3);
        assertEquals(expected, content(run));
    }

    @Test
    void cosineKeepsItsHorizon() throws IOException {
        Map<String, String> expected = uninterrupted(TinyTraining.cosine(2), 2);
        Path run = folder.resolve("run");
        TinyTraining.cosine(2).start(run, 1);
        TinyTraining.cosine(2).resume(run, 2);
        assertEquals(expected, content(run));

        Parameters trained =
                Checkpoint.read(run.resolve("last.safetensors")).state().parameters();
        TinyTraining.cosine(2).resume(run, 3);
        Checkpoint longer = Checkpoint.read(run.resolve("last.safetensors"));
        assertEquals(3 * TinyTraining.UPDATES_PER_EPOCH, longer.state().step());
        assertArrayEquals(
                trained.values(), longer.state().parameters().values(), "the rate beyond the horizon is not zero");
    }

    @Test
    void threadsOfTheReferenceEngineDecideNothing() throws IOException {
        Map<String, String> expected = uninterrupted(TinyTraining.constant().threads(1), EPOCHS);
        Path run = folder.resolve("run");
        TinyTraining.constant().threads(2).start(run, 1);
        TinyTraining.constant().threads(3).resume(run, EPOCHS);
        assertEquals(expected, content(run));
    }

    @Test
    void firstCheckpointIsThereBeforeTheFirstUpdate() throws IOException {
        Path run = folder.resolve("run");
        List<Long> steps = new ArrayList<>();
        TinyTraining.constant()
                .onCall((trainer, method) -> {
                    if (method.equals("trainStep") && steps.isEmpty()) {
                        steps.add(Checkpoint.read(run.resolve("last.safetensors"))
                                .state()
                                .step());
                        steps.add(Checkpoint.read(run.resolve("best.safetensors"))
                                .state()
                                .step());
                        assertEquals(List.of(), MetricsLog.read(run.resolve("metrics.csv")));
                    }
                })
                .start(run, 1);
        assertEquals(List.of(0L, 0L), steps);
    }

    @Test
    void metricsAreWhatTheEngineGave() throws IOException {
        List<Double> losses = new ArrayList<>();
        Path run = folder.resolve("run");
        TinyTraining.constant()
                .meddler((method, result) -> {
                    if (method.equals("takeLosses")) {
                        Arrays.stream((double[]) result).forEach(losses::add);
                    }
                    return result;
                })
                .start(run, 1);
        assertEquals(TinyTraining.UPDATES_PER_EPOCH, losses.size());
        double sum = 0;
        for (int i = 0; i < losses.size(); i++) {
            sum += losses.get(i) * (i < 11 ? 4 : 1);
        }
        MetricsLog.Row row = MetricsLog.read(run.resolve("metrics.csv")).get(0);
        assertEquals(sum / 45, row.trainLoss(), 1e-12);
        assertEquals(1, row.epoch());
        assertTrue(row.validation().mse() > 0 && row.validation().mse() < 1, row.toString());
    }

    @Test
    void lossOfZeroIsALossLikeAnyOther() throws IOException {
        TinyTraining.Meddler allZero =
                (method, result) -> method.equals("takeLosses") ? new double[((double[]) result).length] : result;
        Map<String, String> expected = uninterrupted(TinyTraining.constant().meddler(allZero), EPOCHS);
        Path run = folder.resolve("run");
        TinyTraining training = TinyTraining.constant().meddler(allZero).onCall((trainer, method) -> {
            if (method.equals("trainStep")) {
                trainer.interrupt();
            }
        });
        Outcome outcome = training.start(run, EPOCHS);
        while (outcome == Outcome.INTERRUPTED) {
            outcome = training.resume(run, EPOCHS);
        }
        assertEquals(expected, content(run));
    }

    @ParameterizedTest
    @ValueSource(strings = {"takeLosses", "denoise", "state"})
    void stopsAtWhatIsNotFiniteAndKeepsTheLastGoodCheckpoint(String method) throws IOException {
        Path run = folder.resolve("run");
        TinyTraining.constant().start(run, 1);
        Map<String, String> before = content(run);
        TinyTraining training = TinyTraining.constant().meddler((called, result) -> {
            if (called.equals(method) && called.equals("takeLosses") && ((double[]) result).length > 0) {
                ((double[]) result)[0] = Double.NaN;
            } else if (called.equals(method) && called.equals("denoise")) {
                ((float[]) result)[5] = Float.NaN;
            } else if (called.equals(method)
                    && called.equals("state")
                    && ((TrainingState) result).step() > TinyTraining.UPDATES_PER_EPOCH) {
                ((TrainingState) result).secondMoment().values()[3] = Float.POSITIVE_INFINITY;
            }
            return result;
        });
        DivergedException diverged = assertThrows(DivergedException.class, () -> training.resume(run, EPOCHS));
        assertEquals(run.resolve("last.safetensors"), diverged.lastGood());
        assertEquals(before, content(run));
        assertEquals(Outcome.FINISHED, TinyTraining.constant().resume(run, EPOCHS));
    }

    @Test
    void neverSavesWhatCouldNotBeResumed() throws IOException {
        Path run = folder.resolve("run");
        TinyTraining.constant().start(run, 1);
        Map<String, String> before = content(run);
        TinyTraining training = TinyTraining.constant()
                .onCall((trainer, method) -> {
                    if (method.equals("trainStep")) {
                        trainer.interrupt();
                    }
                })
                .meddler((method, result) -> {
                    if (method.equals("state") && ((TrainingState) result).step() > TinyTraining.UPDATES_PER_EPOCH) {
                        ((TrainingState) result).parameters().values()[0] = Float.NaN;
                    }
                    return result;
                });
        DivergedException diverged = assertThrows(DivergedException.class, () -> training.resume(run, EPOCHS));
        assertEquals(run.resolve("last.safetensors"), diverged.lastGood());
        assertEquals(before, content(run));
    }

    @Test
    void refusesOtherImages() throws IOException {
        Path run = folder.resolve("run");
        TinyTraining.constant().start(run, 1);
        Map<String, String> before = content(run);
        ImageSet otherTraining = TinyTraining.images(45, 3);
        ImageSet fewerTraining = TinyTraining.TRAINING.range(0, 44);
        ImageSet otherValidation = TinyTraining.VALIDATION.range(1, 10);
        for (ImageSet training : List.of(otherTraining, fewerTraining)) {
            InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> TinyTraining.constant()
                    .images(training, TinyTraining.VALIDATION)
                    .resume(run, 2));
            assertTrue(
                    refusal.getMessage().startsWith("the training images are not those of the run in " + run),
                    refusal.getMessage());
        }
        InvalidInputException refusal = assertThrows(InvalidInputException.class, () -> TinyTraining.constant()
                .images(TinyTraining.TRAINING, otherValidation)
                .resume(run, 2));
        assertTrue(
                refusal.getMessage().startsWith("the validation images are not those of the run in " + run),
                refusal.getMessage());
        assertEquals(before, content(run));
    }

    @Test
    void refusesMetricsThatAreNotThoseOfTheCheckpoint() throws IOException {
        Path run = folder.resolve("run");
        TinyTraining.constant().start(run, 2);
        Path metrics = run.resolve("metrics.csv");
        List<String> lines = Files.readAllLines(metrics);
        for (List<String> damaged : List.of(
                lines.subList(0, 1),
                lines.subList(0, 2),
                List.of(lines.get(0), lines.get(2)),
                List.of(lines.get(0), lines.get(2), lines.get(1)),
                List.of(lines.get(0), lines.get(1), lines.get(1), lines.get(2)))) {
            Files.write(metrics, damaged);
            Map<String, String> before = content(run);
            InvalidInputException refusal = assertThrows(
                    InvalidInputException.class, () -> TinyTraining.constant().resume(run, 3));
            assertTrue(refusal.getMessage().startsWith(metrics.toString()), refusal.getMessage());
            assertEquals(before, content(run));
        }
    }

    @Test
    void oneImageIsEnough() throws IOException {
        Path run = folder.resolve("run");
        ImageSet one = TinyTraining.images(1, 5);
        assertEquals(Outcome.FINISHED, TinyTraining.constant().images(one, one).start(run, 2));
        assertEquals(2, Checkpoint.read(run.resolve("last.safetensors")).state().step());
        assertFalse(Files.exists(run.resolve("samples/epoch-003.png")));
    }

    @Test
    void bestIsTheEpochWithTheLeastError() throws IOException {
        Path run = folder.resolve("run");
        AtomicInteger epoch = new AtomicInteger();
        // The second epoch looks worse than it is, by a validation image that comes out white.
        TinyTraining.constant()
                .meddler((method, result) -> {
                    if (method.equals("denoise") && epoch.get() == 2) {
                        Arrays.fill((float[]) result, 1);
                    }
                    return result;
                })
                .onCall((trainer, method) -> {
                    if (method.equals("startEpoch")) {
                        epoch.incrementAndGet();
                    }
                })
                .start(run, 2);
        assertEquals(
                TinyTraining.UPDATES_PER_EPOCH,
                Checkpoint.read(run.resolve("best.safetensors")).state().step());
        assertEquals(
                2 * TinyTraining.UPDATES_PER_EPOCH,
                Checkpoint.read(run.resolve("last.safetensors")).state().step());
    }
}
