#include "experiments/reproduce/simulated.h"

#include "experiments/request/backends.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

Workload workload_of(const Setting& setting) {
    Workload workload;
    for (const ModelPtr& model : setting.models) workload.jobs.emplace_back().model = model;
    return workload;
}

RunRequest request_of(const Setting& setting, const Workload& workload) {
    return {.platform = setting.platform,
            .workload = workload,
            .budget = setting.budget,
            .account = setting.account,
            .device = make_device(simulation()),
            .rehearsal = make_device(simulation())};
}

}  // namespace

ModelPtr builtin(std::string_view name, const ModelOptions& options) {
    std::optional<Model> model = builtin_model(name, options);
    SWAPLAB_CHECK(model, "{} is not built in", name);
    return std::make_shared<const Model>(*std::move(model));
}

ModelPtr anchored(const Model& model, const std::string& platform, Duration execution) {
    ModelSpec spec = model.spec();
    spec.anchors[platform] = execution;
    return std::make_shared<const Model>(std::move(spec));
}

RunResult simulated(const Setting& setting, const PolicyChoice& policy) {
    const Workload workload = workload_of(setting);
    RunResult result = run(request_of(setting, workload), make_policy(policy));
    SWAPLAB_CHECK(result.verdict == Verdict::ok, "{} within {} bytes is {}: {}", policy.spec,
                  setting.budget.count, name_of(result.verdict), result.reason);
    return result;
}

Deployment planned(const Setting& setting, const PolicyChoice& policy) {
    const Workload workload = workload_of(setting);
    const PlanOutcome outcome = plan(request_of(setting, workload), make_policy(policy));
    const auto* deployment = std::get_if<Deployment>(&outcome);
    SWAPLAB_CHECK(deployment, "{} does not fit {} bytes", policy.spec, setting.budget.count);
    return *deployment;
}

}  // namespace swaplab
