package daegpu.cli;

import java.net.URISyntaxException;
import java.nio.file.Path;

/** How the user started this program, for commands that can be copied from its output. */
final class ProgramName {

    private ProgramName() {}

    /**
     * {@code java -jar target/dae-gpu.jar}, with the jar's path as seen from the working directory where that is
     * shorter.
     */
    static String command() {
        try {
            Path jar = Path.of(ProgramName.class
                    .getProtectionDomain()
                    .getCodeSource()
                    .getLocation()
                    .toURI());
            Path here = Path.of("").toAbsolutePath();
            return "java -jar " + argument(jar.startsWith(here) ? here.relativize(jar) : jar);
        } catch (URISyntaxException e) {
            return "dae-gpu";
        }
    }

    /** A path as a shell takes it, in quotes where it has a space or anything else that means something to a shell. */
    static String argument(Path path) {
        return argument(path.toString());
    }

    /** A text as a shell takes it, likewise. */
    static String argument(String text) {
        return text.matches("[\\p{L}\\p{N}_@%+=:,./\\\\-]+") ? text : "'" + text.replace("'", "'\\''") + "'";
    }
}
