package daegpu.engine.cpu;

import daegpu.data.TrainingImages;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.GivenBatch;
import daegpu.engine.InspectableEngine;
import daegpu.engine.LearningRule;
import daegpu.engine.Plan;
import daegpu.engine.TrainingState;
import daegpu.engine.cpu.ShareImages.Epoch;
import daegpu.engine.cpu.Workers.Phase;
import daegpu.model.Layer;
import daegpu.model.Network;
import daegpu.model.Parameters;
import daegpu.model.Tensor;
import daegpu.noise.Noise;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Trains on the processor with oneDNN. A batch is divided into shares of {@value #SHARE_IMAGES} images (the last may
 * have fewer). Each share goes through noise, forward pass, loss and backward pass on one thread, in memory of its own,
 * without waiting for others. The gradients of the shares are summed in pairs (see {@link PairwiseSum}), and the
 * parameters are updated part by part on all threads. So the result depends only on the batch, and not on the number of
 * threads.
 *
 * <p>If there are many shares, neighbours form groups. A worker sums the gradients of a group while it computes them,
 * so that the memory for gradients does not grow with the batch.
 */
public final class CpuTrainingEngine extends CpuEngine implements InspectableEngine {

    /** This is part of the arithmetic: another number would round differently. With fewer images, each takes longer. */
    private static final int SHARE_IMAGES = 8;
    /**
     * The largest number of groups and slices for each thread. Several keep all threads busy until the end, even if
     * other programs take processor time.
     */
    private static final int ITEMS = 4;
    /** Number of floats that a worker adds at a time. */
    private static final int BLOCK = 4096;

    private final LearningRule rule;
    private final int batchSize;
    /** The weights that are trained. If there is an average, those that denoise are others. */
    private final KernelLayouts trained;
    /** Whether the average is newer than the weights that denoise. */
    private boolean averageChanged;

    /** The state whose arrays an update changes; its number of updates is not used. */
    private final TrainingState state;

    private long step;
    private final Parameters gradients;
    /** The gradients of each group of shares. */
    private final NativeArray[] groups;

    private final Runner[] runners;
    /** Parts of the parameters. */
    private final UpdateSlice[] slices;

    private double[] losses = new double[1024];
    private int lossCount;
    private Epoch epoch;
    /** The output of each layer in the last step on given images. */
    private Map<Tensor, float[]> activations = Map.of();

    // What the workers do in the current step. These are fields, so that a step makes no new objects.
    private Optional<GivenBatch> stepBatch = Optional.empty();
    private int stepFirst;
    private int stepCount;
    private double stepDivisor;
    private int stepGroups;
    private int stepGroupShares;
    private float[] stepGradients;
    private float stepAlpha;
    private float stepDecay;
    private final double[] shareLosses;
    private final Phase[] trainPhases;
    private final Phase[] gradientPhases;
    private final Phase[] updatePhases;

