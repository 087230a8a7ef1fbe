// The command line, split by a table of commands (CLI11).
#pragma once

#include <span>
#include <string>
#include <variant>

#include "experiments/shell/command.h"

namespace swaplab {

// What every command takes.
struct OutputOptions {
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    bool no_color = false;
};

struct Parsed {
    CliCommand::Run run;
    OutputOptions output;
    std::string command_line;  // that can be run again, quoted for a shell where needed
};

// What to run, or a text to print (--help, --version). Flags stand above the environment
// (SWAPLAB_<FLAG>). Throws `InputError` for anything that is not a command line of swaplab,
// suggesting the nearest command or flag.
std::variant<Parsed, std::string> parse_command_line(std::span<const CliCommand> commands, int argc,
                                                     const char* const* argv);

}  // namespace swaplab
