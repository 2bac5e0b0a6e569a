// Turns syntax into a Kernel: finds the row of each instruction in the table of opcodes, gives every operand its place
// in the register file, and turns suffixes into the fields that the function of the row reads.
#include <algorithm>
#include <cstring>
#include <map>

#include "fault.h"
#include "kernel.h"
#include "memory.h"
#include "opcodes.h"

namespace emulator {

namespace {

const std::map<std::string, Special> SPECIALS = {
    {"%tid.x", Special::TID_X},
    {"%tid.y", Special::TID_Y},
    {"%tid.z", Special::TID_Z},
    {"%ntid.x", Special::NTID_X},
    {"%ntid.y", Special::NTID_Y},
    {"%ntid.z", Special::NTID_Z},
    {"%ctaid.x", Special::CTAID_X},
    {"%ctaid.y", Special::CTAID_Y},
    {"%ctaid.z", Special::CTAID_Z},
    {"%nctaid.x", Special::NCTAID_X},
    {"%nctaid.y", Special::NCTAID_Y},
    {"%nctaid.z", Special::NCTAID_Z},
    {"%laneid", Special::LANEID},
    {"%warpid", Special::WARPID},
    {"%nwarpid", Special::NWARPID},
    {"%lanemask_eq", Special::LANEMASK_EQ},
    {"%lanemask_le", Special::LANEMASK_LE},
    {"%lanemask_lt", Special::LANEMASK_LT},
    {"%lanemask_ge", Special::LANEMASK_GE},
    {"%lanemask_gt", Special::LANEMASK_GT},
    {"%smid", Special::SMID},
    {"%nsmid", Special::NSMID},
    {"%gridid", Special::GRIDID},
    {"%dynamic_smem_size", Special::DYNAMIC_SMEM_SIZE},
    {"%total_smem_size", Special::TOTAL_SMEM_SIZE},
    {"WARP_SZ", Special::WARP_SIZE},
};

const std::map<std::string, Comparison> COMPARISONS = {
    {"eq", Comparison::EQ},   {"ne", Comparison::NE},    {"lt", Comparison::LT},   {"le", Comparison::LE},
    {"gt", Comparison::GT},   {"ge", Comparison::GE},    {"lo", Comparison::LO},   {"ls", Comparison::LS},
    {"hi", Comparison::HI},   {"hs", Comparison::HS},    {"equ", Comparison::EQU}, {"neu", Comparison::NEU},
    {"ltu", Comparison::LTU}, {"leu", Comparison::LEU},  {"gtu", Comparison::GTU}, {"geu", Comparison::GEU},
    {"num", Comparison::NUM}, {"nan", Comparison::NAN_},
};

const std::map<std::string, Rounding> ROUNDINGS = {
    {"rn", Rounding::NEAREST}, {"rz", Rounding::ZERO},          {"rm", Rounding::DOWN},
    {"rp", Rounding::UP},      {"rna", Rounding::NEAREST_AWAY}, {"rni", Rounding::NEAREST},
    {"rzi", Rounding::ZERO},   {"rmi", Rounding::DOWN},         {"rpi", Rounding::UP},
};

const std::map<std::string, Space> SPACES = {
    {"global", Space::GLOBAL},          {"shared", Space::SHARED},
    {"shared::cta", Space::SHARED},     {"local", Space::LOCAL},
    {"const", Space::CONSTANT},         {"param", Space::PARAMETER},
    {"param::entry", Space::PARAMETER},
};

// The value of Instruction::mode for the opcodes that read it.
const std::map<std::string, std::map<std::string, char>> MODES = {
    {"shfl", {{"up", 'u'}, {"down", 'd'}, {"bfly", 'b'}, {"idx", 'i'}}},
    {"vote", {{"all", 'a'}, {"any", 'y'}, {"uni", 'u'}, {"ballot", 'b'}}},
    {"atom",
     {{"add", 'a'},
      {"exch", 'e'},
      {"min", 'm'},
      {"max", 'M'},
      {"cas", 'c'},
      {"inc", 'i'},
      {"dec", 'd'},
      {"and", '&'},
      {"or", '|'},
      {"xor", '^'}}},
    {"testp",
     {{"finite", 'f'}, {"infinite", 'i'}, {"number", 'n'}, {"notanumber", 'N'}, {"normal", 'r'}, {"subnormal", 's'}}},
};

// Variables in shared and local memory are this far apart, so that an access beyond the end of one does not reach the
// next. It is a multiple of what the 32 banks span, so bank conflicts are those of a variable that begins at the first
// bank.
constexpr uint64_t GAP = 128;
constexpr uint64_t FIRST_ADDRESS = 1024;  // the first bytes are never allocated, as on the device

uint64_t roundUp(uint64_t value, uint64_t multiple) { return (value + multiple - 1) / multiple * multiple; }

class Decoder {
public:
    Decoder(const Module& module, const Function& function, const Addresses& addresses)
        : module(module), function(function), addresses(addresses) {}

