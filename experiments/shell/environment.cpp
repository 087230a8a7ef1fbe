#include "experiments/shell/environment.h"

#include <unistd.h>

#include <algorithm>
#include <cctype>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::string_view kPrefix = "SWAPLAB_";
constexpr std::string_view kOfTests = "SWAPLAB_TEST_";

// Quoted for a shell where needed.
std::string quoted(const std::string& argument) {
    constexpr std::string_view plain =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_=+.,:/@%^";
    if (!argument.empty() && argument.find_first_not_of(plain) == std::string::npos)
        return argument;
    std::string quoted = "'";
    for (const char c : argument) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return quoted + "'";
}

}  // namespace

std::string environment_name(std::string_view flag) {
    std::string name(kPrefix);
    for (const char c : flag)
        name += c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    return name;
}

std::string line_of(const std::vector<Variable>& applied,
                    const std::vector<std::string>& arguments) {
    std::string line;
    for (const auto& [name, value] : applied) line += text("{}={} ", name, quoted(value));
    line += "swaplab";
    for (const std::string& argument : arguments) line += ' ' + quoted(argument);
    return line;
}

std::vector<Variable> swaplab_variables() {
    std::vector<Variable> found;
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
        const std::string_view variable(*each);
        const std::size_t equals = variable.find('=');
        if (equals == std::string_view::npos || equals + 1 == variable.size()) continue;
        if (!variable.starts_with(kPrefix) || variable.starts_with(kOfTests)) continue;
        found.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
    }
    std::ranges::sort(found);
    return found;
}

void require_known_variables(const std::vector<Variable>& variables,
                             const std::vector<std::string>& known) {
    for (const auto& [name, value] : variables)
        if (std::ranges::find(known, name) == known.end())
            throw InputError(text("the environment has {}, which is no flag of swaplab{}; unset it",
                                  name, suggestion(name, known)));
}

}  // namespace swaplab
