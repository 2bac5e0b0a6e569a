package daegpu.engine.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import daegpu.engine.cuda.RequiresCuda;
import daegpu.engine.cuda.driver.KernelParameter.Kind;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A kernel is launched with what its PTX declares, or not at all. */
@RequiresCuda
class KernelArgumentsTest {

    private static final KernelParameter POINTER = new KernelParameter(Kind.INTEGER, 8);
    private static final KernelParameter INT = new KernelParameter(Kind.INTEGER, 4);
    private static final KernelParameter FLOAT = new KernelParameter(Kind.FLOAT, 4);

    /** A kernel of this test's own choice: cuda/layout.cu. */
    private enum Copy implements Kernel {
        TO_PLANES;

        @Override
        public String file() {
            return "layout";
        }
    }

    private record Pair(int first, int second) implements KernelStruct {
        @Override
        public int[] words() {
            return new int[] {first, second};
        }
    }

    @Test
    void readsWhatPtxDeclares() {
        assertEquals(
                Map.of(
                        "one", List.of(new KernelParameter(Kind.STRUCT, 80), POINTER, INT, FLOAT),
                        "two", List.of(POINTER),
                        "none", List.of()),
                KernelParameter.declaredIn("""
                        .visible .entry one(
                        	.param .align 4 .b8 one_param_0[80],
                        	.param .u64 .ptr .align 1 one_param_1,
                        	.param .u32 one_param_2,
                        	.param .f32 one_param_3
                        )
                        .maxntid 128, 1, 1
                        {
                        }
                        .visible .entry two(
                        	.param .u64 two_param_0
                        )
                        .visible .entry none()
                        """));
    }

    @Test
    void comparesThemWithWhatIsGiven() {
        try (Device device = new Device(Gpu.all().get(0));
                OwnedScope scope = new OwnedScope(device)) {
            KernelLibrary kernels = new KernelLibrary(device, scope.scope());
            DeviceArray array = device.allocate(scope.scope(), 16, "a test");
            KernelArguments right = new KernelArguments()
                    .add(array)
                    .add(Optional.of(array))
                    .add(1)
                    .add(1)
                    .add(1)
                    .add(1)
                    .add(1)
                    .add(1);
            assertDoesNotThrow(() -> kernels.launch(Copy.TO_PLANES, Grid.ONE_THREAD, right));
            assertEquals(
                    "the kernel to_planes takes [integer of 8 bytes, integer of 8 bytes, integer of 4 bytes, "
                            + "integer of 4 bytes, integer of 4 bytes, integer of 4 bytes, integer of 4 bytes, "
                            + "integer of 4 bytes] and was given [integer of 8 bytes, integer of 8 bytes, "
                            + "float of 4 bytes, struct of 8 bytes]",
                    assertThrows(
                                    IllegalArgumentException.class,
                                    () -> kernels.launch(
                                            Copy.TO_PLANES,
                                            Grid.ONE_THREAD,
                                            new KernelArguments()
                                                    .add(array)
                                                    .add(Optional.empty())
                                                    .add(1f)
                                                    .add(new Pair(1, 2))))
                            .getMessage());
        }
    }
}