    Kernel kernel() {
        result.name = function.name;
        result.maximumThreads = function.maximumThreads == 0 ? 1024 : function.maximumThreads;
        std::copy_n(function.requiredThreads, 3, result.requiredThreads);
        placeVariables();
        placeRegisters();
        for (const Statement& statement : function.statements) {
            instruction(statement);
        }
        Statement end;  // a kernel that falls off its end ends
        end.line = function.statements.empty() ? function.line : function.statements.back().line;
        end.opcode = "exit";
        end.tokens = {"exit"};
        instruction(end);
        fillConstants();
        return std::move(result);
    }

private:
    void placeVariables() {
        for (const Variable& parameter : function.parameters) {
            uint64_t at = roundUp(result.parameterBytes, parameter.alignment);
            result.parameters.push_back({at, parameter.size, parameter.name});
            symbols[parameter.name] = at;
            result.parameterBytes = at + parameter.size;
        }
        result.sharedSpan = FIRST_ADDRESS;
        result.localSpan = FIRST_ADDRESS;
        for (const Variable& variable : function.variables) {
            place(variable);
        }
        for (const Variable& variable : module.variables) {
            if (variable.space == Space::SHARED && !variable.isDynamic && isUsed(variable.name)) {
                place(variable);
            }
        }
        result.sharedSpan = roundUp(result.sharedSpan, GAP);
        for (const Variable& variable : module.variables) {
            if (variable.isDynamic) {
                result.hasDynamicShared = true;
                symbols[variable.name] = result.sharedSpan;
            }
        }
    }

    void place(const Variable& variable) {
        bool isShared = variable.space == Space::SHARED;
        if (variable.isDynamic) {
            result.hasDynamicShared = true;
            dynamicNames.push_back(variable.name);
            return;
        }
        uint64_t& span = isShared ? result.sharedSpan : result.localSpan;
        uint64_t at = roundUp(span, std::max(GAP, variable.alignment));
        symbols[variable.name] = at;
        (isShared ? result.shared : result.local).push_back({at, variable.size, variable.name});
        span = at + variable.size + GAP;
        if (isShared) {
            result.staticShared = roundUp(result.staticShared, variable.alignment) + variable.size;
        }
    }

    bool isUsed(const std::string& name) const {
        for (const Statement& statement : function.statements) {
            for (const Argument& argument : statement.arguments) {
                if (argument.name == name) {
                    return true;
                }
            }
        }
        return false;
    }

    uint32_t reserve(unsigned width) {
        uint32_t at = fileBytes;
        fileBytes += width == 0 ? 64 : width * LANES;
        fileBytes = static_cast<uint32_t>(roundUp(fileBytes, 32));
        return at;
    }

    void placeRegisters() {
        result.registers = static_cast<int>(function.registers.size());
        for (const Register& reg : function.registers) {
            Operand place;
            place.width = static_cast<uint8_t>(sizeOf(reg.type));
            place.offset = reserve(place.width);
            place.isThere = true;
            registers.push_back(place);
        }
    }

    Operand constant(uint64_t bits, unsigned width) {
        if (width < 8) {
            bits &= (uint64_t{1} << (8 * width)) - 1;
        }
        auto key = std::make_pair(bits, width);
        auto found = constants.find(key);
        if (found == constants.end()) {
            Operand place;
            place.width = static_cast<uint8_t>(width);
            place.offset = reserve(width);
            place.isThere = true;
            found = constants.emplace(key, place).first;
        }
        return found->second;
    }

    Operand special(const std::string& name, int line) {
        auto known = SPECIALS.find(name);
        if (known == SPECIALS.end()) {
            throw PtxError{line, "the register " + name + " is not emulated"};
        }
        for (const auto& placed : result.specials) {
            if (placed.first == known->second) {
                return {placed.second, 4, false, true};
            }
        }
        uint32_t at = reserve(4);
        result.specials.push_back({known->second, at});
        return {at, 4, false, true};
    }

