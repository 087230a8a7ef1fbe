// Requests that have other token counts than the model of their job: how many passes they take, and
// what blocks are for them (SEMANTICS: Generative models). Most runs have none.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "policies/port/deployment.h"
#include "policies/port/workload.h"

namespace swaplab {

// Of one job. Requests of one kind have the same prompt: what blocks are for them is alike, however
// many passes they take. So there are no more kinds than prompts.
struct JobRequestFacts {
    IdVector<RequestId, TokenCounts> tokens;           // empty: all as their model
    IdVector<RequestId, std::uint32_t> kinds;          // likewise
    std::vector<IdVector<BlockId, BlockFacts>> facts;  // by kind

    bool vary() const { return !kinds.empty(); }
    const IdVector<BlockId, BlockFacts>& of(RequestId request) const {
        return facts[kinds[request]];
    }
    std::uint32_t passes(RequestId request) const {
        return static_cast<std::uint32_t>(std::max<std::int64_t>(1, tokens[request].output));
    }
};
using RequestFacts = IdVector<JobId, JobRequestFacts>;

// The facts of a job's blocks for a request; `plain` where nothing varies.
inline const IdVector<BlockId, BlockFacts>& facts_for(const AllFacts& plain,
                                                      const RequestFacts* vary, JobId job,
                                                      RequestId request) {
    return vary == nullptr || !(*vary)[job].vary() ? plain[job] : (*vary)[job].of(request);
}

// How often a request walks through its job's blocks.
inline std::uint32_t passes_of(const AllFacts& plain, const RequestFacts* vary, JobId job,
                               RequestId request) {
    return vary == nullptr || !(*vary)[job].vary() ? passes_of(plain[job])
                                                   : (*vary)[job].passes(request);
}

// The token counts of all requests (`Job::tokens`), by job; empty where no job has any.
using AllTokens = IdVector<JobId, IdVector<RequestId, TokenCounts>>;
AllTokens tokens_of(const Workload& workload);
AllTokens tokens_of(const RequestFacts* requests);

// `plain` are the facts of requests as their models have them.
RequestFacts request_facts(const AllTokens& tokens, const Platform& platform,
                           const CostModels& costs, const Deployment& deployment,
                           const AllFacts& plain);

}  // namespace swaplab
