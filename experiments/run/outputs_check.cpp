#include "experiments/run/outputs_check.h"

#include "profiles/base/text.h"

namespace swaplab {

namespace {

bool made_under(const PackIndex& index, const Evidence& evidence) {
    const auto execution = evidence.conditions.find("execution");
    return execution != evidence.conditions.end() && execution->second == index.environment;
}

// Request r gets input r modulo the number of inputs.
bool as_packed(const PackIndex& index, const std::vector<std::string>& outputs) {
    for (std::size_t r = 0; r < outputs.size(); ++r)
        if (outputs[r] != index.expected[r % index.expected.size()].digest) return false;
    return true;
}

}  // namespace

std::optional<std::string> wrong_outputs(const Scenario& scenario, const RunResult& result) {
    if (result.outputs_equal == false) return "the outputs are not those of direct";
    if (!result.evidence) return std::nullopt;
    const Evidence& evidence = *result.evidence;
    for (std::size_t j = 0; j < evidence.outputs.size(); ++j) {
        const auto& pack = scenario.models[j].pack;
        if (!pack || pack->index().expected.empty()) continue;
        if (made_under(pack->index(), evidence) && !as_packed(pack->index(), evidence.outputs[j]))
            return text(
                "{}: the outputs are not those that the model had when it was packed (is "
                "the pack damaged? --verify tells)",
                pack->folder());
    }
    return std::nullopt;
}

}  // namespace swaplab
