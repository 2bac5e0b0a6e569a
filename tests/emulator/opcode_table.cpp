#include <algorithm>
#include <map>
#include <string>

#include "opcodes.h"

namespace emulator {

namespace {

// Whether one element of a pattern, such as "rn|rz" without its "?", matches a token.
bool takes(const std::string& element, const std::string& token) {
    for (size_t start = 0; start <= element.size();) {
        size_t end = std::min(element.find('|', start), element.size());
        if (element.compare(start, end - start, token) == 0) {
            return true;
        }
        start = end + 1;
    }
    return false;
}

bool matches(const std::string& pattern, const std::vector<std::string>& tokens) {
    size_t token = 0;
    for (size_t start = 0; start <= pattern.size();) {
        size_t end = std::min(pattern.find('.', start), pattern.size());
        std::string element = pattern.substr(start, end - start);
        bool isOptional = element.back() == '?';
        if (isOptional) {
            element.pop_back();
        }
        if (token < tokens.size() && takes(element, tokens[token])) {
            token++;
        } else if (!isOptional) {
            return false;
        }
        start = end + 1;
    }
    return token == tokens.size();
}

std::map<std::string, Opcodes> makeTable() {
    std::map<std::string, Opcodes> table;
    for (const Opcodes& rows : {integerOpcodes(), floatingOpcodes(), conversionOpcodes(), memoryOpcodes(),
                                controlOpcodes(), matrixOpcodes()}) {
        for (const Opcode& row : rows) {
            std::string pattern = row.pattern;
            table[pattern.substr(0, pattern.find('.'))].push_back(row);
        }
    }
    return table;
}

}  // namespace

const Opcode* findOpcode(const std::vector<std::string>& tokens) {
    static const std::map<std::string, Opcodes> TABLE = makeTable();
    auto rows = TABLE.find(tokens[0]);
    if (rows == TABLE.end()) {
        return nullptr;
    }
    for (const Opcode& row : rows->second) {
        if (matches(row.pattern, tokens)) {
            return &row;
        }
    }
    return nullptr;
}

}  // namespace emulator
