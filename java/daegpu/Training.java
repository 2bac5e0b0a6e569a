package daegpu;

import daegpu.data.ImageFiles;
import daegpu.data.ImageSet;
import daegpu.data.ImageSource;
import daegpu.data.ImagesInMemory;
import daegpu.data.InvalidInputException;
import daegpu.data.NoisyFiles;
import daegpu.data.ReadingListener;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.LearningRule;
import daegpu.engine.Precision;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.noise.Noise;
import daegpu.train.DefaultNoise;
import daegpu.train.DivergedException;
import daegpu.train.LearningRate.Schedule;
import daegpu.train.RunOptions;
import daegpu.train.SessionOptions;
import daegpu.train.TrainingListener;
import daegpu.train.TrainingResult;
import daegpu.train.TrainingRun;
import daegpu.train.TrainingRun.Purpose;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeSet;

/**
 * Trains a model, with the defaults of the {@code train} command. A run that this class begins can be continued by the
 * command, and the other way round.
 *
 * <pre>{@code
 * TrainingResult result = new Training(ImageFiles.MNIST).epochs(3).run(Path.of("digits"));
 * Path model = result.best();
 * }</pre>
 *
 * <p>One thread at a time may use it; only {@link #interrupt} may be called from another.
 */
public final class Training {

    /** An opened run, which may be interrupted. */
    private interface Opening {
        TrainingRun open() throws IOException;
    }

    /** Null if no images were given. */
    private final ImageSource images;

    private int batchSize = 32;
    private Schedule schedule = Schedule.COSINE;
    private OptionalDouble learningRate = OptionalDouble.empty();
    private LearningRule learningRule = LearningRule.DEFAULT;
    private long seed = 1;
    /** Null if none was given. */
    private Noise noise;

    private Architecture architecture = Autoencoder.MNIST;
    private Path initFrom;
    // If one of these is null, the default holds, or in a resumed run its earlier value.
    private Integer epochs;
    private EngineName engine;
    private Precision precision;
    private Integer threads;
    private Integer device;
    private Convolutions convolutions;
    private Integer logEvery;
    private Integer keep;
    private Integer earlyStop;
    private TrainingListener listener = new TrainingListener() {};
    /** Names of the settings made here that a resumed run has already decided. */
    private final Set<String> decided = new TreeSet<>();

    private final Object lock = new Object();
    private TrainingRun running;
    private boolean interrupted;

    /**
     * Prepares training on the MNIST that comes with the program or, for a run that is resumed, on the images that it
     * was begun with.
     */
    public Training() {
        this((ImageSource) null);
    }

    /** Prepares training on images in files. */
    public Training(ImageFiles images) {
        this((ImageSource) images);
    }

    /**
     * Prepares training on pictures that are noisy already. By default no noise is added to them; they need a network
     * for pictures, such as a {@link daegpu.model.UNet}.
     */
    public Training(NoisyFiles images) {
        this((ImageSource) images);
    }

    /**
     * Prepares training on images in memory. To resume the run from the command line, name files that hold the same
     * images.
     *
     * @param training images to train on
     * @param validation images to validate on, of the same size
     * @throws IllegalArgumentException if there are no images, or the two sets have images of different sizes
     */
    public Training(ImageSet training, ImageSet validation) {
        this(new ImagesInMemory(training, validation));
    }

    private Training(ImageSource images) {
        this.images = images;
    }

    /**
     * Sets the number of passes over the images; for a resumed run this includes those that it has made. 10 by default.
     */
    public Training epochs(int newEpochs) {
        epochs = newEpochs;
        return this;
    }

    /** Sets the number of images in an update; 32 by default. */
    public Training batchSize(int newBatchSize) {
        batchSize = newBatchSize;
        decided.add("batchSize");
        return this;
    }

    /**
     * Sets Adam's learning rate at its peak, and how it changes during training; by default a cosine with a peak of
     * 4e-3, or of 2e-3 for a U-Net.
     */
    public Training learningRate(double newLearningRate, Schedule newSchedule) {
        learningRate = OptionalDouble.of(newLearningRate);
        schedule = newSchedule;
        decided.add("learningRate");
        return this;
    }

    /**
     * Sets what updates minimize, and how; {@link LearningRule#DEFAULT} by default. Of the optimizer's constants, only
     * the weight decay may differ from {@link daegpu.engine.Optimizer#ADAM}.
     */
    public Training learningRule(LearningRule newLearningRule) {
        learningRule = newLearningRule;
        decided.add("learningRule");
        return this;
    }

    /** Sets the seed, which decides the initial weights, the noise and the order of the images; 1 by default. */
    public Training seed(long newSeed) {
        seed = newSeed;
        decided.add("seed");
        return this;
    }

    /** Sets Gaussian noise with this mean and standard deviation, for values from 0 to 1; noisy values are clipped. */
    public Training noise(float mean, float std) {
        return noise(Noise.gaussian(mean, std));
    }

    /**
     * Sets the noise. It may have a range of levels, from which each image draws its own, and need not be clipped:
     * {@code Noise.gaussian(0, 0.1f).clipped(false)}. By default it is Gaussian: for MNIST, IDX files and grey images
     * from memory of mean 0.5 and standard deviation 0.5, clipped; for folders of pictures, for images in colour from
     * memory and for any images of a {@link daegpu.model.UNet} of mean 0 and standard deviations from 0 to 55/255, not
     * clipped.
     */
    public Training noise(Noise newNoise) {
        noise = newNoise;
        decided.add("noise");
        return this;
    }

