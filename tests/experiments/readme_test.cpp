// Runs what the README tells people to run.
#include <gtest/gtest.h>

#include <cstdlib>
#include <sstream>

#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

// The commands in the ```sh blocks, continued lines joined, that call swaplab directly.
std::vector<std::string> commands_of(const std::string& markdown) {
    std::vector<std::string> commands;
    bool shell = false;
    std::istringstream lines(markdown);
    std::string command;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```")) {
            shell = line == "```sh";
            continue;
        }
        if (!shell) continue;
        command += line;
        if (command.ends_with('\\')) {
            command.back() = ' ';
            continue;
        }
        const std::size_t end = command.find(' ');
        if (command.substr(0, end).ends_with("swaplab")) commands.push_back(command);
        command.clear();
    }
    return commands;
}

// In a folder of its own, with the executable in front of PATH under its name; what the README
// calls build/release/swaplab is the one that was built.
int run_in(const std::string& folder, std::string command) {
    const std::string name = command.substr(0, command.find(' '));
    command.replace(0, name.size(), SWAPLAB_EXECUTABLE);
    const std::string line = "cd '" + folder + "' && " + command + " >out.txt 2>err.txt";
    return WEXITSTATUS(std::system(line.c_str()));
}

// 0, or what a comment behind the command says: "# exit code 3".
int expected_code(const std::string& command) {
    constexpr std::string_view comment = "# exit code ";
    const std::size_t at = command.find(comment);
    return at == std::string::npos ? 0 : std::atoi(command.c_str() + at + comment.size());
}

TEST(Readme, FindsCommands) {
    const auto commands = commands_of(
        "swaplab no\n```sh\ncmake x\nbuild/release/swaplab run \\\n  -m a\nswaplab list\n```\n"
        "```\nswaplab output\n```\n");
    ASSERT_EQ(commands.size(), 2U);
    EXPECT_EQ(commands[0], "build/release/swaplab run    -m a");
    EXPECT_EQ(commands[1], "swaplab list");
}

TEST(Readme, EveryCommandOfItWorks) {
    const std::string readme = testing::read_file(SWAPLAB_SOURCE_DIR "/README.md");
    if (readme.empty()) GTEST_SKIP() << "there is no README.md yet";
    const testing::TemporaryFolder folder;
    for (const std::string& command : commands_of(readme))
        EXPECT_EQ(run_in(folder.path().string(), command), expected_code(command))
            << command << '\n'
            << testing::read_file(folder.file("err.txt"));
}

}  // namespace
}  // namespace swaplab
