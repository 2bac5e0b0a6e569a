package daegpu.engine.cpu;

import java.util.Arrays;
import java.util.List;

/**
 * Times every operation of a training step on one thread, on that thread's share of a batch: {@code LayerTimes IMAGES
 * [REPEATS [F32|BF16]]}. Each is timed in the middle of the others, so that caches are as in a step; the shortest time
 * is shown with the median, for machines that are not at rest.
 */
public final class LayerTimes {

    private LayerTimes() {}

    /**
     * Prints a Markdown table: operation, code, shortest and median time in µs, and the share of the sum of medians.
     */
    public static void main(String[] arguments) {
        int images = Integer.parseInt(arguments[0]);
        int repeats = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 200;
        ElementType type = arguments.length > 2 ? ElementType.valueOf(arguments[2]) : ElementType.F32;
        try (TimedShare share = new TimedShare(images, type)) {
            measure(share, repeats);
        }
    }

    private static void measure(TimedShare share, int repeats) {
        List<Primitive> primitives = share.primitives();
        double[][] times = new double[primitives.size()][repeats];
        for (int repeat = -20; repeat < repeats; repeat++) {
            if (repeat % 10 == 0) {
                share.run(); // fresh gradients: repeated in-place passes would otherwise see ever smaller numbers
            }
            for (int i = 0; i < times.length; i++) {
                long start = System.nanoTime();
                share.run(primitives.get(i));
                if (repeat >= 0) {
                    times[i][repeat] = (System.nanoTime() - start) / 1e3;
                }
            }
        }
        double sum = 0;
        double least = 0;
        for (double[] time : times) {
            Arrays.sort(time);
            sum += time[repeats / 2];
            least += time[0];
        }
        System.out.println("| operation | code | least µs | median µs | share |\n| --- | --- | --- | --- | --- |");
        for (int i = 0; i < times.length; i++) {
            System.out.printf(
                    "| %s | %s | %.0f | %.0f | %.1f %% |%n",
                    primitives.get(i).name(),
                    primitives.get(i).implementation(),
                    times[i][0],
                    times[i][repeats / 2],
                    100 * times[i][repeats / 2] / sum);
        }
        System.out.printf("| all | | %.0f | %.0f | |%n", least, sum);
    }
}
