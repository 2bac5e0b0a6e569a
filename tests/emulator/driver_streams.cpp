// The driver API: streams, events, captures and graphs.
#include <algorithm>
#include <cstdio>

#include "counters.h"
#include "driver_state.h"

namespace emulator {

namespace {

template <class T>
bool owns(const std::set<T*>& all, T* handle) {
    return all.count(handle) != 0;
}

const void* thisThread() {
    thread_local char place;
    return &place;
}

void endCapture(const std::shared_ptr<Capture>& capture) {
    for (Stream* stream : driver().streams) {
        if (stream->capture == capture) {
            stream->capture = nullptr;
            stream->tails.clear();
        }
    }
    driver().captures.erase(capture);
}

CUresult makeStream(Stream** target, unsigned flags, int priority) {
    Stream* stream = new Stream;
    stream->context = currentContext();
    stream->flags = flags;
    stream->priority = priority;
    driver().streams.insert(stream);
    *target = stream;
    return CUDA_SUCCESS;
}

CUresult synchronize(Stream* stream) {
    if (stream == nullptr) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (stream->capture) {
        stream->capture->isInvalid = true;
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    counters().synchronizations++;
    return finishLate(stream);
}

// The work before an event is done.
CUresult finishBefore(const Event* event) {
    return owns(driver().streams, event->stream) ? finishLate(event->stream, event->lateBefore) : CUDA_SUCCESS;
}

CUresult runNodes(const std::vector<Node>& nodes) {
    for (const Node& node : nodes) {
        counters().graphNodes[node.kind]++;
        if (CUresult result = node.work()) {
            return result;
        }
    }
    return CUDA_SUCCESS;
}

}  // namespace

void destroyStreamsOf(Context* context) {
    Driver& d = driver();
    auto removeFrom = [context](auto& all) {
        for (auto i = all.begin(); i != all.end();) {
            if ((*i)->context == context) {
                delete *i;
                i = all.erase(i);
            } else {
                ++i;
            }
        }
    };
    for (Stream* stream : d.streams) {
        if (stream->context == context && stream->capture) {
            std::shared_ptr<Capture> capture = stream->capture;
            d.captures.erase(capture);
        }
    }
    removeFrom(d.streams);
    removeFrom(d.events);
    removeFrom(d.modules);  // their variables went with the context's memory
    removeFrom(d.executables);
    d.defaultStreams.erase(context);
}

Stream* streamOf(void* handle) {
    if (reinterpret_cast<uintptr_t>(handle) <= 2) {  // also CU_STREAM_LEGACY and CU_STREAM_PER_THREAD
        return currentContext() == nullptr ? nullptr : driver().defaultStreams[currentContext()].get();
    }
    Stream* stream = static_cast<Stream*>(handle);
    return owns(driver().streams, stream) ? stream : nullptr;
}

CUresult enqueue(Stream* stream, Node node) {
    if (!stream->capture) {
        if (stream == driver().defaultStreams[stream->context].get()) {
            // The default stream waits for all others, except those that were created not to be waited for.
            for (const auto& capture : driver().captures) {
                if (capture->origin->context == stream->context && (capture->origin->flags & 1) == 0) {
                    capture->isInvalid = true;
                    return CUDA_ERROR_STREAM_CAPTURE_IMPLICIT;
                }
            }
            for (Stream* other : driver().streams) {
                if (other->context == stream->context && (other->flags & 1) == 0) {
                    if (CUresult result = finishLate(other)) {
                        return result;
                    }
                }
            }
        }
        CUresult late = finishLate(stream);
        return late != CUDA_SUCCESS ? late : node.work();
    }
    if (stream->capture->isInvalid) {
        return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
    }
    Graph& graph = *stream->capture->graph;
    node.dependencies = stream->tails;
    stream->tails = {graph.nodes.size()};
    graph.nodes.push_back(std::move(node));
    return CUDA_SUCCESS;
}

void enqueueLate(Stream* stream, Node node) { stream->late.push_back(std::move(node)); }

CUresult finishLate(Stream* stream, uint64_t count) {
    CUresult first = CUDA_SUCCESS;
    while (!stream->late.empty() && stream->lateDone < count) {
        Node node = std::move(stream->late.front());
        stream->late.pop_front();
        stream->lateDone++;
        CUresult result = node.work();
        first = first == CUDA_SUCCESS ? result : first;
    }
    return first;
}

CUresult finishAllLate() {
    CUresult first = CUDA_SUCCESS;
    for (Stream* stream : driver().streams) {
        CUresult result = finishLate(stream);
        first = first == CUDA_SUCCESS ? result : first;
    }
    return first;
}

CUresult forbidDuringCapture() {
    for (const auto& capture : driver().captures) {
        bool isOurs = capture->mode == 0 || (capture->mode == 1 && capture->thread == thisThread());
        if (isOurs && capture->origin->context == currentContext()) {
            capture->isInvalid = true;
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
    }
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT int emulatorEnqueue(void* streamHandle, const char* name, int (*work)(void*), void* data,
                                    void (*destroy)(void*)) {
    std::shared_ptr<void> shared(data, destroy);
    return call(name, true, [&]() -> CUresult {
        Stream* stream = streamOf(streamHandle);
        if (stream == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        return enqueue(stream, {"library", [shared, work] { return work(shared.get()); }, {}});
    });
}

EMULATOR_EXPORT CUresult cuStreamCreate(Stream** stream, unsigned flags) {
    return call("cuStreamCreate", true, [&] { return makeStream(stream, flags, 0); });
}

EMULATOR_EXPORT CUresult cuStreamCreateWithPriority(Stream** stream, unsigned flags, int priority) {
    return call("cuStreamCreateWithPriority", true, [&] { return makeStream(stream, flags, priority); });
}

EMULATOR_EXPORT CUresult cuStreamDestroy_v2(Stream* stream) {
    return call("cuStreamDestroy", true, [&]() -> CUresult {
        if (!owns(driver().streams, stream)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (stream->capture) {
            std::shared_ptr<Capture> capture = stream->capture;
            endCapture(capture);
        }
        finishLate(stream);
        driver().streams.erase(stream);
        delete stream;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuStreamSynchronize(void* stream) {
    return call("cuStreamSynchronize", true, [&] { return synchronize(streamOf(stream)); });
}

EMULATOR_EXPORT CUresult cuStreamQuery(void* stream) {
    return call("cuStreamQuery", true, [&]() -> CUresult {
        Stream* found = streamOf(stream);
        if (found != nullptr && found->capture) {
            found->capture->isInvalid = true;
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        return found == nullptr ? CUDA_ERROR_INVALID_HANDLE : finishLate(found);
    });
}

EMULATOR_EXPORT CUresult cuStreamGetFlags(void* stream, unsigned* flags) {
    return call("cuStreamGetFlags", true, [&]() -> CUresult {
        Stream* found = streamOf(stream);
        if (found == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        *flags = found->flags;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuStreamGetPriority(void* stream, int* priority) {
    return call("cuStreamGetPriority", true, [&]() -> CUresult {
        Stream* found = streamOf(stream);
        if (found == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        *priority = found->priority;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuStreamGetCtx(void* stream, Context** context) {
    return call("cuStreamGetCtx", true, [&]() -> CUresult {
        Stream* found = streamOf(stream);
        if (found == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        *context = found->context;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuLaunchHostFunc(void* stream, void (*function)(void*), void* data) {
    return call("cuLaunchHostFunc", true, [&]() -> CUresult {
        Stream* found = streamOf(stream);
        if (found == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        return enqueue(found, {"host",
                               [function, data] {
                                   function(data);
                                   return static_cast<CUresult>(CUDA_SUCCESS);
                               },
                               {}});
    });
}

EMULATOR_EXPORT CUresult cuEventCreate(Event** event, unsigned) {
    return call("cuEventCreate", true, [&]() -> CUresult {
        *event = new Event;
        (*event)->context = currentContext();
        driver().events.insert(*event);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuEventDestroy_v2(Event* event) {
    return call("cuEventDestroy", true, [&]() -> CUresult {
        if (!owns(driver().events, event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        driver().events.erase(event);
        delete event;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuEventRecord(Event* event, void* stream) {
    return call("cuEventRecord", true, [&]() -> CUresult {
        Stream* found = streamOf(stream);
        if (found == nullptr || !owns(driver().events, event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        event->capture = found->capture;
        event->tails = found->tails;
        event->stream = found;
        event->lateBefore = found->lateDone + found->late.size();
        event->isRecorded = true;
        event->time = std::chrono::steady_clock::now();
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuEventRecordWithFlags(Event* event, void* stream, unsigned) {
    return cuEventRecord(event, stream);
}

EMULATOR_EXPORT CUresult cuEventQuery(Event* event) {
    return call("cuEventQuery", true, [&]() -> CUresult {
        if (!owns(driver().events, event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        return event->capture ? CUDA_ERROR_CAPTURED_EVENT : finishBefore(event);
    });
}

EMULATOR_EXPORT CUresult cuEventSynchronize(Event* event) {
    return call("cuEventSynchronize", true, [&]() -> CUresult {
        if (!owns(driver().events, event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        counters().synchronizations++;
        return event->capture ? CUDA_ERROR_CAPTURED_EVENT : finishBefore(event);
    });
}

// The time that has passed here, which says nothing about the time on a device.
EMULATOR_EXPORT CUresult cuEventElapsedTime(float* milliseconds, Event* start, Event* end) {
    return call("cuEventElapsedTime", true, [&]() -> CUresult {
        if (!owns(driver().events, start) || !owns(driver().events, end) || !start->isRecorded || !end->isRecorded) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        *milliseconds = std::chrono::duration<float, std::milli>(end->time - start->time).count();
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuEventElapsedTime_v2(float* milliseconds, Event* start, Event* end) {
    return cuEventElapsedTime(milliseconds, start, end);
}

EMULATOR_EXPORT CUresult cuStreamWaitEvent(void* stream, Event* event, unsigned) {
    return call("cuStreamWaitEvent", true, [&]() -> CUresult {
        Stream* found = streamOf(stream);
        if (found == nullptr || !owns(driver().events, event)) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (event->capture && driver().captures.count(event->capture) != 0) {
            if (found->capture && found->capture != event->capture) {
                event->capture->isInvalid = found->capture->isInvalid = true;
                return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
            }
            found->capture = event->capture;  // the stream joins the capture
            for (size_t node : event->tails) {
                if (std::find(found->tails.begin(), found->tails.end(), node) == found->tails.end()) {
                    found->tails.push_back(node);
                }
            }
        } else if (found->capture && event->isRecorded) {
            found->capture->isInvalid = true;
            return CUDA_ERROR_STREAM_CAPTURE_ISOLATION;
        }
        return finishBefore(event);  // whatever the stream does next comes after it
    });
}

EMULATOR_EXPORT CUresult cuStreamBeginCapture_v2(Stream* stream, int mode) {
    return call("cuStreamBeginCapture", true, [&]() -> CUresult {
        if (!owns(driver().streams, stream)) {  // the default stream cannot capture
            return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
        }
        if (stream->capture) {
            stream->capture->isInvalid = true;
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        }
        stream->capture = std::make_shared<Capture>();
        stream->capture->origin = stream;
        stream->capture->mode = mode;
        stream->capture->thread = thisThread();
        stream->tails.clear();
        driver().captures.insert(stream->capture);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuStreamEndCapture(Stream* stream, Graph** target) {
    return call("cuStreamEndCapture", true, [&]() -> CUresult {
        if (target != nullptr) {
            *target = nullptr;
        }
        if (!owns(driver().streams, stream) || !stream->capture || stream->capture->origin != stream) {
            return CUDA_ERROR_STREAM_CAPTURE_UNMATCHED;
        }
        std::shared_ptr<Capture> capture = stream->capture;
        // Every other stream that joined must have been waited for: all its nodes must lead to the last ones of this
        // stream.
        std::vector<bool> isJoined(capture->graph->nodes.size(), false);
        for (size_t tail : stream->tails) {
            isJoined[tail] = true;
        }
        for (size_t i = isJoined.size(); i-- > 0;) {
            if (isJoined[i]) {
                for (size_t dependency : capture->graph->nodes[i].dependencies) {
                    isJoined[dependency] = true;
                }
            }
        }
        bool isUnjoined = std::find(isJoined.begin(), isJoined.end(), false) != isJoined.end();
        bool isInvalid = capture->isInvalid;
        endCapture(capture);
        if (isInvalid) {
            return CUDA_ERROR_STREAM_CAPTURE_INVALIDATED;
        }
        if (isUnjoined) {
            return CUDA_ERROR_STREAM_CAPTURE_UNJOINED;
        }
        *target = capture->graph.release();
        driver().graphs.insert(*target);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuStreamIsCapturing(void* stream, int* status) {
    return call("cuStreamIsCapturing", true, [&]() -> CUresult {
        Stream* found = streamOf(stream);
        if (found == nullptr) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        *status = !found->capture ? 0 : found->capture->isInvalid ? 2 : 1;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuThreadExchangeStreamCaptureMode(int* mode) {
    thread_local int current = 0;
    std::swap(*mode, current);
    return CUDA_SUCCESS;
}

EMULATOR_EXPORT CUresult cuGraphCreate(Graph** graph, unsigned) {
    return call("cuGraphCreate", false, [&]() -> CUresult {
        *graph = new Graph;
        driver().graphs.insert(*graph);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuGraphDestroy(Graph* graph) {
    return call("cuGraphDestroy", false, [&]() -> CUresult {
        if (!owns(driver().graphs, graph)) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        driver().graphs.erase(graph);
        delete graph;
        return CUDA_SUCCESS;
    });
}

// If `nodes` is null, returns how many there are; else as many as fit.
EMULATOR_EXPORT CUresult cuGraphGetNodes(Graph* graph, void** nodes, size_t* count) {
    return call("cuGraphGetNodes", false, [&]() -> CUresult {
        if (!owns(driver().graphs, graph)) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (nodes == nullptr) {
            *count = graph->nodes.size();
            return CUDA_SUCCESS;
        }
        for (size_t i = 0; i < *count; i++) {
            nodes[i] = i < graph->nodes.size() ? static_cast<void*>(&graph->nodes[i]) : nullptr;
        }
        *count = std::min(*count, graph->nodes.size());
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuGraphNodeGetType(Node* node, int* type) {
    return call("cuGraphNodeGetType", false, [&]() -> CUresult {
        // The real cuBLAS and cuDNN add kernels; these do, too.
        *type = node->kind == "memcpy" ? 1 : node->kind == "memset" ? 2 : node->kind == "host" ? 3 : 0;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuGraphInstantiateWithFlags(ExecutableGraph** executable, Graph* graph, unsigned long long) {
    return call("cuGraphInstantiateWithFlags", true, [&]() -> CUresult {
        if (!owns(driver().graphs, graph)) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *executable = new ExecutableGraph{graph->nodes, currentContext()};
        driver().executables.insert(*executable);
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuGraphExecDestroy(ExecutableGraph* executable) {
    return call("cuGraphExecDestroy", false, [&]() -> CUresult {
        if (!owns(driver().executables, executable)) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        driver().executables.erase(executable);
        delete executable;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuGraphUpload(ExecutableGraph* executable, void*) {
    return call("cuGraphUpload", true, [&]() -> CUresult {
        return owns(driver().executables, executable) ? CUDA_SUCCESS : CUDA_ERROR_INVALID_VALUE;
    });
}

EMULATOR_EXPORT CUresult cuGraphLaunch(ExecutableGraph* executable, void* stream) {
    return call("cuGraphLaunch", true, [&]() -> CUresult {
        Stream* found = streamOf(stream);
        if (found == nullptr || !owns(driver().executables, executable)) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (found->capture) {
            std::shared_ptr<std::vector<Node>> nodes = std::make_shared<std::vector<Node>>(executable->nodes);
            return enqueue(found, {"graph", [nodes] { return runNodes(*nodes); }, {}});
        }
        if (CUresult result = finishLate(found)) {
            return result;
        }
        counters().graphLaunches++;
        return runNodes(executable->nodes);
    });
}

}  // namespace emulator
