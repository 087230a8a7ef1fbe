#include "experiments/request/catalog.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/show/model_report.h"
#include "experiments/text/spec.h"
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

struct Options {
    std::string what;  // model, device or policy
    std::string name;
    bool all = false;
};

std::string show_model(const Options& options, const Console& console) {
    const ModelChoice choice = choose_model(options.name);
    if (choice.shadows) console.note(shadowed_text("model", choice.spec));
    return console.json ? with_newline(write_model(*choice.model))
                        : model_report(*choice.model, options.all);
}

std::string show_device(const Options& options, const Console& console) {
    const DeviceChoice choice = choose_device(options.name);
    if (choice.shadows) console.note(shadowed_text("device", choice.spec));
    return console.json ? with_newline(write_device(choice.platform))
                        : device_report(choice.platform);
}

std::string show_policy(const Options& options, const Console& console) {
    const PolicyInfo& info = *choose_policy(options.name).info;
    return console.json ? policy_json(info) : policy_report(info);
}

constexpr CommandText kText{
    "show", "everything known about one model, device or policy", "model|device|policy NAME|FILE",
    "With --json a model or a device is written as the file it could have been read from: save "
    "it, edit it, and pass it back by its path.",
    "swaplab show model vgg19\n"
    "swaplab show device jetson-xavier-nx\n"
    "swaplab show policy demand-layering\n"
    "swaplab show model vgg19 --json > mine.json"};

void declare(Flags& flags, Options& options) {
    flags.argument("what", into(options.what));
    flags.argument("name", into(options.name));
    flags.on(FlagGroup::output, "--all", "all layers of a model", options.all);
}

int run_show(const Options& options, const Console& console) {
    if (options.what.empty()) throw InputError("show what? model, device or policy, and its name");
    require_known("kind of thing to show", options.what, {"model", "device", "policy"});
    if (options.name.empty())
        throw InputError(text("show which {0}? `swaplab list` shows the names", options.what));
    if (options.what == "model") console.out << show_model(options, console);
    if (options.what == "device") console.out << show_device(options, console);
    if (options.what == "policy") console.out << show_policy(options, console);
    return exit_ok;
}

}  // namespace

CliCommand show_command() { return {kText, declare, run_show}; }

}  // namespace swaplab
