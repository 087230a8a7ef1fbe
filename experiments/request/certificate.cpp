#include "experiments/request/certificate.h"

#include <algorithm>

#include "experiments/request/traces.h"
#include "experiments/text/json_parts.h"
#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"

namespace swaplab {

namespace {

// A file that was read, and the digest of what it held; null where there was none.
void write_file(JsonWriter& json, const std::string& path) {
    if (path.empty()) {
        json.null();
        return;
    }
    json.begin_object().member("file", path).member("hash", file_digest(path)).end_object();
}

}  // namespace

Certificate::Certificate(const Scenario& scenario, std::string command)
    : scenario_(&scenario),
      command_(std::move(command)),
      device_hash_(device_hash(scenario.device.platform)) {
    for (const ModelChoice& choice : scenario.models)
        model_hashes_.push_back(model_hash(*choice.model));
}

std::string Certificate::kind() const { return std::string(scenario_->backend->kind); }

void Certificate::write_models(JsonWriter& json) const {
    json.key("models").begin_array();
    for (std::size_t i = 0; i < model_hashes_.size(); ++i) {
        const ModelChoice& choice = scenario_->models[i];
        json.begin_object();
        json.member("spec", choice.spec).member("name", choice.model->name());
        json.member("source", choice.model->spec().source).member("hash", model_hashes_[i]);
        write_optional(json.key("period_ns"), choice.period());
        write_optional(json.key("deadline_ns"), choice.deadline);
        json.member("weight", choice.weight).end_object();
    }
    json.end_array();
}

// How requests arrive, where models do not say so themselves.
void Certificate::write_workload(JsonWriter& json) const {
    if (scenario_->duration) json.member("duration_ns", count_ns(*scenario_->duration));
    if (!scenario_->arrivals.empty()) json.member("process", scenario_->arrivals);
    if (!scenario_->sources.empty()) {
        json.key("sources").begin_array();
        for (const std::string& source : scenario_->sources) json.value(source);
        json.end_array();
    }
    write_file(json.key("arrivals"), scenario_->arrivals_file);
}

void Certificate::write_device(JsonWriter& json) const {
    const Platform& platform = scenario_->device.platform;
    json.key("device").begin_object();
    json.member("spec", scenario_->device.spec).member("name", platform.name);
    json.key("mode");
    if (platform.mode.empty())
        json.null();
    else
        json.value(platform.mode);
    json.key("memory_kind");
    if (platform.memory_kind)
        json.value(name_of(*platform.memory_kind));
    else
        json.null();
    json.member("source", platform.provenance.source);
    json.member("measured", platform.provenance.measured);
    json.member("hash", device_hash_).end_object();
}

// The path that was asked for, else the policy's: the first of those it takes that has the steps
// that its blocks were given (a policy may choose by its parameters). Unknown where nothing was
// planned.
std::optional<SwapPath> Certificate::path_of(const RunResult& result,
                                             const PolicyInfo& policy) const {
    if (result.jobs.empty()) return scenario_->path;
    std::span<const SwapStep> steps;
    for (const JobResult& job : result.jobs)
        for (const BlockFacts& block : job.blocks)
            if (!block.steps.empty()) steps = block.steps;
    const ComputeKind compute = scenario_->device.platform.node({}).compute;
    const auto fits = [&](SwapPath path) {
        return scenario_->path ? path == *scenario_->path
                               : std::ranges::equal(steps_of(path, compute), steps);
    };
    const auto taken = std::find_if(policy.swap_paths.begin(), policy.swap_paths.end(), fits);
    return taken == policy.swap_paths.end() ? policy.swap_paths.front() : *taken;
}

void Certificate::write(JsonWriter& json, const RunResult& result,
                        const PolicyChoice& policy) const {
    json.begin_object();
    json.member("command", command_).member("version", SWAPLAB_VERSION);
    json.member("kind", kind()).member("backend", scenario_->backend->name);
    write_models(json);
    write_device(json);
    json.key("policy").begin_object().member("spec", policy.spec).member("name", policy.info->name);
    json.key("parameters").begin_object();
    for (const auto& [key, value] : policy.all_parameters()) json.member(key, value);
    json.end_object().end_object();
    write_optional(json.key("budget_bytes"), result.budget);
    json.member("account", name_of(scenario_->account));
    json.member("mode", scenario_->arrival_text());
    write_optional(json.key("requests"), scenario_->requests_asked());
    json.member("dispatch", scenario_->dispatch.spec);
    if (const Overrun& overrun = scenario_->workload.overrun; overrun.any())
        json.member("overrun", text_of(overrun));
    write_workload(json);
    write_file(json.key("budget_trace"), scenario_->budget_trace_file);
    write_file(json.key("mode_trace"), scenario_->mode_trace_file);
    json.key("swap_path");
    if (const auto path = path_of(result, *policy.info))
        json.value(name_of(*path));
    else
        json.null();
    json.member("noise", scenario_->noise.has_value());
    json.key("seed");
    if (scenario_->noise)
        json.value(scenario_->noise->seed);
    else
        json.null();
    json.member("replications", scenario_->replications);
    if (result.evidence) {
        json.key("conditions").begin_object();
        for (const auto& [name, value] : result.evidence->conditions) json.member(name, value);
        json.end_object();
    }
    json.end_object();
}

}  // namespace swaplab
