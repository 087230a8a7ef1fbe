// swaplab_pipeline describe|run|whole-model REQUESTS: the benchmarks' pipeline as a program, for
// comparisons with other simulators (tests/bench/peers.py) and for long runs.
//   describe     the plain pipeline, for a simulator that does the same
//   run          simulates the plain pipeline
//   whole-model  with contention; 39063 requests of each DNN are 10^8 events
// Prints "events N seconds S makespan_ns T peak_rss_bytes B": S is CPU time without planning.
#include <ctime>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "tests/bench/pipeline.h"

namespace swaplab::bench {
namespace {

// VmHWM: what getrusage gives counts the process that forked this one, too. 0 if unknown.
std::int64_t peak_rss_bytes() {
    std::ifstream status("/proc/self/status");
    std::int64_t kib = 0;
    for (std::string word; status >> word;)
        if (word == "VmHWM:" && status >> kib) return kib * 1024;
    return 0;
}

int run(const PipelineShape& shape, std::int64_t requests) {
    const Pipeline pipeline(shape, requests);
    const std::clock_t start = std::clock();
    const RunResult result = pipeline.run();
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    if (result.verdict != Verdict::ok) {
        std::cerr << "swaplab_pipeline: " << result.reason << '\n';
        return 1;
    }
    std::cout << text("events {} seconds {:.6f} makespan_ns {} peak_rss_bytes {}\n", result.events,
                      seconds, count_ns(result.makespan), peak_rss_bytes());
    return 0;
}

int main_of(int argc, char** argv) {
    const std::string_view what = argc == 3 ? argv[1] : "";
    const std::optional<double> requests = argc == 3 ? parse_number(argv[2]) : std::nullopt;
    if (!requests || *requests < 1 || *requests > 1e6) {
        std::cerr << "usage: swaplab_pipeline describe|run|whole-model REQUESTS (1 to 1e6)\n";
        return 2;
    }
    const auto count = static_cast<std::int64_t>(*requests);
    if (what == "run") return run(plain_shape(), count);
    if (what == "whole-model") return run(whole_model_shape(), count);
    if (what != "describe") {
        std::cerr << "swaplab_pipeline: expected describe, run or whole-model, found '" << what
                  << "'\n";
        return 2;
    }
    std::cout << Pipeline(plain_shape(), count).description();
    return 0;
}

}  // namespace
}  // namespace swaplab::bench

int main(int argc, char** argv) { return swaplab::bench::main_of(argc, argv); }
