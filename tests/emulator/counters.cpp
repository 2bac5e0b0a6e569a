#include "counters.h"

#include <cstdio>
#include <cstdlib>

#include "fault.h"

namespace emulator {

const char* nameOf(InstructionClass counted) {
    static const char* const NAMES[INSTRUCTION_CLASSES] = {
        "float32", "float64", "integer",   "move",     "conversion", "comparison", "special", "matrix",  "global",
        "shared",  "local",   "parameter", "constant", "atomic",     "shuffle",    "branch",  "barrier", "other"};
    return NAMES[static_cast<size_t>(counted)];
}

Counters& counters() {
    static Counters* all = new Counters;  // never destroyed: it is read when the process ends
    return *all;
}

void Counters::reset() {
    for (auto& kernel : kernels) {
        kernel.second = KernelCounters();
    }
    libraries.clear();
    hostToDevice = deviceToHost = deviceToDevice = memsets = CopyCounters();
    graphLaunches = allocations = synchronizations = 0;
    graphNodes.clear();
}

namespace {

// Builds {"a": 1, "b": {…}}; keys are names that need no escapes.
class Json {
public:
    Json& open(const std::string& key) {
        begin(key) += "{";
        isFirst = true;
        depth++;
        return *this;
    }

    Json& close() {
        depth--;
        text += "\n" + std::string(2 * depth, ' ') + "}";
        isFirst = false;
        return *this;
    }

    Json& add(const std::string& key, uint64_t value) {
        begin(key) += std::to_string(value);
        return *this;
    }

    std::string text;

private:
    std::string& begin(const std::string& key) {
        if (depth > 0) {
            text += (isFirst ? "\n" : ",\n") + std::string(2 * depth, ' ');
        }
        isFirst = false;
        if (!key.empty()) {
            text += "\"" + key + "\": ";
        }
        return text;
    }

    size_t depth = 0;
    bool isFirst = true;
};

void addAccess(Json& json, const char* key, const AccessCounters& access) {
    json.open(key).add("requests", access.requests).add("bytes", access.bytes).add("sectors", access.sectors).close();
}

void addCopy(Json& json, const char* key, const CopyCounters& copy) {
    json.open(key).add("calls", copy.calls).add("bytes", copy.bytes).close();
}

void addClasses(Json& json, const char* key, const std::array<uint64_t, INSTRUCTION_CLASSES>& counts) {
    json.open(key);
    uint64_t sum = 0;
    for (size_t i = 0; i < INSTRUCTION_CLASSES; i++) {
        if (counts[i] != 0) {
            json.add(nameOf(static_cast<InstructionClass>(i)), counts[i]);
        }
        sum += counts[i];
    }
    json.add("all", sum).close();
}

}  // namespace

std::string Counters::toJson() const {
    Json json;
    json.open("");
    json.open("kernels");
    for (const auto& entry : kernels) {
        const KernelCounters& kernel = entry.second;
        if (kernel.launches == 0) {
            continue;
        }
        json.open(entry.first)
            .add("launches", kernel.launches)
            .add("blocks", kernel.blocks)
            .add("threads", kernel.threads);
        addClasses(json, "warp_instructions", kernel.warpInstructions);
        addClasses(json, "thread_instructions", kernel.threadInstructions);
        addAccess(json, "global_loads", kernel.globalLoads);
        addAccess(json, "global_stores", kernel.globalStores);
        addAccess(json, "global_atomics", kernel.globalAtomics);
        json.open("shared")
            .add("requests", kernel.sharedRequests)
            .add("bytes", kernel.sharedBytes)
            .add("bank_conflicts", kernel.bankConflicts)
            .close();
        json.open("local").add("requests", kernel.localRequests).add("bytes", kernel.localBytes).close();
        json.add("barriers", kernel.barriers).add("divergent_branches", kernel.divergentBranches).close();
    }
    json.close();
    json.open("libraries");
    for (const auto& entry : libraries) {
        json.open(entry.first)
            .add("calls", entry.second.calls)
            .add("multiply_adds", entry.second.multiplyAdds)
            .add("bytes", entry.second.bytes)
            .close();
    }
    json.close();
    json.open("copies");
    addCopy(json, "host_to_device", hostToDevice);
    addCopy(json, "device_to_host", deviceToHost);
    addCopy(json, "device_to_device", deviceToDevice);
    addCopy(json, "device_to_opengl", deviceToOpenGl);
    addCopy(json, "memsets", memsets);
    json.close();
    json.open("graphs").add("launches", graphLaunches);
    json.open("nodes");
    for (const auto& entry : graphNodes) {
        json.add(entry.first, entry.second);
    }
    json.close().close();
    json.add("allocations", allocations).add("synchronizations", synchronizations);
    json.close();
    return json.text + "\n";
}

void writeCounters() {
    const char* path = std::getenv("DAEGPU_EMULATOR_COUNTERS");
    if (path == nullptr || *path == '\0') {
        return;
    }
    std::FILE* file = std::fopen(path, "w");
    if (file == nullptr) {
        std::fprintf(stderr, "emulated device: cannot write %s\n", path);
        return;
    }
    std::string text = counters().toJson();
    std::fwrite(text.data(), 1, text.size(), file);
    std::fclose(file);
}

}  // namespace emulator
