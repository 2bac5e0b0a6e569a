package daegpu.engine.cuda.kernels;

import daegpu.engine.cuda.layers.WeightPlace;

/**
 * The memory layout of the shares of gradients that blocks leave, and for each piece of the parameters' arena, the
 * shares whose sum is its gradient: {@code pieces} of cuda/update.cu.
 */
final class ShareTable {

    private final int[] pieces;
    private long floats;

    /** @param arenaSize number of floats of the arena */
    ShareTable(int arenaSize) {
        pieces = new int[4 * (arenaSize / ImplicitGemm.PIECE)];
    }

    /** Reserves {@code size} floats, rounded up to a piece, and returns where they begin. */
    long reserve(long size) {
        long at = floats;
        floats += (size + ImplicitGemm.PIECE - 1) / ImplicitGemm.PIECE * ImplicitGemm.PIECE;
        return at;
    }

    /** Number of floats of all shares. */
    long floats() {
        return floats;
    }

    /** Reserves room for the shares of a weight gradient, records where their sums go, and returns where they begin. */
    long add(WeightGradient gradient, WeightPlace place) {
        long at = reserve((long) gradient.splits() * gradient.share());
        put(place.kernel(), place.kernelSize(), at, gradient.splits(), gradient.share());
        if (gradient.biasAt() >= 0) {
            put(place.bias(), place.biasSize(), at + gradient.biasAt(), gradient.splits(), gradient.share());
        }
        return at;
    }

    /** The same for column sums that are a bias gradient: {@code rows} rows that are {@code pitch} floats apart. */
    long addSums(int rows, int pitch, WeightPlace place) {
        long at = reserve((long) rows * pitch);
        put(place.bias(), place.biasSize(), at, rows, pitch);
        return at;
    }

    /**
     * Records that {@code size} floats of the arena, from {@code place} on, are the sums of shares that are
     * {@code stride} floats apart.
     */
    private void put(int place, int size, long first, int shares, int stride) {
        for (int i = 0; i < ImplicitGemm.pieces(size); i++) {
            int piece = place / ImplicitGemm.PIECE + i;
            pieces[4 * piece] = Math.toIntExact(first + (long) i * ImplicitGemm.PIECE);
            pieces[4 * piece + 1] = shares;
            pieces[4 * piece + 2] = stride;
        }
    }

    /**
     * Four integers for each piece of the arena: where its first share begins, how many shares there are, how many
     * floats they are apart, and 0.
     */
    int[] pieces() {
        return pieces;
    }
}
