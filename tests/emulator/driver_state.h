// The state of the emulated driver: contexts, streams, events, modules, graphs. Work runs when it is enqueued, except
// copies from page-locked memory: these are carried out only when something waits for them, so that a missing wait
// shows.
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "cuda_result.h"
#include "fault.h"
#include "hook.h"
#include "kernel.h"
#include "memory.h"

namespace emulator {

using CUresult = int;
using CUdevice = int;
using CUdeviceptr = unsigned long long;

struct Context {
    int number = 0;
    int device = 0;
    CUresult error = CUDA_SUCCESS;  // returned by every later call, once a fault has ended a launch
    int retained = 0;               // of a primary context
};

// A node of a graph. The nodes are in an order in which they may run.
struct Node {
    std::string kind;  // kernel, memcpy, memset, host, library
    std::function<CUresult()> work;
    std::vector<size_t> dependencies;
};

struct Graph {
    std::vector<Node> nodes;
};

struct ExecutableGraph {
    std::vector<Node> nodes;
    Context* context = nullptr;
};

struct Stream;

// A capture in progress, in the stream that began it and those that joined it by events.
struct Capture {
    Stream* origin = nullptr;
    std::unique_ptr<Graph> graph = std::make_unique<Graph>();
    bool isInvalid = false;
    int mode = 0;  // 0 global, 1 thread-local, 2 relaxed
    const void* thread = nullptr;
};

struct Stream {
    Context* context = nullptr;
    unsigned flags = 0;
    int priority = 0;
    std::shared_ptr<Capture> capture;
    std::vector<size_t> tails;  // nodes that the next one waits for
    std::deque<Node> late;      // copies that are not carried out yet
    uint64_t lateDone = 0;      // such copies that were carried out
};

struct Event {
    Context* context = nullptr;
    Stream* stream = nullptr;  // the stream in which it was recorded, which may have been destroyed since
    uint64_t lateBefore = 0;   // number of late copies of that stream before it, counted from the stream's beginning
    bool isRecorded = false;
    std::chrono::steady_clock::time_point time;
    std::shared_ptr<Capture> capture;
    std::vector<size_t> tails;
};

struct LoadedModule;

struct LoadedFunction {
    Kernel kernel;
    LoadedModule* module = nullptr;
};

struct LoadedModule {
    Context* context = nullptr;
    std::map<std::string, std::unique_ptr<LoadedFunction>> functions;
    std::map<std::string, std::pair<uint64_t, uint64_t>> variables;  // address, size
};

// A buffer of OpenGL that CUDA may use while it is mapped.
struct GraphicsResource {
    Context* context = nullptr;
    const void* openGlContext = nullptr;
    unsigned buffer = 0;
    unsigned flags = 0;
    uint64_t size = 0;
    uint64_t mapped = 0;  // its address on the device; 0 while it is OpenGL's
};

struct Driver {
    std::recursive_mutex mutex;
    bool isInitialized = false;
    DeviceMemory memory;
    std::set<Context*> contexts;
    std::set<Stream*> streams;
    std::set<Event*> events;
    std::set<LoadedModule*> modules;
    std::set<Graph*> graphs;
    std::set<GraphicsResource*> resources;
    std::set<ExecutableGraph*> executables;
    std::set<std::shared_ptr<Capture>> captures;
    std::map<int, Context*> primaries;
    std::map<Context*, std::unique_ptr<Stream>> defaultStreams;
    int nextContext = 1;
    uint64_t launches = 0;

    // The switches in the environment; see README.md.
    int devices = 1;
    int capability = 80;
    int version = 12060;
    uint64_t deviceMemory = uint64_t{16} << 30;
    uint64_t seed = 1;
    bool failsOnLeaks = false;
    bool sharesWithOpenGl = true;

    Driver();
};

Driver& driver();
Context*& currentContext();

// Runs the body of a driver call: with the lock held, after initialization and, if the call needs one, with a context
// that has not failed.
CUresult call(const char* name, bool needsContext, const std::function<CUresult()>& body);

// Reports a fault of the current context, and makes the context fail.
CUresult fail(Context* context, const Fault& fault);

// The stream of a handle (null, 1 and 2 are the default stream), or nullptr if there is none.
Stream* streamOf(void* handle);

// Runs work, or records it if the stream captures.
CUresult enqueue(Stream* stream, Node node);

// Delays a copy from page-locked memory, as a busy device would: it is carried out when something that waits for it is
// called.
void enqueueLate(Stream* stream, Node node);

// Carries out the late copies of a stream (only those among the first `count` of its life), or of all streams. Returns
// the first error.
CUresult finishLate(Stream* stream, uint64_t count = UINT64_MAX);
CUresult finishAllLate();

// For calls that must not be made during a capture: returns CUDA_SUCCESS, or the error after making the capture
// invalid. `waits` is for calls that wait for the whole device or use the default stream.
CUresult forbidDuringCapture();

// Destroys the objects of a context after listing those that leaked. Returns whether any did.
bool releaseContext(Context* context);
void destroyStreamsOf(Context* context);
bool destroyResourcesOf(Context* context);

}  // namespace emulator
