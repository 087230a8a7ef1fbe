// What the tests of the command line share.
#pragma once

#include <initializer_list>
#include <string>
#include <vector>

#include "experiments/compare/comparison.h"
#include "experiments/request/scenario.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {

struct CliResult {
    int code = 0;
    std::string out;
    std::string err;
};
// `swaplab ARGUMENTS...` in this process.
CliResult cli(const std::vector<std::string>& arguments);

// By their specs; a comma-separated list.
std::vector<PolicyChoice> policies_named(const std::vector<std::string>& specs);
std::vector<BudgetChoice> budgets_named(const std::string& list);

// Three layers a, b, c of 4 MiB, 2 MiB and 2 MiB, on a device "board".
Scenario made_up_scenario();

// A result that nothing was simulated for: of one job with the blocks a..b and c.
RunResult made_up_result(const std::string& policy, Bytes budget, Duration latency);
RunResult made_up_refusal(const std::string& policy, Bytes budget, Bytes minimum);

// Two policies, three budgets; the second policy fits in the last two only. Borrows the scenario.
Comparison made_up_comparison(const Scenario& scenario);

}  // namespace swaplab::testing
