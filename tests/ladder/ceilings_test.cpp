// How far a change reaches: in how many files of the product a single verb, kind of memory or
// system is named. These are ceilings, and a promise that was once kept and then broken is worth
// nothing: who goes above one finds a better place for what was added.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "policies/port/verbs.h"
#include "tests/ladder/sources.h"

namespace swaplab::ladder {
namespace {

constexpr std::size_t kMostFilesOfAVerb = 10;  // outside its table
constexpr std::size_t kMostFilesOfAMemoryKind = 3;
constexpr std::size_t kMostFilesOfASystem = 1;  // outside its own file or folder
constexpr std::size_t kMostFilesOfAGpuMachine = 6;
constexpr std::size_t kMostFilesOfACommand = 3;
constexpr std::size_t kMostFilesOfABackend = 2;

// Whole words only: a word may have '-' inside.
bool names(const std::string& text, const std::string& word) {
    const auto part_of_a_word = [](char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '-';
    };
    for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        const std::size_t end = at + word.size();
        if ((at == 0 || !part_of_a_word(text[at - 1])) &&
            (end == text.size() || !part_of_a_word(text[end])))
            return true;
    }
    return false;
}

// Product files in which one of the words stands, but for those below one of the folders.
std::set<std::string> files_naming(const std::vector<SourceFile>& files,
                                   const std::vector<std::string>& words,
                                   const std::vector<std::string>& but) {
    std::set<std::string> found;
    for (const SourceFile& file : files) {
        const bool left_out = std::ranges::any_of(
            but, [&](const std::string& prefix) { return file.path.starts_with(prefix); });
        const bool named = std::ranges::any_of(
            words, [&](const std::string& word) { return names(file.text, word); });
        if (named && !left_out) found.insert(file.path);
    }
    return found;
}

std::string listed(const std::set<std::string>& paths) {
    std::string all;
    for (const std::string& path : paths) all += "\n  " + path;
    return all;
}

TEST(Ceilings, CountWholeWordsOnly) {
    EXPECT_TRUE(names("a Verb::read b", "Verb::read"));
    EXPECT_FALSE(names("Verb::read_all", "Verb::read"));
    EXPECT_FALSE(names("demand-layering", "layering"));
    EXPECT_TRUE(names("\"swapnet:blocks=3\"", "swapnet"));
    EXPECT_EQ(files_naming({{"a/x.h", "one"}, {"b/y.h", "one two"}, {"b/z.h", "none"}},
                           {"one", "two"}, {"a/"}),
              std::set<std::string>{"b/y.h"});
}

// By its name, by the lane that it has for itself, or as the one verb of its stage.
std::vector<std::string> names_of(const VerbRow& row) {
    std::vector<std::string> names{"Verb::" + std::string(row.name)};
    if (row.lane != Lane::none) names.push_back("Lane::" + std::string(name_of(row.lane)));
    if (row.verb == kUse) names.emplace_back("kUse");
    if (row.verb == kSwapOut) names.emplace_back("kSwapOut");
    if (row.verb == kWake) names.emplace_back("kWake");
    return names;
}

TEST(Ceilings, AVerb) {
    const std::vector<SourceFile> files = sources_of_the_layers();
    for (const VerbRow& row : kVerbTable) {
        const auto found = files_naming(files, names_of(row), {"policies/port/verbs.h"});
        EXPECT_LE(found.size(), kMostFilesOfAVerb) << row.name << listed(found);
        EXPECT_GE(found.size(), 1U) << row.name;  // somebody does it
    }
}

TEST(Ceilings, AKindOfMemory) {
    const std::vector<SourceFile> files = sources_of_the_layers();
    const auto header =
        std::ranges::find(files, "profiles/device/memory_kind.h", &SourceFile::path);
    ASSERT_NE(header, files.end());
    const std::size_t begin = header->text.find("enum class MemoryKind");
    const std::size_t open = header->text.find('{', begin);
    const std::string kinds = header->text.substr(open, header->text.find('}', open) - open);
    const std::vector<std::string> names = matches(kinds, "(\\w+)");
    EXPECT_GE(names.size(), 4U);
    for (const std::string& kind : names) {
        const auto found = files_naming(files, {"MemoryKind::" + kind}, {});
        EXPECT_LE(found.size(), kMostFilesOfAMemoryKind) << kind << listed(found);
    }
}

// Without the lines that --help shows as examples, whose commands name systems as a user would.
std::vector<SourceFile> without_examples(std::vector<SourceFile> files) {
    for (SourceFile& file : files) {
        std::string kept;
        std::istringstream lines(file.text);
        for (std::string line; std::getline(lines, line);)
            if (line.find("\"swaplab ") == std::string::npos) kept += line + '\n';
        file.text = std::move(kept);
    }
    return files;
}

// `reproduce` runs systems by their names; `direct` is the reference of every result.
TEST(Ceilings, ASystem) {
    const std::vector<SourceFile> files = without_examples(sources_of_the_layers());
    const std::filesystem::path systems =
        std::filesystem::path(SWAPLAB_SOURCE_DIR) / "policies" / "systems";
    std::set<std::string> stems;
    for (const auto& entry : std::filesystem::directory_iterator(systems))
        if (entry.path().extension() != ".md") stems.insert(entry.path().stem().string());
    EXPECT_GE(stems.size(), 8U);
    for (const std::string& stem : stems) {
        if (stem == "direct") continue;
        std::string name = stem;
        std::ranges::replace(name, '_', '-');
        const auto found = files_naming(files, {name, "make_" + stem},
                                        {"policies/systems/" + stem, "experiments/reproduce/"});
        EXPECT_LE(found.size(), kMostFilesOfASystem) << name << listed(found);
        EXPECT_TRUE(found.contains("policies/registry.cpp")) << name;
    }
}

// What a machine adds to a device, beside the rooms that are CUDA's.
TEST(Ceilings, AMachineWithAGpu) {
    const std::filesystem::path folder =
        std::filesystem::path(SWAPLAB_SOURCE_DIR) / "hw" / "cuda";
    std::size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files += std::size_t{entry.is_regular_file()};
    EXPECT_LE(files, kMostFilesOfAGpuMachine);
    EXPECT_GE(files, 3U);
}

// A command is made in one file and named in the table.
TEST(Ceilings, ACommand) {
    const std::vector<SourceFile> files = sources_of_the_layers();
    const auto table = std::ranges::find(files, "experiments/commands.cpp", &SourceFile::path);
    ASSERT_NE(table, files.end());
    const std::vector<std::string> factories =
        matches(table->text, "^CliCommand (\\w+_command)\\(\\);");
    EXPECT_GE(factories.size(), 11U);
    for (const std::string& factory : factories) {
        const auto found = files_naming(files, {factory}, {});
        EXPECT_LE(found.size(), kMostFilesOfACommand) << factory << listed(found);
        EXPECT_GE(found.size(), 2U) << factory;
    }
}

std::vector<SourceFile> experiments_only() {
    std::vector<SourceFile> files = sources_of_the_layers();
    std::erase_if(files,
                  [](const SourceFile& file) { return !file.path.starts_with("experiments/"); });
    return files;
}

// A backend is a row of the table beside what it makes; nothing else asks which one it is. ("cpu"
// is a kind of compute and a condition of measurements, too.)
TEST(Ceilings, ABackend) {
    for (const char* name : {"\"sim\"", "\"emu\"", "\"cuda\""}) {
        const auto found = files_naming(experiments_only(), {name}, {});
        EXPECT_LE(found.size() + 1, kMostFilesOfABackend) << name << listed(found);
        EXPECT_TRUE(found.contains("experiments/request/backends.cpp")) << name;
    }
}

// Who makes a backend, a policy, a device, a model or a budget of words: flags and arguments, files
// that are read, and reproductions, whose runs are written down in the source.
TEST(Ceilings, WordsEndInReaders) {
    const std::set<std::string> readers{"experiments/request/backends.cpp",
                                        "experiments/request/backends.h",
                                        "experiments/request/budget.cpp",
                                        "experiments/request/budget.h",
                                        "experiments/request/catalog.cpp",
                                        "experiments/request/catalog.h",
                                        "experiments/request/experiment_file.cpp",
                                        "experiments/replay/recorded_log.cpp",
                                        "experiments/shell/scenario_flags.cpp",
                                        "experiments/validate/validate_command.cpp",
                                        "experiments/show/show_command.cpp",
                                        "experiments/pack/pack_command.cpp",
                                        "experiments/measure/profile_command.cpp",
                                        "experiments/compare/compare_command.cpp",
                                        "experiments/reproduce/demand_layering.cpp",
                                        "experiments/reproduce/hermes.cpp",
                                        "experiments/reproduce/swapnet.cpp"};
    const auto found =
        files_naming(experiments_only(),
                     {"backend_named", "choose_policy", "choose_device", "choose_model",
                      "parse_budget", "add_budgets", "make_dispatch", "make_policy(\"direct\")"},
                     {});
    EXPECT_EQ(found, readers) << listed(found);
}

}  // namespace
}  // namespace swaplab::ladder
