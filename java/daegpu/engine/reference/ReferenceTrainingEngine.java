package daegpu.engine.reference;

import daegpu.data.TrainingImages;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Plan;
import daegpu.engine.TrainingState;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.BlindSpots;
import daegpu.noise.Noise;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Trains in plain Java loops. A batch is divided into groups of {@value #GROUP} images. The gradients of each group are
 * summed in the order of its images, and then the groups in their order, so the result does not depend on the number of
 * threads.
 */
public final class ReferenceTrainingEngine extends ReferenceEngine implements InspectableEngine {

    /**
     * Images whose gradients are summed by one thread. This is part of the arithmetic: another number would round
     * differently.
     */
    private static final int GROUP = 4;

    private final LearningRule rule;
    private TrainingState state;
    /** The parameters in the layout of the loops. If there is an average, the weights that denoise are another copy. */
    private final Map<Layer, LayerWeights> weights;

    private TrainingImages images;
    private Noise noise;
    private long seed;
    private int epoch;
    private int[] order;

    private final ImagePass[] batch;
    private int lastCount;
    private final List<Map<Layer, LayerWeights>> groupGradients;
    private final Parameters gradients;
    private final List<Double> losses = new ArrayList<>();

    /**
     * Opens the engine with all weights zero.
     *
     * @throws EngineUnavailableException if another precision than fp32 or bf16 is asked for
     */
    public ReferenceTrainingEngine(Network network, LearningRule rule, EngineOptions options) {
        super(network, options);
        this.rule = rule;
        weights = newWeights();
        Plan plan = Plan.training(network, true);
        batch = Stream.generate(() -> new ImagePass(network, plan, rounds()))
                .limit(options.batchSize())
                .toArray(ImagePass[]::new);
        groupGradients =
                Stream.generate(this::newWeights).limit(groups(batch.length)).toList();
        gradients = new Parameters(network);
        load(TrainingState.initial(new Parameters(network)));
    }

    private static int groups(int count) {
        return (count + GROUP - 1) / GROUP;
    }

    @Override
    public void load(TrainingState newState) {
        state = newState.copy().under(rule);
        layOutWeights();
    }

    @Override
    public void load(Parameters newWeights) {
        load(TrainingState.initial(newWeights));
    }

    @Override
    public TrainingState state() {
        return state.copy();
    }

    private void layOutWeights() {
        layOut(state.parameters(), weights);
        super.load(state.weights());
    }

    @Override
    public void startEpoch(TrainingImages newImages, Noise newNoise, long newSeed, int newEpoch, int[] newOrder) {
        images = newImages;
        noise = newNoise;
        seed = newSeed;
        epoch = newEpoch;
        order = newOrder;
    }

    @Override
    public void trainStep(int first, int count, float learningRate) {
        computeGradients(first, count, count);
        update(gradients, learningRate);
    }

    @Override
    public void computeGradients(int first, int count, int wholeBatch) {
        requireBatch(count);
        Tensor image = network().input();
        int size = image.size();
        float[] clean = new float[count * size];
        float[] noisy = new float[count * size];
        Optional<BlindSpots> spots = images.blindSpots();
        Optional<float[]> mask = spots.map(some -> new float[count * size]);
        inParallel(count, i -> {
            int index = order[first + i];
            images.scaleTarget(seed, epoch, index, clean, i * size);
            if (spots.isPresent()) {
                spots.get()
                        .apply(
                                seed,
                                index,
                                epoch,
                                image.height(),
                                image.width(),
                                image.channels(),
                                clean,
                                noisy,
                                mask.orElseThrow(),
                                i * size);
            } else {
                images.scaleInput(seed, epoch, index, noisy, i * size);
                noise.corrupt(seed, index, epoch, noisy, noisy, i * size, size);
            }
        });
        computeGradients(new GivenBatch(clean, noisy, mask, count), (double) wholeBatch * images.countedValues());
    }

    private void requireBatch(int count) {
        if (count < 1 || count > batch.length) {
            throw new IllegalArgumentException("a batch has 1 to " + batch.length + " images, not " + count);
        }
    }

    @Override
    public void trainStep(GivenBatch given, float learningRate) {
        requireBatch(given.count());
        computeGradients(given, given.weight(network().output().size()));
        update(gradients, learningRate);
    }

    /** @param divisor the sum of the weights of all values in the whole batch */
    private void computeGradients(GivenBatch given, double divisor) {
        int count = given.count();
        int size = network().input().size();
        double[] sums = new double[count];
        Optional<float[]> mask = given.mask();
        inParallel(groups(count), group -> {
            Map<Layer, LayerWeights> groupGradient = groupGradients.get(group);
            groupGradient.values().forEach(LayerWeights::clear);
            for (int i = group * GROUP; i < Math.min((group + 1) * GROUP, count); i++) {
                int at = i * size;
                ImagePass pass = batch[i];
                pass.fillClean(given.clean(), at);
                pass.fill(network().input(), given.noisy(), at);
                mask.ifPresent(values -> pass.fillMask(values, at));
                sums[i] = pass.train(rule.loss(), mask.isPresent(), (float) divisor, weights, groupGradient);
            }
        });
        Arrays.fill(gradients.values(), 0);
        List<Layer> layers = network().layers();
        inParallel(layers.size(), l -> {
            for (int group = 0; group < groups(count); group++) {
                groupGradients.get(group).get(layers.get(l)).addTo(gradients.values());
            }
        });
        losses.add(Arrays.stream(sums).reduce(0, Double::sum) / divisor);
        lastCount = count;
    }

    @Override
    public void update(Parameters newGradients, float learningRate) {
        requireOpen();
        long step = state.step() + 1;
        Update.apply(rule, state, newGradients.values(), learningRate, step);
        state = new TrainingState(state.parameters(), state.firstMoment(), state.secondMoment(), state.average(), step);
        layOutWeights();
    }

    @Override
    public double[] takeLosses() {
        double[] taken = losses.stream().mapToDouble(Double::doubleValue).toArray();
        losses.clear();
        return taken;
    }

    @Override
    public float[] activation(Tensor tensor) {
        float[] values = new float[lastCount * tensor.size()];
        for (int i = 0; i < lastCount; i++) {
            batch[i].flatten(tensor, values, i * tensor.size());
        }
        return values;
    }

    @Override
    public Parameters gradients() {
        return gradients.copy();
    }
}
