package daegpu.format;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import daegpu.Seeds;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.model.Autoencoder;
import daegpu.model.Initializer;
import daegpu.model.Parameters;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
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
