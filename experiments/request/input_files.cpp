#include "experiments/request/input_files.h"

#include <filesystem>

#include "hw/storage/pack.h"
#include "profiles/base/text.h"

namespace swaplab {

using Files = std::vector<std::pair<std::string, std::string>>;

namespace {

// The path in `PATH[:key=value,...]`, by the rule of the catalog: a path that exists as it was
// written, colons included, is that path.
std::string path_in(const std::string& spec) {
    std::error_code ignored;
    if (std::filesystem::exists(spec, ignored)) return spec;
    return spec.substr(0, spec.find(':'));
}

}  // namespace

Files files_of_pack(const std::string& folder) {
    Files files;
    for (const char* name : {kIndexFile, kParametersFile, kModelFile, kSkeletonFile})
        files.emplace_back(text("the pack '{}'", folder),
                           (std::filesystem::path(folder) / name).string());
    return files;
}

Files files_read_by(const Experiment& asked) {
    Files files;
    for (const ModelChoice& choice : asked.models) {
        if (choice.pack)
            for (auto& file : files_of_pack(choice.pack->folder()))
                files.push_back(std::move(file));
        else if (!choice.builtin)
            files.emplace_back(text("the model '{}'", choice.spec), path_in(choice.spec));
    }
    for (const DeviceChoice& choice : asked.devices)
        if (!choice.builtin)
            files.emplace_back(text("the device '{}'", choice.spec), path_in(choice.spec));
    for (const WorkloadChoice& workload : asked.workloads) {
        files.emplace_back("--arrivals", workload.arrivals);
        files.emplace_back("--budget-trace", workload.budget_trace);
        files.emplace_back("--mode-trace", workload.mode_trace);
    }
    return files;
}

}  // namespace swaplab
