package daegpu.data;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DepthTest {

    /** Every value that there is, ascending, as another writes it. */
    private static byte[] all(Depth depth) {
        ByteBuffer pixels =
                ByteBuffer.allocate(depth == Depth.BITS_8 ? 1 << 8 : 1 << 17).order(ByteOrder.LITTLE_ENDIAN);
        for (int value = 0; pixels.hasRemaining(); value++) {
            if (depth == Depth.BITS_8) {
                pixels.put((byte) value);
            } else {
                pixels.putShort((short) value);
            }
        }
        return pixels.array();
    }

    private static float[] scaled(Depth depth, byte[] pixels) {
        float[] values = new float[pixels.length / depth.bytes()];
        depth.scale(pixels, 0, values.length, values, 0);
        return values;
    }

    /** The float that is nearest to the quotient. */
    @ParameterizedTest
    @EnumSource
    void scalesToTheNearestFloat(Depth depth) {
        float[] values = scaled(depth, all(depth));
        assertEquals(depth.white() + 1, values.length);
        BigDecimal white = BigDecimal.valueOf(depth.white());
        for (int i = 0; i < values.length; i++) {
            assertEquals(
                    BigDecimal.valueOf(i).divide(white, MathContext.DECIMAL128).floatValue(), values[i]);
        }
    }

    @ParameterizedTest
    @EnumSource
    void everyValueComesBack(Depth depth) {
        byte[] pixels = all(depth);
        byte[] back = new byte[pixels.length];
        depth.unscale(scaled(depth, pixels), pixels.length / depth.bytes(), back, 0);
        assertArrayEquals(pixels, back);
    }

    @ParameterizedTest
    @EnumSource
    void roundsToTheNearestAndStaysInRange(Depth depth) {
        int white = depth.white();
        float[] values = {-1, 2, 100.4f / white, 100.6f / white, Float.POSITIVE_INFINITY};
        byte[] pixels = new byte[6 * depth.bytes()];
        depth.unscale(values, 5, pixels, 1);
        float[] rounded = new float[6];
        depth.scale(pixels, 1, 5, rounded, 1);
        assertArrayEquals(new float[] {0, 0, 1, 100f / white, 101f / white, 1}, rounded);
    }

    /** A picture that is stored with 16 bits where it could have been stored with 8 is the same picture. */
    @Test
    void timesTwoHundredAndFiftySevenIsTheSameFloat() {
        byte[] bytes = all(Depth.BITS_8);
        byte[] words = new byte[2 * bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            Arrays.fill(words, 2 * i, 2 * i + 2, bytes[i]); // 257 times the byte
        }
        assertArrayEquals(scaled(Depth.BITS_8, bytes), scaled(Depth.BITS_16, words));
    }
}
