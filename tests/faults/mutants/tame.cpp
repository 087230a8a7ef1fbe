#include "tests/faults/mutants/tame.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <regex>
#include <string_view>

#include "tests/faults/mutants/words.h"

namespace swaplab::faults {

namespace {

struct Load {
    std::string_view what;  // a key, or a flag
    std::int64_t enough;    // for a second
    std::int64_t most;      // what a reader takes
};

constexpr std::array kKeys{Load{"\"tokens\"", 200, 1 << 20}, Load{"\"units\"", 40, 65536},
                           Load{"\"steps\"", 4, 100000}, Load{"\"requests\"", 20, 4294967295},
                           Load{"\"replications\"", 3, 10000}};
constexpr std::array kFlags{Load{"--requests", 200, 4294967295},
                            Load{"--replications", 10, 4294967295}, Load{"tokens=", 50, 1 << 20}};

// The digits that begin at `at`, cut if they are a number that is taken and too large.
void cut(std::string& text, std::size_t at, const Load& load) {
    std::int64_t value = 0;
    const char* const end = text.data() + text.size();
    const auto [behind, failed] = std::from_chars(text.data() + at, end, value);
    if (failed == std::errc{} && value > load.enough && value <= load.most)
        text.replace(at, static_cast<std::size_t>(behind - text.data()) - at,
                     std::to_string(load.enough));
}

}  // namespace

void tame(Node& document) {
    for (Node* node : nodes_of(document))
        for (const Load& load : kKeys)
            if (node->key == load.what && is_number(*node)) cut(node->text, 0, load);
}

void tame(std::vector<std::string>& command) {
    for (std::size_t i = 0; i < command.size(); ++i)
        for (const Load& load : kFlags) {
            const std::size_t at = command[i].find(load.what);
            if (at == std::string::npos) continue;
            std::size_t value = at + load.what.size();
            if (value < command[i].size() && command[i][value] == '=') ++value;
            if (value < command[i].size())
                cut(command[i], value, load);
            else if (i + 1 < command.size())
                cut(command[i + 1], 0, load);
        }
}

}  // namespace swaplab::faults
