package daegpu.cli;

import daegpu.engine.Engines;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.IVersionProvider;

/** What {@code --version} prints and a run records: the program, its commit, Java and the native libraries. */
final class Version implements IVersionProvider {

    /** Everything by name, in the order in which people want to read it. */
    static Map<String, String> all() {
        Map<String, String> versions = new LinkedHashMap<>();
        Package program = Version.class.getPackage();
        versions.put(
                "dae-gpu",
                Optional.ofNullable(program.getImplementationVersion()).orElse("unpackaged"));
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
        try (InputStream file = Version.class.getResourceAsStream("commit.txt")) {
            String text = new String(file.readAllBytes(), StandardCharsets.UTF_8).strip();
            // Built from an archive, where there was no history to ask, it still is the name of a property.
            return text.startsWith("$") ? "unknown" : text;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String[] getVersion() {
        return all().entrySet().stream()
                .map(entry -> String.format("%-8s %s", entry.getKey(), entry.getValue()))
                .toArray(String[]::new);
    }
}
