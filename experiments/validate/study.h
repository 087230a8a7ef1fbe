// A study: every configuration (policy x budget) of one scenario, simulated once and measured
// several times, interleaved, with `direct` beside them as the reference.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "experiments/request/cells.h"
#include "experiments/run/frozen_reference.h"
#include "experiments/validate/run_order.h"
#include "policies/metrics/result.h"

namespace swaplab {

// One policy at one budget.
struct Configuration {
    PolicyChoice policy;
    BudgetChoice budget;              // of the reference none, without a text
    std::optional<Bytes> bytes;       // of the budget
    RunResult predicted;              // without noise
    std::vector<RunResult> measured;  // by repeat; empty where nothing could be measured
    RunOrder predicted_order;
    std::vector<RunOrder> measured_orders;  // by repeat
    std::int64_t late = 0;                  // emulated runs that were late, and done again
    double stretch = 1;                     // how many times as slow it had to be therefore
    std::string failure;                    // why the measurement ended early; else empty

    // Whether there is something to compare.
    bool compared() const { return !measured.empty() && failure.empty(); }
    std::vector<double> measured_ns() const;  // the mean latency of each repeat
    double measured_median_ns() const;        // of these
    double predicted_ns() const;              // mean latency
};

struct Study {
    const Scenario* scenario = nullptr;         // borrowed
    const Backend* against = nullptr;           // the one that measures
    Configuration reference;                    // `direct`
    std::vector<Configuration> configurations;  // policies in the order asked for, each by budget
    std::optional<FrozenReference> frozen;      // where it was asked for; `conduct` leaves it empty
    bool interrupted = false;                   // fewer rounds than were asked for, all complete

    // T / T_direct - 1.
    double predicted_overhead(const Configuration& configuration) const;
    // The median over repeats, each against the reference of its round.
    double measured_overhead(const Configuration& configuration) const;
};

struct StudyRequest {
    const Scenario& scenario;            // what is simulated, and measured
    std::vector<PolicyChoice> policies;  // `direct` is always there and may be left out
    std::vector<BudgetChoice> budgets;
    const Backend& against;
    Testbed measured;  // its `stop` ends the study after the run that is under way
    std::int64_t repeats = 5;
};

// `on_run(done, total)` after each measured run. Throws what `Cells` and the runner throw for bad
// input; a measured run that a policy or the device fails is a `failure` of its configuration.
// An emulated run that is late counts for nothing and is done again, five times at most: then it is
// one, too. Where the pace is free, every second time is half as slow again as those before.
Study conduct(const StudyRequest& request,
              const std::function<void(std::int64_t, std::int64_t)>& on_run);

}  // namespace swaplab
