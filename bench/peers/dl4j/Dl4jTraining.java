import com.sun.management.OperatingSystemMXBean;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPInputStream;
import org.deeplearning4j.nn.conf.ConvolutionMode;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.inputs.InputType;
import org.deeplearning4j.nn.conf.layers.CnnLossLayer;
import org.deeplearning4j.nn.conf.layers.ConvolutionLayer;
import org.deeplearning4j.nn.conf.layers.Deconvolution2D;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.preprocessor.FeedForwardToCnnPreProcessor;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.lossfunctions.LossFunctions.LossFunction;

/**
 * Times training steps of the program's default network in DL4J: the same job that daegpu.bench.TrainingThroughput
 * times. Takes --images FILE.gz --batch N --steps N --warm-up N; the number of threads comes from the environment:
 * OMP_NUM_THREADS.
 *
 * <p>Prints one line of JSON: images_per_second and median_step_ms over the timed steps, which draw no noise, and
 * processor_ms, the processor time that a step took on all threads together; first_loss of the first step, and
 * timed_loss, the mean over the timed steps.
 */
public final class Dl4jTraining {

    private static final int SIDE = 28;

    private Dl4jTraining() {}

    public static void main(String[] arguments) throws IOException {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        int batch = Integer.parseInt(options.get("--batch"));
        int steps = Integer.parseInt(options.get("--steps"));
        int warmUp = Integer.parseInt(options.get("--warm-up"));

        byte[] pixels = images(Path.of(options.get("--images")));
        int count = pixels.length / SIDE / SIDE;
        float[] cleanValues = new float[pixels.length];
        float[] noisyValues = new float[pixels.length];
        Random random = new Random(1);
        for (int i = 0; i < pixels.length; i++) {
            cleanValues[i] = (pixels[i] & 0xFF) / 255f;
            noisyValues[i] = (float) Math.max(0, Math.min(1, cleanValues[i] + 0.5 + 0.5 * random.nextGaussian()));
        }
        INDArray clean = Nd4j.createFromArray(cleanValues).reshape(count, 1, SIDE, SIDE);
        INDArray noisy = Nd4j.createFromArray(noisyValues).reshape(count, 1, SIDE, SIDE);

        MultiLayerNetwork network = new MultiLayerNetwork(network());
        network.init();
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        int batches = count / batch;
        double[] milliseconds = new double[steps];
        double firstLoss = 0;
        double sumOfLosses = 0;
        long processor = 0;
        for (int step = -warmUp; step < steps; step++) {
            if (step == 0) {
                processor = system.getProcessCpuTime();
            }
            int first = (step + warmUp) % batches * batch;
            long start = System.nanoTime();
            network.fit(
                    noisy.get(NDArrayIndex.interval(first, first + batch)),
                    clean.get(NDArrayIndex.interval(first, first + batch)));
            // DL4J sums the squared errors of an image's pixels.
            double loss = network.score() / SIDE / SIDE;
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
                "{\"framework\": \"DL4J %s\", \"batch\": %d, \"images_per_second\": %.1f, "
                        + "\"median_step_ms\": %.3f, \"first_loss\": %.5f, \"timed_loss\": %.5f, "
                        + "\"processor_ms\": %.3f}%n",
                "1.0.0-M2.1",
                batch,
                1e3 * batch * steps / sum,
                milliseconds[steps / 2],
                firstLoss,
                sumOfLosses / steps,
                processor / 1e6 / steps);
        System.exit(0);
    }

    private static MultiLayerConfiguration network() {
        return new NeuralNetConfiguration.Builder()
                .seed(1)
                .weightInit(WeightInit.XAVIER_UNIFORM)
                .updater(Adam.builder().learningRate(1e-3).epsilon(1e-7).build())
                .convolutionMode(ConvolutionMode.Same)
                .list()
                .layer(convolution(32))
                .layer(convolution(64))
                .layer(new DenseLayer.Builder()
                        .nOut(16)
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(new DenseLayer.Builder()
                        .nOut(64 * 7 * 7)
                        .activation(Activation.IDENTITY)
                        .build())
                .layer(deconvolution(64, 2, Activation.RELU))
                .layer(deconvolution(32, 2, Activation.RELU))
                .layer(deconvolution(1, 1, Activation.SIGMOID))
                .layer(new CnnLossLayer.Builder(LossFunction.MSE)
                        .activation(Activation.IDENTITY)
                        .build())
                .inputPreProcessor(4, new FeedForwardToCnnPreProcessor(7, 7, 64))
                .setInputType(InputType.convolutional(SIDE, SIDE, 1))
                .build();
    }

    private static ConvolutionLayer convolution(int filters) {
        return new ConvolutionLayer.Builder(3, 3)
                .stride(2, 2)
                .nOut(filters)
                .activation(Activation.RELU)
                .build();
    }

    private static Deconvolution2D deconvolution(int filters, int stride, Activation activation) {
        return new Deconvolution2D.Builder(3, 3)
                .stride(stride, stride)
                .nOut(filters)
                .activation(activation)
                .convolutionMode(ConvolutionMode.Same)
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
