#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/sweep/status.h"
#include "profiles/base/error.h"

namespace swaplab {

namespace {

struct Options {
    std::string folder;
};

constexpr CommandText kText{"status", "how far a sweep is, and what failed", "DIR",
                            "Reads the folder only: a sweep may go on in it meanwhile.",
                            "swaplab status study/\n"
                            "swaplab status study/ --json"};

void declare(Flags& flags, Options& options) { flags.argument("folder", into(options.folder)); }

int run_status(const Options& options, const Console& console) {
    if (options.folder.empty())
        throw InputError("which folder? `swaplab status DIR`, with the -o of `swaplab sweep`");
    const StudyStatus status = status_of(StudyFolder::existing(options.folder));
    console.out << (console.json ? status_json(status) : status_report(status));
    return exit_ok;
}

}  // namespace

CliCommand status_command() { return {kText, declare, run_status}; }

}  // namespace swaplab
