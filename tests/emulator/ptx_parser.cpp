// Turns PTX text into syntax: tokens first, then by recursive descent. Registers are resolved here, since { } limits
// their scope; labels and variables are resolved by the decoder, since both may be used before they are declared.
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

#include "fault.h"
#include "ptx.h"

namespace emulator {

namespace {

struct TypeName {
    const char* name;
    Type type;
    unsigned size;
};

const TypeName TYPE_NAMES[] = {
    {"pred", Type::PRED, 0},  {"b8", Type::B8, 1},     {"b16", Type::B16, 2},     {"b32", Type::B32, 4},
    {"b64", Type::B64, 8},    {"u8", Type::U8, 1},     {"u16", Type::U16, 2},     {"u32", Type::U32, 4},
    {"u64", Type::U64, 8},    {"s8", Type::S8, 1},     {"s16", Type::S16, 2},     {"s32", Type::S32, 4},
    {"s64", Type::S64, 8},    {"f16", Type::F16, 2},   {"bf16", Type::BF16, 2},   {"f32", Type::F32, 4},
    {"f64", Type::F64, 8},    {"tf32", Type::TF32, 4}, {"f16x2", Type::F16X2, 4}, {"bf16x2", Type::BF16X2, 4},
    {"b128", Type::B128, 16},
};

struct Token {
    enum class Kind { WORD, DIRECTIVE, INTEGER, FLOAT32, FLOAT64, STRING, PUNCTUATION, END };
    Kind kind;
    std::string text;
    int line;
    int64_t integer = 0;
    double number = 0;
};

bool isWordStart(char c) {
    return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '%';
}

bool isWordPart(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$'; }

class Lexer {
public:
    explicit Lexer(const std::string& text) : text(text) {}

    std::vector<Token> all() {
        std::vector<Token> tokens;
        for (;;) {
            tokens.push_back(next());
            if (tokens.back().kind == Token::Kind::END) {
                return tokens;
            }
        }
    }

private:
    char at(size_t i) const { return i < text.size() ? text[i] : '\0'; }

    void skipBlanks() {
        for (;;) {
            if (at(position) == '\n') {
                line++;
                position++;
            } else if (std::isspace(static_cast<unsigned char>(at(position))) != 0) {
                position++;
            } else if (at(position) == '/' && at(position + 1) == '/') {
                while (position < text.size() && text[position] != '\n') {
                    position++;
                }
            } else if (at(position) == '/' && at(position + 1) == '*') {
                while (position < text.size() && !(at(position) == '*' && at(position + 1) == '/')) {
                    line += at(position++) == '\n';
                }
                position += 2;
            } else {
                return;
            }
        }
    }

    Token next() {
        skipBlanks();
        if (position >= text.size() || text[position] == '\0') {
            return {Token::Kind::END, "the end of the text", line};
        }
        char c = text[position];
        if (std::isdigit(static_cast<unsigned char>(c)) != 0) {
            return number();
        }
        if (isWordStart(c)) {
            return word();
        }
        if (c == '.' && isWordStart(at(position + 1))) {
            size_t start = position++;
            while (isWordPart(at(position))) {
                position++;
            }
            return {Token::Kind::DIRECTIVE, text.substr(start, position - start), line};
        }
        if (c == '"') {
            size_t end = text.find('"', position + 1);
            if (end == std::string::npos) {
                throw PtxError{line, "a string without an end"};
            }
            Token token{Token::Kind::STRING, text.substr(position + 1, end - position - 1), line};
            position = end + 1;
            return token;
        }
        position++;
        return {Token::Kind::PUNCTUATION, std::string(1, c), line};
    }

    Token number() {
        size_t start = position;
        if (at(start) == '0' && std::strchr("fFdD", at(start + 1)) != nullptr && at(start + 1) != '\0') {
            // 0f3F800000 and 0d3FF0000000000000 are the bits themselves.
            bool isDouble = at(start + 1) == 'd' || at(start + 1) == 'D';
            std::string digits = text.substr(start + 2, isDouble ? 16 : 8);
            position += 2 + digits.size();
            uint64_t bits = std::strtoull(digits.c_str(), nullptr, 16);
            Token token{isDouble ? Token::Kind::FLOAT64 : Token::Kind::FLOAT32, text.substr(start, position - start),
                        line};
            token.integer = static_cast<int64_t>(bits);
            return token;
        }
        bool isHex = at(start) == '0' && (at(start + 1) == 'x' || at(start + 1) == 'X');
        bool isBinary = at(start) == '0' && (at(start + 1) == 'b' || at(start + 1) == 'B');
        size_t end = start;
        if (!isHex && !isBinary) {
            while (std::isdigit(static_cast<unsigned char>(at(end))) != 0) {
                end++;
            }
            if (at(end) == '.' && std::isdigit(static_cast<unsigned char>(at(end + 1))) != 0) {
                char* stop = nullptr;
                Token token{Token::Kind::FLOAT64, "", line};
                double value = std::strtod(text.c_str() + start, &stop);
                position = static_cast<size_t>(stop - text.c_str());
                token.text = text.substr(start, position - start);
                std::memcpy(&token.integer, &value, sizeof value);
                return token;
            }
        }
        char* stop = nullptr;
        const char* digits = text.c_str() + start + (isBinary ? 2 : 0);
        uint64_t value = std::strtoull(digits, &stop, isBinary ? 2 : 0);
        if (*stop == 'U') {
            stop++;
        }
        position = static_cast<size_t>(stop - text.c_str());
        Token token{Token::Kind::INTEGER, text.substr(start, position - start), line};
        token.integer = static_cast<int64_t>(value);
        return token;
    }

    // A name; of an opcode with its dots, of a vector register with its element: "ld.global.f32", "%tid.x".
    Token word() {
        size_t start = position++;
        while (isWordPart(at(position)) || (at(position) == '.' && isWordPart(at(position + 1)))
               || (at(position) == ':' && at(position + 1) == ':' && isWordPart(at(position + 2)))) {
            position += at(position) == ':' ? 2 : 1;
        }
        return {Token::Kind::WORD, text.substr(start, position - start), line};
    }

    const std::string& text;
    size_t position = 0;
    int line = 1;
};

class Parser {
public:
    explicit Parser(const std::string& text) : tokens(Lexer(text).all()) {}

    Module module() {
        Module result;
        while (peek().kind != Token::Kind::END) {
            topLevel(result);
        }
        if (result.version == 0 || result.target == 0) {
            throw PtxError{1, "no .version and .target: this is no PTX"};
        }
        return result;
    }

private:
    const Token& peek(size_t ahead = 0) const { return tokens[std::min(index + ahead, tokens.size() - 1)]; }

    const Token& take() {
        const Token& token = peek();
        index++;
        return token;
    }

    bool takeIf(const char* text) {
        if (peek().text == text && peek().kind != Token::Kind::STRING) {
            index++;
            return true;
        }
        return false;
    }

    void expect(const char* text) {
        if (!takeIf(text)) {
            fail(format("'%s' was expected before '%s'", text, peek().text.c_str()));
        }
    }

    [[noreturn]] void fail(const std::string& what) const { throw PtxError{peek().line, what}; }

    int64_t integer() {
        bool isNegative = takeIf("-");
        if (peek().kind != Token::Kind::INTEGER) {
            fail("a number was expected before '" + peek().text + "'");
        }
        int64_t value = take().integer;
        return isNegative ? static_cast<int64_t>(0 - static_cast<uint64_t>(value)) : value;
    }

    void topLevel(Module& module) {
        const Token& token = peek();
        if (takeIf(".version")) {
            // "9.0" reads as a number with a fraction.
            double version = std::strtod(take().text.c_str(), nullptr);
            module.version = static_cast<int>(version * 10 + 0.5);
        } else if (takeIf(".target")) {
            std::string name = take().text;
            size_t digits = name.find('_');
            module.target = digits == std::string::npos ? 0 : std::atoi(name.c_str() + digits + 1);
            while (takeIf(",")) {
                take();
            }
        } else if (takeIf(".address_size")) {
            if (integer() != 64) {
                fail("only .address_size 64 is emulated");
            }
        } else if (takeIf(".visible") || takeIf(".weak") || takeIf(".common")) {
            isExternal = false;
        } else if (takeIf(".extern")) {
            isExternal = true;
        } else if (takeIf(".entry")) {
            module.functions.push_back(function(true));
            isExternal = false;
        } else if (takeIf(".func")) {
            function(false);
            isExternal = false;
        } else if (takeIf(".file") || takeIf(".loc")) {
            skipLine(token.line);
        } else if (takeIf(".section")) {
            while (!takeIf("}")) {
                if (take().kind == Token::Kind::END) {
                    fail("a section without an end");
                }
            }
        } else if (takeIf(".pragma")) {
            take();
            expect(";");
        } else if (takeIf(".alias")) {
            while (!takeIf(";")) {
                take();
            }
        } else if (takeIf(";")) {
            return;
        } else {
            std::vector<Variable> declared = variables();
            module.variables.insert(module.variables.end(), declared.begin(), declared.end());
            isExternal = false;
        }
    }

    void skipLine(int line) {
        while (peek().line == line && peek().kind != Token::Kind::END) {
            take();
        }
    }

    static bool spaceNamed(const std::string& text, Space& space) {
        static const std::map<std::string, Space> SPACES = {{".global", Space::GLOBAL},
                                                            {".shared", Space::SHARED},
                                                            {".local", Space::LOCAL},
                                                            {".const", Space::CONSTANT},
                                                            {".param", Space::PARAMETER}};
        auto found = SPACES.find(text);
        if (found == SPACES.end()) {
            return false;
        }
        space = found->second;
        return true;
    }

    // ".global .align 4 .b8 name[16] = {…}, other;" up to and with the semicolon.
    std::vector<Variable> variables() {
        Space space;
        if (!spaceNamed(peek().text, space)) {
            fail("'" + peek().text + "' is not known here");
        }
        std::vector<Variable> declared;
        take();
        do {
            declared.push_back(variable(space));
        } while (takeIf(","));
        expect(";");
        return declared;
    }

    // ".align 4 .b8 name[16] = {…}", the space already taken.
    Variable variable(Space space) {
        Variable result;
        result.space = space;
        unsigned vector = 1;
        bool hasAlignment = false;
        for (;;) {
            if (takeIf(".align")) {
                result.alignment = static_cast<uint64_t>(integer());
                hasAlignment = true;
            } else if (takeIf(".v2")) {
                vector = 2;
            } else if (takeIf(".v4")) {
                vector = 4;
            } else if (takeIf(".ptr") || takeIf(".global") || takeIf(".managed") || takeIf(".attribute")) {
                // What a pointer parameter points to, which the interpreter does not need.
            } else if (peek().kind == Token::Kind::DIRECTIVE && typeNamed(peek().text.substr(1)) != Type::NONE) {
                elementType = typeNamed(take().text.substr(1));
            } else {
                break;
            }
        }
        uint64_t element = uint64_t{sizeOf(elementType)} * vector;
        if (!hasAlignment) {
            result.alignment = std::max<uint64_t>(element, 1);
        }
        if (peek().kind != Token::Kind::WORD) {
            fail("a name was expected before '" + peek().text + "'");
        }
        result.name = take().text;
        uint64_t count = 1;
        while (takeIf("[")) {
            if (takeIf("]")) {
                result.isDynamic = isExternal && space == Space::SHARED;
                count = 0;
            } else {
                count *= static_cast<uint64_t>(integer());
                expect("]");
            }
        }
        result.size = element * count;
        if (takeIf("=")) {
            initialValue(result, element);
        }
        return result;
    }

    void initialValue(Variable& target, uint64_t element) {
        target.initial.clear();
        if (takeIf("{")) {
            while (!takeIf("}")) {
                initialElement(target, element);
                takeIf(",");
            }
        } else {
            initialElement(target, element);
        }
        target.size = std::max<uint64_t>(target.size, target.initial.size());
    }

    void initialElement(Variable& target, uint64_t element) {
        if (takeIf("{")) {
            while (!takeIf("}")) {
                initialElement(target, element);
                takeIf(",");
            }
            return;
        }
        uint64_t bits = 0;
        if (peek().kind == Token::Kind::WORD) {
            std::string name = take().text;
            if (name == "generic") {
                expect("(");
                name = take().text;
                expect(")");
            }
            target.references.push_back({target.initial.size(), name});
        } else if (peek().kind == Token::Kind::FLOAT32 || peek().kind == Token::Kind::FLOAT64) {
            bits = static_cast<uint64_t>(take().integer);
        } else {
            bits = static_cast<uint64_t>(integer());
        }
        for (uint64_t i = 0; i < element; i++) {
            target.initial.push_back(static_cast<uint8_t>(bits >> (8 * i)));
        }
    }

    Function function(bool isKernel) {
        Function result;
        result.isKernel = isKernel;
        result.line = peek().line;
        scopes.assign(1, {});
        openScopes.assign(1, 0);
        result.scopeParents.assign(1, -1);
        if (takeIf("(")) {  // what a .func returns
            parameterList(result.parameters);
            result.parameters.clear();
        }
        result.name = take().text;
        if (takeIf("(")) {
            parameterList(result.parameters);
        }
        for (;;) {
            if (takeIf(".maxntid")) {
                unsigned x[3];
                dimensions(x);
                result.maximumThreads = x[0] * x[1] * x[2];
            } else if (takeIf(".reqntid")) {
                dimensions(result.requiredThreads);
            } else if (takeIf(".minnctapersm") || takeIf(".maxnctapersm") || takeIf(".maxnreg")) {
                integer();
            } else if (takeIf(".noreturn")) {
                continue;
            } else if (takeIf(".pragma")) {
                take();
                expect(";");
            } else {
                break;
            }
        }
        if (takeIf(";")) {  // declared only
            return result;
        }
        expect("{");
        if (isKernel) {
            body(result);
        } else {
            skipBody();
        }
        return result;
    }

    void skipBody() {
        for (int depth = 1; depth > 0;) {
            const Token& token = take();
            depth += token.text == "{";
            depth -= token.text == "}";
            if (token.kind == Token::Kind::END) {
                fail("a function without an end");
            }
        }
    }

    void dimensions(unsigned target[3]) {
        target[0] = target[1] = target[2] = 1;
        for (int i = 0; i < 3; i++) {
            target[i] = static_cast<unsigned>(integer());
            if (!takeIf(",")) {
                return;
            }
        }
    }

    void parameterList(std::vector<Variable>& target) {
        while (!takeIf(")")) {
            expect(".param");
            target.push_back(variable(Space::PARAMETER));
            takeIf(",");
        }
    }

    void body(Function& function) {
        while (!openScopes.empty()) {
            const Token& token = peek();
            if (takeIf("{")) {
                function.scopeParents.push_back(openScopes.back());
                openScopes.push_back(static_cast<int>(function.scopeParents.size()) - 1);
                scopes.push_back({});
            } else if (takeIf("}")) {
                openScopes.pop_back();
                scopes.pop_back();
            } else if (takeIf(".reg")) {
                registers(function);
            } else if (takeIf(".loc") || takeIf(".file")) {
                skipLine(token.line);
            } else if (takeIf(".pragma")) {
                take();
                expect(";");
            } else if (token.kind == Token::Kind::DIRECTIVE) {
                for (const Variable& declared : variables()) {
                    function.variables.push_back(declared);
                }
            } else if (token.kind == Token::Kind::WORD && peek(1).text == ":") {
                label(function);
            } else if (token.kind == Token::Kind::END) {
                fail("a kernel without an end");
            } else if (!takeIf(";")) {
                statement(function);
            }
        }
    }

    void registers(Function& function) {
        const Token& type = take();
        Type registerType = type.text.empty() ? Type::NONE : typeNamed(type.text.substr(1));
        if (registerType == Type::NONE) {
            fail("a register of type '" + type.text + "'");
        }
        do {
            std::string name = take().text;
            int64_t count = -1;
            if (takeIf("<")) {
                count = integer();
                expect(">");
            }
            for (int64_t i = 0; i < std::max<int64_t>(count, 1); i++) {
                std::string full = count < 0 ? name : name + std::to_string(i);
                scopes.back()[full] = static_cast<int>(function.registers.size());
                function.registers.push_back({full, registerType});
            }
        } while (takeIf(","));
        expect(";");
    }

    void label(Function& function) {
        std::string name = take().text;
        expect(":");
        if (takeIf(".branchtargets")) {
            std::vector<std::string>& targets = function.jumpTables[name];
            do {
                targets.push_back(take().text);
            } while (takeIf(","));
            expect(";");
        } else {
            function.labels[{openScopes.back(), name}] = static_cast<int>(function.statements.size());
        }
    }

    int findRegister(const std::string& name) const {
        for (size_t i = scopes.size(); i-- > 0;) {
            auto found = scopes[i].find(name);
            if (found != scopes[i].end()) {
                return found->second;
            }
        }
        return -1;
    }

    void statement(Function& function) {
        Statement result;
        result.scope = openScopes.back();
        if (takeIf("@")) {
            result.isGuardNegated = takeIf("!");
            result.guard = findRegister(take().text);
            if (result.guard < 0) {
                fail("an unknown guard");
            }
        }
        const Token& opcode = take();
        if (opcode.kind != Token::Kind::WORD) {
            throw PtxError{opcode.line, "an instruction was expected before '" + opcode.text + "'"};
        }
        result.line = opcode.line;
        result.opcode = opcode.text;
        for (size_t start = 0; start <= opcode.text.size();) {
            size_t end = std::min(opcode.text.find('.', start), opcode.text.size());
            result.tokens.push_back(opcode.text.substr(start, end - start));
            start = end + 1;
        }
        if (result.tokens[0] == "call") {
            // Functions are always inlined in the programs for which this parser is made.
            throw PtxError{opcode.line,
                           "call: functions are not emulated; let the compiler inline them (__forceinline__)"};
        }
        while (!takeIf(";")) {
            result.arguments.push_back(argument());
            if (!takeIf(",") && peek().text != ";") {
                fail("',' or ';' was expected before '" + peek().text + "'");
            }
        }
        function.statements.push_back(result);
    }

    Argument argument() {
        Argument result;
        if (takeIf("{")) {
            result.kind = Argument::Kind::VECTOR;
            while (!takeIf("}")) {
                result.parts.push_back(argument());
                takeIf(",");
            }
            return result;
        }
        if (takeIf("[")) {
            result.kind = Argument::Kind::ADDRESS;
            Argument base = argument();
            if (base.kind == Argument::Kind::REGISTER) {
                result.reg = base.reg;
            } else if (base.kind == Argument::Kind::SYMBOL) {
                result.name = base.name;
            } else if (base.kind != Argument::Kind::INTEGER) {
                fail("an address of an unknown form");
            }
            result.value = base.value;
            if (takeIf("+")) {
                result.value += integer();
            } else if (peek().text == "-") {
                result.value += integer();
            }
            expect("]");
            return result;
        }
        if (takeIf("!")) {
            result = argument();
            result.isNegated = true;
            return result;
        }
        const Token& token = peek();
        if (token.kind == Token::Kind::FLOAT32 || token.kind == Token::Kind::FLOAT64) {
            result.kind = Argument::Kind::FLOAT;
            if (take().kind == Token::Kind::FLOAT32) {
                uint32_t bits = static_cast<uint32_t>(token.integer);
                float value;
                std::memcpy(&value, &bits, sizeof value);
                result.number = static_cast<double>(value);
                result.value = token.integer;
                result.name = "f32";  // its bits, NaNs' as well, are in value
            } else {
                std::memcpy(&result.number, &token.integer, sizeof result.number);
                result.value = token.integer;
                result.name = "f64";
            }
            return result;
        }
        if (token.kind == Token::Kind::INTEGER || token.text == "-") {
            if (token.text == "-" && peek(1).kind == Token::Kind::FLOAT64) {
                take();
                result = argument();
                result.number = -result.number;
                std::memcpy(&result.value, &result.number, sizeof result.number);
                return result;
            }
            result.kind = Argument::Kind::INTEGER;
            result.value = integer();
            return result;
        }
        if (token.kind != Token::Kind::WORD) {
            fail("'" + token.text + "' is no operand");
        }
        std::string name = take().text;
        if (name == "_") {
            return result;
        }
        int reg = findRegister(name);
        if (reg >= 0) {
            result.kind = Argument::Kind::REGISTER;
            result.reg = reg;
            if (takeIf("|")) {
                std::string second = take().text;
                result.second = second == "_" ? -1 : findRegister(second);
                if (second != "_" && result.second < 0) {
                    fail("the unknown register " + second);
                }
            }
            return result;
        }
        if (name[0] == '%' || name == "WARP_SZ") {
            result.kind = Argument::Kind::SPECIAL;
            result.name = name;
            return result;
        }
        result.kind = Argument::Kind::SYMBOL;
        result.name = name;
        if (takeIf("+")) {
            result.value = integer();
        }
        return result;
    }

    std::vector<Token> tokens;
    size_t index = 0;
    bool isExternal = false;
    Type elementType = Type::B8;
    std::vector<std::map<std::string, int>> scopes;
    std::vector<int> openScopes;
};

}  // namespace

Type typeNamed(const std::string& suffix) {
    for (const TypeName& entry : TYPE_NAMES) {
        if (suffix == entry.name) {
            return entry.type;
        }
    }
    return Type::NONE;
}

unsigned sizeOf(Type type) {
    for (const TypeName& entry : TYPE_NAMES) {
        if (type == entry.type) {
            return entry.size;
        }
    }
    return 0;
}

Module parsePtx(const std::string& text) { return Parser(text).module(); }

}  // namespace emulator
