#include "experiments/shell/outputs.h"

#include <algorithm>
#include <filesystem>

#include "experiments/output/output_target.h"
#include "experiments/output/temporary_file.h"
#include "experiments/request/input_files.h"
#include "experiments/text/layout.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::string with_size(const std::string& path) {
    std::error_code gone;
    const auto size = std::filesystem::file_size(path, gone);
    return gone ? path : text("{} ({})", path, format_bytes({static_cast<std::int64_t>(size)}));
}

void tell_of(const Console& console, const std::vector<std::string>& abandoned, bool clean) {
    if (abandoned.empty()) return;
    std::vector<std::string> named;
    for (const std::string& path : abandoned) named.push_back(with_size(path));
    if (clean)
        for (const std::string& path : abandoned) std::filesystem::remove(path);
    console.note(text("{} {} left by a run that was killed{}", join(named, ", "),
                      abandoned.size() == 1 ? "was" : "were",
                      clean ? "; removed" : "; --clean removes it"));
}

void reserve_standard_output(const Console& console, const std::vector<NamedFile>& outputs) {
    for (const auto& [flag, path] : outputs) {
        if (!is_standard_output(path)) continue;
        if (console.json)
            throw InputError(text("{} {} and --json both go to standard output", flag, path));
        console.leave_out();
    }
}

}  // namespace

void declare_clean(Flags& flags, bool& clean) {
    flags.on(
        FlagGroup::output, "--clean",
        "remove half-written files that runs which were killed have left where this one writes",
        clean);
}

void check_outputs(const Console& console, const std::vector<NamedFile>& inputs,
                   const std::vector<NamedFile>& outputs, bool clean) {
    require_separate(inputs, outputs);
    reserve_standard_output(console, outputs);
    std::vector<std::string> abandoned;
    for (const auto& [flag, path] : outputs)
        if (!path.empty() && output_target(path).file())
            for (std::string& each : abandoned_beside(path)) abandoned.push_back(std::move(each));
    tell_of(console, abandoned, clean);
}

std::vector<NamedFile> inputs_of(const Experiment& asked) {
    std::vector<NamedFile> inputs;
    for (const auto& [what, path] : files_read_by(asked)) inputs.emplace_back(what, path);
    return inputs;
}

}  // namespace swaplab
