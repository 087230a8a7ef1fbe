#include "experiments/cli/exit_code.h"
#include "experiments/cli/spec.h"
#include "experiments/commands/commands.h"
#include "experiments/publications/publication.h"
#include "experiments/report/reproduction_report.h"
#include "experiments/report/table.h"

namespace swaplab {

namespace {

int list_publications(const Options& options, const Console& console) {
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
    console.out << (options.json ? json.str() + '\n' : table.str());
    return exit_ok;
}

void check_name(const std::string& name) {
    std::vector<std::string> known{"all"};
    for (const Publication& publication : publications()) known.emplace_back(publication.name);
    require_known("publication", name, known);
}

}  // namespace

int reproduce_command(const Options& options, const Console& console) {
    if (options.name.empty()) return list_publications(options, console);
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
    console.out << (options.json ? json.str() + '\n' : report);
    return holds ? exit_ok : exit_gate_failed;
}

}  // namespace swaplab
