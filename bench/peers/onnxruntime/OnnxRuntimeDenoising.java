import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Times how ONNX Runtime runs the U-Net that the program exported on one square grey picture: the same job that
 * daegpu.bench.DenoisingThroughput times. Takes --model FILE.onnx --side N --steps N --warm-up N, and --threads N.
 *
 * <p>Prints one line of JSON: median_step_ms of a picture, from a Java array to a Java array, and mean_square, the mean
 * of the squares of what comes out.
 */
public final class OnnxRuntimeDenoising {

    private OnnxRuntimeDenoising() {}

    public static void main(String[] arguments) throws OrtException {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < arguments.length; i += 2) {
            options.put(arguments[i], arguments[i + 1]);
        }
        int side = Integer.parseInt(options.get("--side"));
        int steps = Integer.parseInt(options.get("--steps"));
        int warmUp = Integer.parseInt(options.get("--warm-up"));
        float[] picture = new float[side * side];
        for (int row = 0; row < side; row++) {
            for (int column = 0; column < side; column++) {
                picture[row * side + column] = (31 * row + 17 * column) % 256 / 255f;
            }
        }
        float[] denoised = new float[picture.length];
        double[] milliseconds = new double[steps];
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        try (OrtSession.SessionOptions sessionOptions = new OrtSession.SessionOptions()) {
            if (options.containsKey("--threads")) {
                sessionOptions.setIntraOpNumThreads(Integer.parseInt(options.get("--threads")));
            }
            FloatBuffer input = ByteBuffer.allocateDirect(Float.BYTES * picture.length)
                    .order(ByteOrder.nativeOrder())
                    .asFloatBuffer();
            try (OrtSession session = environment.createSession(options.get("--model"), sessionOptions)) {
                for (int step = -warmUp; step < steps; step++) {
                    long start = System.nanoTime();
                    input.clear().put(picture).flip();
                    try (OnnxTensor noisy = OnnxTensor.createTensor(environment, input, new long[] {1, side, side, 1});
                            OrtSession.Result result = session.run(Map.of("noisy", noisy))) {
                        ((OnnxTensor) result.get(0)).getFloatBuffer().get(denoised);
                    }
                    if (step >= 0) {
                        milliseconds[step] = (System.nanoTime() - start) / 1e6;
                    }
                }
            }
        }
        double sum = 0;
        for (float value : denoised) {
            sum += (double) value * value;
        }
        Arrays.sort(milliseconds);
        System.out.printf(
                Locale.ROOT,
                "{\"framework\": \"ONNX Runtime %s, fp32\", \"batch\": 1, \"median_step_ms\": %.3f, \"mean_square\": %.6g}%n",
                environment.getVersion(),
                milliseconds[steps / 2],
                sum / denoised.length);
    }
}
