#include "policies/plan/keep/keep.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "policies/plan/keep/kept_plan.h"
#include "policies/plan/keep/kept_sets.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// Rehearsals of one search: more sets than these rarely come close to the best. Passes of all of
// them together, but at least so many.
constexpr std::int64_t kMostRehearsals = 64;
constexpr std::int64_t kMostPasses = 2048;
constexpr std::int64_t kLeastRehearsals = 8;

// The search for one budget: every set has the steady pass of its plan, by closed form. Where plans
// can be rehearsed, that is a bound, and they are rehearsed in its order until none can be better.
class Search {
  public:
    Search(const StreamingPartitioner& streaming, const PartitionRequest& request, Bytes most)
        : streaming_(streaming),
          request_(request),
          most_(most),
          always_bytes_(KeptBytes(request, streaming.always_kept(request), streaming.path()).total),
          sets_(keep_candidates(streaming, request), request.cost.model().finest_blocks().size(),
                streaming.always_kept(request)) {
        for (std::size_t i = 0; i < sets_.size(); ++i) {
            if (sets_.bytes(i) > std::min(most_, request_.budget)) continue;
            if (const auto plan = plan_of(sets_.at(i)))
                tried_.push_back(
                    {plan->at_start().steady_pass.value(), plan->at_start().kept_bytes(), i});
        }
        SWAPLAB_CHECK(!tried_.empty(), "no plan within {} bytes, which was said to do",
                      request_.budget.count);
    }

    JobPlan best() {
        JobPlan best = plan_of(sets_.at(request_.rehearse ? quickest() : least_steady())).value();
        best.at_start().kept_of_every_set = sets_.exact();
        return best;
    }

  private:
    struct Tried {
        Duration steady;
        Bytes bytes;
        std::size_t set;
    };

    // Nothing where it does not fit.
    std::optional<JobPlan> plan_of(const KeptSet& kept) const {
        const KeptBytes bytes(request_, kept, streaming_.path());
        if (bytes.total - always_bytes_ > most_) return std::nullopt;
        return plan_keeping(streaming_, request_, kept, bytes);
    }

    // Of equals the fewest bytes, then the first layers: the first block in which two sets differ is
    // kept.
    std::size_t least_steady() const {
        return std::ranges::min_element(tried_, [&](const Tried& a, const Tried& b) {
                   if (a.steady != b.steady || a.bytes != b.bytes)
                       return std::tie(a.steady, a.bytes) < std::tie(b.steady, b.bytes);
                   return std::ranges::lexicographical_compare(sets_.at(b.set), sets_.at(a.set));
               })->set;
    }

    // The more is kept, the less can come in the way of what executes.
    std::size_t quickest() {
        std::ranges::stable_sort(tried_, [](const Tried& a, const Tried& b) {
            return std::tie(a.steady, b.bytes) < std::tie(b.steady, a.bytes);
        });
        const std::int64_t passes = request_.cost.model().passes();
        std::size_t best = 0;
        Duration least = Duration::max();
        const auto most = static_cast<std::size_t>(
            std::clamp(kMostPasses / passes, kLeastRehearsals, kMostRehearsals));
        for (std::size_t i = 0; i < std::min(tried_.size(), most); ++i) {
            if (passes * tried_[i].steady > least) break;
            const Duration time = request_.rehearse(*plan_of(sets_.at(tried_[i].set)),
                                                    Rehearsed::steady);
            if (time < least || (time == least && tried_[i].bytes < tried_[best].bytes)) best = i;
            least = std::min(least, time);
        }
        return tried_[best].set;
    }

    const StreamingPartitioner& streaming_;
    const PartitionRequest& request_;
    Bytes most_;          // besides what is always kept
    Bytes always_bytes_;
    KeptSets sets_;
    std::vector<Tried> tried_;
};

class KeepingPartitioner final : public Partitioner {
  public:
    KeepingPartitioner(std::unique_ptr<StreamingPartitioner> streaming, Bytes most)
        : streaming_(std::move(streaming)), most_(most) {}

    // That of the rest with nothing kept besides what always is.
    Infeasible minimum(const PartitionRequest& request) const override {
        return streaming_->minimum(request);
    }
    JobPlan partition(const PartitionRequest& request) const override {
        return Search(*streaming_, request, most_).best();
    }
    std::vector<JobPlan> front(const PartitionRequest& request) const override {
        return coarse_front(request);
    }

  private:
    std::unique_ptr<StreamingPartitioner> streaming_;
    Bytes most_;
};

}  // namespace

std::unique_ptr<Partitioner> make_keeping_partitioner(
    std::unique_ptr<StreamingPartitioner> streaming, Keep keep) {
    if (keep.mode == Keep::Mode::none) return streaming;
    const Bytes most = keep.mode == Keep::Mode::bytes ? keep.most : Bytes{kMostInTotal};
    return std::make_unique<KeepingPartitioner>(std::move(streaming), most);
}

}  // namespace swaplab
