package daegpu.engine.cuda.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import daegpu.ThisJava;
import daegpu.engine.Configuration;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * NVIDIA's own cuDNN 9 accepts every descriptor that the engine makes, and finds the same sizes. It loads without a
 * GPU: {@code python3 -m pip download nvidia-cudnn-cu13} brings it, in nvidia/cudnn/lib of the wheel.
 */
class RealCudnnTest {

    @Test
    void takesOurDescriptors() throws IOException, InterruptedException {
        String folder = System.getenv("CUDNN_LIBRARIES");
        assumeTrue(
                folder != null && Files.exists(Path.of(folder, "libcudnn.so.9")),
                "the environment variable CUDNN_LIBRARIES names no folder with libcudnn.so.9, "
                        + "so NVIDIA's cuDNN was not asked");
        Process process = ThisJava.process(
                        "-D" + Configuration.CUDA_LIBRARIES.property() + "=" + folder,
                        "-cp",
                        System.getProperty("java.class.path"),
                        DescriptorCheck.class.getName())
                .redirectErrorStream(true)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertEquals(0, process.waitFor(), output);
        assertTrue(output.contains("agrees with the sizes of"), output);
    }
}