    /**
     * Opens the engine with all weights zero.
     *
     * @throws EngineUnavailableException if oneDNN cannot be loaded here, if the precision is not {@code fp32} or
     *     {@code bf16}, or if this processor does not have bf16
     */
    public CpuTrainingEngine(Network network, LearningRule rule, EngineOptions options) {
        super(network, options);
        try {
            this.rule = rule;
            batchSize = options.batchSize();
            state = TrainingState.initial(new Parameters(network)).under(rule);
            gradients = new Parameters(network);
            trained = state.average().isPresent() ? newWeights(weights().type()) : weights();
            int shares = shares(batchSize);
            shareLosses = new double[shares];
            PrimitiveBuilder builder = new PrimitiveBuilder(processor(), scope());
            groups = arrays(builder, Math.min(shares, ITEMS * workers()));
            runners = openRunners(builder, Math.min(shares, workers()), PairwiseSum.slots(groupShares(shares)) - 1);
            slices = openSlices();
            Phase train = new Phase(() -> stepGroups, this::train);
            Phase layOut = layOut(trained);
            trainPhases = new Phase[] {
                train, slicePhase(slice -> slice.sumAndUpdate(stepGroups, stepAlpha, stepDecay)), layOut
            };
            gradientPhases = new Phase[] {train, slicePhase(slice -> slice.sum(stepGroups))};
            updatePhases = new Phase[] {slicePhase(slice -> slice.update(stepGradients, stepAlpha, stepDecay)), layOut};
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private static int shares(int count) {
        return (count + SHARE_IMAGES - 1) / SHARE_IMAGES;
    }

    /** The number of shares of a group, a power of two. */
    private int groupShares(int shares) {
        int size = 1;
        while (groups(shares, size) > ITEMS * workers()) {
            size *= 2;
        }
        return size;
    }

    private static int groups(int shares, int groupShares) {
        return (shares + groupShares - 1) / groupShares;
    }

    private NativeArray[] arrays(PrimitiveBuilder builder, int count) {
        return Stream.generate(() -> builder.array(ElementType.F32, gradients.values().length))
                .limit(count)
                .toArray(NativeArray[]::new);
    }

    /** @param partialSums number of partial sums that each needs besides the gradients of the group */
    private Runner[] openRunners(PrimitiveBuilder builder, int count, int partialSums) {
        NativeArray[][] own =
                Stream.generate(() -> arrays(builder, partialSums)).limit(count).toArray(NativeArray[][]::new);
        int capacity = Math.min(SHARE_IMAGES, batchSize);
        Pass[] passes = openPasses(
                count, Plan.training(network(), false), network().input(), trained, capacity, runner -> Stream.concat(
                                Stream.of(groups), Stream.of(own[runner]))
                        .toArray(NativeArray[]::new));
        return IntStream.range(0, count)
                .mapToObj(i -> new Runner(new GradientPass(network(), passes[i], rule.loss(), capacity), own[i]))
                .toArray(Runner[]::new);
    }

    private UpdateSlice[] openSlices() {
        int values = gradients.values().length;
        int count = Math.min(ITEMS * workers(), values);
        return IntStream.range(0, count)
                .mapToObj(i -> new UpdateSlice(
                        rule,
                        (int) ((long) values * i / count),
                        (int) ((long) values * (i + 1) / count),
                        groups,
                        gradients.values(),
                        state,
                        trained.parameters()))
                .toArray(UpdateSlice[]::new);
    }

    private Phase slicePhase(Consumer<UpdateSlice> work) {
        return new Phase(() -> slices.length, (slice, worker) -> work.accept(slices[slice]));
    }

    /**
     * Lists each operation of a training step with the code that oneDNN chose for it: {@code conv1 forward:
     * brg_conv_fwd:avx2}.
     */
    public List<String> implementations() {
        return runners[0].pass.primitives().stream()
                .map(primitive -> primitive.name() + ": " + primitive.implementation())
                .toList();
    }

    @Override
    public void load(Parameters parameters) {
        load(TrainingState.initial(parameters));
    }

    @Override
    public void load(TrainingState newState) {
        requireOpen();
        TrainingState loaded = newState.under(rule);
        copy(loaded.parameters(), state.parameters());
        copy(loaded.firstMoment(), state.firstMoment());
        copy(loaded.secondMoment(), state.secondMoment());
        loaded.average().ifPresent(average -> copy(average, state.average().orElseThrow()));
        step = loaded.step();
        write(state.parameters(), trained);
        averageChanged = state.average().isPresent();
    }

    private static void copy(Parameters from, Parameters to) {
        System.arraycopy(from.values(), 0, to.values(), 0, to.values().length);
    }

    @Override
    public TrainingState state() {
        TrainingState copy = state.copy();
        return new TrainingState(copy.parameters(), copy.firstMoment(), copy.secondMoment(), copy.average(), step);
    }

    @Override
    void renewWeights() {
        if (averageChanged) {
            write(state.average().orElseThrow(), weights());
            averageChanged = false;
        }
    }

    @Override
    public void startEpoch(TrainingImages images, Noise noise, long seed, int number, int[] order) {
        epoch = new Epoch(images, noise, seed, number, order);
    }

    @Override
    public void trainStep(int first, int count, float learningRate) {
        begin(count);
        stepFirst = first;
        trainStep((double) count * epoch.images().countedValues(), learningRate);
    }

    @Override
    public void trainStep(GivenBatch batch, float learningRate) {
        begin(batch.count());
        double divisor = batch.weight(network().output().size());
        stepBatch = Optional.of(batch);
        activations = network().layers().stream()
                .collect(Collectors.toMap(Layer::output, layer -> new float[batch.count() * layer.outputSize()]));
        trainStep(divisor, learningRate);
    }

    private void trainStep(double divisor, float learningRate) {
        stepDivisor = divisor;
        beginUpdate(learningRate);
        inParallel(trainPhases);
        addLoss();
    }

    @Override
    public void computeGradients(int first, int count, int batch) {
        begin(count);
        stepFirst = first;
        stepDivisor = (double) batch * epoch.images().countedValues();
        inParallel(gradientPhases);
        addLoss();
    }

    @Override
    public void update(Parameters newGradients, float learningRate) {
        stepGradients = newGradients.values();
        beginUpdate(learningRate);
        inParallel(updatePhases);
    }

    private void begin(int count) {
        if (count < 1 || count > batchSize) {
            throw new IllegalArgumentException("a batch has 1 to " + batchSize + " images, not " + count);
        }
        stepBatch = Optional.empty();
        stepCount = count;
        stepGroupShares = groupShares(shares(count));
        stepGroups = groups(shares(count), stepGroupShares);
    }

    private void beginUpdate(float learningRate) {
        step++;
        stepAlpha = rule.optimizer().alpha(learningRate, step);
        stepDecay = rule.optimizer().decay(learningRate);
        averageChanged = state.average().isPresent();
    }

    private void addLoss() {
        if (lossCount == losses.length) {
            losses = Arrays.copyOf(losses, 2 * lossCount);
        }
        losses[lossCount++] = PairwiseSum.of(shareLosses, shares(stepCount)) / stepDivisor;
    }

    /** Trains on one group. A runner is used by one group at a time. */
    private void train(int group, int worker) {
        runners[stepGroups <= runners.length ? group : worker].run(group, worker);
    }

    /** Computes the gradients of groups of shares, one group at a time. */
    private final class Runner implements PairwiseSum.Slots {

        private final GradientPass pass;
        private final NativeArray[] partialSums;
        private final float[][] blocks;
        private int group;
        private int worker;

        Runner(GradientPass pass, NativeArray[] partialSums) {
            this.pass = pass;
            this.partialSums = partialSums;
            blocks = new float[partialSums.length == 0 ? 0 : 2][BLOCK];
        }

        void run(int newGroup, int newWorker) {
            group = newGroup;
            worker = newWorker;
            PairwiseSum.compute(Math.min(stepGroupShares, shares(stepCount) - group * stepGroupShares), this);
        }

        @Override
        public void put(int term, int slot) {
            int share = group * stepGroupShares + term;
            int first = share * SHARE_IMAGES;
            int count = Math.min(SHARE_IMAGES, stepCount - first);
            if (stepBatch.isPresent()) {
                pass.images().take(stepBatch.get(), first, count);
            } else {
                pass.images().draw(epoch, stepFirst + first, count, noiseKernel(worker));
            }
            shareLosses[share] = pass.run(
                    stream(worker),
                    slot == 0 ? group : groups.length + slot - 1,
                    count,
                    stepDivisor,
                    stepBatch.isPresent() ? activations : Map.of(),
                    first);
        }

        @Override
        public void add(int from, int to) {
            sum(to).add(sum(from), blocks);
        }

        private NativeArray sum(int slot) {
            return slot == 0 ? groups[group] : partialSums[slot - 1];
        }
    }

    @Override
    public double[] takeLosses() {
        double[] taken = Arrays.copyOf(losses, lossCount);
        lossCount = 0;
        return taken;
    }

    @Override
    public float[] activation(Tensor tensor) {
        requireOpen();
        float[] values = activations.get(tensor);
        if (values == null) {
            throw new IllegalStateException("no training step on given values was run");
        }
        return values.clone();
    }

    @Override
    public Parameters gradients() {
        return gradients.copy();
    }
}
