#include "experiments/sweep/points.h"

#include <algorithm>

#include "experiments/request/traces.h"
#include "experiments/text/layout.h"
#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "profiles/base/text.h"
#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"

namespace swaplab {

namespace {

template <class Get>
std::string of_all(const Scenario& scenario, Get get) {
    std::vector<std::string> parts;
    for (const ModelChoice& choice : scenario.models) parts.push_back(get(choice));
    if (std::ranges::all_of(parts, [&](const std::string& part) { return part.empty(); }))
        return {};
    return join(parts, " + ");
}

// As they were given: "period=33ms,input=416". Without them a path may have a colon, too.
std::string options_of(const ModelChoice& choice) {
    const std::size_t colon = choice.spec.find(':');
    const bool given =
        colon != std::string::npos && choice.spec.find('=', colon) != std::string::npos;
    return given ? choice.spec.substr(colon + 1) : std::string();
}

// With what it is faster at: the hash of its profile says no more than that it is another one.
std::string name_of_device(const DeviceChoice& device) {
    std::vector<std::string> all;
    for (const Speedup& speedup : device.speedups) all.push_back(speedup.text);
    return all.empty() ? device.platform.name : text("{}:{}", device.platform.name, join(all, ","));
}

// What a scenario runs on: model, model_options, dtype, device, mode, memory_kind.
std::vector<std::string> what_of(const Scenario& scenario) {
    const Platform& platform = scenario.device.platform;
    return {scenario.models_text(),
            of_all(scenario, options_of),
            of_all(scenario, [](const ModelChoice& m) { return m.model->spec().dtype; }),
            name_of_device(scenario.device),
            platform.mode,
            platform.memory_kind ? std::string(name_of(*platform.memory_kind)) : std::string()};
}

std::string digest_of_files(const Scenario& scenario) {
    std::string digests;
    for (const std::string* path :
         {&scenario.arrivals_file, &scenario.budget_trace_file, &scenario.mode_trace_file})
        digests += path->empty() ? "-" : file_digest(*path);
    return digests == "---" ? std::string() : hex_digest(digests);
}

// How it runs: account, workload, requests, dispatch, noise, model_hash, device_hash,
// workload_hash.
std::vector<std::string> how_of(const Scenario& scenario) {
    return {std::string(name_of(scenario.account)),
            scenario.workload.overrun.any() ? text("{}, overrun {}", scenario.arrival_text(),
                                                   text_of(scenario.workload.overrun))
                                            : scenario.arrival_text(),
            text("{}", scenario.requests_asked()),
            scenario.dispatch.spec,
            scenario.noise ? "true" : "false",
            of_all(scenario, [](const ModelChoice& m) { return model_hash(*m.model); }),
            device_hash(scenario.device.platform),
            digest_of_files(scenario)};
}

std::string parameters_of(const PolicyChoice& choice) {
    std::vector<std::string> all;
    for (const auto& [key, value] : choice.all_parameters())
        all.push_back(text("{}={}", key, value));
    return join(all, ",");
}

std::vector<NoiseKey> draws_of(const Experiment& experiment) {
    std::vector<std::uint64_t> seeds = experiment.seeds;
    if (seeds.empty()) seeds.push_back(0);
    std::vector<NoiseKey> draws;
    for (const std::uint64_t seed : seeds)
        for (std::int64_t r = 0; r < experiment.replications.value_or(1); ++r)
            draws.push_back({seed, static_cast<std::uint32_t>(r)});
    return draws;
}

// One scenario for all draws.
std::vector<Scenario> scenarios_without_draws(Experiment experiment) {
    experiment.noise = experiment.noise || experiment.replications.value_or(1) > 1;
    experiment.seeds.clear();
    experiment.replications.reset();
    return scenarios_of(experiment);
}

void require_policies(const Experiment& experiment) {
    if (experiment.policies.empty()) throw InputError("a policy is needed: policies: [NAME]");
    if (std::ranges::any_of(experiment.policies, &PolicyChoice::needs_budget) &&
        experiment.budgets.empty())
        throw InputError("a budget is needed: budgets: [0.4x]");
}

}  // namespace

const std::vector<std::string>& identity_columns() {
    static const std::vector<std::string> columns{
        "model",       "model_options", "dtype",         "device",       "mode",
        "memory_kind", "policy",        "parameters",    "budget_bytes", "budget",
        "account",     "workload",      "requests",      "dispatch",     "noise",
        "model_hash",  "device_hash",   "workload_hash", "policy_hash",  "seed",
        "replication"};
    return columns;
}

StudyPoints::StudyPoints(Experiment experiment)
    : experiment_(std::move(experiment)),
      scenarios_(scenarios_without_draws(experiment_)),
      draws_(draws_of(experiment_)) {
    require_policies(experiment_);
    for (std::size_t s = 0; s < scenarios_.size(); ++s) {
        alike_.push_back({what_of(scenarios_[s]), how_of(scenarios_[s])});
        for (const PolicyChoice& choice : experiment_.policies) add_cells(s, choice);
    }
}

// A policy that one of several devices or models does not allow does not stop the others.
void StudyPoints::add_cells(std::size_t scenario, const PolicyChoice& choice) {
    std::string refusal;
    try {
        owned_.push_back(std::make_unique<Cells>(scenarios_[scenario], std::vector{choice},
                                                 experiment_.budgets));
        for (const Cell& cell : owned_.back()->all())
            cells_.push_back({scenario, &cell.system->choice, &cell, cell.budget, {}});
        return;
    } catch (const InputError& error) {
        refusal = error.what();
    } catch (const UnsupportedError& error) {
        refusal = error.what();
    }
    if (!choice.needs_budget) {
        cells_.push_back({scenario, &choice, nullptr, nullptr, refusal});
        return;
    }
    for (const BudgetChoice& budget : experiment_.budgets)
        cells_.push_back({scenario, &choice, nullptr, &budget, refusal});
}

std::optional<NoiseKey> StudyPoints::noise_of(std::size_t draw) const {
    if (!scenarios_.front().noise) return std::nullopt;
    return draws_[draw];
}

bool StudyPoints::deterministic(const StudyCell& cell) const {
    return !is_random(scenario_of(cell));
}

std::vector<std::string> StudyPoints::identity(const StudyCell& cell, std::size_t draw) const {
    const Of& alike = alike_[cell.scenario];
    const std::string parameters = parameters_of(*cell.choice);
    std::vector<std::string> fields = alike.what;
    fields.emplace_back(cell.choice->info->name);
    fields.push_back(parameters);
    const bool known = cell.cell != nullptr && cell.cell->bytes;
    fields.push_back(known ? text("{}", cell.cell->bytes->count) : std::string());
    fields.push_back(cell.budget != nullptr ? cell.budget->text : std::string());
    fields.insert(fields.end(), alike.how.begin(), alike.how.end());
    fields.push_back(hex_digest(text("{}:{}", cell.choice->info->name, parameters)));
    fields.push_back(text("{}", draws_[draw].seed));
    fields.push_back(text("{}", draws_[draw].replication));
    return fields;
}

std::string StudyPoints::id(const StudyCell& cell, std::size_t draw) const {
    const std::optional<SwapPath> path = scenario_of(cell).path;
    std::string all = SWAPLAB_VERSION;
    all += path ? name_of(*path) : "";
    for (const std::string& field : identity(cell, draw)) all += '\n' + field;
    return hex_digest(all);
}

}  // namespace swaplab
