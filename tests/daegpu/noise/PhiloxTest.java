package daegpu.noise;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import daegpu.Seeds;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@ExtendWith(Seeds.class)
class PhiloxTest {

    private static final BigInteger WORD = BigInteger.ONE.shiftLeft(32);

    @ParameterizedTest
    @MethodSource("knownAnswers")
    void integersAndNormalsAreThoseOfCurand(JsonNode answer) {
        long seed = Long.parseUnsignedLong(answer.get("seed").textValue());
        long subsequence = Long.parseUnsignedLong(answer.get("subsequence").textValue());
        long offset = Long.parseUnsignedLong(answer.get("offset").textValue());
        int[] integers = new int[4];
        float[] normals = new float[4];
        Philox.integers4(seed, subsequence, offset, integers);
        Philox.normal4(seed, subsequence, offset, normals);
        for (int i = 0; i < 4; i++) {
            assertEquals(answer.get("uint4").get(i).longValue(), Integer.toUnsignedLong(integers[i]));
            assertEquals(answer.get("normal4").get(i).doubleValue(), normals[i], 1e-6);
        }
    }

    static Stream<JsonNode> knownAnswers() throws IOException {
        JsonNode answers = new ObjectMapper()
                .readTree(Path.of("tests/golden/curand_philox4x32_10.json").toFile());
        assertEquals(7, answers.size());
        return StreamSupport.stream(answers.spliterator(), false);
    }

    /** The known answers are few; these are many, with every bit of the three arguments in use. */
    @Test
    void integersAreThoseOfTheDefinition() {
        Random random = Seeds.random(1);
        int[] integers = new int[4];
        for (int draw = 0; draw < 500; draw++) {
            long seed = random.nextLong();
            long subsequence = random.nextLong() >>> random.nextInt(64);
            long offset = random.nextLong() >>> (1 + random.nextInt(60)) & -4;
            Philox.integers4(seed, subsequence, offset, integers);
            assertArrayEquals(definition(seed, subsequence, offset), integers);
        }
    }

    /** Natural numbers throughout: a counter of 128 bits, of which each round multiplies two words of 32. */
    static int[] definition(long seed, long subsequence, long offset) {
        BigInteger counter =
                natural(subsequence).shiftLeft(64).add(natural(offset).shiftRight(2));
        BigInteger[] x = new BigInteger[4];
        for (int i = 0; i < 4; i++) {
            x[i] = counter.shiftRight(32 * i).mod(WORD);
        }
        BigInteger[] key = {natural(seed).mod(WORD), natural(seed).divide(WORD)};
        for (int round = 0; round < 10; round++) {
            BigInteger first = x[0].multiply(BigInteger.valueOf(0xD2511F53L));
            BigInteger second = x[2].multiply(BigInteger.valueOf(0xCD9E8D57L));
            x = new BigInteger[] {
                second.divide(WORD).xor(x[1]).xor(key[0]),
                second.mod(WORD),
                first.divide(WORD).xor(x[3]).xor(key[1]),
                first.mod(WORD)
            };
            key[0] = key[0].add(BigInteger.valueOf(0x9E3779B9L)).mod(WORD);
            key[1] = key[1].add(BigInteger.valueOf(0xBB67AE85L)).mod(WORD);
        }
        return Stream.of(x).mapToInt(BigInteger::intValue).toArray();
    }

    private static BigInteger natural(long unsigned) {
        return new BigInteger(Long.toUnsignedString(unsigned));
    }

    @Test
    void uniformsAreAboveZeroAndAtMostOne() {
        int[] integers = new int[4];
        float[] uniforms = new float[4];
        double sum = 0;
        double squares = 0;
        int count = 200_000;
        for (int offset = 0; offset < count; offset += 4) {
            Philox.integers4(7, 3, offset, integers);
            Philox.uniform4(7, 3, offset, uniforms);
            for (int i = 0; i < 4; i++) {
                assertTrue(uniforms[i] > 0 && uniforms[i] <= 1);
                assertEquals(Integer.toUnsignedLong(integers[i]) * 0x1p-32, uniforms[i], 0x1p-24);
                sum += uniforms[i];
                squares += (double) uniforms[i] * uniforms[i];
            }
        }
        assertEquals(0.5, sum / count, 5 * Math.sqrt(1 / 12.0 / count));
        assertEquals(1 / 3.0, squares / count, 5 * Math.sqrt(4 / 45.0 / count));
    }

    /** The least and the greatest of two million draws: neither may come to the logarithm of zero. */
    @Test
    void theEndsOfTheRangeGiveFiniteNumbers() {
        float[] uniforms = new float[4];
        float[] normals = new float[4];
        int[] integers = new int[4];
        long least = 0xFFFFFFFFL;
        long greatest = 0;
        long leastAt = 0;
        long greatestAt = 0;
        for (long offset = 0; offset < 8_000_000; offset += 4) {
            Philox.integers4(1, 0, offset, integers);
            long first = Integer.toUnsignedLong(integers[0]);
            if (first < least) {
                least = first;
                leastAt = offset;
            }
            if (first > greatest) {
                greatest = first;
                greatestAt = offset;
            }
        }
        Philox.uniform4(1, 0, leastAt, uniforms);
        assertTrue(uniforms[0] > 0 && uniforms[0] < 1e-5);
        Philox.normal4(1, 0, leastAt, normals);
        assertEquals(Math.sqrt(-2 * Math.log(uniforms[0])), Math.hypot(normals[0], normals[1]), 1e-5);
        Philox.uniform4(1, 0, greatestAt, uniforms);
        assertTrue(uniforms[0] > 0.99999f && uniforms[0] <= 1);
        Philox.normal4(1, 0, greatestAt, normals);
        assertTrue(Math.hypot(normals[0], normals[1]) < 0.01);
    }

    @Test
    void subsequencesOfPurposesAndOfValidationAreApart() {
        assertEquals(59_999, Philox.subsequence(Philox.PURPOSE_PIXELS, 59_999));
        assertEquals((1L << 41) + 7, Philox.subsequence(Philox.PURPOSE_IMAGE, 7));
        assertEquals((1L << 42) + (1L << 40) + 7, Philox.subsequence(Philox.PURPOSE_SHUFFLE, Philox.VALIDATION + 7));
        assertEquals(3 * (1L << 41), Philox.subsequence(Philox.PURPOSE_INITIAL_WEIGHTS, 0));
    }
}
