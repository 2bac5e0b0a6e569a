package daegpu.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import daegpu.Seeds;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.engine.RandomNetwork;
import daegpu.model.Architecture;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Parameters;
import daegpu.model.UNet;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** Exported networks in ONNX Runtime, compared with the reference engine. */
@ExtendWith(Seeds.class)
class OnnxFileTest {

    @TempDir
    private Path folder;

    @Test
    void defaultNetworkGivesTheSameInOnnxRuntime() throws IOException, OrtException {
        check(Autoencoder.MNIST, 5, Seeds.random(1));
    }

    /** Any kernel, colour, images that are not square, one to three convolutions. */
    @Test
    void randomNetworksDo() {
        for (int kernel : new int[] {1, 3, 5, 7}) {
            Seeds.check(2, random -> {
                List<Integer> filters =
                        random.ints(1 + random.nextInt(3), 1, 7).boxed().toList();
                int factor = 1 << filters.size();
                check(
                        new Autoencoder(
                                factor * (1 + random.nextInt(3)),
                                factor * (1 + random.nextInt(3)),
                                1 + random.nextInt(3),
                                filters,
                                kernel,
                                1 + random.nextInt(9)),
                        1 + random.nextInt(4),
                        random);
            });
        }
    }

    /** Where the bottleneck has as many values as its input, only a layer's place tells whether its rows are images. */
    @Test
    void bottleneckMayBeAsWideAsTheImage() throws IOException, OrtException {
        check(new Autoencoder(4, 4, 1, List.of(3), 3, 12), 2, Seeds.random(9));
    }

    /**
     * Of one file: images of the smallest size that there is, larger ones that are not square, and none of a size that
     * the strides do not divide. Grey and colour, with and without biases, of which the correction is added or not.
     */
    @Test
    void unetsTakeImagesOfAnySizeThatTheirStridesDivide() {
        for (int kind = 0; kind < 8; kind++) {
            int channels = (kind & 1) == 0 ? 1 : 3;
            boolean residual = (kind & 2) == 0;
            boolean bias = (kind & 4) == 0;
            Seeds.check(3, random -> {
                int levels = 1 + random.nextInt(4);
                UNet smallest = UNet.smallest(
                                random.ints(levels, 1, 7).boxed().toList(),
                                random.ints(levels, 0, 3).boxed().toList(),
                                residual,
                                bias)
                        .sizedFor(1 << levels - 1, 1 << levels - 1, channels);
                checkSizes(smallest, random);
            });
        }
    }