    uint64_t symbol(const std::string& name, int line) const {
        auto found = symbols.find(name);
        if (found != symbols.end()) {
            return found->second;
        }
        auto global = addresses.find(name);
        if (global != addresses.end()) {
            return global->second;
        }
        if (std::find(dynamicNames.begin(), dynamicNames.end(), name) != dynamicNames.end()) {
            return result.sharedSpan;
        }
        throw PtxError{line, "the name " + name + " is not known"};
    }

    int label(const std::string& name, const Statement& statement) const {
        for (int scope = statement.scope; scope >= 0; scope = function.scopeParents[static_cast<size_t>(scope)]) {
            auto found = function.labels.find({scope, name});
            if (found != function.labels.end()) {
                return found->second;
            }
        }
        throw PtxError{statement.line, "the label " + name + " is not known"};
    }

    void instruction(const Statement& statement) {
        Instruction decoded;
        decoded.line = statement.line;
        std::vector<std::string> tokens = statement.tokens;
        bool hasVector = std::any_of(statement.arguments.begin(), statement.arguments.end(),
                                     [](const Argument& argument) { return argument.kind == Argument::Kind::VECTOR; });
        if (tokens[0] == "mov" && hasVector) {
            tokens.insert(tokens.begin() + 1, "vector");
        }
        const Opcode* row = findOpcode(tokens);
        if (row == nullptr) {
            throw PtxError{statement.line, "the instruction " + statement.opcode + " is not emulated"};
        }
        decoded.execute = row->execute;
        decoded.counted = row->counted;
        applySuffixes(statement, decoded);
        if (statement.guard >= 0) {
            decoded.guard = registers[static_cast<size_t>(statement.guard)];
            decoded.guard.isNegated = statement.isGuardNegated;
        }
        if (tokens[0] == "bra") {
            decoded.target = label(statement.arguments.at(0).name, statement);
        } else if (tokens[0] == "brx") {
            addArgument(statement.arguments.at(0), statement, decoded, 0);
            auto table = function.jumpTables.find(statement.arguments.at(1).name);
            if (table == function.jumpTables.end()) {
                throw PtxError{statement.line, "the jump table " + statement.arguments.at(1).name + " is not known"};
            }
            for (const std::string& name : table->second) {
                decoded.targets.push_back(label(name, statement));
            }
        } else {
            if (statement.arguments.size() >= decoded.first.size()) {
                throw PtxError{statement.line, statement.opcode + " with too many operands"};
            }
            size_t next = 0;
            for (const Argument& argument : statement.arguments) {
                decoded.first[decoded.arguments] = static_cast<uint8_t>(next);
                next = addArgument(argument, statement, decoded, next);
                decoded.arguments++;
            }
            decoded.first[decoded.arguments] = static_cast<uint8_t>(next);
        }
        result.code.push_back(decoded);
        result.text.push_back(statement.opcode);
    }

    // Appends the operands of an argument at `next`; returns the place after them.
    size_t addArgument(const Argument& argument, const Statement& statement, Instruction& decoded, size_t next) {
        if (argument.kind == Argument::Kind::VECTOR) {
            for (const Argument& part : argument.parts) {
                next = addArgument(part, statement, decoded, next);
            }
            return next;
        }
        if (next >= decoded.operands.size()) {
            throw PtxError{statement.line, statement.opcode + " with too many operands"};
        }
        Operand& operand = decoded.operands[next];
        switch (argument.kind) {
            case Argument::Kind::REGISTER:
                operand = registers[static_cast<size_t>(argument.reg)];
                operand.isNegated = argument.isNegated;
                if (argument.second >= 0) {
                    decoded.second = registers[static_cast<size_t>(argument.second)];
                }
                break;
            case Argument::Kind::ADDRESS: {
                if (argument.reg >= 0) {
                    operand = registers[static_cast<size_t>(argument.reg)];
                }
                int64_t offset =
                    argument.value
                    + (argument.name.empty() ? 0 : static_cast<int64_t>(symbol(argument.name, statement.line)));
                (hasAddress(statement, argument) ? decoded.secondImmediate : decoded.immediate) = offset;
                break;
            }
            case Argument::Kind::SPECIAL: operand = special(argument.name, statement.line); break;
            case Argument::Kind::SYMBOL:
                operand = constant(symbol(argument.name, statement.line) + static_cast<uint64_t>(argument.value),
                                   constantWidth(statement, decoded));
                break;
            case Argument::Kind::INTEGER:
                operand = constant(static_cast<uint64_t>(argument.value), constantWidth(statement, decoded));
                break;
            case Argument::Kind::FLOAT: operand = floatConstant(argument, decoded); break;
            default: break;
        }
        return next + 1;
    }

