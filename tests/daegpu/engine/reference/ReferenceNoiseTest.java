package daegpu.engine.reference;

import daegpu.engine.EngineName;
import daegpu.engine.NoiseContract;

class ReferenceNoiseTest extends NoiseContract {

    ReferenceNoiseTest() {
        super(EngineName.REFERENCE);
    }
}
