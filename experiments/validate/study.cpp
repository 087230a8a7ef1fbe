#include "experiments/validate/study.h"

#include <algorithm>
#include <exception>

#include "experiments/emulate/pace_check.h"
#include "experiments/validate/sample.h"
#include "policies/registry.h"
#include "profiles/base/error.h"

namespace swaplab {

namespace {

double ns_of(const RunResult& result) { return static_cast<double>(count_ns(result.latency.mean)); }

// A study under way: the policies made once, by configuration.
class Conduct {
  public:
    Conduct(const StudyRequest& request,
            const std::function<void(std::int64_t, std::int64_t)>& on_run)
        : request_(request),
          on_run_(on_run),
          cells_(request.scenario, request.policies, request.budgets),
          direct_(make_policy(direct_policy())),
          reference_scenario_(without_budget_changes(request.scenario)) {
        study_.scenario = &request.scenario;
        study_.against = &request.against;
        study_.reference.policy = direct_policy();
        for (auto cell = cells_.all().begin(); cell != cells_.all().end();) cell = add_policy(cell);
    }

    Study go() {
        predict(study_.reference, direct_);
        for (std::size_t i = 0; i < study_.configurations.size(); ++i)
            predict(study_.configurations[i], *policy_of_[i]);
        // A round that is not recorded warms up what the first runs would pay for.
        for (std::int64_t round = 0; round <= request_.repeats; ++round) {
            measure_round(round);
            if (!stopped()) continue;
            drop_after(round - 1);
            break;
        }
        return std::move(study_);
    }

  private:
    using AtCell = std::vector<Cell>::const_iterator;
    AtCell add_policy(AtCell first);
    void predict(Configuration& configuration, const Policy& policy) const;
    void measure_round(std::int64_t round);
    bool stopped() const { return request_.measured.stopped(); }
    void drop_after(std::int64_t rounds);
    void measure(Configuration& configuration, const Policy& policy, std::int64_t round);
    const Scenario& scenario_of(const Configuration& configuration) const {
        return configuration.policy.needs_budget ? request_.scenario : reference_scenario_;
    }
    DeviceFactory device_for(const Configuration& configuration) const;
    void measure_once(Configuration& configuration, const Policy& policy, std::int64_t round);

    const StudyRequest& request_;
    const std::function<void(std::int64_t, std::int64_t)>& on_run_;
    Cells cells_;
    Policy direct_;
    Scenario reference_scenario_;
    Study study_;
    std::vector<const Policy*> policy_of_;  // by configuration
    std::int64_t done_ = 0;
};

// The configurations of one policy, by budget; returns the first cell behind them.
Conduct::AtCell Conduct::add_policy(AtCell first) {
    const System* const system = first->system;
    const auto last = std::find_if(first, cells_.all().end(),
                                   [&](const Cell& cell) { return cell.system != system; });
    if (!system->choice.needs_budget) return last;  // the reference
    std::vector<Configuration> of_policy;
    for (auto cell = first; cell != last; ++cell) {
        Configuration& configuration = of_policy.emplace_back();
        configuration.policy = system->choice;
        configuration.budget = *cell->budget;
        configuration.bytes = cell->bytes;
    }
    std::ranges::stable_sort(of_policy, {}, &Configuration::bytes);
    for (Configuration& configuration : of_policy) {
        study_.configurations.push_back(std::move(configuration));
        policy_of_.push_back(system->policy.get());
    }
    return last;
}

void Conduct::predict(Configuration& configuration, const Policy& policy) const {
    OrderRecorder order;
    RunRequest asked =
        request_of(scenario_of(configuration), simulated_testbed(), configuration.bytes, &order);
    asked.noise.reset();
    asked.replications = 1;
    configuration.predicted = run(asked, policy);
    configuration.predicted_order = order.order();
}

// Configurations are compared by round: what an interrupted one has measured is dropped.
void Conduct::drop_after(std::int64_t rounds) {
    const auto most = static_cast<std::size_t>(std::max<std::int64_t>(0, rounds));
    const auto drop = [most](Configuration& configuration) {
        if (configuration.measured.size() <= most) return;
        configuration.measured.resize(most);
        configuration.measured_orders.resize(most);
    };
    drop(study_.reference);
    for (Configuration& configuration : study_.configurations) drop(configuration);
    study_.interrupted = true;
}

void Conduct::measure_round(std::int64_t round) {
    measure(study_.reference, direct_, round);
    for (std::size_t i = 0; i < study_.configurations.size(); ++i)
        measure(study_.configurations[i], *policy_of_[i], round);
}

DeviceFactory Conduct::device_for(const Configuration& configuration) const {
    return configuration.stretch > 1 ? request_.measured.slower(configuration.stretch)
                                     : request_.measured.device;
}

// The first round is not recorded, so nobody minds if it is late.
void Conduct::measure_once(Configuration& configuration, const Policy& policy, std::int64_t round) {
    constexpr int attempts = 6;
    constexpr double step = 1.5;
    std::optional<std::string> late;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        OrderRecorder order;
        RunRequest asked =
            request_of(scenario_of(configuration), request_.measured, configuration.bytes, &order);
        if (request_.measured.slower && attempt > 0 && attempt % 2 == 0)
            configuration.stretch *= step;
        asked.device = device_for(configuration);
        asked.replications = 1;
        asked.with_reference = false;  // `direct` is measured in every round anyway
        if (asked.noise) asked.noise->replication = static_cast<std::uint32_t>(round);
        RunResult result = run(asked, policy);
        if (result.verdict == Verdict::interrupted) return;
        if (!result.ran()) configuration.failure = result.reason;
        if (round == 0) return;
        late = late_lanes(result, request_.scenario.lateness);
        if (!late || !configuration.failure.empty()) {
            configuration.measured.push_back(std::move(result));
            configuration.measured_orders.push_back(order.order());
            return;
        }
        ++configuration.late;
    }
    configuration.failure = *late;
}

void Conduct::measure(Configuration& configuration, const Policy& policy, std::int64_t round) {
    const auto runs = static_cast<std::int64_t>(study_.configurations.size() + 1);
    if (configuration.predicted.ran() && configuration.failure.empty() && !stopped()) {
        try {
            measure_once(configuration, policy, round);
        } catch (const InputError&) {
            throw;
        } catch (const UnsupportedError&) {
            throw;
        } catch (const std::exception& error) {  // of the policy, the disk, the executor
            configuration.failure = error.what();
        }
    }
    on_run_(++done_, runs * (request_.repeats + 1));
}

}  // namespace

std::vector<double> Configuration::measured_ns() const {
    std::vector<double> all;
    for (const RunResult& result : measured) all.push_back(ns_of(result));
    return all;
}

double Configuration::measured_median_ns() const { return median(measured_ns()); }

double Configuration::predicted_ns() const { return ns_of(predicted); }

double Study::predicted_overhead(const Configuration& configuration) const {
    return configuration.predicted_ns() / reference.predicted_ns() - 1;
}

double Study::measured_overhead(const Configuration& configuration) const {
    const std::vector<double> taken = configuration.measured_ns();
    const std::vector<double> direct = reference.measured_ns();
    std::vector<double> overheads;
    for (std::size_t r = 0; r < std::min(taken.size(), direct.size()); ++r)
        overheads.push_back(taken[r] / direct[r] - 1);
    return median(std::move(overheads));
}

Study conduct(const StudyRequest& request,
              const std::function<void(std::int64_t, std::int64_t)>& on_run) {
    return Conduct(request, on_run).go();
}

}  // namespace swaplab
