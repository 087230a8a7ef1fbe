#include "experiments/shell/help.h"

#include "experiments/text/layout.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kTextColumn = 26;

void paragraph(std::string& help, std::string_view text) {
    if (!text.empty()) help += '\n' + wrap(text, kWidth) + '\n';
}

void examples(std::string& help, std::string_view lines) {
    help += "\nExamples\n  ";
    for (const char c : lines) {
        help += c;
        if (c == '\n') help += "  ";
    }
    help += '\n';
}

}  // namespace

std::string help_of(const CommandText& command, const std::vector<OptionGroup>& groups) {
    std::string help = text("swaplab {}: {}\n", command.name, command.summary);
    help += text("\nusage: {}\n",
                 wrap(text("swaplab {} {} [options]", command.name, command.usage), kWidth - 7, 9));
    paragraph(help, command.details);
    for (const OptionGroup& group : groups) {
        help += '\n' + group.title + '\n';
        for (const OptionHelp& option : group.options)
            help += definition(option.names, option.text, kTextColumn, kWidth);
    }
    paragraph(
        help,
        "Every flag can also come from the environment, as SWAPLAB_<FLAG> "
        "(SWAPLAB_DEVICE, SWAPLAB_SWAP_PATH, ...); flags stand above it, and a name that is no "
        "flag is an error.");
    examples(help, command.examples);
    return help;
}

std::string general_help(const std::vector<CommandText>& commands) {
    std::string help = "swaplab: running DNNs in less memory than their parameters need\n";
    help += "\nusage: swaplab COMMAND [options]\n";
    paragraph(help,
              "Given a memory budget smaller than the models: in what blocks, in what order and "
              "when should their parameters be swapped in, executed and swapped out?");
    help += "\nCommands\n";
    for (const CommandText& command : commands)
        help += definition(command.name, command.summary, kTextColumn, kWidth);
    help += "\nOptions\n";
    help += definition("-h, --help", "this text; `swaplab COMMAND --help` for one command",
                       kTextColumn, kWidth);
    help += definition("--version", "print the version", kTextColumn, kWidth);
    paragraph(
        help,
        "Exit codes: 0 ok, 1 the run failed, got stuck or was emulated too late, 2 usage or "
        "bad input, 3 infeasible, "
        "4 a gate failed, 77 not supported here, or not in this memory, 128 and the number of "
        "the signal that ended it (130 by Ctrl-C).");
    examples(help,
             "swaplab list\n"
             "swaplab run -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x\n"
             "swaplab compare -m resnet101 -d jetson-xavier-nx --plot resnet101.svg");
    return help;
}

}  // namespace swaplab
