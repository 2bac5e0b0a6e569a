// The syntax of a PTX module: what ptx_parser.cpp makes of the text, and decoder.cpp turns into something that runs.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace emulator {

enum class Type : uint8_t {
    NONE,
    PRED,
    B8,
    B16,
    B32,
    B64,
    U8,
    U16,
    U32,
    U64,
    S8,
    S16,
    S32,
    S64,
    F16,
    BF16,
    F32,
    F64,
    TF32,
    F16X2,
    BF16X2,
    B128
};

// The type that a suffix such as "u32" names, or NONE.
Type typeNamed(const std::string& suffix);
// Bytes of one value; 0 for a predicate.
unsigned sizeOf(Type type);

enum class Space : uint8_t { GENERIC, GLOBAL, SHARED, LOCAL, CONSTANT, PARAMETER };

struct Variable {
    std::string name;
    Space space = Space::GLOBAL;
    uint64_t alignment = 1;
    uint64_t size = 0;
    bool isDynamic = false;  // .extern .shared: its size comes with the launch
    std::vector<uint8_t> initial;
    std::vector<std::pair<uint64_t, std::string>> references;  // offsets of the initial value that hold addresses
};

struct Register {
    std::string name;
    Type type;
};

struct Argument {
    enum class Kind { REGISTER, SPECIAL, INTEGER, FLOAT, SYMBOL, ADDRESS, VECTOR, SINK };
    Kind kind = Kind::SINK;
    int reg = -1;                 // REGISTER; ADDRESS: its base, or -1
    int second = -1;              // the q of a destination p|q
    bool isNegated = false;       // !p
    std::string name;             // SPECIAL, SYMBOL; ADDRESS: its base, or empty
    int64_t value = 0;            // INTEGER; SYMBOL and ADDRESS: the offset
    double number = 0;            // FLOAT
    std::vector<Argument> parts;  // VECTOR
};

struct Statement {
    int line = 0;
    int guard = -1;  // the predicate register of @p or @!p
    bool isGuardNegated = false;
    std::string opcode;               // as written: "ld.global.v4.f32"
    std::vector<std::string> tokens;  // the same at its dots: "ld", "global", "v4", "f32"
    std::vector<Argument> arguments;
    int scope = 0;
};

struct Function {
    std::string name;
    bool isKernel = false;
    int line = 0;
    std::vector<Variable> parameters;
    std::vector<Variable> variables;  // .shared and .local of its body
    std::vector<Register> registers;
    std::vector<Statement> statements;
    std::vector<int> scopeParents;                               // of each { }, the one around it; the body itself is 0
    std::map<std::pair<int, std::string>, int> labels;           // (scope, label) to statement
    std::map<std::string, std::vector<std::string>> jumpTables;  // .branchtargets
    unsigned maximumThreads = 0;                                 // of .maxntid, 0 if it is absent
    unsigned requiredThreads[3] = {0, 0, 0};
};

struct Module {
    int version = 0;  // 63 for 6.3
    int target = 0;   // 75 for sm_75
    std::vector<Variable> variables;
    std::vector<Function> functions;
};

// Throws PtxError.
Module parsePtx(const std::string& text);

}  // namespace emulator
