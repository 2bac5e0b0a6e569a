package daegpu.engine.cuda;

import daegpu.engine.AgreementContract;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.Precision;
import java.util.List;
import org.junit.jupiter.api.Nested;

/** Both ways to compute layers, in each precision that they have. The emulated device is slow: few images and steps. */
@RequiresCuda
class CudaContractTest {

    abstract static class CudaContract extends AgreementContract {
        CudaContract(Convolutions convolutions, Precision precision) {
            super(EngineName.CUDA, precision, convolutions);
        }

        @Override
        protected int batch() {
            return 5;
        }

        /** The device has its own; the same number twice is a repetition. */
        @Override
        protected List<Integer> threads() {
            return List.of(2, 2);
        }

        @Override
        protected List<Integer> counts() {
            return List.of(0, 1, 2, 5);
        }

        @Override
        protected int manyLosses() {
            return 20;
        }

        @Override
        protected boolean takesOddSizes() {
            return false;
        }

        @Override
        protected int graphs() {
            return 10;
        }

        @Override
        protected int digitSteps() {
            return 3;
        }

        @Override
        protected int digitBatch() {
            return 2;
        }
    }

    @Nested
    class Cudnn extends CudaContract {
        Cudnn() {
            super(Convolutions.CUDNN, Precision.FP32);
        }
    }

    @Nested
    class CudnnInTf32 extends CudaContract {
        CudnnInTf32() {
            super(Convolutions.CUDNN, Precision.TF32);
        }
    }

    @Nested
    class Native extends CudaContract {
        Native() {
            super(Convolutions.NATIVE, Precision.FP32);
        }
    }

    @Nested
    class NativeInTf32 extends CudaContract {
        NativeInTf32() {
            super(Convolutions.NATIVE, Precision.TF32);
        }
    }

    @Nested
    class NativeInBf16 extends CudaContract {
        NativeInBf16() {
            super(Convolutions.NATIVE, Precision.BF16);
        }
    }
}
