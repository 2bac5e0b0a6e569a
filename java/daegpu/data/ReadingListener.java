package daegpu.data;

/** Is told about the progress of reading many files. */
@FunctionalInterface
public interface ReadingListener {

    ReadingListener SILENT = (task, done, all) -> {};

    /**
     * More files are done.
     *
     * @param task what is done, in a few words
     * @param done number of files that are done, 0 to {@code all}
     * @param all number of all files
     */
    void progressed(String task, int done, int all);
}
