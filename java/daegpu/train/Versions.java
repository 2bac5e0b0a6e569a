package daegpu.train;

import daegpu.engine.Engines;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The versions that a run records: of the program, its commit, Java, the system and the native libraries. */
public final class Versions {

    private Versions() {}

    /** The version of the program. */
    public static String program() {
        return Optional.ofNullable(Versions.class.getPackage().getImplementationVersion())
                .orElse("unpackaged");
    }

    /** All versions by name, in an order that is good to read. */
    public static Map<String, String> all() {
        Map<String, String> versions = new LinkedHashMap<>();
        versions.put("dae-gpu", program());
        versions.put("commit", commit());
        versions.put("java", System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version"));
        versions.put(
                "system",
                System.getProperty("os.name") + " " + System.getProperty("os.version") + " "
                        + System.getProperty("os.arch"));
        versions.put("natives", Engines.nativeLibraries());
        return versions;
    }

    private static String commit() {
        try (InputStream file = Versions.class.getResourceAsStream("commit.txt")) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
            // Built from an archive, which has no history, the text still is the name of a property.
            return text.startsWith("$") ? "unknown" : text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
