#include "experiments/reproduce/publication.h"
#include "experiments/reproduce/reproduction_report.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/text/spec.h"
#include "experiments/text/table.h"

namespace swaplab {

namespace {

int list_publications(const Console& console) {
    JsonWriter json;
    json.begin_object().key("publications").begin_array();
    TextTable table;
    for (int i = 0; i < 2; ++i) table.add_column({}, Align::left);
    for (const Publication& publication : publications()) {
        json.begin_object().member("name", publication.name);
        json.member("summary", publication.summary).member("source", publication.source);
        json.end_object();
        table.add_row({std::string(publication.name), std::string(publication.summary)});
    }
    json.end_array().end_object();
    console.out << (console.json ? json.str() + '\n' : table.str());
    return exit_ok;
}

void check_name(const std::string& name) {
    std::vector<std::string> known{"all"};
    for (const Publication& publication : publications()) known.emplace_back(publication.name);
    require_known("publication", name, known);
}

struct Options {
    std::string name;  // empty: what there is
};

constexpr CommandText kText{
    "reproduce", "published results: published, simulated, difference", "[NAME|all]",
    "Without an argument, what there is. Lists every assumed constant and whose it is. Exit code "
    "4 if a gated figure lies outside its band.",
    "swaplab reproduce\n"
    "swaplab reproduce demand-layering\n"
    "swaplab reproduce all --json"};

void declare(Flags& flags, Options& options) { flags.argument("name", into(options.name)); }

int run_reproduce(const Options& options, const Console& console) {
    if (options.name.empty()) return list_publications(console);
    check_name(options.name);
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/reproduction/1");
    json.key("publications").begin_array();
    bool holds = true;
    std::string report;
    for (const Publication& publication : publications()) {
        if (options.name != "all" && options.name != publication.name) continue;
        const Reproduction reproduction = publication.reproduce();
        holds = holds && reproduction.holds();
        write_reproduction(json, publication, reproduction);
        if (!report.empty()) report += '\n';
        report += reproduction_report(publication, reproduction);
    }
    json.end_array().end_object();
    console.out << (console.json ? json.str() + '\n' : report);
    return holds ? exit_ok : exit_gate_failed;
}

}  // namespace

CliCommand reproduce_command() { return {kText, declare, run_reproduce}; }

}  // namespace swaplab
