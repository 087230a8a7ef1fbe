#include "experiments/validation/study.h"

#include <algorithm>
#include <exception>

#include "experiments/comparison.h"
#include "experiments/pace_check.h"
#include "experiments/validation/sample.h"
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
        : request_(request), on_run_(on_run) {
        study_.scenario = &request.scenario;
        study_.against = request.against;
        study_.reference.policy = "direct";
        direct_ = std::make_unique<Policy>(make_policy("direct"));
        for (const std::string& spec : request.policies) add_policy(spec);
    }

    Study go() {
        predict(study_.reference, *direct_);
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
    void add_policy(const std::string& spec);
    void predict(Configuration& configuration, const Policy& policy) const;
    void measure_round(std::int64_t round);
    bool stopped() const { return request_.stop != nullptr && request_.stop->load(); }
    void drop_after(std::int64_t rounds);
    void measure(Configuration& configuration, const Policy& policy, std::int64_t round);
    DeviceFactory device_for(const Configuration& configuration) const;
    void measure_once(Configuration& configuration, const Policy& policy, std::int64_t round);

    const StudyRequest& request_;
    const std::function<void(std::int64_t, std::int64_t)>& on_run_;
    Study study_;
    std::unique_ptr<Policy> direct_;
    std::vector<std::unique_ptr<Policy>> policies_;
    std::vector<const Policy*> policy_of_;  // by configuration
    std::int64_t done_ = 0;
};

void Conduct::add_policy(const std::string& spec) {
    const Scenario& scenario = request_.scenario;
    if (!make_policy(spec).needs_budget) return;  // the reference
    policies_.push_back(
        std::make_unique<Policy>(make_policy(spec, scenario.path, scenario.platform.memory_kind)));
    const Policy& policy = *policies_.back();
    std::vector<Configuration> of_policy;
    for (const BudgetChoice& choice : request_.budgets) {
        Configuration& configuration = of_policy.emplace_back();
        configuration.policy = policy.spec;
        configuration.budget = choice.text;
        configuration.bytes = resolve(choice, scenario.parameter_bytes());
        if (!configuration.bytes)
            configuration.bytes = minimum_budget(request_of(scenario, std::nullopt), policy);
    }
    std::ranges::stable_sort(of_policy, {}, &Configuration::bytes);
    for (Configuration& configuration : of_policy) {
        study_.configurations.push_back(std::move(configuration));
        policy_of_.push_back(&policy);
    }
}

void Conduct::predict(Configuration& configuration, const Policy& policy) const {
    OrderRecorder order;
    RunRequest asked = request_of(request_.scenario, configuration.bytes, &order);
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
    measure(study_.reference, *direct_, round);
    for (std::size_t i = 0; i < study_.configurations.size(); ++i)
        measure(study_.configurations[i], *policy_of_[i], round);
}

DeviceFactory Conduct::device_for(const Configuration& configuration) const {
    return configuration.stretch > 1 ? request_.slower(configuration.stretch) : request_.measured;
}

// The first round is not recorded, so nobody minds if it is late.
void Conduct::measure_once(Configuration& configuration, const Policy& policy, std::int64_t round) {
    constexpr int attempts = 6;
    constexpr double step = 1.5;
    std::optional<std::string> late;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        OrderRecorder order;
        RunRequest asked = request_of(request_.scenario, configuration.bytes, &order);
        if (request_.slower && attempt > 0 && attempt % 2 == 0) configuration.stretch *= step;
        asked.device = device_for(configuration);
        asked.stop = request_.stop;
        asked.replications = 1;
        asked.with_reference = false;  // `direct` is measured in every round anyway
        if (asked.noise) asked.noise->replication = static_cast<std::uint32_t>(round);
        RunResult result = run(asked, policy);
        if (result.verdict == Verdict::interrupted) return;
        if (!feasible(result)) configuration.failure = result.reason;
        if (round == 0) return;
        late = late_lanes(result, request_.lateness);
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
    if (feasible(configuration.predicted) && configuration.failure.empty() && !stopped()) {
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
