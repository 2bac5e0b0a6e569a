package daegpu.engine.reference;

import daegpu.engine.Convolutions;
import daegpu.engine.EngineContract;
import daegpu.engine.EngineName;
import daegpu.engine.Precision;
import org.junit.jupiter.api.Nested;

class ReferenceContractTest {

    @Nested
    class Fp32 extends EngineContract {
        Fp32() {
            super(EngineName.REFERENCE, Precision.FP32, Convolutions.AUTO);
        }
    }

    @Nested
    class Bf16 extends EngineContract {
        Bf16() {
            super(EngineName.REFERENCE, Precision.BF16, Convolutions.AUTO);
        }
    }
}
