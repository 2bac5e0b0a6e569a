package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.layers.WeightPlace;

/**
 * Where blocks leave their shares of gradients, and of which shares each piece of the parameters' arena is the sum:
 * {@code pieces} of cuda/update.cu.
 */
final class ShareTable {

    private final int[] pieces;
    private long floats;

    /** @param arenaSize floats of the arena */
    ShareTable(int arenaSize) {
        pieces = new int[4 * (arenaSize / ImplicitGemm.PIECE)];
    }

    /** Makes room for {@code size} floats, rounded up to a piece. Returns where they begin. */
    long reserve(long size) {
        long at = floats;
        floats += (size + ImplicitGemm.PIECE - 1) / ImplicitGemm.PIECE * ImplicitGemm.PIECE;
        return at;
    }

    /** Floats of all shares. */
    long floats() {
        return floats;
    }

    /** Makes room for what a weight gradient leaves, and tells where its sums go. Returns where it begins. */
    long add(WeightGradient gradient, WeightPlace place) {
        long at = reserve((long) gradient.splits() * gradient.share());
        put(place.kernel(), place.kernelSize(), at, gradient.splits(), gradient.share());
        if (gradient.biasAt() >= 0) {
            put(place.bias(), place.biasSize(), at + gradient.biasAt(), gradient.splits(), gradient.share());
        }
        return at;
    }

    /** The same for sums of columns, which are a bias gradient: {@code rows} rows that are {@code pitch} apart. */
    long addSums(int rows, int pitch, WeightPlace place) {
        long at = reserve((long) rows * pitch);
        put(place.bias(), place.biasSize(), at, rows, pitch);
        return at;
    }

    /** {@code size} floats of the arena from {@code place} on are the sums of shares that are {@code stride} apart. */
    private void put(int place, int size, long first, int shares, int stride) {
        for (int i = 0; i < ImplicitGemm.pieces(size); i++) {
            int piece = place / ImplicitGemm.PIECE + i;
            pieces[4 * piece] = Math.toIntExact(first + (long) i * ImplicitGemm.PIECE);
            pieces[4 * piece + 1] = shares;
            pieces[4 * piece + 2] = stride;
        }
    }

    /**
     * Four integers for each piece of the arena: where its first share begins, how many there are, how far apart; and
     * 0.
     */
    int[] pieces() {
        return pieces;
    }
}
