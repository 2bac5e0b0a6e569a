package daegpu.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import daegpu.bench.ResultFile.Measurement;
import daegpu.engine.cpu.Peak;
import daegpu.model.Autoencoder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RatesTest {

    private static Measurement milliseconds(double time) {
        return new Measurement("avgt", time, 0, "ms/op");
    }

    /** By hand, from the shapes of the default network. */
    @Test
    void workIsThatOfTheNetwork() {
        assertEquals(
                2.0 * 32 * 7 * 7 * 9 * 32 * 64, Work.of("conv2 forward", 32).flops());
        assertEquals(
                2.0 * 7 * 7 * 9 * 64 * 64, Work.of("deconv1 weight gradient", 1).flops());
        assertEquals(2.0 * 128 * 3136 * 16, Work.of("latent data gradient", 128).flops());
        assertEquals(32 * 784 * 12.0, Work.of("loss", 32).bytes());
        assertEquals(178_001 * 28.0, Work.of("adam", 512).bytes());
        assertEquals(784 * 9.0, Work.of("noise", 1).bytes());
        assertEquals(
                4.0 * (2 * (14 * 14 * 32 + 7 * 7 * 64) + 9 * 32 * 64),
                Work.of("conv2 forward", 2).bytes());
        // The notes on the kernels count the same number.
        assertEquals(20.06e6, Work.multiplyAddsOfTraining(Autoencoder.MNIST), 0.01e6);
    }

    @Test
    void sharesAreThoseOfThePeakOfTheSameRun() {
        // Four times as fast as the product of two matrices can be told apart from its half.
        Map<String, Measurement> peaks = Map.of(
                "Peak.matrixProduct processors=1",
                milliseconds(20),
                "Peak.matrixProduct processors=all",
                milliseconds(25),
                "Peak.copy processors=1",
                milliseconds(10));
        double flops = Work.of("conv2 forward", 32).flops();
        double atPeak = flops / Peak.productFlops("1") * 20;
        String key = "CpuOperations.run batchSize=32 operation=conv2 forward";
        String half = Rates.describe(key, milliseconds(2 * atPeak), peaks);
        assertTrue(half.endsWith("GFLOP/s, 50 % of the peak"), half);
        assertEquals(flops / atPeak / 2 / 1e6, Double.parseDouble(half.substring(0, half.indexOf(' '))), 0.06);
        assertFalse(Rates.describe(key, milliseconds(1), Map.of()).contains("peak"), "there is none");
        String noise = Rates.describe(
                "ReferenceOperations.run batchSize=1 operation=noise",
                milliseconds(784 * 9.0 / Peak.copiedBytes("1") * 10 * 4),
                peaks);
        assertTrue(noise.endsWith("GB/s, 25 % of the peak"), noise);
        String step =
                Rates.describe("TrainingStep.trainStep batchSize=32 engine=cpu threads=0", milliseconds(4), peaks);
        assertTrue(step.startsWith("8,000 images/s, ") && step.endsWith("% of the peak"), step);
        assertFalse(
                Rates.describe("TrainingStep.trainStep batchSize=32 engine=cpu threads=3", milliseconds(4), peaks)
                        .contains("peak"),
                "nobody measured that of three threads");
        assertEquals("", Rates.describe("CheckpointFile.save", milliseconds(4), peaks));
    }

    @Test
    void parametersEndWhereTheNextBegins() {
        String key = "CpuOperations.run batchSize=32 operation=conv2 data gradient threads=0";
        assertEquals("32", Rates.parameter(key, "batchSize"));
        assertEquals("conv2 data gradient", Rates.parameter(key, "operation"));
        assertEquals("0", Rates.parameter(key, "threads"));
        assertNull(Rates.parameter(key, "engine"));
    }

    @Test
    void failuresHaveTheReasonOfTheirException() {
        assertEquals(
                "java.lang.IllegalStateException: no such thing",
                BenchmarkSuite.reason(List.of(
                        "# JMH version: 1.37",
                        "# Warmup Iteration   1: <failure>",
                        "",
                        "java.lang.IllegalStateException: no such thing",
                        "\tat daegpu.bench.X.run(X.java:1)",
                        "more")));
        assertEquals("killed", BenchmarkSuite.reason(List.of("# Run progress", "killed")));
        assertEquals("it printed nothing", BenchmarkSuite.reason(List.of()));
    }
}
