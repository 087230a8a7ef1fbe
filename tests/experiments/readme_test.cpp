// Runs what the README tells people to run.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>
#include <string_view>

#include "tests/experiments/fixtures.h"
#include "tests/experiments/hardware.h"

namespace swaplab {
namespace {

using Block = std::vector<std::string>;

// The commands in each ```sh block, continued lines joined, that call swaplab directly.
std::vector<Block> blocks_of(const std::string& markdown) {
    std::vector<Block> blocks;
    bool shell = false;
    std::istringstream lines(markdown);
    std::string command;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("```")) {
            shell = line == "```sh";
            if (shell) blocks.emplace_back();
            continue;
        }
        if (!shell) continue;
        command += line;
        if (command.ends_with('\\')) {
            command.back() = ' ';
            continue;
        }
        const std::size_t end = command.find(' ');
        if (command.substr(0, end).ends_with("swaplab")) blocks.back().push_back(command);
        command.clear();
    }
    return blocks;
}

// In a folder of its own, with the executable in front of PATH under its name; what the README
// calls build/release/swaplab is the one that was built. Of measuring, a second is enough here, and
// emulated runs may be late: others use this machine, too.
int run_in(const std::string& folder, std::string command) {
    const std::string name = command.substr(0, command.find(' '));
    command.replace(0, name.size(), SWAPLAB_EXECUTABLE);
    constexpr std::string_view limit = "--time-limit ";
    if (const std::size_t at = command.find(limit); at != std::string::npos)
        command.replace(at, command.find(' ', at + limit.size()) - at, "--time-limit 1s");
    if (command.find(" emu") != std::string::npos) command = "SWAPLAB_LATENESS=1000s " + command;
    const std::string line =
        "cd '" + folder + "' && (SWAPLAB_PACK_CACHE=packs " + command + "\n) >out.txt 2>err.txt";
    const int code = WEXITSTATUS(std::system(line.c_str()));
    if (!testing::leak_check_failed(testing::read_file(folder + "/err.txt"))) return code;
    return WEXITSTATUS(std::system(line.c_str()));
}

// 0, or what a comment behind the command says: "# exit code 3".
int expected_code(const std::string& command) {
    constexpr std::string_view comment = "# exit code ";
    const std::size_t at = command.find(comment);
    return at == std::string::npos ? 0 : std::atoi(command.c_str() + at + comment.size());
}

// A block that begins with what this build cannot do is left out, and named.
void expect_works(const std::string& folder, const Block& block) {
    constexpr int kUnsupported = 77;
    for (const std::string& command : block) {
        const int code = run_in(folder, command);
        if (code == kUnsupported && &command == &block.front()) {
            std::cout << "left out, as it is not in this build: " << command << " and "
                      << block.size() - 1 << " more\n";
            return;
        }
        EXPECT_EQ(code, expected_code(command)) << command << '\n'
                                                << testing::read_file(folder + "/err.txt");
    }
}

TEST(Readme, FindsCommands) {
    const auto blocks = blocks_of(
        "swaplab no\n```sh\ncmake x\nbuild/release/swaplab run \\\n  -m a\nswaplab list\n```\n"
        "```\nswaplab output\n```\n```sh\nswaplab show\n```\n");
    EXPECT_EQ(blocks, (std::vector<Block>{{"build/release/swaplab run    -m a", "swaplab list"},
                                          {"swaplab show"}}));
}

TEST(Readme, IsShort) {
    const std::string readme = testing::read_file(SWAPLAB_SOURCE_DIR "/README.md");
    EXPECT_GT(readme.size(), 1000U);
    EXPECT_LE(std::count(readme.begin(), readme.end(), '\n'), 150);
}

TEST(Readme, EveryCommandOfItWorks) {
    const std::string readme = testing::read_file(SWAPLAB_SOURCE_DIR "/README.md");
    if (readme.empty()) GTEST_SKIP() << "there is no README.md yet";
    const testing::TemporaryFolder folder;
    std::filesystem::create_directory_symlink(SWAPLAB_SOURCE_DIR "/experiments",
                                              folder.file("experiments"));
    // What experiments/export.py would make is too large here: another model has its name.
    testing::write_models({"wide", folder.file("vit_b_16.pt")});
    for (const Block& block : blocks_of(readme)) expect_works(folder.path().string(), block);
}

}  // namespace
}  // namespace swaplab
