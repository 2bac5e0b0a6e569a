package daegpu.cli;

import daegpu.data.InvalidInputException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What {@code --overwrite} is for: no file is replaced unless the user asks for it. */
final class Overwriting {

    private Overwriting() {}

    /** @throws InvalidInputException if there is a folder, or such a file already and it may not be replaced */
    static void requireAllowed(Path target, boolean overwrite) {
        if (Files.isDirectory(target)) {
            throw new InvalidInputException(target + " is a folder where a file is to be written");
        }
        if (Files.exists(target) && !overwrite) {
            throw new InvalidInputException(target + " exists already; --overwrite replaces it");
        }
    }
}
