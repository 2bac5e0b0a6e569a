package daegpu;

import daegpu.cli.DaeGpu;

/** Entry point of {@code java -jar dae-gpu.jar COMMAND}. */
public final class Main {

    private Main() {}

    public static void main(String[] arguments) {
        // Pictures are drawn into memory and files only, so no display is needed, and none is looked for.
        System.setProperty("java.awt.headless", "true");
        System.exit(DaeGpu.run(arguments));
    }
}
