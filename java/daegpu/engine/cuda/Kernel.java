package daegpu.engine.cuda;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import jcuda.NativePointerObject;
import jcuda.Pointer;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** The kernels of {@code cuda/*.cu}, by the names they have there. */
enum Kernel {
    GATHER_NOISE("gather_noise", "gather_noise"),
    GATHER_NOISE_VECTOR("gather_noise", "gather_noise_vector"),
    GATHER_OTHER_NOISE("gather_noise", "gather_other_noise"),
    BIAS_RELU("bias_relu", "bias_relu"),
    BIAS_RELU_VECTOR("bias_relu", "bias_relu_vector"),
    BIAS_SIGMOID("bias_sigmoid", "bias_sigmoid"),
    BIAS_SIGMOID_VECTOR("bias_sigmoid", "bias_sigmoid_vector"),
    RELU_GRADIENT("relu_gradient", "relu_gradient"),
    RELU_GRADIENT_VECTOR("relu_gradient", "relu_gradient_vector"),
    SIGMOID_MSE("sigmoid_mse", "sigmoid_mse"),
    SIGMOID_MSE_VECTOR("sigmoid_mse", "sigmoid_mse_vector"),
    SUM_PARTIALS("sum_partials", "sum_partials"),
    DENSE_BIAS("dense_bias", "dense_bias"),
    DENSE_BIAS_VECTOR("dense_bias", "dense_bias_vector"),
    DENSE_BIAS_GRADIENT("dense_bias_gradient", "dense_bias_gradient"),
    ADVANCE_STEP("advance_step", "advance_step"),
    SET_STEP("set_step", "set_step"),
    SET_SOURCE("set_source", "set_source"),
    ADAM("adam", "adam"),
    CONVOLUTION("convolution", "convolution"),
    CONVOLUTION_VECTOR("convolution", "convolution_vector"),
    TRANSPOSED_CONVOLUTION("transposed_convolution", "transposed_convolution"),
    TRANSPOSED_CONVOLUTION_VECTOR("transposed_convolution", "transposed_convolution_vector"),
    TRANSPOSED_CONVOLUTION_SINGLE("transposed_convolution", "transposed_convolution_single"),
    TRANSPOSED_CONVOLUTION_SINGLE_3X3("transposed_convolution", "transposed_convolution_single_3x3"),
    TRANSPOSED_CONVOLUTION_FEW("transposed_convolution", "transposed_convolution_few"),
    DENSE("dense", "dense"),
    DENSE_VECTOR("dense", "dense_vector"),
    DENSE_NARROW("dense", "dense_narrow"),
    DENSE_NARROW_VECTOR("dense", "dense_narrow_vector"),
    DENSE_DATA_GRADIENT("dense", "dense_data_gradient"),
    DENSE_DATA_GRADIENT_VECTOR("dense", "dense_data_gradient_vector"),
    DENSE_DATA_GRADIENT_NARROW("dense", "dense_data_gradient_narrow"),
    DENSE_DATA_GRADIENT_NARROW_VECTOR("dense", "dense_data_gradient_narrow_vector"),
    WEIGHT_GRADIENT("weight_gradient", "weight_gradient"),
    WEIGHT_GRADIENT_VECTOR("weight_gradient", "weight_gradient_vector"),
    WEIGHT_GRADIENT_STRIPS("weight_gradient", "weight_gradient_strips"),
    WEIGHT_GRADIENT_STRIPS_1("weight_gradient", "weight_gradient_strips_1"),
    WEIGHT_GRADIENT_STRIPS_1_STRIDE_1("weight_gradient", "weight_gradient_strips_1_stride_1"),
    WEIGHT_GRADIENT_THIN("weight_gradient", "weight_gradient_thin"),
    WEIGHT_GRADIENT_THIN_VECTOR("weight_gradient", "weight_gradient_thin_vector"),
    CONVOLUTION_STRIPS("strips", "convolution_strips"),
    CONVOLUTION_STRIPS_1("strips", "convolution_strips_1"),
    CONVOLUTION_STRIPS_1_STRIDE_1("strips", "convolution_strips_1_stride_1"),
    TRANSPOSED_CONVOLUTION_STRIPS_32("strips", "transposed_convolution_strips_32"),
    TRANSPOSED_CONVOLUTION_STRIPS_64("strips", "transposed_convolution_strips_64"),
    CONVOLUTION_STRIPS_GRADIENTS("layer_gradients", "convolution_strips_gradients"),
    CONVOLUTION_STRIPS_1_GRADIENTS("layer_gradients", "convolution_strips_1_gradients"),
    TRANSPOSED_CONVOLUTION_STRIPS_64_GRADIENTS("layer_gradients", "transposed_convolution_strips_64_gradients"),
    DENSE_GRADIENTS("layer_gradients", "dense_gradients"),
    DENSE_NARROW_GRADIENTS("layer_gradients", "dense_narrow_gradients"),
    CONVOLUTION_TF32("sm_80/convolution_tf32", "convolution_tf32"),
    CONVOLUTION_TF32_32("sm_80/convolution_tf32", "convolution_tf32_32"),
    CONVOLUTION_TF32_32_NARROW("sm_80/convolution_tf32", "convolution_tf32_32_narrow"),
    TRANSPOSED_CONVOLUTION_TF32("sm_80/convolution_tf32", "transposed_convolution_tf32"),
    TRANSPOSED_CONVOLUTION_TF32_32("sm_80/convolution_tf32", "transposed_convolution_tf32_32"),
    TRANSPOSED_CONVOLUTION_TF32_32_NARROW("sm_80/convolution_tf32", "transposed_convolution_tf32_32_narrow"),
    CONVOLUTION_BF16("sm_80/convolution_bf16", "convolution_bf16"),
    CONVOLUTION_BF16_32("sm_80/convolution_bf16", "convolution_bf16_32"),
    CONVOLUTION_BF16_32_NARROW("sm_80/convolution_bf16", "convolution_bf16_32_narrow"),
    TRANSPOSED_CONVOLUTION_BF16("sm_80/convolution_bf16", "transposed_convolution_bf16"),
    TRANSPOSED_CONVOLUTION_BF16_32("sm_80/convolution_bf16", "transposed_convolution_bf16_32"),
    TRANSPOSED_CONVOLUTION_BF16_32_NARROW("sm_80/convolution_bf16", "transposed_convolution_bf16_32_narrow"),
    WEIGHT_GRADIENT_TF32("sm_80/weight_gradient_tf32", "weight_gradient_tf32"),
    WEIGHT_GRADIENT_BF16("sm_80/weight_gradient_bf16", "weight_gradient_bf16"),
    CONVOLUTION_TF32_32_GRADIENTS("sm_80/layer_gradients_tf32", "convolution_tf32_32_gradients"),
    TRANSPOSED_CONVOLUTION_TF32_32_NARROW_GRADIENTS(
            "sm_80/layer_gradients_tf32", "transposed_convolution_tf32_32_narrow_gradients"),
    CONVOLUTION_BF16_32_GRADIENTS("sm_80/layer_gradients_bf16", "convolution_bf16_32_gradients"),
    TRANSPOSED_CONVOLUTION_BF16_32_NARROW_GRADIENTS(
            "sm_80/layer_gradients_bf16", "transposed_convolution_bf16_32_narrow_gradients"),
    UPDATE("update", "update"),
    GRADIENTS("update", "gradients"),
    TO_PLANES("layout", "to_planes"),
    TO_PIXELS("layout", "to_pixels");

    /** Threads in a block of every kernel: {@code SUM_THREADS} in include/block_sum.cuh. */
    static final int THREADS = 128;

    private final String file;
    private final String entry;

    Kernel(String file, String entry) {
        this.file = file;
        this.entry = entry;
    }

    /** The name of the PTX file that holds it, beside this class. */
    String resource() {
        return file + ".ptx";
    }

    /** Arguments of a kernel, in a row. */
    static Object[] join(Object[]... parts) {
        return Arrays.stream(parts).flatMap(Arrays::stream).toArray();
    }

    /** The kernels as the driver compiled them for one device. */
    static final class Library {

        private final Device device;
        private final DeviceScope owner;
        private final Map<String, CUmodule> modules = new HashMap<>();
        private final Map<Kernel, CUfunction> functions = new EnumMap<>(Kernel.class);

        /** Each is loaded when it is first asked for, and {@code owner} unloads it: nobody needs all of them. */
        Library(Device device, DeviceScope owner) {
            this.device = device;
            this.owner = owner;
        }

        private CUfunction load(Kernel kernel) {
            CUmodule module = modules.computeIfAbsent(kernel.resource(), resource -> loadModule(resource, owner));
            CUfunction function = new CUfunction();
            CudaStatus.check(
                    JCudaDriver.cuModuleGetFunction(function, module, kernel.entry), "find the kernel " + kernel.entry);
            return function;
        }

        private static CUmodule loadModule(String resource, DeviceScope owner) {
            CUmodule module = new CUmodule();
            int status = JCudaDriver.cuModuleLoadData(module, terminated(read(resource)));
            if (status != CUresult.CUDA_SUCCESS) {
                throw new IllegalStateException("the CUDA driver could not compile " + resource + ": "
                        + CudaStatus.describe(status)
                        + "; a newer driver may");
            }
            owner.own(() -> JCudaDriver.cuModuleUnload(module));
            return module;
        }

        private static byte[] read(String resource) {
            try (InputStream stream = Kernel.class.getResourceAsStream(resource)) {
                return stream.readAllBytes();
            } catch (IOException e) {
                throw new IllegalStateException("the jar is damaged: " + resource, e);
            }
        }

        /** The driver takes text with a zero behind it. */
        private static byte[] terminated(byte[] text) {
            return Arrays.copyOf(text, text.length + 1);
        }

        /** Runs a kernel with at least {@code threads} threads in a row. */
        void launch(Kernel kernel, int threads, Object... arguments) {
            launchBlocks(kernel, (threads + THREADS - 1) / THREADS, 1, arguments);
        }

        /**
         * Runs a kernel in {@code x} by {@code y} blocks of {@value #THREADS} threads.
         *
         * @param arguments as the kernel declares them: Integer, Long, Float or DeviceArray, int[] for a structure of
         *     4-byte values; 0L is a null pointer, too
         */
        void launchBlocks(Kernel kernel, int x, int y, Object... arguments) {
            start(kernel, x, y, 1, THREADS, arguments);
        }

        /** The same in {@code x} by {@code y} by {@code z} blocks. */
        void launchGrid(Kernel kernel, int x, int y, int z, Object... arguments) {
            start(kernel, x, y, z, THREADS, arguments);
        }

        /** Runs a kernel in a single thread. */
        void launchOne(Kernel kernel, Object... arguments) {
            start(kernel, 1, 1, 1, 1, arguments);
        }

        private void start(Kernel kernel, int x, int y, int z, int threads, Object... arguments) {
            NativePointerObject[] pointers = new NativePointerObject[arguments.length];
            for (int i = 0; i < arguments.length; i++) {
                pointers[i] = pointerTo(arguments[i]);
            }
            CUfunction function = functions.computeIfAbsent(kernel, this::load);
            CudaStatus.check(
                    JCudaDriver.cuLaunchKernel(
                            function, x, y, z, threads, 1, 1, 0, device.stream(), Pointer.to(pointers), null),
                    "run the kernel " + kernel.entry);
            device.asked(kernel.entry);
        }

        private static Pointer pointerTo(Object argument) {
            if (argument instanceof Integer value) {
                return Pointer.to(new int[] {value});
            }
            if (argument instanceof Long value) {
                return Pointer.to(new long[] {value});
            }
            if (argument instanceof Float value) {
                return Pointer.to(new float[] {value});
            }
            if (argument instanceof int[] structure) {
                return Pointer.to(structure);
            }
            if (argument instanceof DeviceArray array) {
                return Pointer.to(array.pointer());
            }
            throw new IllegalArgumentException("no kernel takes " + argument);
        }
    }
}
