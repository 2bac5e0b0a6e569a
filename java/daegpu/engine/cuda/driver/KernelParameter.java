package daegpu.engine.cuda.driver;

import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One parameter of a kernel.
 *
 * @param kind how it is passed
 * @param bytes its size in bytes
 */
record KernelParameter(Kind kind, int bytes) {

    /** The kinds that PTX distinguishes. */
    enum Kind {
        /** An integer, or a pointer, which in PTX is an integer of 8 bytes. */
        INTEGER,
        FLOAT,
        STRUCT
    }

    private static final Pattern ENTRY = Pattern.compile("\\.entry (\\w+)\\(([^)]*)\\)");
    private static final Pattern PARAMETER =
            Pattern.compile("\\.param (?:\\.align \\d+ )?\\.([a-z])(\\d+)[^,\\[]*(?:\\[(\\d+)\\])?");

    /** The parameters that PTX declares for each of its entries. */
    static Map<String, List<KernelParameter>> declaredIn(String ptx) {
        Map<String, List<KernelParameter>> entries = new HashMap<>();
        Matcher entry = ENTRY.matcher(ptx);
        while (entry.find()) {
            entries.put(
                    entry.group(1),
                    PARAMETER
                            .matcher(entry.group(2))
                            .results()
                            .map(parameter -> of(parameter.group(1), parameter.group(2), parameter.group(3)))
                            .toList());
        }
        return entries;
    }

    private static KernelParameter of(String type, String bits, String count) {
        int bytes = Integer.parseInt(bits) / 8;
        return count != null
                ? new KernelParameter(Kind.STRUCT, bytes * Integer.parseInt(count))
                : new KernelParameter(type.equals("f") ? Kind.FLOAT : Kind.INTEGER, bytes);
    }

    /** {@code struct of 80 bytes}. */
    @Override
    public String toString() {
        return kind.name().toLowerCase(Locale.ROOT) + " of " + bytes + " bytes";
    }
}
