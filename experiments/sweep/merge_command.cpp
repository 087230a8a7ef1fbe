#include <filesystem>

#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/outputs.h"
#include "experiments/sweep/merge.h"
#include "experiments/text/figures.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

struct Options {
    std::vector<std::string> folders;
    std::string output;
    bool clean = false;
};

constexpr CommandText kText{
    "merge", "folders of a sweep as one table: CSV or SQLite", "DIR... -o FILE.csv|FILE.sqlite",
    "One row per point, all figures in base units (ns, bytes, J). Rows are sorted by what they are "
    "of, so that neither threads nor shards nor interruptions can be seen in the file. SQLite has "
    "one table, points.",
    "swaplab merge study/ -o study.csv\n"
    "swaplab merge first/ second/ third/ -o study.sqlite"};

void declare(Flags& flags, Options& options) {
    flags.arguments("folders",
                    one_more_of(options.folders, [](const std::string& given) { return given; }));
    flags.once(FlagGroup::output, "-o,--output", "FILE", "a .csv, or a .sqlite or .db",
               into(options.output));
    declare_clean(flags, options.clean);
}

std::unique_ptr<TableSink> sink_for(const std::string& output) {
    if (output.ends_with(".csv")) return csv_table(output);
    if (output.ends_with(".sqlite") || output.ends_with(".db")) return sqlite_table(output);
    throw InputError(text("-o {}: expected FILE.csv, FILE.sqlite or FILE.db", output));
}

int run_merge(const Options& options, const Console& console) {
    if (options.folders.empty())
        throw InputError("which folders? `swaplab merge DIR... -o FILE.csv`");
    if (options.output.empty()) throw InputError("where to? -o FILE.csv or FILE.sqlite");
    check_outputs(console, {}, {{"-o", options.output}}, options.clean);
    std::vector<StudyFolder> folders;
    for (const std::string& folder : options.folders)
        folders.push_back(StudyFolder::existing(folder));
    const std::unique_ptr<TableSink> sink = sink_for(options.output);
    const std::string scratch = std::filesystem::path(options.output).parent_path().string();
    const MergeCounts counts = merge(folders, scratch, *sink);
    sink->finish();
    console.note(text("{}: {}", options.output, plural(counts.rows, "row")));
    if (counts.missing > 0)
        console.note(text("{} of the study are not there yet: sweep again with the same command",
                          plural(counts.missing, "point")));
    if (counts.failed > 0)
        console.note(text("{} failed: their rows have a reason and no figures",
                          plural(counts.failed, "point")));
    if (counts.others > 0)
        console.note(text("{} of the experiment as it was before left out",
                          plural(counts.others, "record")));
    return exit_ok;
}

}  // namespace

CliCommand merge_command() { return {kText, declare, run_merge}; }

}  // namespace swaplab
