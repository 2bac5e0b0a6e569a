package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.ThisJava;
import daegpu.engine.EngineName;
import daegpu.engine.EngineOptions;
import daegpu.engine.EngineUnavailableException;
import daegpu.engine.Engines;
import daegpu.engine.InferenceEngine;
import daegpu.model.Autoencoder;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What happens on a platform for which the jar carries no oneDNN, pretended in a Java process of its own. */
class MissingNativesTest {

    private static final Autoencoder SMALL = new Autoencoder(8, 8, 1, List.of(4), 3, 4);

    @Test
    void saysSoAndFallsBack() throws IOException, InterruptedException {
        Process process = ThisJava.process(
                        "-Dorg.bytedeco.javacpp.platform=linux-ppc64le",
                        "-cp",
                        System.getProperty("java.class.path"),
                        MissingNativesTest.class.getName())
                .redirectErrorStream(true)
                .start();
        List<String> lines = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8)
                .lines()
                .toList();
        assertEquals(0, process.waitFor(), lines.toString());
        assertEquals(2, lines.size(), lines.toString());
        assertTrue(lines.get(0).matches("cpu: .*oneDNN.*linux-ppc64le"), lines.get(0));
        assertTrue(lines.get(1).matches("auto: reference because .*oneDNN.*"), lines.get(1));
    }

    /** The process of its own. */
    public static void main(String[] arguments) {
        try {
            Engines.open(EngineName.CPU, SMALL.network(), EngineOptions.fp32(1));
        } catch (EngineUnavailableException e) {
            System.out.println("cpu: " + e.getMessage());
        }
        try (Engines.OpenedEngine<InferenceEngine> opened =
                Engines.open(EngineName.AUTO, SMALL.network(), EngineOptions.fp32(1))) {
            System.out.println("auto: " + opened.name() + " because " + opened.reason());
        }
    }
}
