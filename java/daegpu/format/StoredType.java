package daegpu.format;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Optional;

/** What the values of a tensor in a safetensors file are. All become floats, rounded to the nearest where they must. */
enum StoredType {
    F64(8) {
        @Override
        float next(ByteBuffer bytes) {
            return (float) bytes.getDouble();
        }
    },
    F32(4) {
        @Override
        float next(ByteBuffer bytes) {
            return bytes.getFloat();
        }
    },
    F16(2) {
        @Override
        float next(ByteBuffer bytes) {
            return FloatFormat.ofHalf(bytes.getShort());
        }
    },
    BF16(2) {
        @Override
        float next(ByteBuffer bytes) {
            return FloatFormat.ofBfloat16(bytes.getShort());
        }
    },
    F8_E5M2(1) {
        @Override
        float next(ByteBuffer bytes) {
            return FloatFormat.ofE5M2(bytes.get());
        }
    },
    F8_E4M3(1) {
        @Override
        float next(ByteBuffer bytes) {
            return FloatFormat.ofE4M3(bytes.get());
        }
    },
    I64(8) {
        @Override
        float next(ByteBuffer bytes) {
            return bytes.getLong();
        }
    },
    I32(4) {
        @Override
        float next(ByteBuffer bytes) {
            return bytes.getInt();
        }
    },
    I16(2) {
        @Override
        float next(ByteBuffer bytes) {
            return bytes.getShort();
        }
    },
    I8(1) {
        @Override
        float next(ByteBuffer bytes) {
            return bytes.get();
        }
    },
    U32(4) {
        @Override
        float next(ByteBuffer bytes) {
            return Integer.toUnsignedLong(bytes.getInt());
        }
    },
    U16(2) {
        @Override
        float next(ByteBuffer bytes) {
            return Short.toUnsignedInt(bytes.getShort());
        }
    },
    U8(1) {
        @Override
        float next(ByteBuffer bytes) {
            return Byte.toUnsignedInt(bytes.get());
        }
    },
    BOOL(1) {
        @Override
        float next(ByteBuffer bytes) {
            return bytes.get() == 0 ? 0 : 1;
        }
    };

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
    abstract float next(ByteBuffer bytes);
}
