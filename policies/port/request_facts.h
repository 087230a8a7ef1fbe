// Requests that have other token counts than the model of their job: how many passes they take, and
// what blocks are for them (SEMANTICS: Generative models). Most runs have none.
#pragma once

#include <cstdint>
#include <vector>

#include "policies/port/deployment.h"
#include "policies/port/workload.h"

namespace swaplab {

// Of one job. A kind is a pair of token counts; requests of one kind are alike.
struct JobRequestFacts {
    IdVector<RequestId, TokenCounts> tokens;           // empty: all as their model
    IdVector<RequestId, std::uint32_t> kinds;          // likewise
    std::vector<IdVector<BlockId, BlockFacts>> facts;  // by kind

    bool vary() const { return !kinds.empty(); }
    const IdVector<BlockId, BlockFacts>& of(RequestId request) const {
        return facts[kinds[request]];
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
    return passes_of(facts_for(plain, vary, job, request));
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
