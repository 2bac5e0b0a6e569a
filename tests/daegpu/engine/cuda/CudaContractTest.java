package daegpu.engine.cuda;

import daegpu.Seeds;
import daegpu.engine.AgreementContract;
import daegpu.engine.Convolutions;
import daegpu.engine.EngineName;
import daegpu.engine.Precision;
import daegpu.engine.cuda.driver.Gpu;
import daegpu.engine.cuda.layers.TrainedArrays;
import daegpu.model.Autoencoder;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** On a GPU where there is one, else on the emulated device, which is slow: there with few images and few steps. */
@RequiresCuda
class CudaContractTest {

    abstract static class CudaContract extends AgreementContract {

        private final boolean isEmulated = Gpu.all().get(0).name().equals("emulated device");
        private final boolean isNative;

        CudaContract(Precision precision, Convolutions convolutions) {
            super(EngineName.CUDA, precision, convolutions);
            isNative = convolutions == Convolutions.NATIVE;
        }

        @Override
        protected int batch() {
            return isEmulated ? 3 : 20;
        }

        /** Which this engine does not use: a repetition. */
        @Override
        protected List<Integer> threads() {
            return List.of(1, 1);
        }

        @Override
        protected List<Integer> counts() {
            return isEmulated && isNative ? List.of(0, 1, 5) : List.of(0, 1, 3, 257, 600);
        }

        @Override
        protected int manyLosses() {
            return isEmulated && (isNative || precision() != Precision.FP32) ? 20 : TrainedArrays.MOST_LOSSES + 5;
        }

        @Override
        protected int graphs() {
            return isEmulated ? 5 : 20;
        }

        @Override
        protected boolean takesOddSizes() {
            return false;
        }

        @Override
        protected int digitSteps() {
            return isEmulated ? 2 : 200;
        }

        @Override
        protected int digitBatch() {
            return isEmulated ? 1 : 16;
        }
    }

    abstract static class NativeContract extends CudaContract {
        NativeContract(Precision precision) {
            super(precision, Convolutions.NATIVE);
        }

        /** Channels of every kind: one, few, multiples of four, those that kernels are made for, and others. */
        @Test
        void autoencodersOfAllChannelsAgree() {
            List<Integer> channels = List.of(1, 2, 3, 4, 5, 7, 8, 12, 16, 32, 33, 64);
            Seeds.check(graphs(), random -> {
                int depth = 1 + random.nextInt(2);
                List<Integer> filters = IntStream.range(0, depth)
                        .mapToObj(i -> channels.get(random.nextInt(channels.size())))
                        .toList();
                int kernel = List.of(1, 3, 3, 5, 7).get(random.nextInt(5));
                int height = (1 + random.nextInt(2)) << depth;
                int width = (1 + random.nextInt(3)) << depth;
                Autoencoder network =
                        new Autoencoder(height, width, 1 + random.nextInt(5), filters, kernel, 1 + random.nextInt(40));
                assertAgrees(network.network(), 1 + random.nextInt(3), random);
            });
        }
    }

    @Nested
    class Cudnn extends CudaContract {
        Cudnn() {
            super(Precision.FP32, Convolutions.CUDNN);
        }
    }

    @Nested
    class CudnnInTf32 extends CudaContract {
        CudnnInTf32() {
            super(Precision.TF32, Convolutions.CUDNN);
        }
    }

    @Nested
    class Native extends NativeContract {
        Native() {
            super(Precision.FP32);
        }
    }

    @Nested
    class NativeInTf32 extends NativeContract {
        NativeInTf32() {
            super(Precision.TF32);
        }
    }

    @Nested
    class NativeInBf16 extends NativeContract {
        NativeInBf16() {
            super(Precision.BF16);
        }
    }
}
