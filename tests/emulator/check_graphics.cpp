// Buffers shared with OpenGL: calls in the right order, and each wrong call. OpenGL is a map of buffers here; the tests
// of the preview use a real one.
#include <cstdint>
#include <cstring>
#include <map>

#include "check.h"
#include "hook.h"

namespace {

std::map<unsigned, std::vector<unsigned char>> buffers;
const void* current = nullptr;
int contexts[2];

const EmulatorOpenGl FAKE = {
    [] { return current; },
    [](unsigned buffer, uint64_t* size) {
        *size = buffers.count(buffer) == 0 ? 0 : buffers[buffer].size();
        return buffers.count(buffer) != 0;
    },
    [](unsigned buffer, void* target, uint64_t size) { std::memcpy(target, buffers[buffer].data(), size); },
    [](unsigned buffer, const void* source, uint64_t size) { std::memcpy(buffers[buffer].data(), source, size); },
};

// OpenGL with a buffer of 64 bytes, 7.
struct OpenGl {
    OpenGl() {
        buffers = {{7, std::vector<unsigned char>(64, 3)}};
        current = &contexts[0];
        emulatorUseOpenGl(&FAKE);
    }
    ~OpenGl() { emulatorUseOpenGl(nullptr); }
};

// A call that is refused with a line that holds `part`.
void refused(int expected, const char* part, const std::function<int()>& action) {
    int result = 0;
    std::string said = check::messagesOf([&] { result = action(); });
    REQUIRE_EQUAL(expected, result);
    REQUIRE(said.find(part) != std::string::npos);
}

Handle registered(unsigned flags) {
    Handle resource = nullptr;
    REQUIRE_EQUAL(0, cuGraphicsGLRegisterBuffer(&resource, 7, flags));
    return resource;
}

unsigned long long mapped(Handle resource) {
    unsigned long long address = 0;
    size_t size = 0;
    REQUIRE_EQUAL(0, cuGraphicsMapResources(1, &resource, nullptr));
    REQUIRE_EQUAL(0, cuGraphicsResourceGetMappedPointer_v2(&address, &size, resource));
    REQUIRE_EQUAL(size_t{64}, size);
    return address;
}

}  // namespace

TEST(unmappingWritesIntoTheBufferOfOpenGl) {
    check::Context context;
    OpenGl openGl;
    Handle resource = registered(0);
    unsigned long long address = mapped(resource);
    unsigned char byte = 0;
    REQUIRE_EQUAL(0, cuMemcpyDtoH_v2(&byte, address + 63, 1));  // what OpenGL had
    REQUIRE_EQUAL(3, int{byte});
    REQUIRE_EQUAL(0, cuMemsetD8_v2(address, 9, 32));
    REQUIRE_EQUAL(3, int{buffers[7][0]});
    REQUIRE_EQUAL(0, cuGraphicsUnmapResources(1, &resource, nullptr));
    REQUIRE_EQUAL(9, int{buffers[7][31]});
    REQUIRE_EQUAL(3, int{buffers[7][32]});
    refused(1, "use after free", [&] { return cuMemsetD8_v2(address, 9, 32); });
    mapped(resource);  // again
    REQUIRE_EQUAL(0, cuGraphicsUnmapResources(1, &resource, nullptr));
    REQUIRE_EQUAL(0, cuGraphicsUnregisterResource(resource));
}

TEST(buffersAreMappedAndUnmappedInTurns) {
    check::Context context;
    OpenGl openGl;
    Handle resource = registered(0);
    unsigned long long address = 0;
    size_t size = 0;
    refused(211, "not mapped", [&] { return cuGraphicsUnmapResources(1, &resource, nullptr); });
    refused(211, "not mapped", [&] { return cuGraphicsResourceGetMappedPointer_v2(&address, &size, resource); });
    mapped(resource);
    refused(208, "mapped already", [&] { return cuGraphicsMapResources(1, &resource, nullptr); });
    refused(208, "while it is mapped", [&] { return cuGraphicsUnregisterResource(resource); });
    REQUIRE_EQUAL(0, cuGraphicsUnmapResources(1, &resource, nullptr));
    REQUIRE_EQUAL(0, cuGraphicsUnregisterResource(resource));
    REQUIRE_EQUAL(400, cuGraphicsUnregisterResource(resource));
    REQUIRE_EQUAL(400, cuGraphicsMapResources(1, &resource, nullptr));
}

