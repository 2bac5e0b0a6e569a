package daegpu.engine.cuda;

import daegpu.data.Depth;
import daegpu.data.TrainingImages;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Plan;
import daegpu.engine.TrainingState;
import daegpu.engine.cuda.batch.BatchSource;
import daegpu.engine.cuda.batch.CorruptedBatch;
import daegpu.engine.cuda.driver.CapturedStep;
import daegpu.engine.cuda.driver.DeviceArray;
import daegpu.engine.cuda.driver.OwnedScope;
import daegpu.engine.cuda.layers.BatchShare;
import daegpu.engine.cuda.layers.DeviceTensor;
import daegpu.engine.cuda.layers.GradientUpdate;
import daegpu.engine.cuda.layers.LossTarget;
import daegpu.engine.cuda.layers.StepState;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.BlindSpots;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Trains on an NVIDIA GPU. Images (or the pictures that patches are cut from) stay on the device if they fit, and so do
 * their order, the weights, moments and losses. A training step is captured as a CUDA graph and replayed. Within a step
 * nothing is copied or waited for, except chunks of a set that does not fit; what changes from one step to the next
 * (number of updates, learning rate, place in the order) lies on the device.
 */
public final class CudaTrainingEngine extends CudaEngine implements InspectableEngine {

    /**
     * All that decides the operations of a step.
     *
     * @param count number of images
     * @param batch number of images of the whole batch
     * @param isMasked whether values have weights
     * @param updates whether it updates the parameters
     */
    private record StepKind(int count, int batch, boolean isMasked, boolean updates) {}

    /**
     * All that decides the launches of a step on images of an epoch, besides the step: the values of
     * {@link BatchSource} that are arguments of launches.
     */
    private record EpochStep(
            StepKind step,
            Optional<DeviceArray> targets,
            Optional<DeviceArray> inputs,
            boolean hasInputs,
            Optional<BlindSpots> blindSpots,
            int ring,
            Depth depth,
            Noise.Kind noise,
            boolean clipped,
            Optional<DeviceArray> photons) {}

    private final LearningRule rule;
    private final Plan plan;
    private final PlanMemory memory;
    private final DeviceTensor clean;
    private final TrainedArrays arrays;
    private final StepState state;
    private final BatchSource training;
    private final Map<StepKind, TrainingStep> steps = new HashMap<>();
    private final Map<EpochStep, CapturedStep> epochSteps = new HashMap<>();
    private final Map<StepKind, CapturedStep> givenSteps = new HashMap<>();
    /** Null until a batch has a mask for the first time. */
    private DeviceTensor mask;
    /** Null until the first update with given gradients. */
    private DeviceArray givenGradients;
    /** Null until a step has run. */
    private TrainingStep lastStep;

    private double[] takenLosses = {};
    private int lastCount;

