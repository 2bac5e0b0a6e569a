package daegpu.engine.cpu;

import daegpu.Seeds;
import daegpu.engine.AgreementContract;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.Precision;
import daegpu.model.Autoencoder;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class CpuContractTest {

    abstract static class CpuContract extends AgreementContract {
        CpuContract(Precision precision) {
            super(EngineName.CPU, precision, Convolutions.AUTO);
        }

        static List<Autoencoder> architectures() {
            return List.of(
                    new Autoencoder(12, 20, 3, List.of(5, 7), 3, 3), // channels that fill no vector
                    new Autoencoder(16, 16, 1, List.of(4), 5, 9),
                    new Autoencoder(16, 8, 2, List.of(3, 5, 7), 7, 2), // images narrower than the kernel
                    new Autoencoder(8, 12, 1, List.of(6, 10), 1, 4),
                    new Autoencoder(20, 36, 4, List.of(16, 8), 5, 11),
                    new Autoencoder(14, 14, 1, List.of(33), 3, 6),
                    new Autoencoder(6, 10, 1, List.of(1), 3, 1), // the tiles of the last layer have odd sizes
                    new Autoencoder(16, 16, 3, List.of(32, 64, 96), 3, 24));
        }

        /** Sizes at which oneDNN, or this engine's own code, takes another way. */
        @ParameterizedTest
        @MethodSource("daegpu.engine.cpu.CpuContractTest$CpuContract#architectures")
        void autoencodersOfAllSizesAgree(Autoencoder architecture) {
            assertAgrees(architecture.network(), 7, Seeds.random(0));
        }
    }

    @Nested
    class Fp32 extends CpuContract {
        Fp32() {
            super(Precision.FP32);
        }
    }

    @Nested
    @RequiresBf16
    class Bf16 extends CpuContract {
        Bf16() {
            super(Precision.BF16);
        }
    }
}
