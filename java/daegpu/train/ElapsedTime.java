package daegpu.train;

import java.util.Locale;

/** Writes spans of time for people. */
public final class ElapsedTime {

    private ElapsedTime() {}

    /** {@code 12:34} or {@code 1:02:03}. */
    public static String format(double seconds) {
        long whole = Math.round(seconds);
        return whole < 3600
                ? String.format(Locale.ROOT, "%d:%02d", whole / 60, whole % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
    }
}
