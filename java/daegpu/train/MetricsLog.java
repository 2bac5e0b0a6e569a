package daegpu.train;

import daegpu.data.AtomicFile;
import daegpu.data.InvalidInputException;
import daegpu.data.WholeFile;
import daegpu.engine.Loss;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** {@code metrics.csv}: one line for each finished epoch. */
public final class MetricsLog {

    /** Where the training loss is named ({@code train_mse}), and the validation error. */
    private static final String HEADER = "epoch,seconds,images_per_second,train_%s,%s,val_psnr,val_ssim";

    private static final String ERROR = "val_mse";
    private static final String ERROR_AT_BLIND_SPOTS = "val_masked_mse";

    /** Bytes: half a million epochs. */
    private static final int LARGEST = 64 << 20;

    /**
     * One epoch.
     *
     * @param epoch counted from 1
     * @param seconds it took, validation included
     * @param imagesPerSecond training images over the time for training alone
     * @param trainLoss average of the losses of its updates, weighted by images
     * @param validation scores of the denoised validation images after it
     */
    public record Row(
            int epoch, double seconds, double imagesPerSecond, double trainLoss, Evaluation.Scores validation) {

        private String toCsv() {
            return String.format(
                    Locale.ROOT,
                    "%d,%.3f,%.1f,%s,%s,%s,%s",
                    epoch,
                    seconds,
                    imagesPerSecond,
                    trainLoss,
                    validation.mse(),
                    validation.psnr(),
                    validation.ssim());
        }

        private static Row fromCsv(String line) {
            String[] fields = line.split(",", -1);
            if (fields.length != 7) {
                throw new IllegalArgumentException("7 fields expected");
            }
            return new Row(
                    Integer.parseInt(fields[0]),
                    Double.parseDouble(fields[1]),
                    Double.parseDouble(fields[2]),
                    Double.parseDouble(fields[3]),
                    new Evaluation.Scores(
                            Double.parseDouble(fields[4]),
                            Double.parseDouble(fields[5]),
                            Double.parseDouble(fields[6])));
        }
    }

    private final Path file;
    private final Loss loss;
    private final boolean isAtBlindSpots;
    private final List<Row> rows;

    private MetricsLog(Path file, Loss loss, boolean isAtBlindSpots, List<Row> rows) {
        this.file = file;
        this.loss = loss;
        this.isAtBlindSpots = isAtBlindSpots;
        this.rows = rows;
    }

    /**
     * An empty log, written at once.
     *
     * @param loss that training makes small
     * @param isAtBlindSpots whether the validation error is that at blind spots
     * @throws IOException if that fails
     */
    static MetricsLog create(Path file, Loss loss, boolean isAtBlindSpots) throws IOException {
        MetricsLog log = new MetricsLog(file, loss, isAtBlindSpots, new ArrayList<>());
        log.write();
        return log;
    }

    /**
     * Reads a log and forgets what it says of epochs after {@code lastEpoch}, which are going to be done again.
     *
     * @throws InvalidInputException if the file cannot be read, is no such log or lacks an epoch
     */
    static MetricsLog resume(Path file, long lastEpoch) {
        MetricsLog log = open(file);
        List<Row> rows = log.rows;
        for (int i = 0; i < rows.size(); i++) {
            if (rows.get(i).epoch() != i + 1) {
                throw new InvalidInputException(file + " line " + (i + 2) + " is about epoch "
                        + rows.get(i).epoch() + ", not " + (i + 1));
            }
        }
        if (rows.size() < lastEpoch) {
            throw new InvalidInputException(file + " has " + rows.size() + (rows.size() == 1 ? " epoch" : " epochs")
                    + " where the last checkpoint has " + lastEpoch);
        }
        return new MetricsLog(file, log.loss, log.isAtBlindSpots, new ArrayList<>(rows.subList(0, (int) lastEpoch)));
    }

    /**
     * Reads the rows of a log.
     *
     * @throws InvalidInputException if the file cannot be read or is not such a log
     */
    public static List<Row> read(Path file) {
        return open(file).rows();
    }

