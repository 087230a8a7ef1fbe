#include "experiments/run/outputs_check.h"

#include "profiles/base/text.h"

namespace swaplab {

namespace {

// With what it executed, as packs call it.
std::string environment_of(const Evidence& evidence) {
    const auto execution = evidence.conditions.find("execution");
    return execution == evidence.conditions.end() ? "" : execution->second;
}

bool made_under(const PackIndex& index, const Evidence& evidence) {
    return !index.environment.empty() && environment_of(evidence).starts_with(index.environment);
}

// Request r gets input r modulo the number of inputs.
bool are_expected(const PackIndex& index, const Digests& outputs) {
    for (std::size_t r = 0; r < outputs.size(); ++r)
        if (outputs[r] != index.expected[r % index.expected.size()].digest) return false;
    return true;
}

// Those that have outputs to be compared with, by job.
const PackIndex* compared(const Scenario& scenario, const Evidence& evidence, std::size_t job) {
    const auto& pack = scenario.models[job].pack;
    if (!pack || pack->index().expected.empty() || evidence.outputs[job].empty()) return nullptr;
    return &pack->index();
}

}  // namespace

std::optional<bool> as_packed(const Scenario& scenario, const RunResult& result) {
    std::optional<bool> all;
    if (!result.evidence) return all;
    const Evidence& evidence = *result.evidence;
    for (std::size_t j = 0; j < evidence.outputs.size(); ++j) {
        const PackIndex* const index = compared(scenario, evidence, j);
        if (index == nullptr) continue;
        if (!made_under(*index, evidence)) return std::nullopt;
        all = all.value_or(true) && are_expected(*index, evidence.outputs[j]);
    }
    return all;
}

std::string compared_with_pack(const Scenario& scenario, const RunResult& result) {
    if (const auto same = as_packed(scenario, result))
        return *same ? "and those that were packed" : "NOT those that were packed";
    if (!result.evidence) return "";
    const Evidence& evidence = *result.evidence;
    for (std::size_t j = 0; j < evidence.outputs.size(); ++j) {
        const PackIndex* const index = compared(scenario, evidence, j);
        if (index != nullptr)
            return text("not compared with those that were packed, made with {}",
                        index->environment.empty() ? "what is not said" : index->environment);
    }
    return "";
}

std::optional<std::string> wrong_outputs(const Scenario& scenario, const RunResult& result) {
    if (result.outputs_equal == false) return "the outputs are not those of direct";
    if (!result.evidence) return std::nullopt;
    const Evidence& evidence = *result.evidence;
    for (std::size_t j = 0; j < evidence.outputs.size(); ++j) {
        const PackIndex* const index = compared(scenario, evidence, j);
        if (index != nullptr && made_under(*index, evidence) &&
            !are_expected(*index, evidence.outputs[j]))
            return text(
                "{}: the outputs are not those that the model had when it was packed (is "
                "the pack damaged? --verify tells)",
                scenario.models[j].pack->folder());
    }
    return std::nullopt;
}

}  // namespace swaplab
