package daegpu.engine.cpu;

import daegpu.engine.EngineName;
import daegpu.engine.NoiseContract;

class CpuNoiseTest extends NoiseContract {

    CpuNoiseTest() {
        super(EngineName.CPU);
    }
}
