package daegpu.engine.cuda.driver;

import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.JCudaDriver;

/**
 * Work that is repeated many times. The first time it is enqueued as it is, and libraries load what they need; the
 * second time it is captured as a CUDA graph; from then on one call replays all of it. The bits are the same each time,
 * since it is the same work.
 */
public final class CapturedStep {

    private final Device device;
    private final DeviceScope owner;
    private final Runnable work;
    private boolean ranOnce;
    private CUgraphExec graph;

    /**
     * @param work enqueues everything on the device's stream; it does not wait, allocate, or copy between host and
     *     device
     */
    public CapturedStep(Device device, DeviceScope owner, Runnable work) {
        this.device = device;
        this.owner = owner;
        this.work = work;
    }

    /** Enqueues the work; does not wait for it. */
    public void run() {
        if (!ranOnce || device.isListenedTo()) {
            work.run();
            ranOnce = true;
            return;
        }
        if (graph == null) {
            graph = capture();
        }
        CudaStatus.check(JCudaDriver.cuGraphLaunch(graph, device.stream()), "replay a training step");
    }

    private CUgraphExec capture() {
        CUgraph captured = new CUgraph();
        CudaStatus.check(
                JCudaDriver.cuStreamBeginCapture(
                        device.stream(), CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL),
                "capture a training step");
        try {
            work.run();
        } finally {
            CudaStatus.check(JCudaDriver.cuStreamEndCapture(device.stream(), captured), "capture a training step");
        }
        CUgraphExec executable = new CUgraphExec();
        CudaStatus.check(JCudaDriver.cuGraphInstantiate(executable, captured, 0), "prepare a captured training step");
        CudaStatus.check(JCudaDriver.cuGraphDestroy(captured), "free what was captured");
        owner.own(() -> JCudaDriver.cuGraphExecDestroy(executable));
        return executable;
    }
}