    /**
     * Opens the engine with all weights zero; {@link #load} gives it others.
     *
     * @throws EngineUnavailableException as {@link CudaEngine#CudaEngine}
     */
    public CudaTrainingEngine(Network network, LearningRule rule, EngineOptions options) {
        super(network, options);
        this.rule = rule;
        plan = Plan.training(network, true);
        try {
            arrays = TrainedArrays.allocate(device(), kernels(), scope(), arena().size(), rule, weights());
            state = arrays.state();
            memory = new PlanMemory(operations().layout(), device(), scope(), network, plan, options.batchSize());
            clean = memory.likeOutput();
            training = new BatchSource(device(), kernels(), scope(), options.batchSize());
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    @Override
    public long deviceBytes() {
        return device().allocatedBytes();
    }

    @Override
    public void load(Parameters newWeights) {
        load(TrainingState.initial(newWeights));
    }

    @Override
    public void load(TrainingState newState) {
        begin();
        TrainingState loaded = newState.under(rule);
        upload(loaded.parameters(), arrays.parameters());
        upload(loaded.firstMoment(), arrays.firstMoment());
        upload(loaded.secondMoment(), arrays.secondMoment());
        loaded.average().ifPresent(average -> upload(average, arrays.average().orElseThrow()));
        state.load(loaded.step());
    }

    @Override
    public TrainingState state() {
        begin();
        return new TrainingState(
                download(arrays.parameters()),
                download(arrays.firstMoment()),
                download(arrays.secondMoment()),
                arrays.average().map(this::download),
                state.step());
    }

    @Override
    public void startEpoch(TrainingImages images, Noise noise, long seed, int epoch, int[] order) {
        begin();
        corrupted(); // allocates what validation needs before the images take what is free
        inference();
        training.setEpoch(images, noise, seed, epoch, order);
    }

    @Override
    public void trainStep(int first, int count, float learningRate) {
        requireCount(count);
        begin();
        state.expect(learningRate, first);
        runOnEpoch(new StepKind(count, count, training.blindSpots().isPresent(), true), first);
        state.updated();
    }

    @Override
    public void computeGradients(int first, int count, int batch) {
        requireCount(count);
        begin();
        state.expectPosition(first);
        runOnEpoch(new StepKind(count, batch, training.blindSpots().isPresent(), false), first);
    }

    private void runOnEpoch(StepKind kind, int first) {
        training.require(first, kind.count());
        epochSteps
                .computeIfAbsent(
                        new EpochStep(
                                kind,
                                training.targets(),
                                training.inputs(),
                                training.hasInputs(),
                                training.blindSpots(),
                                training.ring(),
                                training.depth(),
                                training.noise().kind(),
                                training.noise().clipped(),
                                training.photons()),
                        step -> epochStep(step.step()))
                .run();
        computed(kind);
    }

    @Override
    public void trainStep(GivenBatch given, float learningRate) {
        int count = given.count();
        requireCount(count);
        begin();
        place(given.clean(), count, clean);
        place(given.noisy(), count, memory.values(network().input()));
        given.mask().ifPresent(weights -> place(scaled(weights, given), count, mask()));
        state.expect(learningRate);
        StepKind kind = new StepKind(count, count, given.mask().isPresent(), true);
        givenSteps.computeIfAbsent(kind, this::givenStep).run();
        computed(kind);
        state.updated();
    }

    /**
     * The weights, scaled so that their sum is the number of values. Losses are then divided by that number, as without
     * a mask.
     */
    private float[] scaled(float[] weights, GivenBatch given) {
        int size = network().output().size();
        float[] scaled = new float[given.count() * size];
        double scale = scaled.length / given.weight(size);
        for (int i = 0; i < scaled.length; i++) {
            scaled[i] = (float) (weights[i] * scale);
        }
        return scaled;
    }

    private DeviceTensor mask() {
        if (mask == null) {
            mask = memory.likeOutput();
        }
        return mask;
    }

    private void requireCount(int count) {
        if (count < 1 || count > options().batchSize()) {
            throw new IllegalArgumentException("a batch has 1 to " + options().batchSize() + " images, not " + count);
        }
    }

    private void place(float[] images, int count, DeviceTensor target) {
        CorruptedBatch staging = corrupted();
        int size = network().input().size();
        long targetSize = target.planes().size();
        for (int first = 0; first < count; first += CorruptedBatch.IMAGES) {
            int part = Math.min(CorruptedBatch.IMAGES, count - first);
            device().upload(images, first * size, part * size, staging.clean(), 0);
            layout().toPlanes(
                            staging.clean(),
                            target.memory().floats(first * targetSize, part * targetSize),
                            target.planes(),
                            part);
        }
    }

    private CapturedStep epochStep(StepKind kind) {
        TrainingStep step = stepOf(kind);
        DeviceTensor noisy = memory.values(network().input());
        Optional<DeviceArray> weights = kind.isMasked() ? Optional.of(mask().memory()) : Optional.empty();
        return new CapturedStep(device(), scope(), () -> {
            corruption()
                    .run(training, state.position(), kind.count(), network().input(), clean.memory(), noisy, weights);
            step.run();
        });
    }

    private CapturedStep givenStep(StepKind kind) {
        return new CapturedStep(device(), scope(), stepOf(kind)::run);
    }

    private TrainingStep stepOf(StepKind kind) {
        return steps.computeIfAbsent(
                kind,
                missing -> new TrainingStep(
                        network(),
                        plan,
                        operations(),
                        operations().training(new BatchShare(kind.count(), kind.batch(), rule.loss()), arrays),
                        arena(),
                        memory,
                        arrays,
                        kind.count(),
                        new LossTarget(clean, kind.isMasked() ? Optional.of(mask()) : Optional.empty()),
                        kind.updates()));
    }

    private void computed(StepKind kind) {
        lastStep = stepOf(kind);
        lastCount = kind.count();
        state.computed(kind.count());
        if (state.losses() == TrainedArrays.MOST_LOSSES) {
            readLosses();
        }
    }

    private void readLosses() {
        float[] values = new float[state.losses()];
        device().download(arrays.losses(), values, 0, values.length);
        int before = takenLosses.length;
        takenLosses = Arrays.copyOf(takenLosses, before + values.length);
        for (int i = 0; i < values.length; i++) {
            takenLosses[before + i] = values[i];
        }
        state.clearLosses();
    }

    @Override
    public void update(Parameters gradients, float learningRate) {
        begin();
        if (givenGradients == null) {
            givenGradients = device().allocateFloats(scope(), arena().size(), "given gradients");
        }
        upload(gradients, givenGradients);
        state.expect(learningRate);
        GradientUpdate.run(kernels(), arrays, givenGradients);
        state.updated();
    }

    @Override
    public double[] takeLosses() {
        begin();
        readLosses();
        double[] taken = takenLosses;
        takenLosses = new double[0];
        return taken;
    }

    @Override
    public float[] activation(Tensor tensor) {
        begin();
        DeviceTensor values = memory.values(tensor);
        float[] activations = new float[lastCount * tensor.size()];
        try (OwnedScope temporary = new OwnedScope(device())) {
            DeviceArray pixels = device().allocateFloats(temporary.scope(), activations.length, "activations");
            layout().toPixels(values.memory(), pixels, values.planes(), lastCount);
            device().download(pixels, activations, 0, activations.length);
        }
        return activations;
    }

    @Override
    public Parameters gradients() {
        begin();
        if (lastStep != null) {
            lastStep.collectGradients();
        }
        return download(arrays.gradients());
    }
}
