// The driver API: buffers shared with OpenGL. A mapped buffer is memory of the device that stands for it: mapping reads
// OpenGL's buffer into it, and unmapping writes it back.
#include <dlfcn.h>

#include <cstdio>
#include <vector>

#include "counters.h"
#include "driver_state.h"

namespace emulator {

namespace {

constexpr unsigned READ_ONLY = 1;
constexpr unsigned WRITE_DISCARD = 2;

// The OpenGL that the process has loaded: this library itself does not need it.
class LoadedOpenGl {
public:
    // nullptr if the process has no OpenGL with GLX.
    static const LoadedOpenGl* find() {
        static const LoadedOpenGl* found = nullptr;
        if (found == nullptr) {
            LoadedOpenGl* candidate = new LoadedOpenGl;
            if (candidate->load()) {
                found = candidate;  // for good: it is the process's own library
            } else {
                delete candidate;
            }
        }
        return found;
    }

    const void* (*currentContext)() = nullptr;
    unsigned char (*isBuffer)(unsigned) = nullptr;

    // Does something with a buffer that is bound to GL_COPY_WRITE_BUFFER meanwhile.
    template <class Action>
    void with(unsigned buffer, Action action) const {
        int before = 0;
        getInteger(COPY_WRITE_BUFFER, &before);
        bind(COPY_WRITE_BUFFER, buffer);
        action();
        bind(COPY_WRITE_BUFFER, static_cast<unsigned>(before));
    }

    uint64_t boundSize() const {
        int64_t size = 0;
        getParameter(COPY_WRITE_BUFFER, BUFFER_SIZE, &size);
        return static_cast<uint64_t>(size);
    }

    void readBound(void* target, uint64_t size) const {
        getData(COPY_WRITE_BUFFER, 0, static_cast<intptr_t>(size), target);
    }

    void writeBound(const void* source, uint64_t size) const {
        setData(COPY_WRITE_BUFFER, 0, static_cast<intptr_t>(size), source);
    }

private:
    static constexpr unsigned COPY_WRITE_BUFFER = 0x8F37;  // also the name of what is bound to it
    static constexpr unsigned BUFFER_SIZE = 0x8764;

    bool load() {
        for (const char* name : {"libGLX.so.0", "libGL.so.1"}) {
            void* library = dlopen(name, RTLD_LAZY | RTLD_NOLOAD);
            if (library == nullptr) {
                continue;
            }
            using Finder = void* (*)(const char*);
            Finder finder = reinterpret_cast<Finder>(dlsym(library, "glXGetProcAddressARB"));
            currentContext = reinterpret_cast<const void* (*)()>(dlsym(library, "glXGetCurrentContext"));
            if (finder != nullptr && currentContext != nullptr) {
                set(finder, isBuffer, "glIsBuffer");
                set(finder, getInteger, "glGetIntegerv");
                set(finder, bind, "glBindBuffer");
                set(finder, getParameter, "glGetBufferParameteri64v");
                set(finder, getData, "glGetBufferSubData");
                set(finder, setData, "glBufferSubData");
                return true;
            }
        }
        return false;
    }

    template <class Function>
    static void set(void* (*finder)(const char*), Function& function, const char* name) {
        function = reinterpret_cast<Function>(finder(name));
    }

