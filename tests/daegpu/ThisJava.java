package daegpu;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The Java that runs the tests, for processes of their own. */
public final class ThisJava {

    private ThisJava() {}

    /**
     * The program {@code java} and the options with which later versions say nothing of native libraries, as the
     * program's jar has it, and refuse what a still later one will not have.
     *
     * @return a list to which arguments can be added
     */
    public static List<String> command() {
        List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        if (Runtime.version().feature() >= 24) {
            command.add("--enable-native-access=ALL-UNNAMED");
            command.add("--sun-misc-unsafe-memory-access=deny");
        }
        return command;
    }

    /** A process with these arguments. */
    public static ProcessBuilder process(String... arguments) {
        List<String> command = command();
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command);
    }
}
