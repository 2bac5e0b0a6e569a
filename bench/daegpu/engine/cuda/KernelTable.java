package daegpu.engine.cuda;

import com.fasterxml.jackson.databind.JsonNode;
import daegpu.bench.Work;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** What the emulated device counted of kernels, as a table in Markdown, beside what they are for. */
public final class KernelTable {

    /**
     * Of the state of a step, an update is given the learning rate, two factors of the step size and the step, and
     * leaves three.
     */
    public static final int STEP_BYTES = 3 * 4 + 8 + 2 * 4 + 8;

    private static final int SECTOR = 32;

    private KernelTable() {}

    /**
     * What launches of a kernel are for.
     *
     * @param multiplyAdds of the layers' products, those with the zeros beyond a border among them, as {@link Work} has
     *     them
     * @param bytes of all tensors that it is given or leaves, each once in a launch
     */
    public record Purpose(long multiplyAdds, long bytes) {

        public Purpose plus(Purpose other) {
            return new Purpose(multiplyAdds + other.multiplyAdds, bytes + other.bytes);
        }
    }

    /**
     * Appends what the columns mean, the table, and what spilled registers move.
     *
     * @param kernels what was counted, by the kernels' names
     * @param purposes of each of them
     * @throws IllegalStateException if a kernel ran that {@code purposes} does not know
     */
    static void append(StringBuilder text, JsonNode kernels, Map<String, Purpose> purposes) {
        text.append("""
                - "Arithmetic" is the part of fp32 and tensor-core instructions in all that warps executed.
                - "A multiply-add": instructions of threads for each multiply-add of the layer's product, at its
                  borders, too; a dash where a kernel has no product to make.
                - "Moved" are the 32-byte sectors that the requests of warps touch, before any cache. "Least" is what
                  has to be moved at least, worked out from the shapes: every value that the kernel is given or
                  leaves, once a launch, at its size in memory: 4 bytes, pixels 1 byte; no borders, no gaps in the
                  arena of parameters.
                - "A load" and "a store" are sectors for each request of a warp: 4 at least where each thread has 4
                  bytes, 16 where it has 16.
                - "Conflicts" are passes over shared memory beyond the least, and their part of its requests.

                | kernel | launches | instructions of warps | arithmetic | a multiply-add | moved, bytes \
                | least, bytes | ratio | a load | a store | conflicts | | divergent branches |
                |---|---|---|---|---|---|---|---|---|---|---|---|---|
                """);
        Sum all = new Sum();
        kernels.forEachEntry((name, kernel) -> {
            Purpose purpose = purpose(purposes, name);
            Sum one = new Sum();
            one.add(kernel, purpose);
            all.add(kernel, purpose);
            one.append(text, "`" + name + "`");
        });
        all.append(text, "all");
        text.append(String.format(
                Locale.ROOT,
                "%nMemory that belongs to single threads, as for spilled registers: %,d bytes.%n",
                all.local));
    }

    /** @throws IllegalStateException if it is not known */
    static Purpose purpose(Map<String, Purpose> purposes, String name) {
        Purpose purpose = purposes.get(name);
        if (purpose == null) {
            throw new IllegalStateException("it is not said what " + name + " is for");
        }
        return purpose;
    }

    /** Of one kernel's launches, or of several kernels'. */
    private static final class Sum {
        private long launches;
        private long warps;
        private long arithmetic;
        private long threads;
        private Purpose purpose = new Purpose(0, 0);
        private long atomicSectors;
        private long loads;
        private long loadSectors;
        private long stores;
        private long storeSectors;
        private long shared;
        private long conflicts;
        private long branches;
        private long local;

        private void add(JsonNode kernel, Purpose its) {
            launches += kernel.get("launches").longValue();
            warps += kernel.at("/warp_instructions/all").longValue();
            arithmetic += kernel.at("/warp_instructions/float32").longValue()
                    + kernel.at("/warp_instructions/matrix").longValue();
            threads += kernel.at("/thread_instructions/all").longValue();
            purpose = purpose.plus(its);
            loads += kernel.at("/global_loads/requests").longValue();
            loadSectors += kernel.at("/global_loads/sectors").longValue();
            stores += kernel.at("/global_stores/requests").longValue();
            storeSectors += kernel.at("/global_stores/sectors").longValue();
            atomicSectors += kernel.at("/global_atomics/sectors").longValue();
            shared += kernel.at("/shared/requests").longValue();
            conflicts += kernel.at("/shared/bank_conflicts").longValue();
            branches += kernel.get("divergent_branches").longValue();
            local += kernel.at("/local/bytes").longValue();
        }

        private void append(StringBuilder text, String name) {
            long moved = SECTOR * (loadSectors + storeSectors + atomicSectors);
            List<String> cells = new ArrayList<>(List.of(
                    name,
                    whole(launches),
                    whole(warps),
                    part(arithmetic, warps),
                    purpose.multiplyAdds() == 0 ? "-" : ratio(threads, purpose.multiplyAdds()),
                    whole(moved),
                    whole(purpose.bytes()),
                    ratio(moved, purpose.bytes()),
                    ratio(loadSectors, loads),
                    ratio(storeSectors, stores),
                    whole(conflicts),
                    part(conflicts, shared),
                    whole(branches)));
            text.append("| ").append(String.join(" | ", cells)).append(" |\n");
        }

        private static String whole(long value) {
            return String.format(Locale.ROOT, "%,d", value);
        }

        private static String ratio(long value, long of) {
            return of == 0 ? "-" : String.format(Locale.ROOT, "%.2f", (double) value / of);
        }

        private static String part(long value, long of) {
            return of == 0 ? "-" : String.format(Locale.ROOT, "%.1f %%", 100.0 * value / of);
        }
    }
}
