package daegpu.engine.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.engine.EngineOptions;
import daegpu.engine.Engines;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Why there is no cuda engine is said where something of NVIDIA's is here, and only in {@code devices} elsewhere. */
class NvidiaHereTest {

    @TempDir
    private Path root;

    @Test
    void nothingIsHereInAnEmptySystem() {
        assertFalse(CudaLibraries.isNvidiaAt(root));
    }

    @ParameterizedTest
    @ValueSource(strings = {"proc/driver/nvidia/version", "dev/nvidiactl"})
    void aDriverIsSeen(String file) throws IOException {
        Files.createDirectories(root.resolve(file).getParent());
        Files.createFile(root.resolve(file));
        assertTrue(CudaLibraries.isNvidiaAt(root));
    }

    /** Display controllers of NVIDIA's, with a screen or without; not its other devices, and not those of others. */
    @ParameterizedTest
    @CsvSource({
        "0x10de,0x030000,true",
        "0x10de,0x030200,true",
        "0x10de,0x040300,false",
        "0x10de,0x020000,false",
        "0x1002,0x030000,false",
        "0x8086,0x030000,false"
    })
    void aGpuIsSeenWithoutADriver(String vendor, String kind, boolean seen) throws IOException {
        for (String[] device :
                new String[][] {{"0000:00:00.0", "0x8086", "0x060000"}, {"0000:01:00.0", vendor, kind}}) {
            Path folder =
                    Files.createDirectories(root.resolve("sys/bus/pci/devices").resolve(device[0]));
            Files.writeString(folder.resolve("vendor"), device[1] + "\n");
            Files.writeString(folder.resolve("class"), device[2] + "\n");
        }
        Files.createDirectories(root.resolve("sys/bus/pci/devices/0000:02:00.0"));
        assertEquals(seen, CudaLibraries.isNvidiaAt(root));
    }

    @Test
    void theReasonNamesNvidiaOnlyWhereItIsExpected() {
        String reason = Engines.automatic(EngineOptions.fp32(1)).reason();
        boolean taken = reason.equals("the fastest engine that runs here");
        assertTrue(
                taken
                        || CudaLibraries.areExpected() && reason.contains("cuda does not: ")
                        || reason.startsWith("the only engine that runs here; cpu does not: "),
                reason);
    }
}
