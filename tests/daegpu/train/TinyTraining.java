package daegpu.train;

import daegpu.data.ImageSet;
import daegpu.data.ValidationSet;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.engine.TrainingEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.Trainer.Outcome;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;

/** A training that takes a few hundredths of a second, on an engine that can be watched and meddled with. */
final class TinyTraining {

    static final int BATCH = 4;
    /** An epoch of twelve updates: losses are fetched within it, and its last batch is smaller. */
    static final ImageSet TRAINING = images(45, 1);

    static final ImageSet VALIDATION = images(10, 2);
    static final int UPDATES_PER_EPOCH = 12;

    /** What a meddler makes of the results of an engine's methods; the method's name comes with each. */
    interface Meddler {
        Object result(String method, Object result);
    }

    private final Schedule schedule;
    private final int scheduledEpochs;
    private ImageSet training = TRAINING;
    private ImageSet validation = VALIDATION;
    private LearningRule rule = LearningRule.DEFAULT;
    private int threads = 1;
    private int logEvery = 10;
    private TrainingListener listener = new TrainingListener() {};
    private BiConsumer<Trainer, String> onCall = (trainer, method) -> {};
    private Meddler meddler = (method, result) -> result;

    private TinyTraining(Schedule schedule, int scheduledEpochs) {
        this.schedule = schedule;
        this.scheduledEpochs = scheduledEpochs;
    }

    static TinyTraining constant() {
        return new TinyTraining(Schedule.CONSTANT, 0);
    }

    static TinyTraining cosine(int epochs) {
        return new TinyTraining(Schedule.COSINE, epochs);
    }

    /** Called before each call of a method of the engine, with the method's name. */
    TinyTraining onCall(BiConsumer<Trainer, String> newOnCall) {
        onCall = newOnCall;
        return this;
    }

    TinyTraining meddler(Meddler newMeddler) {
        meddler = newMeddler;
        return this;
    }

    TinyTraining logEvery(int newLogEvery) {
        logEvery = newLogEvery;
        return this;
    }

    TinyTraining listener(TrainingListener newListener) {
        listener = newListener;
        return this;
    }

    TinyTraining threads(int newThreads) {
        threads = newThreads;
        return this;
    }

    TinyTraining rule(LearningRule newRule) {
        rule = newRule;
        return this;
    }

    TinyTraining images(ImageSet newTraining, ImageSet newValidation) {
        training = newTraining;
        validation = newValidation;
        return this;
    }

    static ImageSet images(int count, long seed) {
        byte[] pixels = new byte[count * 64];
        new Random(seed).nextBytes(pixels);
        return new ImageSet(8, 8, 1, pixels);
    }

    static TrainingOptions options(Schedule schedule, int epochs) {
        return new TrainingOptions(
                new Autoencoder(8, 8, 1, List.of(2, 4), 3, 3),
                Noise.gaussian(0.5f, 0.5f),
                7,
                BATCH,
                LearningRate.over(schedule, 1e-2, (long) epochs * UPDATES_PER_EPOCH));
    }

    Outcome start(Path folder, int epochs) throws IOException {
        try (RunDirectory directory = RunDirectory.create(folder)) {
            TrainingOptions options = options(schedule, scheduledEpochs);
            return train(
                    new TrainingOptions(
                            options.architecture(),
                            options.noise(),
                            options.seed(),
                            options.batchSize(),
                            options.learningRate(),
                            rule),
                    directory,
                    epochs,
                    null);
        }
    }

    Outcome resume(Path folder, int epochs) throws IOException {
        try (RunDirectory directory = RunDirectory.resume(folder)) {
            Checkpoint checkpoint = Checkpoint.read(directory.last());
            return train(checkpoint.options(), directory, epochs, checkpoint);
        }
    }

    private Outcome train(TrainingOptions options, RunDirectory directory, int epochs, Checkpoint from)
            throws IOException {
        try (TrainingEngine engine = Engines.openToTrain(
                        EngineName.REFERENCE,
                        options.network(),
                        options.learningRule(),
                        new EngineOptions(BATCH, Precision.FP32, threads))
                .engine()) {
            Trainer[] trainer = new Trainer[1];
            trainer[0] = new Trainer(
                    options,
                    training,
                    ValidationSet.of(validation),
                    watched(engine, trainer),
                    directory,
                    listener,
                    logEvery);
            return from != null
                    ? trainer[0].resume(from, epochs)
                    : trainer[0].start(Initializer.glorotUniform(options.network(), options.seed()), epochs);
        }
    }

    private TrainingEngine watched(TrainingEngine engine, Trainer[] trainer) {
        return (TrainingEngine) Proxy.newProxyInstance(
                TrainingEngine.class.getClassLoader(),
                new Class<?>[] {TrainingEngine.class},
                (proxy, method, arguments) -> {
                    onCall.accept(trainer[0], method.getName());
                    try {
                        Object result = method.invoke(engine, arguments);
                        // What a method puts into an array of its caller can be meddled with, too.
                        Object given = method.getName().equals("denoise") ? arguments[2] : result;
                        Object meddled = meddler.result(method.getName(), given);
                        return given == result ? meddled : result;
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
