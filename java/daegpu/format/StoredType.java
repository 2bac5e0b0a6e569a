package daegpu.format;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** What the values of a tensor in a safetensors file are. All become floats, rounded to the nearest where they must. */
enum StoredType {
    F64(8),
    F32(4),
    F16(2),
    BF16(2),
    F8_E5M2(1),
    F8_E4M3(1),
    I64(8),
    I32(4),
    I16(2),
    I8(1),
    U32(4),
    U16(2),
    U8(1),
    BOOL(1);

    private final int bytes;

    StoredType(int bytes) {
        this.bytes = bytes;
    }

    /** The type that files call so; empty if there is none, or none that can be read. */
    static Optional<StoredType> of(String name) {
        return Arrays.stream(values()).filter(type -> type.name().equals(name)).findFirst();
    }

    /** Bytes of a value. */
    int bytes() {
        return bytes;
    }

    /** The next value, whose bytes are in the buffer's order. */
    float next(ByteBuffer buffer) {
        return switch (this) {
            case F64 -> (float) buffer.getDouble();
            case F32 -> buffer.getFloat();
            case F16 -> FloatFormat.ofHalf(buffer.getShort());
            case BF16 -> FloatFormat.ofBfloat16(buffer.getShort());
            case F8_E5M2 -> FloatFormat.ofE5M2(buffer.get());
            case F8_E4M3 -> FloatFormat.ofE4M3(buffer.get());
            case I64 -> buffer.getLong();
            case I32 -> buffer.getInt();
            case I16 -> buffer.getShort();
            case I8 -> buffer.get();
            case U32 -> Integer.toUnsignedLong(buffer.getInt());
            case U16 -> Short.toUnsignedInt(buffer.getShort());
            case U8 -> Byte.toUnsignedInt(buffer.get());
            case BOOL -> buffer.get() == 0 ? 0 : 1;
        };
    }
}
