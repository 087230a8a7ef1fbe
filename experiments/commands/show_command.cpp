#include "experiments/cli/catalog.h"
#include "experiments/cli/exit_code.h"
#include "experiments/cli/spec.h"
#include "experiments/commands/commands.h"
#include "experiments/report/certificate.h"
#include "experiments/report/model_report.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"

namespace swaplab {

namespace {

// A document ends without a newline or with one; a file ends with one.
std::string with_newline(std::string document) {
    if (!document.ends_with('\n')) document += '\n';
    return document;
}

std::string show_model(const Options& options) {
    const ModelChoice choice = choose_model(options.name);
    return options.json ? with_newline(write_model(*choice.model))
                        : model_report(*choice.model, options.all);
}

std::string show_device(const Options& options) {
    const Platform platform = choose_device(options.name);
    return options.json ? with_newline(write_device(platform)) : device_report(platform);
}

std::string show_policy(const Options& options) {
    std::vector<std::string> names;
    for (const PolicyInfo& info : registry()) names.emplace_back(info.name);
    const std::string name = parse_spec(options.name, "policy").name;
    require_known("policy", name, names);
    const PolicyInfo& info = *policy_info(name);
    return options.json ? policy_json(info) : policy_report(info);
}

}  // namespace

int show_command(const Options& options, const Console& console) {
    if (options.what.empty()) throw InputError("show what? model, device or policy, and its name");
    require_known("kind of thing to show", options.what, {"model", "device", "policy"});
    if (options.name.empty())
        throw InputError(text("show which {0}? `swaplab list` shows the names", options.what));
    if (options.what == "model") console.out << show_model(options);
    if (options.what == "device") console.out << show_device(options);
    if (options.what == "policy") console.out << show_policy(options);
    return exit_ok;
}

}  // namespace swaplab