TEST(discardedBuffersAreWrittenThroughout) {
    check::Context context;
    OpenGl openGl;
    Handle resource = registered(2);
    unsigned long long address = mapped(resource);
    unsigned char byte = 0;
    refused(1, "never written", [&] { return cuMemcpyDtoH_v2(&byte, address, 1); });
    REQUIRE_EQUAL(0, cuMemsetD8_v2(address, 9, 63));
    refused(1, "not written throughout", [&] { return cuGraphicsUnmapResources(1, &resource, nullptr); });
    REQUIRE_EQUAL(3, int{buffers[7][0]});
    REQUIRE_EQUAL(0, cuMemsetD8_v2(mapped(resource), 9, 64));
    REQUIRE_EQUAL(0, cuGraphicsUnmapResources(1, &resource, nullptr));
    REQUIRE_EQUAL(9, int{buffers[7][63]});
    REQUIRE_EQUAL(0, cuGraphicsUnregisterResource(resource));
}

TEST(buffersNeedTheContextOfOpenGl) {
    check::Context context;
    OpenGl openGl;
    unsigned count = 0;
    int devices[2] = {5, 5};
    Handle resource = registered(0);
    Handle other = nullptr;
    REQUIRE_EQUAL(0, cuGLGetDevices_v2(&count, devices, 2, 1));
    REQUIRE_EQUAL(1u, count);
    REQUIRE_EQUAL(0, devices[0]);
    REQUIRE_EQUAL(1, cuGraphicsGLRegisterBuffer(&other, 8, 0));  // there is none
    current = &contexts[1];
    refused(219, "not current", [&] { return cuGraphicsMapResources(1, &resource, nullptr); });
    refused(219, "not current", [&] { return cuGraphicsUnregisterResource(resource); });
    current = nullptr;
    REQUIRE_EQUAL(219, cuGLGetDevices_v2(&count, devices, 2, 1));
    REQUIRE_EQUAL(219, cuGraphicsGLRegisterBuffer(&other, 7, 0));
    current = &contexts[0];
    REQUIRE_EQUAL(0, cuGraphicsUnregisterResource(resource));
    emulatorUseOpenGl(nullptr);  // no OpenGL is loaded into this process
    REQUIRE_EQUAL(219, cuGLGetDevices_v2(&count, devices, 2, 1));
}

TEST(buffersAreNotMappedInCaptures) {
    check::Context context;
    OpenGl openGl;
    Handle resource = registered(0);
    Handle stream = nullptr;
    Handle graph = nullptr;
    REQUIRE_EQUAL(0, cuStreamCreate(&stream, 1));
    REQUIRE_EQUAL(0, cuStreamBeginCapture_v2(stream, 1));
    REQUIRE_EQUAL(900, cuGraphicsMapResources(1, &resource, stream));
    REQUIRE_EQUAL(901, cuStreamEndCapture(stream, &graph));
    REQUIRE_EQUAL(0, cuStreamDestroy_v2(stream));
    REQUIRE_EQUAL(0, cuGraphicsUnregisterResource(resource));
}

TEST(buffersThatAreNeverUnregisteredAreSaid) {
    OpenGl openGl;
    std::string said = check::messagesOf([] {
        check::Context context;
        mapped(registered(0));
        REQUIRE_EQUAL(0, cuCtxDestroy_v2(context.handle));
        context.handle = nullptr;
    });
    REQUIRE(said.find("1 buffers of OpenGL were never unregistered") != std::string::npos);
    REQUIRE(said.find("never freed") == std::string::npos);
}
