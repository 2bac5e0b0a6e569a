package daegpu.engine.cuda;

import daegpu.engine.EngineName;
import daegpu.engine.NoiseContract;

@RequiresCuda
class CudaNoiseTest extends NoiseContract {

    CudaNoiseTest() {
        super(EngineName.CUDA);
    }
}
