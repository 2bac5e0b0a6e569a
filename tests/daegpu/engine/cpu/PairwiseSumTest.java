package daegpu.engine.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.stream.DoubleStream;
import org.junit.jupiter.api.Test;

class PairwiseSumTest {

    /** Writes sums out, with brackets. */
    private static String written(int terms) {
        String[] slots = new String[PairwiseSum.slots(terms)];
        PairwiseSum.compute(terms, new PairwiseSum.Slots() {
            @Override
            public void put(int term, int slot) {
                slots[slot] = String.valueOf(term);
            }

            @Override
            public void add(int from, int to) {
                slots[to] = "(" + slots[to] + "+" + slots[from] + ")";
                slots[from] = "used up";
            }
        });
        return slots[0];
    }

    @Test
    void sumsNeighboursThenTheirSums() {
        assertEquals("0", written(1));
        assertEquals("(0+1)", written(2));
        assertEquals("((0+1)+2)", written(3));
        assertEquals("((0+1)+(2+3))", written(4));
        assertEquals("(((0+1)+(2+3))+((4+5)+6))", written(7));
        assertEquals("((((0+1)+(2+3))+((4+5)+(6+7)))+8)", written(9));
    }

    /** So that a worker may sum such a block alone. */
    @Test
    void anAlignedPowerOfTwoIsSummedTheSameAlone() {
        for (int terms = 1; terms < 70; terms++) {
            for (int block = 1; block < 64; block *= 2) {
                int size = block;
                int whole = terms;
                String[] sums = new String[(terms + size - 1) / size];
                for (int i = 0; i < sums.length; i++) {
                    sums[i] = shifted(written(Math.min(size, whole - i * size)), i * size);
                }
                String ofBlocks = written(sums.length);
                for (int i = sums.length - 1; i >= 0; i--) {
                    ofBlocks = ofBlocks.replaceAll("\\b" + i + "\\b", "<" + i + ">");
                }
                for (int i = 0; i < sums.length; i++) {
                    ofBlocks = ofBlocks.replace("<" + i + ">", sums[i]);
                }
                assertEquals(written(terms), ofBlocks, terms + " in blocks of " + size);
            }
        }
    }

    @SuppressWarnings("StringSplitter") // nothing is empty between a digit and what is none
    private static String shifted(String sum, int by) {
        StringBuilder shifted = new StringBuilder();
        for (String part : sum.split("(?<=\\D)|(?=\\D)")) {
            shifted.append(part.matches("\\d+") ? String.valueOf(Integer.parseInt(part) + by) : part);
        }
        return shifted.toString();
    }

    @Test
    void sumsNumbersInTheSameOrder() {
        double tiny = Math.ulp(1.0) / 2; // added to 1 alone, it is lost
        assertEquals(1 + 2 * tiny, PairwiseSum.of(new double[] {1, 0, tiny, tiny}, 4));
        assertEquals(1, PairwiseSum.of(new double[] {1, tiny, tiny, 0}, 4));
        assertEquals(3, PairwiseSum.of(new double[] {1, 2, 4}, 2));
        assertEquals(
                66, PairwiseSum.of(DoubleStream.iterate(0, i -> i + 1).limit(12).toArray(), 12));
    }
}
