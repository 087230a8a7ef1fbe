#include "tests/faults/mutants/judge.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "experiments/shell/exit_code.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/base/utf8.h"
#include "profiles/document/csv.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::faults {

namespace {

namespace fs = std::filesystem;

constexpr std::array kExitCodes{exit_ok,         exit_failed,      exit_bad_input,
                                exit_infeasible, exit_gate_failed, exit_unsupported};
// Of these no input is the cause, or no input should be.
constexpr std::array<std::string_view, 3> kNeverSaid{"internal error", "out of memory", "std::"};
// Ours break no rules, but for one that they cannot know of: what a device's memory allows.
constexpr std::string_view kBrokeARule = "swaplab: policy ";
constexpr std::string_view kRuleOfMemory = "touches managed memory";

bool has_control(const std::string& text) {
    return std::ranges::any_of(text, [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && c != '\n') || byte == 0x7f;
    });
}

// FORMATS: Exit codes.
std::string fault_of_ending(const Ended& ended) {
    if (std::ranges::find(kExitCodes, ended.code) == kExitCodes.end())
        return text("exit code {}", ended.code);
    for (const std::string_view never : kNeverSaid)
        if (ended.err.find(never) != std::string::npos) return text("says '{}'", never);
    if (ended.code == exit_failed && ended.err.find(kBrokeARule) != std::string::npos &&
        ended.err.find(kRuleOfMemory) == std::string::npos)
        return "a policy breaks a rule";
    if (ended.code == exit_bad_input || ended.code == exit_unsupported) {
        if (!ended.err.starts_with("swaplab: ")) return "says nothing";
        if (!ended.out.empty()) return "refuses its input and has results";
    }
    if (has_control(ended.err) || has_control(ended.out)) return "control characters";
    return {};
}

// Of a changed command line `--json` may have become the value of another flag.
bool asks_for_json(const Numbered& mutant) {
    const std::vector<std::string>& words = mutant.mutant.command;
    return mutant.format->name != "command" && std::ranges::find(words, "--json") != words.end();
}

std::string why_not_json(const std::string& content, const std::string& file) {
    try {
        parse_json(content, file);
    } catch (const InputError& error) {
        return error.what();
    }
    return {};
}

// A file that the command names as one to write, and does not read: inputs are refused there.
bool is_output(const std::vector<std::string>& command, const std::string& name) {
    constexpr auto flags = std::to_array<std::string_view>(
        {"-o", "--csv", "--decisions", "--plot", "--requests-out", "--trace"});
    for (std::size_t i = 1; i < command.size(); ++i)
        if (command[i].ends_with("/" + name) &&
            std::ranges::find(flags, command[i - 1]) != flags.end())
            return true;
    return false;
}

// Whether that is the log of decisions, which is one under any name.
bool is_log(const std::vector<std::string>& command, const std::string& name) {
    for (std::size_t i = 1; i < command.size(); ++i)
        if (command[i - 1] == "--decisions" && command[i].ends_with("/" + name)) return true;
    return false;
}

// Objects, one a line, of which the last is the end.
std::string why_no_log(const std::string& content, const std::string& path) {
    std::istringstream lines(content);
    std::string line;
    for (std::string next; std::getline(lines, next); line = next)
        if (std::string why = why_not_json(next, path); !why.empty()) return why;
    return line.find("\"event\": \"end\"") == std::string::npos ? path + ": no end" : "";
}

// What was written under its own name must be whole.
std::string fault_of_file(const std::string& path, bool log) {
    const std::string content = testing::read_file(path);
    if (log) return why_no_log(content, path);
    try {
        if (path.ends_with(".csv")) parse_csv(content, path);
    } catch (const InputError& error) {
        return error.what();
    }
    if (path.ends_with(".json")) return why_not_json(content, path);
    if (path.ends_with(".svg") && !content.ends_with("</svg>\n")) return path + ": cut";
    if (path.ends_with(".tmp") || path.find(".partial-") != std::string::npos)
        return path + ": left behind";
    return {};
}

// `fit` writes what it measured into the model that it is given.
bool may_change(const Numbered& mutant, const std::string& name) {
    return (mutant.format->name == "measurements" && name == "model.json") ||
           is_output(mutant.mutant.command, name);
}

std::string fault_of_files(const Numbered& mutant, const std::string& folder) {
    const Files& inputs = mutant.mutant.files;
    for (const auto& [name, content] : inputs)
        if (testing::read_file(folder + "/" + name) != content && !may_change(mutant, name))
            return name + " is another";
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        const std::string name = fs::relative(entry.path(), folder);
        if (!entry.is_regular_file() || inputs.contains(name)) continue;
        const bool log = is_log(mutant.mutant.command, name);
        if (std::string fault = fault_of_file(entry.path(), log); !fault.empty()) return fault;
    }
    return {};
}

bool reads(const Numbered& mutant, const std::string& folder) {
    try {
        mutant.format->read(folder, mutant.mutant);
    } catch (const InputError&) {
        return false;
    }
    return true;
}

}  // namespace

void write_files(const Files& files, const std::string& folder) {
    for (const auto& [name, content] : files) {
        const fs::path path = fs::path(folder) / name;
        fs::create_directories(path.parent_path());
        testing::write_file(path, content);
    }
}

std::string shown(const std::vector<std::string>& command, const std::string& folder) {
    std::string line = "swaplab";
    for (const std::string& word : placed(command, folder)) {
        line += " '";
        for (const char c : word) line += c == '\'' ? std::string("'\\''") : std::string(1, c);
        line += "'";
    }
    return line;
}

Judged judge(const Numbered& mutant, const std::string& folder) {
    write_files(mutant.mutant.files, folder);
    fs::current_path(folder);
    Judged judged;
    judged.read = reads(mutant, folder);
    const std::vector<std::string> command = placed(mutant.mutant.command, folder);
    judged.ended = run_command(command);
    const bool refused = judged.ended.code == exit_bad_input;
    if (mutant.format->name == "command") judged.read = !refused;
    judged.fault = fault_of_ending(judged.ended);
    if (judged.fault.empty() && !judged.read && judged.ended.code == exit_ok)
        judged.fault = "takes what its reader refuses";
    if (judged.fault.empty() && asks_for_json(mutant) && judged.ended.code == exit_ok)
        judged.fault = why_not_json(judged.ended.out, "output");
    if (judged.fault.empty()) judged.fault = fault_of_files(mutant, folder);
    return judged;
}

}  // namespace swaplab::faults
