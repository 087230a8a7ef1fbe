#include "experiments/run/extrapolation_report.h"

#include <algorithm>
#include <set>

#include "experiments/text/figures.h"
#include "experiments/text/layout.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

std::vector<Extrapolation> of_job(const JobResult& job, const Model& model,
                                  const Platform& platform) {
    std::vector<SwappedBlock> blocks;
    for (const BlockFacts& block : job.blocks)
        blocks.push_back({block.units, block.parameter_bytes, block.stored_bytes, block.tensors});
    std::vector<Extrapolation> found = extrapolated(model, platform, blocks);
    std::erase_if(found, [&](const Extrapolation& each) {
        return each.of == "copy" && job.blocks[each.block].copies() == 0;
    });
    return found;
}

}  // namespace

std::vector<JobExtrapolations> extrapolations_of(const RunResult& result,
                                                 const Scenario& scenario) {
    std::vector<JobExtrapolations> jobs;
    if (!tells_what_was_measured(scenario.device.platform)) return jobs;
    for (std::size_t i = 0; i < result.jobs.size(); ++i) {
        std::vector<Extrapolation> found =
            of_job(result.jobs[i], *scenario.models[i].model, scenario.device.platform);
        if (!found.empty()) jobs.push_back({result.jobs[i].model, std::move(found)});
    }
    return jobs;
}

std::string extrapolation_note(const std::vector<JobExtrapolations>& jobs) {
    std::vector<std::string> parts;
    for (const JobExtrapolations& job : jobs) {
        std::set<std::size_t> blocks;
        std::set<std::string> lines;
        for (const Extrapolation& each : job.found) {
            blocks.insert(each.block);
            lines.insert(text("{}: {}", each.of, each.feature));
        }
        parts.push_back(text("{} of {} ({})",
                             plural(static_cast<std::int64_t>(blocks.size()), "block"), job.model,
                             join({lines.begin(), lines.end()}, ", ")));
    }
    if (parts.empty()) return {};
    return "extrapolated beyond what was measured: " + join(parts, "; ");
}

void write_extrapolated(JsonWriter& json, const RunResult& result, const Scenario& scenario) {
    if (!tells_what_was_measured(scenario.device.platform)) return;
    json.key("extrapolated").begin_array();
    for (const JobExtrapolations& job : extrapolations_of(result, scenario)) {
        for (const Extrapolation& each : job.found) {
            json.begin_object().member("model", job.model);
            json.member("block", static_cast<std::int64_t>(each.block));
            json.member("line", each.of).member("feature", each.feature);
            json.member("value", each.value).key("measured").begin_array();
            json.value(each.measured.least).value(each.measured.greatest).end_array().end_object();
        }
    }
    json.end_array();
}

}  // namespace swaplab
