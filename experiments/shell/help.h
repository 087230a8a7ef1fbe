// What --help prints: every command with its usage and examples, wrapped at 80 columns.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "experiments/shell/command.h"

namespace swaplab {

struct OptionHelp {
    std::string names;  // "-m, --model MODEL"
    std::string text;
};
struct OptionGroup {
    std::string title;
    std::vector<OptionHelp> options;
};

std::string help_of(const CommandText& command, const std::vector<OptionGroup>& groups);
std::string general_help(const std::vector<CommandText>& commands);

}  // namespace swaplab
