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

    private Parity() {}

    /**
     * Trains the recorded steps on {@code engine}, which must have been opened for the recorded architecture and at
     * least the recorded batch.
     *
     * @return one comparison for each activation, gradient and parameter tensor, in the order in which they are
     *     computed
     */
    public static List<Comparison> replay(RecordedValues recorded, InspectableEngine engine, Tolerance tolerance) {
        List<Comparison> comparisons = new ArrayList<>();
        inference(recorded, engine, tolerance, comparisons);
        training(recorded, engine, tolerance, comparisons);
        adam(recorded, engine, comparisons);
        return comparisons;
    }

    /**
     * Whether rounding opens a ReLU on one of two engines only while both train the recorded steps: its input is as
     * near to zero as the last bits of a sum. From there the gradients differ, and with Adam the parameters part; the
     * values tell nothing of either engine. Of random networks that meets about one in twenty within five steps.
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
     * The largest activation that is zero on the other engine, relative to the largest of all; zero if there is none.
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

    /** The path that denoises and encodes, which may not be the one that trains. */
    private static void inference(
            RecordedValues recorded, InspectableEngine engine, Tolerance tolerance, List<Comparison> comparisons) {
        engine.load(TrainingState.initial(recorded.initial()));
        float[] denoised = new float[recorded.clean().length];
        engine.denoise(recorded.noisy(), recorded.batch(), denoised);
        comparisons.add(Comparison.everywhere(
                "denoise",
                recorded.activations().get(recorded.network().output().name()),
                denoised,
                tolerance.values()));
        recorded.network().latent().ifPresent(latent -> {
            float[] latents = new float[recorded.batch() * latent.size()];
            engine.encode(recorded.noisy(), recorded.batch(), latents);
            comparisons.add(Comparison.everywhere(
                    "encode", recorded.activations().get(latent.name()), latents, tolerance.values()));
        });
    }

    private static void training(
            RecordedValues recorded, InspectableEngine engine, Tolerance tolerance, List<Comparison> comparisons) {
        engine.takeLosses();
        trainStep(recorded, engine);
        for (Layer layer : recorded.network().layers()) {
            comparisons.add(Comparison.everywhere(
                    "activation." + layer.name(),
                    recorded.activations().get(layer.name()),
                    engine.activation(layer.output()),
                    tolerance.values()));
        }
        for (ParameterTensor tensor : recorded.network().parameterTensors()) {
            comparisons.add(Comparison.everywhere(
                    "gradient." + tensor.name(),
                    recorded.gradients().get(tensor.name()),
                    engine.gradients().get(tensor.name()),
                    tolerance.values()));
        }
        compareParameters(recorded, recorded.afterFirst(), engine, 1, tolerance, comparisons);
        for (int step = 1; step < recorded.steps(); step++) {
            trainStep(recorded, engine);
        }
        if (recorded.steps() > 1) {
            compareParameters(recorded, recorded.afterLast(), engine, recorded.steps(), tolerance, comparisons);
        }
        recorded.average().ifPresent(expected -> {
            Parameters actual = engine.state().weights();
            compareParameters("average", recorded, expected, actual, recorded.steps(), tolerance, comparisons);
        });
        comparisons.add(Comparison.everywhere(
                "losses", floats(recorded.losses()), floats(engine.takeLosses()), tolerance.values()));
    }

    private static void trainStep(RecordedValues recorded, InspectableEngine engine) {
        engine.trainStep(recorded.given(), recorded.learningRate());
    }

    private static void compareParameters(
            RecordedValues recorded,
            Parameters expected,
            InspectableEngine engine,
            int updates,
            Tolerance tolerance,
            List<Comparison> comparisons) {
        Parameters actual = engine.state().parameters();
        compareParameters("after", recorded, expected, actual, updates, tolerance, comparisons);
    }

    private static void compareParameters(
            String kind,
            RecordedValues recorded,
            Parameters expected,
            Parameters actual,
            int updates,
            Tolerance tolerance,
            List<Comparison> comparisons) {
        for (ParameterTensor tensor : recorded.network().parameterTensors()) {
            comparisons.add(Comparison.afterUpdates(
                    kind + updates + "." + tensor.name(),
                    expected.get(tensor.name()),
                    actual.get(tensor.name()),
                    tolerance.parameters(),
                    recorded.learningRate(),
                    updates));
        }
    }

    /** Adam alone, on the recorded gradients: whatever the precision of the engine, its update is exact. */
    private static void adam(RecordedValues recorded, InspectableEngine engine, List<Comparison> comparisons) {
        engine.load(TrainingState.initial(recorded.initial()));
        engine.update(recorded.gradients(), recorded.learningRate());
        Parameters actual = engine.state().parameters();
        for (ParameterTensor tensor : recorded.network().parameterTensors()) {
            comparisons.add(Comparison.everywhere(
                    "adam." + tensor.name(),
                    recorded.afterFirst().get(tensor.name()),
                    actual.get(tensor.name()),
                    Tolerance.ADAM));
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
