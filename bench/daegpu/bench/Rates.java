package daegpu.bench;

import daegpu.bench.ResultFile.Measurement;
import daegpu.engine.cpu.Peak;
import daegpu.model.Autoencoder;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What times mean: images, operations and bytes a second, and what share that is of what {@link Peak} measured in the
 * same run. The peak is that of the same number of threads: operations run on one, training steps and denoising on all
 * unless told otherwise.
 */
final class Rates {

    private static final Pattern NAME = Pattern.compile("(\\w+)\\.(\\w+)(.*)");

    private Rates() {}

    /** Whether the share of a peak can be told of a benchmark, by its key in {@link ResultFile}. */
    static boolean wantPeak(String key) {
        return key.matches("(CpuOperations|ReferenceOperations|TrainingStep|Denoising)\\..*");
    }

    /**
     * The rates of one benchmark, for a table.
     *
     * @param key of a benchmark
     * @param one its time
     * @param all what was measured in the same run, by keys
     */
    static String describe(String key, Measurement one, Map<String, Measurement> all) {
        Matcher name = NAME.matcher(key);
        if (!name.matches() || !one.unit().equals("ms/op")) {
            return "";
        }
        String batch = parameter(key, "batchSize");
        String images = batch == null
                ? ""
                : String.format(Locale.ROOT, "%,.0f images/s", 1e3 * Integer.parseInt(batch) / one.score());
        switch (name.group(1)) {
            case "Peak" -> {
                String processors = parameter(key, "processors");
                return name.group(2).equals("copy")
                        ? bytes(Peak.copiedBytes(processors), one)
                        : flops(Peak.productFlops(processors), one);
            }
            case "CpuOperations", "ReferenceOperations" -> {
                String operation = parameter(key, "operation");
                Work work = Work.of(operation, Integer.parseInt(batch));
                return work.flops() > 0
                        ? flops(work.flops(), one)
                                + share(work.flops(), one, Peak.productFlops("1"), "matrixProduct", "1", all)
                        : bytes(work.bytes(), one) + share(work.bytes(), one, Peak.copiedBytes("1"), "copy", "1", all);
            }
            case "TrainingStep", "Denoising" -> {
                double flops = 2.0
                        * Integer.parseInt(batch)
                        * (name.group(1).equals("Denoising")
                                ? Work.multiplyAddsOfDenoising(Autoencoder.MNIST)
                                : Work.multiplyAddsOfTraining(Autoencoder.MNIST));
                String threads = parameter(key, "threads");
                String processors = threads == null || threads.equals("0") ? "all" : threads;
                return images + ", " + flops(flops, one)
                        + (processors.equals("all") || processors.equals("1")
                                ? share(flops, one, Peak.productFlops(processors), "matrixProduct", processors, all)
                                : "");
            }
            default -> {
                return images;
            }
        }
    }

    /** The value of a parameter in a key, up to the next parameter; null if it has none of that name. */
    static String parameter(String key, String name) {
        Matcher value = Pattern.compile(" " + name + "=(.*?)(?= \\w+=|$)").matcher(key);
        return value.find() ? value.group(1) : null;
    }

    private static String flops(double flops, Measurement one) {
        return String.format(Locale.ROOT, "%.1f GFLOP/s", flops / one.score() / 1e6);
    }

    private static String bytes(double bytes, Measurement one) {
        return String.format(Locale.ROOT, "%.1f GB/s", bytes / one.score() / 1e6);
    }

    private static String share(
            double amount,
            Measurement one,
            double peakAmount,
            String peak,
            String processors,
            Map<String, Measurement> all) {
        Measurement best = all.get("Peak." + peak + " processors=" + processors);
        return best == null
                ? ""
                : String.format(
                        Locale.ROOT,
                        ", %.0f %% of the peak",
                        100 * (amount / one.score()) / (peakAmount / best.score()));
    }
}
