package daegpu;

/** Entry point of {@code java -jar dae-gpu.jar}. */
public final class Main {

    private Main() {
    }

    public static void main(String[] arguments) {
    }
}
