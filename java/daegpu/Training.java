package daegpu;

import daegpu.data.ImageSet;
import daegpu.data.InvalidInputException;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Engines;
import daegpu.engine.Engines.OpenedEngine;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.model.Architecture;
import daegpu.model.Initializer;
import daegpu.noise.Noise;
import daegpu.train.LatentMap;
import daegpu.train.LearningRate;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.RunDirectory;
import daegpu.train.RunReport;
import daegpu.train.TensorBoardLog;
import daegpu.train.Trainer;
import daegpu.train.Trainer.Outcome;
import daegpu.train.TrainingListener;
import daegpu.train.TrainingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Makes a model from images in memory, with the defaults of the {@code train} command.
 *
 * <pre>{@code
 * Path model = new Training(EmbeddedMnist.training(0), EmbeddedMnist.test(0)).epochs(3).run(Path.of("digits"));
 * }</pre>
 */
public final class Training {

    private final ImageSet training;
    private final ImageSet validation;
    private int epochs = 10;
    private int batchSize = 32;
    private Schedule schedule = Schedule.COSINE;
    private double learningRate = schedule.usualPeak();
    private long seed = 1;
    private Noise.Kind noise = Noise.Kind.GAUSSIAN;
    private float noiseMean = noise.usualMean();
    private float lowestNoise = noise.usualLevel();
    private float highestNoise = lowestNoise;
    private List<Integer> filters = Architecture.MNIST.filters();
    private int kernelSize = Architecture.MNIST.kernelSize();
    private int latentDimension = Architecture.MNIST.latentDimension();
    private EngineName engine = EngineName.AUTO;
    private TrainingListener listener = new TrainingListener() {};

    /**
     * Prepares a training.
     *
     * @param training images to learn from
     * @param validation images to measure on, of the same size
     */
    public Training(ImageSet training, ImageSet validation) {
        this.training = training;
        this.validation = validation;
    }

    /** Passes over the images; 10 by default. */
    public Training epochs(int newEpochs) {
        epochs = newEpochs;
        return this;
    }

    /** Images in an update; 32 by default. */
    public Training batchSize(int newBatchSize) {
        batchSize = newBatchSize;
        return this;
    }

    /** Adam's step size at its peak and how it goes on; 4e-3 and cosine by default. */
    public Training learningRate(double newLearningRate, Schedule newSchedule) {
        learningRate = newLearningRate;
        schedule = newSchedule;
        return this;
    }

    /** Decides the first weights, the noise and the order of the images; 1 by default. */
    public Training seed(long newSeed) {
        seed = newSeed;
        return this;
    }

    /** Mean and standard deviation of Gaussian noise, on values from 0 to 1; 0.5 and 0.5 by default. */
    public Training noise(float mean, float std) {
        return noise(Noise.Kind.GAUSSIAN, mean, std, std);
    }

    /**
     * Another kind of noise, with the mean that is usual for it.
     *
     * @param level standard deviation, amount or peak, as {@link Noise.Kind#measure} says
     */
    public Training noise(Noise.Kind kind, float level) {
        return noise(kind, kind.usualMean(), level, level);
    }

    /**
     * Noise of which each image draws its own level.
     *
     * @param mean 0 for kinds that have none
     * @param lowest least level: standard deviation, amount or peak, as {@link Noise.Kind#measure} says
     * @param highest greatest level
     */
    public Training noise(Noise.Kind kind, float mean, float lowest, float highest) {
        noise = kind;
        noiseMean = mean;
        lowestNoise = lowest;
        highestNoise = highest;
        return this;
    }

    /** The network: filters of each convolution, kernel size and latent dimension; 32 and 64, 3 and 16 by default. */
    public Training network(List<Integer> newFilters, int newKernelSize, int newLatentDimension) {
        filters = newFilters;
        kernelSize = newKernelSize;
        latentDimension = newLatentDimension;
        return this;
    }

    /** What computes; {@link EngineName#AUTO} by default. */
    public Training engine(EngineName newEngine) {
        engine = newEngine;
        return this;
    }

    /** Is told how it goes. */
    public Training listener(TrainingListener newListener) {
        listener = newListener;
        return this;
    }

    /**
     * Trains, and leaves checkpoints, metrics and sample pictures in a new folder.
     *
     * @param directory the folder to make
     * @return the checkpoint with the least validation error
     * @throws IllegalArgumentException if an option is out of range or does not fit the images
     * @throws InvalidInputException if the folder exists already
     * @throws EngineUnavailableException if the engine cannot run here
     * @throws ArithmeticException if the loss came to be no finite number
     * @throws IOException if a file cannot be written
     */
    public Path run(Path directory) throws IOException {
        Architecture architecture = new Architecture(
                training.height(), training.width(), training.channels(), filters, kernelSize, latentDimension);
        long updates = TrainingOptions.stepsPerEpoch(training.count(), batchSize) * epochs;
        TrainingOptions options = new TrainingOptions(
                architecture,
                new Noise(noise, noiseMean, lowestNoise, highestNoise, false),
                seed,
                batchSize,
                LearningRate.over(schedule, learningRate, updates));
        try (OpenedEngine<InspectableEngine> opened = Engines.openToTrain(
                        engine, architecture.network(), LearningRule.DEFAULT, EngineOptions.fp32(batchSize));
                RunDirectory run = RunDirectory.create(directory);
                TensorBoardLog tensorBoard = new TensorBoardLog(run)) {
            Outcome outcome = new Trainer(
                            options,
                            training,
                            validation,
                            opened.engine(),
                            run,
                            TrainingListener.all(List.of(tensorBoard, listener)))
                    .start(Initializer.glorotUniform(architecture.network(), seed), epochs);
            if (outcome == Outcome.DIVERGED) {
                RunReport.write(directory, List.of());
                throw new ArithmeticException(
                        "the loss is no longer a finite number; " + run.last() + " is the last good checkpoint");
            }
            LatentMap.write(opened.engine(), validation, Optional.empty(), run.latentMap());
            RunReport.write(directory, List.of());
            return run.best();
        }
    }
}