    /**
     * Reads a log as it is.
     *
     * @throws InvalidInputException if the file cannot be read or is not such a log
     */
    static MetricsLog open(Path file) {
        List<String> lines = WholeFile.readText(file, LARGEST).lines().toList();
        boolean isAtBlindSpots = !lines.isEmpty() && lines.get(0).contains(ERROR_AT_BLIND_SPOTS);
        Loss loss = Arrays.stream(Loss.values())
                .filter(each -> !lines.isEmpty() && lines.get(0).equals(header(each, isAtBlindSpots)))
                .findFirst()
                .orElseThrow(() -> new InvalidInputException(
                        file + " is not the log of a run: it does not begin with " + header(Loss.MSE, false)));
        List<Row> rows = new ArrayList<>();
        for (int i = 1; i < lines.size(); i++) {
            try {
                rows.add(Row.fromCsv(lines.get(i)));
            } catch (IllegalArgumentException e) {
                throw new InvalidInputException(file + " line " + (i + 1) + " is damaged: " + lines.get(i), e);
            }
        }
        return new MetricsLog(file, loss, isAtBlindSpots, rows);
    }

    private static String header(Loss loss, boolean isAtBlindSpots) {
        return HEADER.formatted(loss, isAtBlindSpots ? ERROR_AT_BLIND_SPOTS : ERROR);
    }

    /**
     * Whether a file is a log of no epoch.
     *
     * @throws InvalidInputException if it cannot be read
     */
    static boolean isEmpty(Path file) {
        byte[] content = WholeFile.read(file, LARGEST);
        return Arrays.stream(Loss.values())
                .flatMap(loss -> Stream.of(header(loss, false), header(loss, true)))
                .anyMatch(header -> Arrays.equals(content, (header + "\n").getBytes(StandardCharsets.UTF_8)));
    }

    /** What training makes small. */
    Loss loss() {
        return loss;
    }

    /** What the validation error is called: {@code MSE}, or {@code MSE at blind spots}. */
    String error() {
        return error(isAtBlindSpots);
    }

    /** The same of a set of images that a training is validated on. */
    public static String error(boolean isAtBlindSpots) {
        return isAtBlindSpots ? "MSE at blind spots" : "MSE";
    }

    /** The rows so far. */
    List<Row> rows() {
        return List.copyOf(rows);
    }

    /** The least validation error so far, infinite before the first epoch. */
    double bestValidationMse() {
        return bestValidationMse(rows);
    }

    private static double bestValidationMse(List<Row> rows) {
        return rows.stream().mapToDouble(row -> row.validation().mse()).min().orElse(Double.POSITIVE_INFINITY);
    }

    /** The row with the least validation error, the first of them if there are several; empty if there is no row. */
    public static Optional<Row> best(List<Row> rows) {
        return rows.stream()
                .min(Comparator.comparingDouble(row -> row.validation().mse()));
    }

    /** Epochs done after the one with the least validation error, the first of them if there are several. */
    int epochsSinceBest() {
        return epochsSinceBest(rows);
    }

    /** The same of the rows of any log. */
    static int epochsSinceBest(List<Row> rows) {
        double best = bestValidationMse(rows);
        int bestIndex = 0;
        while (bestIndex < rows.size() && rows.get(bestIndex).validation().mse() > best) {
            bestIndex++;
        }
        return Math.max(rows.size() - 1 - bestIndex, 0);
    }

    /**
     * Adds a row and writes the file anew.
     *
     * @throws IOException if that fails
     */
    void add(Row row) throws IOException {
        rows.add(row);
        write();
    }

    private void write() throws IOException {
        String text = rows.stream()
                .map(Row::toCsv)
                .collect(Collectors.joining("\n", header(loss, isAtBlindSpots) + "\n", rows.isEmpty() ? "" : "\n"));
        AtomicFile.write(file, text.getBytes(StandardCharsets.UTF_8));
    }
}
