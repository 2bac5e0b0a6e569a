package daegpu.cli;

/** What the program tells its caller. */
final class ExitStatus {

    /** Everything was done. */
    static final int DONE = 0;
    /** An engine is not within its bounds. */
    static final int PARITY_FAILED = 1;
    /** The command line or a file cannot be used. */
    static final int BAD_INPUT = 2;
    /** Some of several inputs could not be used; the others were done. */
    static final int DONE_IN_PART = 3;
    /** Training came to a loss that is not finite. */
    static final int DIVERGED = 4;
    /** A fault of the program itself, as sysexits.h numbers it. */
    static final int INTERNAL_ERROR = 70;
    /** Ctrl-C. */
    static final int INTERRUPTED = 130;

    private ExitStatus() {}
}
