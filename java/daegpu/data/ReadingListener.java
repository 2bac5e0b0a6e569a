package daegpu.data;

/** Hears how far reading many files is. */
@FunctionalInterface
public interface ReadingListener {

    ReadingListener SILENT = (task, done, all) -> {};

    /**
     * More files are done.
     *
     * @param task what is done, in a few words
     * @param done files that are done, 0 to {@code all}
     * @param all files in all
     */
    void progressed(String task, int done, int all);
}
