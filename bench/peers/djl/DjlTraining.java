import ai.djl.Model;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Activation;
import ai.djl.nn.Block;
import ai.djl.nn.Blocks;
import ai.djl.nn.LambdaBlock;
import ai.djl.nn.SequentialBlock;
import ai.djl.nn.convolutional.Conv2d;
import ai.djl.nn.core.Linear;
import ai.djl.training.DefaultTrainingConfig;
import ai.djl.training.GradientCollector;
import ai.djl.training.Trainer;
import ai.djl.training.initializer.XavierInitializer;
import ai.djl.training.loss.Loss;
import ai.djl.training.optimizer.Adam;
import ai.djl.training.tracker.Tracker;
import com.sun.management.OperatingSystemMXBean;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/**
 * Times training steps of the program's default network in DJL on its MXNet engine: the same job that
 * daegpu.bench.TrainingThroughput times, but for the zeros around images at stride 2, which are one on each side here
 * and all after the image there; shapes, parameters and multiply-adds are the same. Takes --images FILE.gz --batch N
 * --steps N --warm-up N, and --threads N as the environment does: OMP_NUM_THREADS.
 *
 * <p>Prints one line of JSON: images_per_second and median_step_ms over the timed steps, which draw no noise, and
 * processor_ms, the processor time that a step took on all threads together; first_loss of the first step, and
 * timed_loss, the mean over the timed steps.
 */
public final class DjlTraining {

    private static final int SIDE = 28;

    private DjlTraining() {}

    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        int batch = Integer.parseInt(options.get("--batch"));
        int steps = Integer.parseInt(options.get("--steps"));
        int warmUp = Integer.parseInt(options.get("--warm-up"));
        byte[] pixels = images(Path.of(options.get("--images")));

        DefaultTrainingConfig config = new DefaultTrainingConfig(Loss.l2Loss("mse", 1))
                .optOptimizer(Adam.builder()
                        .optLearningRateTracker(Tracker.fixed(1e-3f))
                        .optEpsilon(1e-7f)
                        .build())
                .optInitializer(new XavierInitializer(), "weight");
        try (Model model = Model.newInstance("autoencoder", "MXNet");
                NDManager manager = NDManager.newBaseManager("MXNet")) {
            model.setBlock(network());
            try (Trainer trainer = model.newTrainer(config)) {
                trainer.initialize(new Shape(batch, 1, SIDE, SIDE));
                NDArray clean = manager.create(
                                ByteBuffer.wrap(pixels),
                                new Shape(pixels.length / SIDE / SIDE, 1, SIDE, SIDE),
                                DataType.UINT8)
                        .toType(DataType.FLOAT32, false)
                        .div(255);
                NDArray noisy = clean.add(manager.randomNormal(0.5f, 0.5f, clean.getShape(), DataType.FLOAT32))
                        .clip(0, 1);
                time(trainer, clean, noisy, batch, steps, warmUp);
            }
        }
    }

    private static void time(Trainer trainer, NDArray clean, NDArray noisy, int batch, int steps, int warmUp) {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long batches = clean.size(0) / batch;
        double[] milliseconds = new double[steps];
        double firstLoss = 0;
        double sumOfLosses = 0;
        long processor = 0;
        for (int step = -warmUp; step < steps; step++) {
            if (step == 0) {
                processor = system.getProcessCpuTime();
            }
            long first = (step + warmUp) % batches * batch;
            NDIndex images = new NDIndex().addSliceDim(first, first + batch);
            long start = System.nanoTime();
            double loss;
            try (NDManager scope = trainer.getManager().newSubManager()) {
                NDArray inputs = noisy.get(scope, images);
                NDArray targets = clean.get(scope, images);
                try (GradientCollector collector = trainer.newGradientCollector()) {
                    NDArray mse = trainer.getLoss().evaluate(new NDList(targets), trainer.forward(new NDList(inputs)));
                    collector.backward(mse);
                    loss = mse.getFloat();
                }
                trainer.step();
            }
            if (step == -warmUp) {
                firstLoss = loss;
            }
            if (step >= 0) {
                milliseconds[step] = (System.nanoTime() - start) / 1e6;
                sumOfLosses += loss;
            }
        }
        processor = system.getProcessCpuTime() - processor;
        double sum = Arrays.stream(milliseconds).sum();
        Arrays.sort(milliseconds);
        System.out.printf(
                Locale.ROOT,
                "{\"framework\": \"DJL %s / MXNet %s\", \"batch\": %d, \"images_per_second\": %.1f, "
                        + "\"median_step_ms\": %.3f, \"first_loss\": %.5f, \"timed_loss\": %.5f, "
                        + "\"processor_ms\": %.3f}%n",
                Engine.getDjlVersion(),
                Engine.getEngine("MXNet").getVersion(),
                batch,
                1e3 * batch * steps / sum,
                milliseconds[steps / 2],
                firstLoss,
                sumOfLosses / steps,
                processor / 1e6 / steps);
    }

    private static Block network() {
        return new SequentialBlock()
                .add(convolution(32))
                .add(Activation.reluBlock())
                .add(convolution(64))
                .add(Activation.reluBlock())
                .add(Blocks.batchFlattenBlock())
                .add(Linear.builder().setUnits(16).build())
                .add(Linear.builder().setUnits(64 * 7 * 7).build())
                .add(LambdaBlock.singleton(values -> values.reshape(-1, 64, 7, 7)))
                .add(new TransposedConvolution(64, 2))
                .add(Activation.reluBlock())
                .add(new TransposedConvolution(32, 2))
                .add(Activation.reluBlock())
                .add(new TransposedConvolution(1, 1))
                .add(Activation.sigmoidBlock());
    }

    /** Halves an image's sides. */
    private static Block convolution(int filters) {
        return Conv2d.builder()
                .setKernelShape(new Shape(3, 3))
                .setFilters(filters)
                .optStride(new Shape(2, 2))
                .optPadding(new Shape(1, 1))
                .build();
    }

    private static byte[] images(Path file) throws IOException {
        try (InputStream plain = Files.newInputStream(file);
                DataInputStream in = new DataInputStream(new GZIPInputStream(plain))) {
            in.readInt();
            byte[] pixels = new byte[in.readInt() * in.readInt() * in.readInt()];
            in.readFully(pixels);
            return pixels;
        }
    }
}
