package daegpu.data;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;

/**
 * LZW as TIFF 6.0 has it (section 13): codes of 9 to 12 bits, the highest bit first, whose length grows one code early.
 * No library that the program has offers one: those of Java and of TwelveMonkeys are parts of their writers.
 */
final class LzwEncoder {

    private static final int CLEAR = 256;
    private static final int END = 257;
    private static final int FIRST = 258;
    private static final int LEAST_BITS = 9;
    /** The code after which the table is cleared: one before the last of 12 bits. */
    private static final int MOST = 4094;

    /** Bits of an entry of the table that are the code. */
    private static final int CODE_BITS = 12;

    private static final int GENERATIONS = 1 << 32 - CODE_BITS;

    /** For a code and the byte after it the code of both, after the number of the generation that it is of. */
    private final int[] table = new int[(MOST + 1) << 8];

    /** How often the table was cleared: entries of other generations do not count. */
    private int generation;

    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private int waiting;
    private int waitingBits;
    private int bits;
    private int next;

    /** Compresses the first {@code length} bytes. */
    byte[] encode(byte[] bytes, int length) {
        out.reset();
        waitingBits = 0;
        bits = LEAST_BITS;
        clear();
        int code = -1;
        for (int i = 0; i < length; i++) {
            int value = bytes[i] & 0xFF;
            if (code < 0) {
                code = value;
                continue;
            }
            int both = table[code << 8 | value];
            if (both >>> CODE_BITS == generation) {
                code = both & (1 << CODE_BITS) - 1;
                continue;
            }
            put(code);
            table[code << 8 | value] = generation << CODE_BITS | next++;
            if (next > MOST) {
                clear();
            } else if (next == 1 << bits) {
                bits++;
            }
            code = value;
        }
        if (code >= 0) {
            put(code);
            // The reader adds an entry for each code that it gets, and takes longer ones for it.
            next++;
            if (next == 1 << bits && bits < CODE_BITS) {
                bits++;
            }
        }
        put(END);
        if (waitingBits > 0) {
            out.write(waiting << 8 - waitingBits);
        }
        return out.toByteArray();
    }

    private void clear() {
        put(CLEAR);
        generation++;
        if (generation == GENERATIONS) {
            Arrays.fill(table, 0);
            generation = 1;
        }
        bits = LEAST_BITS;
        next = FIRST;
    }

    private void put(int code) {
        waiting = waiting << bits | code;
        waitingBits += bits;
        while (waitingBits >= 8) {
            waitingBits -= 8;
            out.write(waiting >> waitingBits);
        }
        waiting &= (1 << waitingBits) - 1;
    }
}
