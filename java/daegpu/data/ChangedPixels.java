package daegpu.data;

/** The pixels of a picture with other values, in a file of the same format. */
public abstract class ChangedPixels implements Pixels {

    private final Pixels source;

    protected ChangedPixels(Pixels source) {
        this.source = source;
    }

    /** What they were before. */
    protected final Pixels source() {
        return source;
    }

    @Override
    public final int height() {
        return source.height();
    }

    @Override
    public final int width() {
        return source.width();
    }

    @Override
    public int channels() {
        return source.channels();
    }

    @Override
    public final Depth depth() {
        return source.depth();
    }

    @Override
    public final ValueRange range() {
        return source.range();
    }

    @Override
    public final String format() {
        return source.format();
    }

    @Override
    public final boolean hasAlpha() {
        return source.hasAlpha();
    }

    @Override
    public final void readAlpha(int row, float[] alpha) {
        source.readAlpha(row, alpha);
    }
}
