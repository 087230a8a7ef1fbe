// swaplab_study_points EXPERIMENT SHARE FOLDER: points of a study for other simulators
// (tests/bench/peers.py --study). Of those that run under Demand Layering in two stages, whose agents
// and ring the peers have, it writes evenly spread ones, so many as SHARE (0.01) is of the whole
// study:
//   FOLDER/points.csv   their ids, for `swaplab sweep --points`
//   FOLDER/N.txt        the plain pipeline with the plan of the N-th: its blocks, its arena
// and prints how swaplab itself runs each of these pipelines: "events E seconds S makespan_ns T", a
// line each. S is CPU time.
#include <ctime>
#include <fstream>
#include <iostream>
#include <variant>

#include "experiments/request/experiment_file.h"
#include "experiments/sweep/points.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "tests/bench/pipeline.h"

namespace swaplab::bench {
namespace {

struct PlannedCell {
    const StudyCell* cell;
    Deployment deployment;
};

std::vector<PlannedCell> planned(const StudyPoints& points) {
    std::vector<PlannedCell> all;
    for (const StudyCell& cell : points.cells()) {
        if (cell.cell == nullptr || cell.choice->info->name != "demand-layering") continue;
        const RunRequest request =
            request_of(points.scenario_of(cell), simulated_testbed(), cell.cell->bytes);
        PlanOutcome outcome = plan(request, *cell.cell->system->policy);
        auto* const deployment = std::get_if<Deployment>(&outcome);
        if (deployment != nullptr && deployment->jobs.front().path == SwapPath::zero_copy)
            all.push_back({&cell, std::move(*deployment)});
    }
    return all;
}

void write_point(const StudyPoints& points, const PlannedCell& of, const std::string& file) {
    const RunRequest request =
        request_of(points.scenario_of(*of.cell), simulated_testbed(), of.cell->cell->bytes);
    const Pipeline pipeline(request.platform, request.workload, *request.budget, request.account,
                            of.deployment);
    std::ofstream(file) << pipeline.description();
    const std::clock_t start = std::clock();
    const RunResult result = pipeline.run();
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (result.verdict != Verdict::ok) throw InputError(text("{}: {}", file, result.reason));
    std::cout << text("events {} seconds {:.6f} makespan_ns {}\n", result.events, seconds,
                      count_ns(result.makespan));
}

void write_points(const std::string& experiment, double share, const std::string& folder) {
    const StudyPoints points(load_experiment(experiment));
    const std::vector<PlannedCell> cells = planned(points);
    const auto wanted = static_cast<std::size_t>(share * static_cast<double>(points.size()));
    const std::size_t run = cells.size() * points.draws();
    if (wanted == 0 || wanted > run)
        throw InputError(text("{} of the points that run are wanted, of {}", wanted, run));
    std::ofstream list(folder + "/points.csv");
    list << "point\n";
    for (std::size_t i = 0; i < wanted; ++i) {
        const std::size_t point = i * run / wanted;
        const PlannedCell& of = cells[point / points.draws()];
        list << points.id(*of.cell, point % points.draws()) << '\n';
        write_point(points, of, text("{}/{}.txt", folder, i));
    }
}

int main_of(int argc, char** argv) {
    const std::optional<double> share = argc == 4 ? parse_number(argv[2]) : std::nullopt;
    if (!share || *share <= 0 || *share > 1) {
        std::cerr << "usage: swaplab_study_points EXPERIMENT SHARE FOLDER (SHARE: 0 to 1)\n";
        return 2;
    }
    try {
        write_points(argv[1], *share, argv[3]);
    } catch (const std::exception& error) {
        std::cerr << "swaplab_study_points: " << error.what() << '\n';
        return 1;
    }
    return 0;
}

}  // namespace
}  // namespace swaplab::bench

int main(int argc, char** argv) { return swaplab::bench::main_of(argc, argv); }
