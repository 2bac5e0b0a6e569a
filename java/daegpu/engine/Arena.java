package daegpu.engine;

import daegpu.engine.Plan.Buffer;
import daegpu.engine.Plan.Life;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToLongFunction;

/**
 * One piece of memory in which every buffer of a plan has a place. Buffers are placed from the largest to the smallest,
 * each at the lowest offset where it meets no buffer that is needed at the same time ("greedy by size": Pisarchyk and
 * Lee, "Efficient memory management for deep neural net inference", 2020).
 */
public final class Arena {

    private record Place(Life life, long first, long end) {}

    private final Map<Buffer, Long> offsets = new LinkedHashMap<>();
    private final long bytes;

    private Arena(Map<Buffer, Long> offsets, long bytes) {
        this.offsets.putAll(offsets);
        this.bytes = bytes;
    }

    static Arena of(Map<Buffer, Life> lives, ToLongFunction<Buffer> bytes, long alignment) {
        List<Buffer> largestFirst = new ArrayList<>(lives.keySet());
        largestFirst.sort(Comparator.comparingLong(bytes).reversed()); // stable: equal ones in the order of first use
        List<Place> places = new ArrayList<>();
        Map<Buffer, Long> offsets = new LinkedHashMap<>();
        long end = 0;
        for (Buffer buffer : largestFirst) {
            Life life = lives.get(buffer);
            long size = roundUp(bytes.applyAsLong(buffer), alignment);
            long first = lowest(places, life, size);
            places.add(new Place(life, first, first + size));
            offsets.put(buffer, first);
            end = Math.max(end, first + size);
        }
        return new Arena(offsets, end);
    }

    private static long roundUp(long size, long alignment) {
        return (size + alignment - 1) / alignment * alignment;
    }

    private static long lowest(List<Place> places, Life life, long size) {
        List<Place> inTheWay = places.stream()
                .filter(place -> place.life().meets(life))
                .sorted(Comparator.comparingLong(Place::first))
                .toList();
        long first = 0;
        for (Place place : inTheWay) {
            if (first + size <= place.first()) {
                break;
            }
            first = Math.max(first, place.end());
        }
        return first;
    }

    /** Offset of {@code buffer} from the beginning, in bytes. */
    public long offset(Buffer buffer) {
        return offsets.get(buffer);
    }

    /** Size of the whole memory, in bytes. */
    public long bytes() {
        return bytes;
    }
}
