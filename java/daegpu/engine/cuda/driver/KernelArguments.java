package daegpu.engine.cuda.driver;

import daegpu.engine.cuda.driver.KernelParameter.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import jcuda.NativePointerObject;
import jcuda.Pointer;

/** The arguments of a kernel, in the order in which it declares its parameters. A launch compares the two. */
public final class KernelArguments {

    private final List<KernelParameter> given = new ArrayList<>();
    private final List<Pointer> values = new ArrayList<>();

    /** {@code int} or {@code unsigned}. */
    public KernelArguments add(int value) {
        return add(Kind.INTEGER, 4, Pointer.to(new int[] {value}));
    }

    /** {@code long long}. */
    public KernelArguments add(long value) {
        return add(Kind.INTEGER, 8, Pointer.to(new long[] {value}));
    }

    /** {@code float}. */
    public KernelArguments add(float value) {
        return add(Kind.FLOAT, 4, Pointer.to(new float[] {value}));
    }

    /** A pointer to {@code array}. */
    public KernelArguments add(DeviceArray array) {
        return add(Kind.INTEGER, 8, Pointer.to(array.pointer()));
    }

    /** A pointer to {@code array}, or null if there is none. */
    public KernelArguments add(Optional<DeviceArray> array) {
        return array.map(this::add).orElseGet(() -> add(0L));
    }

    /** A struct by value. */
    public KernelArguments add(KernelStruct struct) {
        int[] words = struct.words();
        return add(Kind.STRUCT, 4 * words.length, Pointer.to(words));
    }

    private KernelArguments add(Kind kind, int bytes, Pointer value) {
        given.add(new KernelParameter(kind, bytes));
        values.add(value);
        return this;
    }

    /** @throws IllegalArgumentException if a kernel with these parameters cannot take these arguments */
    void check(Kernel kernel, List<KernelParameter> declared) {
        if (!given.equals(declared)) {
            throw new IllegalArgumentException(
                    "the kernel " + kernel.entry() + " takes " + declared + " and was given " + given);
        }
    }

    /** The arguments as {@code cuLaunchKernel} takes them. */
    Pointer pointer() {
        return Pointer.to(values.toArray(NativePointerObject[]::new));
    }
}
