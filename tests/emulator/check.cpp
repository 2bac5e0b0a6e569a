#include "check.h"

#include <unistd.h>

#include <cstdlib>

namespace check {

namespace {
int failures = 0;
}

std::vector<Test>& tests() {
    static std::vector<Test> all;
    return all;
}

void fail(const char* file, int line, const std::string& what) {
    failures++;
    std::printf("%s:%d: %s\n", file, line, what.c_str());
}

Context::Context() { REQUIRE_EQUAL(0, cuCtxCreate_v2(&handle, 0, 0)); }

Context::~Context() {
    if (handle != nullptr) {
        messagesOf(
            [this] { cuCtxDestroy_v2(handle); });  // a context that failed can free nothing: that it leaks is no news
    }
}

Memory::Memory(size_t bytes) { REQUIRE_EQUAL(0, cuMemAlloc_v2(&address, bytes)); }

Memory::~Memory() { cuMemFree_v2(address); }

std::string module(const std::string& body, int parameters, const std::string& variables) {
    std::string text = ".version 7.0\n.target sm_80\n.address_size 64\n" + variables + "\n.visible .entry test(";
    for (int i = 0; i < parameters; i++) {
        text += std::string(i == 0 ? "" : ", ") + ".param .u64 " + static_cast<char>('a' + i);
    }
    return text + ")\n{\n" + body + "\n}\n";
}

Kernel::Kernel(const std::string& text) {
    int result = cuModuleLoadData(&handle, text.c_str());
    REQUIRE_EQUAL(0, result);
    if (result == 0) {
        REQUIRE_EQUAL(0, cuModuleGetFunction(&function, handle, "test"));
    }
}

Kernel::~Kernel() {
    if (handle != nullptr) {
        cuModuleUnload(handle);
    }
}

int Kernel::launch(std::vector<unsigned long long> arguments, unsigned blocks, unsigned threads, Handle stream,
                   unsigned sharedBytes) {
    std::vector<void*> pointers;
    for (unsigned long long& argument : arguments) {
        pointers.push_back(&argument);
    }
    return cuLaunchKernel(function, blocks, 1, 1, threads, 1, 1, sharedBytes, stream, pointers.data(), nullptr);
}

std::string messagesOf(const std::function<void()>& action) {
    std::fflush(stderr);
    char path[] = "/tmp/emulator-messages-XXXXXX";
    int file = mkstemp(path);
    unlink(path);
    int previous = dup(2);
    dup2(file, 2);
    action();
    std::fflush(stderr);
    dup2(previous, 2);
    close(previous);
    lseek(file, 0, SEEK_SET);
    std::string text;
    char buffer[4096];
    for (ssize_t count; (count = read(file, buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<size_t>(count));
    }
    close(file);
    return text;
}

}  // namespace check

int main(int count, char** arguments) {
    if (cuInit(0) != 0) {
        std::puts("the emulated device does not start");
        return 1;
    }
    int run = 0;
    for (const check::Test& test : check::tests()) {
        if (count > 1 && std::string(arguments[1]) != test.name) {
            continue;
        }
        int before = check::failures;
        test.run();
        run++;
        if (check::failures != before) {
            std::printf("%s failed\n", test.name);
        }
    }
    std::printf("%d tests, %d failures\n", run, check::failures);
    return check::failures == 0 ? 0 : 1;
}
