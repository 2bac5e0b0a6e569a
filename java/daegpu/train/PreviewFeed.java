package daegpu.train;

import daegpu.data.ValidationSet;
import daegpu.engine.DeviceSamples;
import daegpu.engine.SampleSharingEngine;
import daegpu.engine.TrainingEngine;
import daegpu.preview.Chart.Curve;
import daegpu.preview.ContactSheet;
import daegpu.preview.ContactSheet.Block;
import daegpu.preview.TrainingPicture;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Makes the contents of the preview while a network is trained: denoises a fixed set of validation images now and then,
 * on the thread that trains. This takes at most a two-hundredth of the time: if denoising takes long, it is done less
 * often. It draws no random numbers and changes nothing, so training gives the same bits with and without it.
 */
public final class PreviewFeed implements TrainingListener {

    private static final long LEAST_PAUSE = 500_000_000;
    private static final long PAUSES_PER_SAMPLING = 199;
    private static final int SHEET_WIDTH = 560;
    private static final int MOST_COLUMNS = 9;
    private static final int BLOCKS = 2;

    private final TrainingEngine engine;
    /** The validation images that are shown, in this order. */
    private final ValidationSet shown;

    /** How far apart they are in the whole set. */
    private final int step;

    private final TrainingOptions options;
    private final Consumer<TrainingPicture> screen;
    private final int columns;
    private final int count;
    /** Null where images come to this machine's memory in any case. */
    private final DeviceSamples device;

    private final List<double[]> training = new ArrayList<>();
    private final List<double[]> validated = new ArrayList<>();
    private int epoch;
    private int epochs;
    private int images;
    private int doneAtStart;
    private long startTime;
    private long nextTime = System.nanoTime();
    private boolean first = true;
    private String lastValidation = "";

    /**
     * Shows nothing yet.
     *
     * @param engine the one that trains
     * @param spread whether images from the whole set are shown, of which the first are much alike, and not its first
     *     images
     * @param options how it trains
     * @param before rows of metrics of epochs that were done earlier
     * @param forWindow whether it is for a window alone: images then stay on the engine's device, if it has one and
     *     OpenGL turns out to run there
     * @param screen takes what is to be shown, and returns at once
     */
    public PreviewFeed(
            TrainingEngine engine,
            ValidationSet validation,
            boolean spread,
            TrainingOptions options,
            List<MetricsLog.Row> before,
            boolean forWindow,
            Consumer<TrainingPicture> screen) {
        this.engine = engine;
        this.options = options;
        this.screen = screen;
        columns = Math.min(
                MOST_COLUMNS, ContactSheet.columnsWithin(SHEET_WIDTH, validation.height(), validation.width()));
        count = Math.min(BLOCKS * columns, validation.count());
        step = spread ? SampleBlock.step(validation.count(), count) : 1;
        shown = step == 1 ? validation : validation.spread(step, count);
        device = forWindow && validation.isSynthetic() && engine instanceof SampleSharingEngine sharing
                ? sharing.deviceSamples(count, columns)
                : null;
        before.forEach(this::addPoints);
    }

    @Override
    public void epochStarted(int newEpoch, int newEpochs, int done, int newImages) {
        epoch = newEpoch;
        epochs = newEpochs;
        images = newImages;
        doneAtStart = done;
        startTime = System.nanoTime();
        // What an earlier session had of epochs that are done again.
        training.removeIf(point -> point[0] >= newEpoch);
        validated.removeIf(point -> point[0] >= newEpoch);
    }

    @Override
    public void progressed(int done, double loss) {
        long now = System.nanoTime();
        if (now - nextTime < 0) {
            return;
        }
        training.add(new double[] {epoch - 1 + (double) done / images, loss});
        double imagesPerSecond = (done - doneAtStart) / ((now - startTime) / 1e9);
        double secondsLeft = (images - done + (double) (epochs - epoch) * images) / imagesPerSecond;
        show(
                String.format(Locale.ROOT, "%,.0f images/s, %s left", imagesPerSecond, ElapsedTime.format(secondsLeft)),
                trainingLoss(loss));
        long end = System.nanoTime();
        // The first one says little: code is loaded and compiled for it.
        nextTime = end + (first ? LEAST_PAUSE : Math.max(LEAST_PAUSE, PAUSES_PER_SAMPLING * (end - now)));
        first = false;
    }

    @Override
    public void epochFinished(MetricsLog.Row metrics, int allEpochs, boolean best) {
        // From the middle of an epoch there are averages over its beginning; the whole of it counts more.
        training.removeIf(point -> point[0] > metrics.epoch() - 1);
        addPoints(metrics);
        if (metrics.epoch() == allEpochs) {
            show(
                    String.format(Locale.ROOT, "%,.0f images/s, done", metrics.imagesPerSecond()),
                    trainingLoss(metrics.trainLoss()));
        }
    }

    private String error() {
        return MetricsLog.error(shown.blindSpots().isPresent());
    }

    private String trainingLoss(double value) {
        return String.format(
                Locale.ROOT, "Training %s %.5f", options.learningRule().loss().title(), value);
    }

    private void addPoints(MetricsLog.Row row) {
        training.add(new double[] {row.epoch(), row.trainLoss()});
        validated.add(new double[] {row.epoch(), row.validation().mse()});
        lastValidation = String.format(
                        Locale.ROOT,
                        "Validation %s %.5f",
                        error(),
                        row.validation().mse())
                + (row.validation().hasTargets()
                        ? String.format(
                                Locale.ROOT, " (%.2f dB)", row.validation().psnr())
                        : "");
    }

    private void show(String speed, String loss) {
        boolean staysOnDevice = device != null && device.isShared();
        if (staysOnDevice) {
            device.take(shown.target(), options.noise(), options.seed());
        }
        List<Block> blocks = new ArrayList<>();
        for (int from = 0; from < count; from += columns) {
            int part = Math.min(columns, count - from);
            Block block = staysOnDevice
                    ? SampleBlock.places(part)
                    : SampleBlock.of(engine, shown, options.noise(), options.seed(), from, part);
            blocks.add(block.captioned(SampleBlock.caption(shown, from * step, part, step)));
        }
        screen.accept(new TrainingPicture(
                shown.height(),
                shown.width(),
                shown.channels(),
                blocks,
                List.of(
                        curve("training " + options.learningRule().loss().title(), training),
                        curve("validation " + error(), validated)),
                List.of("Epoch " + epoch + " of " + epochs, speed, loss, lastValidation),
                device));
    }

    private static Curve curve(String name, List<double[]> points) {
        return new Curve(
                name,
                points.stream().mapToDouble(point -> point[0]).toArray(),
                points.stream().mapToDouble(point -> point[1]).toArray());
    }
}
