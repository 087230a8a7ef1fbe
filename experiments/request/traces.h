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

// `model,arrival_ns[,deadline_ns][,prompt_tokens][,output_tokens]`, sorted by arrival. A model is
// named as one of `models` is
// (`vgg19`; `yolov3#2` for the second of several of that name). Throws `InputError` with the
// position for anything else, and for a model without a request. By position in `models`.
std::vector<ListedRequests> load_arrivals(const std::string& path,
                                          const std::vector<ModelChoice>& models);

// `time_ns,budget_bytes`, sorted by time, each time once. Throws `InputError` likewise.
std::vector<BudgetChange> load_budget_trace(const std::string& path);

// `time_ns,mode`, likewise; a mode of the platform's nodes, or empty for their own.
std::vector<ModeChange> load_mode_trace(const std::string& path, const Platform& platform);

// The digest of what the files hold, for certificates.
std::string file_digest(const std::string& path);

}  // namespace swaplab