    /** Sets the network, whose image size must be that of the images; {@link Autoencoder#MNIST} by default. */
    public Training network(Architecture newArchitecture) {
        architecture = newArchitecture;
        decided.add("network");
        return this;
    }

    /**
     * Begins with the network and the weights of a model: a checkpoint, the folder of a run or, if there is no such
     * file, the {@link daegpu.train.BuiltInModel} of this name.
     */
    public Training initFrom(Path model) {
        initFrom = model;
        decided.add("initFrom");
        return this;
    }

    /** Sets the engine; {@link EngineName#AUTO} by default. */
    public Training engine(EngineName newEngine) {
        engine = newEngine;
        return this;
    }

    /** Sets the number format of the matrix products; {@link Precision#FP32} by default. */
    public Training precision(Precision newPrecision) {
        precision = newPrecision;
        return this;
    }

    /** Sets the number of processors to use; 0, the default, takes all. */
    public Training threads(int newThreads) {
        threads = newThreads;
        return this;
    }

    /** Sets the index of the GPU to use, if the engine uses one; 0 by default. */
    public Training device(int newDevice) {
        device = newDevice;
        return this;
    }

    /** Sets what computes convolutions on a GPU; {@link Convolutions#AUTO}, the default, takes the faster. */
    public Training convolutions(Convolutions newConvolutions) {
        convolutions = newConvolutions;
        return this;
    }

    /** Sets the number of updates between two readings of the losses; 50 by default. */
    public Training logEvery(int newLogEvery) {
        logEvery = newLogEvery;
        return this;
    }

    /** Sets how many checkpoints of the newest epochs to keep, besides the best and the last; none by default. */
    public Training keep(int newKeep) {
        keep = newKeep;
        return this;
    }

    /**
     * Ends training after this number of epochs in a row without a lower validation error; 0, the default, never does.
     */
    public Training earlyStop(int newEarlyStop) {
        earlyStop = newEarlyStop;
        return this;
    }

    /** Sets the listener that is told how training goes. */
    public Training listener(TrainingListener newListener) {
        listener = newListener;
        return this;
    }

    /**
     * Trains, and writes into a new folder what the {@code train} command writes.
     *
     * @param folder the folder to create
     * @return how it ended, with the metrics
     * @throws IllegalArgumentException if an option is out of range
     * @throws InvalidInputException if the images cannot be used, if no such network fits them, or if the folder exists
     *     already
     * @throws EngineUnavailableException if the engine cannot run here
     * @throws DivergedException if the loss is no longer a finite number
     * @throws IOException if a file cannot be written
     */
    public TrainingResult run(Path folder) throws IOException {
        ImageSource source = images == null ? ImageFiles.MNIST : images;
        RunOptions options = new RunOptions(
                folder,
                source,
                noise != null
                        ? noise
                        : DefaultNoise.of(source, architecture, initFrom).of(Noise.Kind.GAUSSIAN),
                seed,
                architecture,
                initFrom,
                batchSize,
                schedule,
                learningRate,
                learningRule,
                session());
        return train(() -> TrainingRun.create(options, Purpose.TRAIN, ReadingListener.SILENT));
    }

    /**
     * Resumes a run that was interrupted, or that is to have more epochs, whether this class or the command line began
     * it. The result is the same as without a break.
     *
     * @param folder the folder of the run, or a folder of runs, of which the newest is taken
     * @return how it ended, with the metrics of all its epochs
     * @throws IllegalArgumentException if an option is out of range
     * @throws IllegalStateException if something was set that the run has already decided: noise, network, seed, batch
     *     size, learning rate or learning rule
     * @throws InvalidInputException if the folder is not that of a run, or is damaged or in use, or if the images are
     *     not those of the run
     * @throws EngineUnavailableException if the engine cannot run here
     * @throws DivergedException if the loss is no longer a finite number
     * @throws IOException if a file cannot be written
     */
    public TrainingResult resume(Path folder) throws IOException {
        if (!decided.isEmpty()) {
            throw new IllegalStateException(
                    String.join(", ", decided) + " cannot be set for a run that is resumed: it goes on with its own");
        }
        return train(() -> TrainingRun.resume(
                folder,
                session(),
                record -> images == null ? record.images() : images,
                Purpose.TRAIN,
                ReadingListener.SILENT));
    }

    private SessionOptions session() {
        return new SessionOptions(epochs, engine, precision, threads, device, convolutions, logEvery, keep, earlyStop);
    }

    private TrainingResult train(Opening opening) throws IOException {
        try (TrainingRun run = opening.open()) {
            synchronized (lock) {
                running = run;
                if (interrupted) {
                    run.interrupt();
                }
            }
            return run.train(listener, List::of);
        } finally {
            synchronized (lock) {
                running = null;
                interrupted = false;
            }
        }
    }

    /**
     * Asks {@link #run} or {@link #resume}, which another thread is running or about to call, to save after the update
     * in progress and to return. {@link #resume} continues from there.
     */
    public void interrupt() {
        synchronized (lock) {
            interrupted = true;
            if (running != null) {
                running.interrupt();
            }
        }
    }
}
