package daegpu.cli;

import daegpu.data.DataSets;
import daegpu.data.ValidationSet;
import daegpu.engine.LearningRule;
import daegpu.train.Checkpoint;
import daegpu.train.ElapsedTime;
import daegpu.train.Evaluation;
import daegpu.train.LearningRate;
import daegpu.train.MetricsLog;
import daegpu.train.RunDirectory;
import daegpu.train.SampleBlock;
import daegpu.train.TrainingOptions;
import daegpu.train.TrainingResult;
import daegpu.train.TrainingRun;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** What {@code train} prints before and after. */
final class TrainingText {

    private final PrintWriter out;

    TrainingText(PrintWriter out) {
        this.out = out;
    }

    /**
     * What a run is going to do, before it does it.
     *
     * @param config the file that options are from, or null
     * @param noiseOrigin why its noise is as it is; empty if somebody chose it
     */
    void printPlan(TrainingRun opened, Path config, Optional<String> noiseOrigin) {
        TrainingOptions options = opened.options();
        DataSets sets = opened.images();
        out.println(NetworkSummary.of(options.network()));
        out.println();
        out.println("Engine:  " + opened.engine().engine().description() + ": "
                + opened.engine().reason());
        opened.convolutions()
                .ifPresent(choice -> out.println("         convolutions " + choice.taken() + ": " + choice.reason()));
        out.println("Images:  " + sets.description().replace("\n", "\n         "));
        if (!sets.unusable().isEmpty()) {
            out.printf(
                    Locale.ROOT,
                    "Missing: %,d pictures that cannot be used; they are named at the end%n",
                    sets.unusable().size());
        }
        if (config != null) {
            out.println("Config:  " + config);
        }
        out.println("Noise:   " + NoiseText.describe(options.noise()));
        noiseOrigin.ifPresent(origin -> out.println("         " + origin));
        LearningRule rule = options.learningRule();
        double weightDecay = rule.optimizer().weightDecay();
        out.println("Loss:    " + rule.loss());
        out.printf(
                Locale.ROOT,
                "Updates: %,d an epoch of %d images, %s at %s (%s)%s, seed %d%n",
                options.stepsPerEpoch(sets.training().count()),
                options.batchSize(),
                weightDecay == 0 ? "Adam" : "AdamW",
                options.learningRate().peak(),
                options.learningRate().schedule(),
                weightDecay == 0 ? "" : ", weight decay " + weightDecay,
                options.seed());
        rule.averageDecay()
                .ifPresent(decay -> out.println("Average: of the weights, with decay " + decay
                        + ": validated, saved as the best and used in their place"));
        out.println("Run:     " + opened.directory().path());
        out.println();
        opened.checkpoint().ifPresent(before -> printWhereItGoesOn(before, opened));
        out.flush();
    }

    private void printWhereItGoesOn(Checkpoint before, TrainingRun opened) {
        out.printf(Locale.ROOT, "Going on after update %,d of %,d.%n", opened.updatesDone(), opened.updates());
        LearningRate rate = opened.options().learningRate();
        if (rate.horizon() != before.options().learningRate().horizon()) {
            out.printf(
                    Locale.ROOT,
                    "The %s schedule of the learning rate now ends after update %,d instead of %,d.%n",
                    rate.schedule(),
                    rate.horizon(),
                    before.options().learningRate().horizon());
        }
    }

    /** How well a training ended, and where its files are. */
    void printResult(TrainingResult result, ValidationSet validation, Evaluation.Baseline without) {
        MetricsLog.Row best = result.bestEpoch().orElseThrow();
        int epochs = result.epochs().size();
        out.printf(
                Locale.ROOT,
                "%nTrained %s in %s; best validation %s %.5f%s after epoch %d.%n",
                epochs == 1 ? "1 epoch" : epochs + " epochs",
                ElapsedTime.format(result.seconds()),
                MetricsLog.error(validation.blindSpots().isPresent()),
                best.validation().mse(),
                best.validation().hasTargets()
                        ? String.format(
                                Locale.ROOT,
                                ", PSNR %s%.2f dB",
                                validation.hasNoisyTargets() ? "of at least " : "",
                                best.validation().psnr())
                        : "",
                best.epoch());
        out.println("  " + result.best() + "  the best model");
        out.println("  " + result.last() + "  the last one, to go on from");
        out.println("  " + result.sample(epochs) + "  images: " + SampleBlock.rows(validation));
        out.println("  " + result.metrics() + "  one line for each epoch");
        out.println("  " + result.report() + "  all of it as a page for a browser");
        printIfUseless(result, without);
        out.println(
                validation.isSynthetic()
                        ? "Next, see how much noise it takes:"
                        : "Next, denoise pictures of this kind:");
        out.println("  " + ProgramName.command() + (validation.isSynthetic() ? " evaluate " : " denoise ")
                + ProgramName.argument(result.folder())
                + (validation.isSynthetic() ? "" : " PICTURE..."));
    }

    /** Says it where the best model is hardly better than no model at all. */
    private void printIfUseless(TrainingResult result, Evaluation.Baseline without) {
        double mse = result.bestEpoch().orElseThrow().validation().mse();
        double least = Math.min(without.noisy(), without.meanImage());
        if (Evaluation.isUseless(mse, without)) {
            out.printf(
                    Locale.ROOT,
                    "This model is of no use yet: without any network, %s an MSE of %.5f.%n"
                            + "Train it for more epochs or on more images, such as:%n  %s --epochs %d%n",
                    without.noisy() < without.meanImage() ? "the noisy images have" : "the mean of the images has",
                    least,
                    resumption(RunDirectory.of(result.folder())),
                    10 * result.epochs().size());
        }
    }

    /** What to type to go on with a run. */
    static String resumption(RunDirectory directory) {
        return ProgramName.command() + " train --resume " + ProgramName.argument(directory.path());
    }
}
