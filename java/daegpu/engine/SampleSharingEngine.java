package daegpu.engine;

/** An engine that computes on a device whose memory OpenGL can show without a copy in this machine's memory. */
public interface SampleSharingEngine extends InferenceEngine {

    /**
     * Allocates memory on the engine's device for samples that OpenGL can show. It is freed with the engine.
     *
     * @param count number of validation images, from the first on
     * @param columns images in a row
     */
    DeviceSamples deviceSamples(int count, int columns);
}
