package daegpu.parity;

import daegpu.engine.InspectableEngine;
import daegpu.engine.TrainingState;
import daegpu.model.Layer;
import daegpu.model.ParameterTensor;
import daegpu.model.Parameters;
import java.util.ArrayList;
import java.util.List;

/** Replays recorded values on an engine and compares everything that it computes with them. */
public final class Parity {

    private final RecordedValues recorded;
    private final InspectableEngine engine;
    private final Tolerance tolerance;
    private final List<Comparison> comparisons = new ArrayList<>();

    private Parity(RecordedValues recorded, InspectableEngine engine, Tolerance tolerance) {
        this.recorded = recorded;
        this.engine = engine;
        this.tolerance = tolerance;
    }

    /**
     * Repeats the recorded training steps on {@code engine}, which must have been opened for the recorded network and
     * learning rule, and for at least the recorded batch.
     *
     * @return comparisons {@code denoise} and {@code encode}; {@code activation.conv1} for each layer and
     *     {@code gradient.conv1.kernel} for each parameter tensor; of each tensor, what the first step and all steps
     *     added, {@code after1.conv1.kernel} and {@code after5.conv1.kernel}, and what the average gained,
     *     {@code average5.conv1.kernel}; {@code losses}; and of each tensor, by the recorded gradients alone, the
     *     update, {@code adam.conv1.kernel}, and its average, {@code ema.conv1.kernel}
     */
    public static List<Comparison> replay(RecordedValues recorded, InspectableEngine engine, Tolerance tolerance) {
        Parity parity = new Parity(recorded, engine, tolerance);
        parity.compareInference();
        parity.compareTraining();
        parity.compareUpdateAlone();
        return parity.comparisons;
    }

    /**
     * Whether, while two engines repeat the recorded steps, rounding opens a ReLU on only one of them, because its
     * input is as near to zero as the last bits of a sum. From there on the gradients and, by Adam, the parameters
     * differ, and the values say nothing about either engine. This happens to about one random network in twenty within
     * five steps.
     *
     * @param bound how far from zero such an input may be, relative to the largest activation of its layer
     */
    public static boolean roundingOpensRelu(
            RecordedValues recorded, InspectableEngine reference, InspectableEngine engine, double bound) {
        reference.load(TrainingState.initial(recorded.initial()));
        engine.load(TrainingState.initial(recorded.initial()));
        for (int step = 0; step < recorded.steps(); step++) {
            trainStep(recorded, reference);
            trainStep(recorded, engine);
            boolean opens = false;
            for (Layer layer : recorded.network().layers()) {
                if (layer.activation() == Layer.Activation.RELU) {
                    double furthest =
                            openOnOneOnly(reference.activation(layer.output()), engine.activation(layer.output()));
                    if (furthest > bound) {
                        return false;
                    }
                    opens |= furthest > 0;
                }
            }
            if (opens) {
                return true;
            }
        }
        return false;
    }

    /**
     * The largest activation that is zero on the other engine, relative to the largest of all; zero if there is no such
     * activation.
     */
    private static double openOnOneOnly(float[] expected, float[] actual) {
        float furthest = 0;
        float largest = 0;
        for (int i = 0; i < expected.length; i++) {
            if (expected[i] > 0 != actual[i] > 0) {
                furthest = Math.max(furthest, Math.max(expected[i], actual[i]));
            }
            largest = Math.max(largest, expected[i]);
        }
        return furthest == 0 ? 0 : furthest / largest;
    }

    /** Compares inference, which an engine may compute by other means than training. */
    private void compareInference() {
        engine.load(TrainingState.initial(recorded.initial()));
        float[] denoised = new float[recorded.given().clean().length];
        engine.denoise(recorded.given().noisy(), recorded.batch(), denoised);
        compareValues(
                "denoise",
                recorded.activations().get(recorded.network().output().name()),
                denoised);
        recorded.network().latent().ifPresent(latent -> {
            float[] latents = new float[recorded.batch() * latent.size()];
            engine.encode(recorded.given().noisy(), recorded.batch(), latents);
            compareValues("encode", recorded.activations().get(latent.name()), latents);
        });
    }

    private void compareTraining() {
        engine.takeLosses();
        trainStep(recorded, engine);
        for (Layer layer : recorded.network().layers()) {
            compareValues(
                    "activation." + layer.name(),
                    recorded.activations().get(layer.name()),
                    engine.activation(layer.output()));
        }
        Parameters gradients = engine.gradients();
        for (ParameterTensor tensor : recorded.network().parameterTensors()) {
            compareValues(
                    "gradient." + tensor.name(), recorded.gradients().get(tensor.name()), gradients.get(tensor.name()));
        }
        compareUpdates("after", 1, recorded.afterFirst(), engine.state().parameters());
        int steps = recorded.steps();
        for (int step = 1; step < steps; step++) {
            trainStep(recorded, engine);
        }
        TrainingState last = engine.state();
        if (steps > 1) {
            compareUpdates("after", steps, recorded.afterLast(), last.parameters());
        }
        recorded.average()
                .ifPresent(expected -> compareUpdates(
                        "average", steps, expected, last.average().orElseThrow()));
        compareValues("losses", floats(recorded.losses()), floats(engine.takeLosses()));
    }

    private static void trainStep(RecordedValues recorded, InspectableEngine engine) {
        engine.trainStep(recorded.given(), recorded.learningRate());
    }

    /** Compares the update alone, given the recorded gradients: Adam and the average are float32 in every precision. */
    private void compareUpdateAlone() {
        engine.load(TrainingState.initial(recorded.initial()));
        engine.update(recorded.gradients(), recorded.learningRate());
        TrainingState actual = engine.state();
        compareExactly("adam", recorded.afterFirst(), actual.parameters());
        recorded.averageAfterFirst()
                .ifPresent(expected ->
                        compareExactly("ema", expected, actual.average().orElseThrow()));
    }

    private void compareValues(String name, float[] expected, float[] actual) {
        comparisons.add(Comparison.everywhere(name, expected, actual, tolerance.ofValues(name)));
    }

    private void compareUpdates(String kind, int updates, Parameters expected, Parameters actual) {
        for (ParameterTensor tensor : recorded.network().parameterTensors()) {
            String name = kind + updates + "." + tensor.name();
            comparisons.add(Comparison.ofUpdates(
                    name,
                    recorded.initial().get(tensor.name()),
                    expected.get(tensor.name()),
                    actual.get(tensor.name()),
                    tolerance.ofUpdates(name),
                    recorded.learningRate(),
                    updates));
        }
    }

    private void compareExactly(String kind, Parameters expected, Parameters actual) {
        for (ParameterTensor tensor : recorded.network().parameterTensors()) {
            comparisons.add(Comparison.everywhere(
                    kind + "." + tensor.name(),
                    expected.get(tensor.name()),
                    actual.get(tensor.name()),
                    Tolerance.UPDATE));
        }
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }
}