    void (*getInteger)(unsigned, int*) = nullptr;
    void (*bind)(unsigned, unsigned) = nullptr;
    void (*getParameter)(unsigned, unsigned, int64_t*) = nullptr;
    void (*getData)(unsigned, intptr_t, intptr_t, void*) = nullptr;
    void (*setData)(unsigned, intptr_t, intptr_t, const void*) = nullptr;
};

const EmulatorOpenGl LOADED = {
    [] {
        const LoadedOpenGl* loaded = LoadedOpenGl::find();
        return loaded == nullptr ? nullptr : loaded->currentContext();
    },
    [](unsigned buffer, uint64_t* size) {
        const LoadedOpenGl* loaded = LoadedOpenGl::find();
        if (loaded->isBuffer(buffer) == 0) {
            return false;
        }
        loaded->with(buffer, [&] { *size = loaded->boundSize(); });
        return true;
    },
    [](unsigned buffer, void* target, uint64_t size) {
        const LoadedOpenGl* loaded = LoadedOpenGl::find();
        loaded->with(buffer, [&] { loaded->readBound(target, size); });
    },
    [](unsigned buffer, const void* source, uint64_t size) {
        const LoadedOpenGl* loaded = LoadedOpenGl::find();
        loaded->with(buffer, [&] { loaded->writeBound(source, size); });
    },
};

const EmulatorOpenGl* openGl = &LOADED;

CUresult refuse(CUresult result, const char* what) {
    std::fprintf(stderr, "emulated device: %s\n", what);
    return result;
}

// Checks the resources of a call that maps or unmaps: returns CUDA_SUCCESS if all of them exist, none occurs twice, and
// the OpenGL context is theirs.
CUresult find(unsigned count, GraphicsResource** resources, bool isMapped) {
    if (count == 0 || resources == nullptr) {
        return CUDA_ERROR_INVALID_VALUE;
    }
    std::set<GraphicsResource*> seen;
    for (unsigned i = 0; i < count; i++) {
        GraphicsResource* resource = resources[i];
        if (driver().resources.count(resource) == 0 || resource->context != currentContext()
            || !seen.insert(resource).second) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (resource->openGlContext != openGl->currentContext()) {
            return refuse(CUDA_ERROR_INVALID_GRAPHICS_CONTEXT,
                          "a buffer is mapped or unmapped where its OpenGL context is not current");
        }
        if ((resource->mapped != 0) != isMapped) {
            return isMapped ? refuse(CUDA_ERROR_NOT_MAPPED, "a buffer of OpenGL is unmapped that is not mapped")
                            : refuse(CUDA_ERROR_ALREADY_MAPPED, "a buffer of OpenGL is mapped that is mapped already");
        }
    }
    return CUDA_SUCCESS;
}

CUresult map(GraphicsResource* resource) {
    Driver& d = driver();
    Allocation* allocation = d.memory.allocate(resource->size, resource->context->number);
    if (allocation == nullptr) {
        return CUDA_ERROR_OUT_OF_MEMORY;
    }
    resource->mapped = allocation->base;
    if ((resource->flags & WRITE_DISCARD) == 0) {
        openGl->read(resource->buffer, d.memory.write(allocation->base, resource->size, "mapping"), resource->size);
    }
    return CUDA_SUCCESS;
}

CUresult unmap(GraphicsResource* resource) {
    Driver& d = driver();
    CUresult result = CUDA_SUCCESS;
    if ((resource->flags & READ_ONLY) == 0) {
        Allocation* allocation = d.memory.find(resource->mapped);
        if (allocation->isWritten(0, resource->size)) {
            openGl->write(resource->buffer, allocation->bytes, resource->size);
            counters().deviceToOpenGl.calls++;
            counters().deviceToOpenGl.bytes += resource->size;
        } else {
            result = refuse(CUDA_ERROR_INVALID_VALUE,
                            "a buffer of OpenGL is unmapped whose content was discarded and not written throughout");
        }
    }
    d.memory.free(resource->mapped);
    resource->mapped = 0;
    return result;
}

template <class Action>
CUresult change(unsigned count, GraphicsResource** resources, void* streamHandle, bool isMapped, Action action) {
    Stream* stream = streamOf(streamHandle);
    if (stream == nullptr) {
        return CUDA_ERROR_INVALID_HANDLE;
    }
    if (stream->capture) {
        stream->capture->isInvalid = true;
        return CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED;
    }
    if (CUresult result = find(count, resources, isMapped)) {
        return result;
    }
    CUresult first = finishLate(stream);
    for (unsigned i = 0; i < count; i++) {
        CUresult result = action(resources[i]);
        first = first == CUDA_SUCCESS ? result : first;
    }
    return first;
}

}  // namespace

bool destroyResourcesOf(Context* context) {
    size_t count = 0;
    for (auto i = driver().resources.begin(); i != driver().resources.end();) {
        if ((*i)->context == context) {
            if ((*i)->mapped != 0) {
                driver().memory.free((*i)->mapped);
            }
            delete *i;
            i = driver().resources.erase(i);
            count++;
        } else {
            ++i;
        }
    }
    if (count != 0) {
        std::fprintf(stderr, "emulated device: %zu buffers of OpenGL were never unregistered\n", count);
    }
    return count != 0;
}

EMULATOR_EXPORT void emulatorUseOpenGl(const EmulatorOpenGl* other) {
    std::lock_guard<std::recursive_mutex> lock(driver().mutex);
    openGl = other == nullptr ? &LOADED : other;
}

// OpenGL draws in software here, which counts as drawing on the device.
EMULATOR_EXPORT CUresult cuGLGetDevices_v2(unsigned* count, CUdevice* devices, unsigned capacity, int which) {
    return call("cuGLGetDevices", false, [&]() -> CUresult {
        if (count == nullptr || devices == nullptr || which < 1 || which > 3) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        if (openGl->currentContext() == nullptr) {
            return CUDA_ERROR_INVALID_GRAPHICS_CONTEXT;
        }
        if (!driver().sharesWithOpenGl) {
            return CUDA_ERROR_NO_DEVICE;
        }
        *count = static_cast<unsigned>(driver().devices);
        for (unsigned i = 0; i < *count && i < capacity; i++) {
            devices[i] = static_cast<CUdevice>(i);
        }
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuGraphicsGLRegisterBuffer(GraphicsResource** target, unsigned buffer, unsigned flags) {
    return call("cuGraphicsGLRegisterBuffer", true, [&]() -> CUresult {
        if (target == nullptr || flags > WRITE_DISCARD) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        const void* current = openGl->currentContext();
        if (current == nullptr || !driver().sharesWithOpenGl) {
            return CUDA_ERROR_INVALID_GRAPHICS_CONTEXT;
        }
        uint64_t size = 0;
        if (!openGl->sizeOf(buffer, &size) || size == 0) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        GraphicsResource* resource = new GraphicsResource;
        resource->context = currentContext();
        resource->openGlContext = current;
        resource->buffer = buffer;
        resource->flags = flags;
        resource->size = size;
        driver().resources.insert(resource);
        *target = resource;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuGraphicsMapResources(unsigned count, GraphicsResource** resources, void* stream) {
    return call("cuGraphicsMapResources", true, [&] { return change(count, resources, stream, false, map); });
}

EMULATOR_EXPORT CUresult cuGraphicsUnmapResources(unsigned count, GraphicsResource** resources, void* stream) {
    return call("cuGraphicsUnmapResources", true, [&] { return change(count, resources, stream, true, unmap); });
}

EMULATOR_EXPORT CUresult cuGraphicsResourceGetMappedPointer_v2(CUdeviceptr* pointer, size_t* size,
                                                               GraphicsResource* resource) {
    return call("cuGraphicsResourceGetMappedPointer", true, [&]() -> CUresult {
        if (driver().resources.count(resource) == 0) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (resource->mapped == 0) {
            return refuse(CUDA_ERROR_NOT_MAPPED, "the address is asked for of a buffer of OpenGL that is not mapped");
        }
        if (pointer == nullptr || size == nullptr) {
            return CUDA_ERROR_INVALID_VALUE;
        }
        *pointer = resource->mapped;
        *size = resource->size;
        return CUDA_SUCCESS;
    });
}

EMULATOR_EXPORT CUresult cuGraphicsUnregisterResource(GraphicsResource* resource) {
    return call("cuGraphicsUnregisterResource", true, [&]() -> CUresult {
        if (driver().resources.count(resource) == 0) {
            return CUDA_ERROR_INVALID_HANDLE;
        }
        if (resource->mapped != 0) {
            return refuse(CUDA_ERROR_ALREADY_MAPPED, "a buffer of OpenGL is unregistered while it is mapped");
        }
        if (resource->openGlContext != openGl->currentContext()) {
            return refuse(CUDA_ERROR_INVALID_GRAPHICS_CONTEXT,
                          "a buffer is unregistered where its OpenGL context is not current");
        }
        driver().resources.erase(resource);
        delete resource;
        return CUDA_SUCCESS;
    });
}

}  // namespace emulator