    private void checkSizes(UNet smallest, Random random) throws IOException, OrtException {
        Parameters parameters = RandomNetwork.of(smallest.network(), 1, random).parameters();
        Path file = folder.resolve("unet.onnx");
        OnnxFile.write(file, parameters, "test");
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
            options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL); // of sizes that it has to refuse
            try (OrtSession session = environment.createSession(file.toString(), options)) {
                checkSizes(smallest, parameters, session, random);
            }
        }
    }

    private static void checkSizes(UNet smallest, Parameters parameters, OrtSession session, Random random)
            throws OrtException {
        int factor = smallest.height();
        assertEquals(Set.of("denoised"), session.getOutputNames(), "it has no bottleneck");
        for (NodeInfo node : List.of(
                session.getInputInfo().get("noisy"), session.getOutputInfo().get("denoised"))) {
            TensorInfo info = (TensorInfo) node.getInfo();
            assertArrayEquals(new long[] {-1, -1, -1, smallest.channels()}, info.getShape());
            assertArrayEquals(new String[] {"batch", "height", "width", ""}, info.getDimensionNames());
        }
        String text = session.getMetadata().getDescription();
        assertTrue(text.contains("multiples of " + factor + "."), text);
        for (int size = 0; size < 4; size++) {
            UNet architecture = smallest.sizedFor(
                    factor * (size == 0 ? 1 : 1 + random.nextInt(5)),
                    factor * (size == 0 ? 1 : 1 + random.nextInt(5)),
                    smallest.channels());
            int count = 1 + random.nextInt(3);
            float[] noisy =
                    RandomNetwork.of(architecture.network(), count, random).noisy();
            assertClose(
                    denoised(parameters.on(architecture.network()), noisy, count),
                    run(session, architecture, noisy, count));
        }
        for (int wrong = 1; wrong < factor; wrong++) {
            UNet other = new UNet(factor + wrong, factor, smallest.channels(), List.of(1), List.of(0), true, true);
            assertThrows(OrtException.class, () -> run(session, other, new float[other.imageSize()], 1));
        }
    }

    private static float[] run(OrtSession session, Architecture image, float[] noisy, int count) throws OrtException {
        long[] shape = {count, image.height(), image.width(), image.channels()};
        try (OnnxTensor input =
                        OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), FloatBuffer.wrap(noisy), shape);
                OrtSession.Result result = session.run(Map.of("noisy", input))) {
            OnnxTensor output = (OnnxTensor) result.get("denoised").orElseThrow();
            assertArrayEquals(shape, output.getInfo().getShape());
            return values(output);
        }
    }

    private static float[] denoised(Parameters parameters, float[] noisy, int count) {
        float[] denoised = new float[noisy.length];
        try (InferenceEngine engine = Engines.open(EngineName.REFERENCE, parameters.network(), EngineOptions.fp32(1))
                .engine()) {
            engine.load(parameters);
            engine.denoise(noisy, count, denoised);
        }
        return denoised;
    }

    private static void assertClose(float[] expected, float[] actual) {
        assertArrayEquals(expected, actual, 1e-5f * largest(expected));
    }

    private void check(Autoencoder architecture, int count, Random random) throws IOException, OrtException {
        Parameters parameters = Initializer.glorotUniform(architecture.network(), random.nextInt());
        for (int i = 0; i < parameters.values().length; i++) {
            parameters.values()[i] += (float) (0.02 * random.nextGaussian()); // biases, too
        }
        float[] noisy = new float[count * architecture.imageSize()];
        for (int i = 0; i < noisy.length; i++) {
            noisy[i] = random.nextFloat();
        }
        float[] denoised = new float[noisy.length];
        float[] latents = new float[count * architecture.latentDimension()];
        try (InferenceEngine engine = Engines.open(EngineName.REFERENCE, architecture.network(), EngineOptions.fp32(1))
                .engine()) {
            engine.load(parameters);
            engine.denoise(noisy, count, denoised);
            engine.encode(noisy, count, latents);
        }
        Path file = folder.resolve("model.onnx");
        OnnxFile.write(file, parameters, "test");

        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        long[] shape = {count, architecture.height(), architecture.width(), architecture.channels()};
        try (OrtSession session = environment.createSession(file.toString());
                OnnxTensor input = OnnxTensor.createTensor(environment, FloatBuffer.wrap(noisy), shape);
                OrtSession.Result result = session.run(Map.of("noisy", input))) {
            assertArrayEquals(
                    new long[] {-1, shape[1], shape[2], shape[3]},
                    ((TensorInfo) session.getOutputInfo().get("denoised").getInfo()).getShape());
            OnnxTensor output = (OnnxTensor) result.get("denoised").orElseThrow();
            assertArrayEquals(shape, output.getInfo().getShape());
            assertArrayEquals(denoised, values(output), 1e-5f);
            OnnxTensor code = (OnnxTensor) result.get("latents").orElseThrow();
            assertArrayEquals(
                    new long[] {count, architecture.latentDimension()},
                    code.getInfo().getShape());
            assertArrayEquals(latents, values(code), 1e-5f * largest(latents));
            assertEquals("dae-gpu", session.getMetadata().getProducerName());
        }
    }

    private static float largest(float[] values) {
        float largest = 1;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        return largest;
    }

    private static float[] values(OnnxTensor tensor) {
        FloatBuffer buffer = tensor.getFloatBuffer();
        float[] values = new float[buffer.remaining()];
        buffer.get(values);
        return values;
    }
}
