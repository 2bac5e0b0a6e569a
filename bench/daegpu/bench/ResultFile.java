package daegpu.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.data.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** Results in JMH's own JSON, and the comparison of two such files. */
final class ResultFile {

    /**
     * A mean with JMH's confidence interval of 99.9 %, in {@code unit}.
     *
     * @param error half the interval's width; NaN where there were too few iterations to know one
     */
    record Measurement(String mode, double score, double error, String unit) {

        boolean moreIsBetter() {
            return mode.equals("thrpt");
        }
    }

    /** What became of a benchmark between two runs. */
    enum Verdict {
        FASTER("faster"),
        SLOWER("slower"),
        WITHIN_NOISE("within noise"),
        UNKNOWN("unknown: too few iterations"),
        INCOMPARABLE("not comparable: other mode or unit"),
        ONLY_BEFORE("only in the old run"),
        ONLY_NOW("only in this run");

        private final String words;

        Verdict(String words) {
            this.words = words;
        }

        @Override
        public String toString() {
            return words;
        }
    }

    /** @param ratio speed now over speed before: above 1 is faster; NaN where there are not two to compare */
    record Change(Verdict verdict, double ratio) {}

    private ResultFile() {}

    /**
     * Reads what JMH wrote, by the name of the benchmark and its parameters.
     *
     * @throws InvalidInputException if the file cannot be read or holds no such results
     */
    static Map<String, Measurement> read(Path file) {
        JsonNode content;
        try {
            content = new ObjectMapper().readTree(Files.readAllBytes(file));
        } catch (JsonProcessingException e) {
            throw new InvalidInputException(file + " is no JSON; --compare wants a file that --output wrote", e);
        } catch (IOException e) {
            throw InvalidInputException.unreadable(file, e);
        }
        if (!content.isArray()) {
            throw foreign(file);
        }
        Map<String, Measurement> results = new TreeMap<>();
        for (JsonNode result : content) {
            JsonNode metric = result.path("primaryMetric");
            if (!result.path("benchmark").isTextual()
                    || !result.path("mode").isTextual()
                    || !metric.path("score").isNumber()
                    || !metric.path("scoreUnit").isTextual()) {
                throw foreign(file);
            }
            Map<String, String> parameters = new TreeMap<>();
            result.path("params")
                    .properties()
                    .forEach(field ->
                            parameters.put(field.getKey(), field.getValue().asText()));
            results.put(
                    key(result.path("benchmark").asText(), parameters),
                    new Measurement(
                            result.path("mode").asText(),
                            metric.path("score").asDouble(),
                            metric.path("scoreError").asDouble(Double.NaN),
                            metric.path("scoreUnit").asText()));
        }
        return results;
    }

    /** The name of a benchmark with these parameters, as files and tables have it. */
    static String key(String benchmark, Map<String, String> parameters) {
        String[] parts = benchmark.split("\\.", -1);
        String name = parts.length < 2 ? benchmark : parts[parts.length - 2] + "." + parts[parts.length - 1];
        StringBuilder key = new StringBuilder(name);
        new TreeMap<>(parameters)
                .forEach((parameter, value) ->
                        key.append(' ').append(parameter).append('=').append(value));
        return key.toString();
    }

    /** Faster or slower is said only where the two confidence intervals do not touch. */
    static Change compare(Measurement before, Measurement now) {
        if (before == null || now == null) {
            return new Change(before == null ? Verdict.ONLY_NOW : Verdict.ONLY_BEFORE, Double.NaN);
        }
        if (!before.mode().equals(now.mode()) || !before.unit().equals(now.unit())) {
            return new Change(Verdict.INCOMPARABLE, Double.NaN);
        }
        double ratio = now.moreIsBetter() ? now.score() / before.score() : before.score() / now.score();
        if (Double.isNaN(before.error()) || Double.isNaN(now.error())) {
            return new Change(Verdict.UNKNOWN, ratio);
        }
        if (Math.abs(now.score() - before.score()) <= before.error() + now.error()) {
            return new Change(Verdict.WITHIN_NOISE, ratio);
        }
        return new Change(ratio > 1 ? Verdict.FASTER : Verdict.SLOWER, ratio);
    }

    private static InvalidInputException foreign(Path file) {
        return new InvalidInputException(
                file + " holds no results of these benchmarks; --compare wants a file that --output wrote");
    }
}
