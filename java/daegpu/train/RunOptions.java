package daegpu.train;

import daegpu.data.ImageFiles;
import daegpu.data.ImageSet;
import daegpu.data.ImageSource;
import daegpu.data.InvalidInputException;
import daegpu.data.NoisyFiles;
import daegpu.data.Preparation;
import daegpu.data.Preparation.Colour;
import daegpu.data.Preparation.Fit;
import daegpu.data.TrainingImages;
import daegpu.engine.LearningRule;
import daegpu.model.Architecture;
import daegpu.noise.Noise;
import daegpu.train.LearningRate.Schedule;
import java.nio.file.Path;
import java.util.OptionalDouble;

/**
 * All options of a new run, which {@code config.json} records.
 *
 * @param folder the folder to create for the run
 * @param images the images to train and to validate on
 * @param noise the noise that corrupts them
 * @param seed decides the initial weights, the noise and the order of the images
 * @param architecture the network, unless it is that of a model; its images may have any size, since the images of the
 *     run decide that
 * @param initFrom a model, or the folder of a run, whose network and weights the run begins with; null for none
 * @param batchSize number of images in an update
 * @param schedule how the learning rate changes
 * @param learningRate the peak of the learning rate; empty for the default of schedule and network
 * @param learningRule what updates minimize, and how
 * @param session what can be changed when the run is resumed
 */
public record RunOptions(
        Path folder,
        ImageSource images,
        Noise noise,
        long seed,
        Architecture architecture,
        Path initFrom,
        int batchSize,
        Schedule schedule,
        OptionalDouble learningRate,
        LearningRule learningRule,
        SessionOptions session) {

    /** @throws IllegalArgumentException if a number is out of range, or if a run cannot have this optimizer */
    public RunOptions {
        TrainingOptions.stepsPerEpoch(1, batchSize);
        TrainingOptions.requireRecordable(learningRule);
        learningRate.ifPresent(peak -> LearningRate.over(schedule, peak, 1));
        session = session.orElse(SessionOptions.DEFAULTS);
        if (images instanceof NoisyFiles files && files.blindSpots().isPresent() && !noise.isNone()) {
            throw new IllegalArgumentException(
                    "training with blind spots learns from pictures that are noisy already, so no noise can be added");
        }
    }

    /**
     * Checks, before thousands of pictures are read, that there is a network for the images that they will become.
     *
     * @param model that is trained further, or null
     * @throws InvalidInputException if there is none
     */
    void requireNetwork(Checkpoint model) {
        Preparation preparation = images instanceof ImageFiles files
                ? files.preparation()
                : images instanceof NoisyFiles noisyFiles ? noisyFiles.preparation() : Preparation.NONE;
        if (preparation.fit() == Fit.NONE) {
            return;
        }
        if (model != null) {
            Architecture trained = model.options().architecture();
            int channels =
                    switch (preparation.colour()) {
                        case GREY -> 1;
                        case COLOUR -> 3;
                        case AUTO -> trained.channels();
                    };
            requireSize(trained, preparation.height(), preparation.width(), channels);
        } else {
            sizedFor(preparation.height(), preparation.width(), preparation.colour() == Colour.COLOUR ? 3 : 1);
        }
    }

    /**
     * What decides the arithmetic.
     *
     * @param model that is trained further, or null
     * @throws InvalidInputException if the network does not fit the images
     */
    TrainingOptions trainingOptions(TrainingImages training, Checkpoint model) {
        Architecture trained;
        if (model != null) {
            trained = model.options().architecture();
            requireSize(trained, training.height(), training.width(), training.channels());
        } else {
            trained = sizedFor(training.height(), training.width(), training.channels());
        }
        long updates = TrainingOptions.stepsPerEpoch(training.count(), batchSize) * session.epochs();
        LearningRate rate =
                LearningRate.over(schedule, learningRate.orElseGet(() -> schedule.defaultPeak(trained)), updates);
        return new TrainingOptions(trained, noise, seed, batchSize, rate, learningRule);
    }

    private Architecture sizedFor(int height, int width, int channels) {
        try {
            return architecture.sizedFor(height, width, channels);
        } catch (IllegalArgumentException e) {
            throw new InvalidInputException(e.getMessage(), e);
        }
    }

    private void requireSize(Architecture trained, int height, int width, int channels) {
        if (trained.height() != height || trained.width() != width || trained.channels() != channels) {
            throw new InvalidInputException(initFrom + " is for images of "
                    + ImageSet.describeSize(trained.height(), trained.width(), trained.channels())
                    + ", and the training images are " + ImageSet.describeSize(height, width, channels));
        }
    }
}
