#include "policies/port/request_facts.h"

#include <algorithm>
#include <unordered_map>

#include "profiles/model/scaled.h"

namespace swaplab {

namespace {

// The execution of a block over a prompt of so many tokens: `scaled` is the model with that prompt.
// Of parts of one block the first pays what a block costs at once.
Duration prompt_of(const CostModel& cost, const Model& scaled, const JobPlan& plan,
                   UnitRange block) {
    double ns = plan.parts_of_one && block.first > 0 ? 0 : cost.execute_per_block_ns();
    for (const UnitId unit : block) ns += cost.prompt_unit_ns(unit, scaled);
    return to_duration(ns);
}

// What depends on the prompt is that of the scaled model; passes of one token are as ever, from a
// context that begins at its prompt. The mean over the passes, which planners decide with, is
// nobody's business here.
IdVector<BlockId, BlockFacts> facts_of_kind(const CostModel& cost, const Platform& platform,
                                            const JobPlan& plan,
                                            const IdVector<BlockId, BlockFacts>& plain,
                                            std::int64_t prompt) {
    const Model scaled = with_prompt(cost.model(), prompt);
    const CostModel scaled_cost(scaled, platform);
    IdVector<BlockId, BlockFacts> all = facts_of(scaled_cost, plan);
    for (const BlockId b : all.ids()) {
        BlockFacts& facts = all[b];
        facts.of_token = plain[b].of_token;
        facts.decoding = plain[b].decoding.value_or(Decoding{});
        facts.decoding->prompt_tokens = prompt;
        facts.decoding->prompt = prompt_of(cost, scaled, plan, facts.units);
    }
    return all;
}

JobRequestFacts facts_of_job(const IdVector<RequestId, TokenCounts>& all, const Platform& platform,
                             const CostModel& cost, const JobPlan& plan,
                             const IdVector<BlockId, BlockFacts>& plain) {
    JobRequestFacts requests;
    requests.tokens = all;
    std::unordered_map<std::int64_t, std::uint32_t> kinds;
    for (const TokenCounts tokens : all) {
        const auto next = static_cast<std::uint32_t>(kinds.size());
        const auto [kind, is_new] = kinds.emplace(tokens.prompt, next);
        requests.kinds.push_back(kind->second);
        if (is_new)
            requests.facts.push_back(facts_of_kind(cost, platform, plan, plain, tokens.prompt));
    }
    return requests;
}

}  // namespace

AllTokens tokens_of(const Workload& workload) {
    AllTokens all;
    const bool vary =
        std::ranges::any_of(workload.jobs, [](const Job& job) { return !job.tokens.empty(); });
    if (!vary) return all;
    for (const Job& job : workload.jobs) all.push_back(job.tokens);
    return all;
}

AllTokens tokens_of(const RequestFacts* requests) {
    AllTokens all;
    if (requests == nullptr) return all;
    for (const JobRequestFacts& job : *requests) all.push_back(job.tokens);
    return all;
}

RequestFacts request_facts(const AllTokens& tokens, const Platform& platform,
                           const CostModels& costs, const Deployment& deployment,
                           const AllFacts& plain) {
    RequestFacts all;
    for (const JobId j : tokens.ids())
        all.push_back(facts_of_job(tokens[j], platform, costs[j], deployment.jobs[j], plain[j]));
    return all;
}

}  // namespace swaplab