    // Whether an address comes before this one.
    static bool hasAddress(const Statement& statement, const Argument& argument) {
        for (const Argument& other : statement.arguments) {
            if (&other == &argument) {
                return false;
            }
            if (other.kind == Argument::Kind::ADDRESS) {
                return true;
            }
        }
        return false;
    }

    // A constant is as wide as the operands beside it, and never narrower than its function reads it.
    static unsigned constantWidth(const Statement& statement, const Instruction& decoded) {
        if (std::find(statement.tokens.begin(), statement.tokens.end(), "wide") != statement.tokens.end()) {
            return 8;
        }
        unsigned width = 4;
        for (Type type : decoded.types) {
            if (type != Type::NONE && type != Type::PRED) {
                width = sizeOf(type);
            }
        }
        return std::min(width, 8u);
    }

    Operand floatConstant(const Argument& argument, const Instruction& decoded) {
        bool isDouble = decoded.types[0] == Type::F64 || decoded.types[1] == Type::F64 || decoded.types[0] == Type::B64;
        if (argument.name == "f64" && !isDouble) {
            float value = static_cast<float>(argument.number);
            uint32_t bits;
            std::memcpy(&bits, &value, sizeof bits);
            return constant(bits, 4);
        }
        return constant(static_cast<uint64_t>(argument.value), argument.name == "f64" ? 8 : 4);
    }

    static void applySuffixes(const Statement& statement, Instruction& decoded) {
        const std::string& name = statement.tokens[0];
        bool compares = name == "setp" || name == "set";
        std::string modes = name == "red" || name == "redux" ? "atom" : name;
        size_t types = 0;
        for (size_t i = 1; i < statement.tokens.size(); i++) {
            const std::string& token = statement.tokens[i];
            if (typeNamed(token) != Type::NONE && types < decoded.types.size()) {
                decoded.types[types++] = typeNamed(token);
            } else if (compares && i == 1) {
                decoded.comparison = COMPARISONS.at(token);
            } else if (compares && (token == "and" || token == "or" || token == "xor")) {
                decoded.boolean = token == "and" ? Boolean::AND : token == "or" ? Boolean::OR : Boolean::XOR;
            } else if (MODES.count(modes) != 0 && MODES.at(modes).count(token) != 0) {
                decoded.mode = MODES.at(modes).at(token);
            } else if (SPACES.count(token) != 0 && decoded.space == Space::GENERIC) {
                decoded.space = SPACES.at(token);
            } else if (ROUNDINGS.count(token) != 0) {
                decoded.rounding = ROUNDINGS.at(token);
                decoded.isIntegerRounding = token.back() == 'i';
            } else if (token == "ftz") {
                decoded.isFlushing = true;
            } else if (token == "sat") {
                decoded.isSaturating = true;
            } else if (token == "wrap" || token == "to" || token == "trans") {
                decoded.isWrapping = true;
            } else if (token == "v2" || token == "x2") {
                decoded.vector = 2;
            } else if (token == "v4" || token == "x4") {
                decoded.vector = 4;
            }
        }
        static const char* const FLOWS[] = {"bra", "brx",     "ret",  "exit", "trap", "brkpt",
                                            "bar", "barrier", "shfl", "vote", "redux"};
        decoded.isFlow = std::find(std::begin(FLOWS), std::end(FLOWS), name) != std::end(FLOWS);
    }

    void fillConstants() {
        result.registerImage.assign(fileBytes, 0);
        // A register holds an unknown value before it is written, and not the zero that would hide the mistake.
        for (const Operand& reg : registers) {
            std::fill_n(result.registerImage.begin() + reg.offset, reg.width == 0 ? 4 : reg.width * LANES, 0xd5);
        }
        for (const auto& entry : constants) {
            for (int lane = 0; lane < LANES; lane++) {
                std::memcpy(result.registerImage.data() + entry.second.offset + lane * entry.second.width,
                            &entry.first.first, entry.second.width);
            }
        }
    }

    const Module& module;
    const Function& function;
    const Addresses& addresses;
    Kernel result;
    std::vector<Operand> registers;
    std::map<std::pair<uint64_t, unsigned>, Operand> constants;
    std::map<std::string, uint64_t> symbols;
    std::vector<std::string> dynamicNames;
    uint32_t fileBytes = 0;
};

}  // namespace

Kernel decode(const Module& module, const Function& function, const Addresses& addresses) {
    return Decoder(module, function, addresses).kernel();
}

}  // namespace emulator
