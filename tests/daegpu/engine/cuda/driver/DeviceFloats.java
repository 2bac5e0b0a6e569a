package daegpu.engine.cuda.driver;

import java.util.Arrays;
import java.util.Random;

/**
 * Floats that a test gives to kernels and takes back.
 *
 * @param scope frees them
 */
public record DeviceFloats(Device device, DeviceScope scope) {

    public DeviceArray upload(float[] values) {
        DeviceArray array = device.allocateFloats(scope, values.length, "a test");
        device.upload(values, 0, values.length, array, 0);
        return array;
    }

    /** For what a kernel is to write: what it leaves out shows. */
    public DeviceArray nans(int count) {
        float[] values = new float[count];
        Arrays.fill(values, Float.NaN);
        return upload(values);
    }

    public float[] download(DeviceArray array, int count) {
        float[] values = new float[count];
        device.download(array, values, 0, count);
        return values;
    }

    public static float[] normal(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }
}
