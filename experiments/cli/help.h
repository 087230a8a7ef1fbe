// What --help prints: every command with its usage and examples, wrapped at 80 columns.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/cli/options.h"

namespace swaplab {

struct CommandHelp {
    CommandKind command;
    std::string_view name;
    std::string_view summary;   // one line
    std::string_view usage;     // what follows "swaplab NAME"
    std::string_view details;   // a paragraph
    std::string_view examples;  // lines of a shell
};
std::span<const CommandHelp> commands();

struct OptionHelp {
    std::string names;  // "-m, --model MODEL"
    std::string text;
};
struct OptionGroup {
    std::string title;
    std::vector<OptionHelp> options;
};

std::string help_of(const CommandHelp& command, const std::vector<OptionGroup>& groups);
std::string general_help();

}  // namespace swaplab
