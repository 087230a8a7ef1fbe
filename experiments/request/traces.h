// Files that say when something happens during a run: requests that arrive, budgets and modes that
// change.
#pragma once

#include <string>
#include <vector>

#include "experiments/request/catalog.h"
#include "policies/port/workload.h"

namespace swaplab {

// What one model of --arrivals gets, in order.
struct ListedRequests {
    std::vector<Time> arrivals;
    std::vector<std::optional<Duration>> deadlines;  // after the arrival; absent: the model's own
    std::vector<TokenCounts> tokens;                 // empty where no request has its own
};

// What each model is called in a file: its name, numbered where several have it (`yolov3#2`).
std::vector<std::string> labels_of(const std::vector<ModelChoice>& models);

// Three formats, told apart by how a file begins (FORMATS: Arrivals), all sorted by arrival:
//   `[model,]arrival_ns[,deadline_ns][,prompt_tokens][,output_tokens]`; the model may be missing
//     where there is one only
//   `TIMESTAMP,ContextTokens,GeneratedTokens` of Azure's LLM inference traces, of one generative
//     model, from the first request on
//   JSON lines with `timestamp` (ms), `input_length`, `output_length`, `hash_ids`, of Mooncake's
//     traces, likewise
// Only what arrives before `until` counts, where it is given. Throws `InputError` with the position
// for anything else, and for a model without a request. By position in `models`.
std::vector<ListedRequests> load_arrivals(const std::string& path,
                                          const std::vector<ModelChoice>& models,
                                          std::optional<Duration> until = {});

// `time_ns,budget_bytes`, sorted by time, each time once. Throws `InputError` likewise.
std::vector<BudgetChange> load_budget_trace(const std::string& path);

// `time_ns,mode`, likewise; a mode of the platform's nodes, or empty for their own.
std::vector<ModeChange> load_mode_trace(const std::string& path, const Platform& platform);

// The digest of what the files hold, for certificates.
std::string file_digest(const std::string& path);

}  // namespace swaplab
