#include "policies/systems/swapnet/steady_pass.h"

#include <algorithm>

namespace swaplab {

namespace {

// in_start(i) = max(in_end(i-1), out_end(i-2)), ex_start(i) = max(in_end(i), ex_end(i-1)),
// out_start(i) = ex_end(i), over the ends of passes; i-1 and i-2 count what streams.
class Walk {
  public:
    Walk(const std::vector<BlockFacts>& facts, const JobPlan& plan, bool overlaps)
        : facts_(facts), plan_(plan), overlaps_(overlaps), out_(facts.size()) {}

    // When the next pass has executed.
    Duration pass() {
        Duration wait = overlaps_ ? Duration{} : before_;
        for (std::size_t b = 0; b < facts_.size(); ++b) {
            const BlockFacts& block = facts_[b];
            // Where nothing comes in, what it would have waited for is waited for.
            const Duration ready = std::max({in_, before_that_, wait});
            if (plan_.keeps(BlockId{static_cast<std::uint32_t>(b)})) {
                executed_ = std::max(ready, executed_) + block.use();
                continue;
            }
            in_ = std::max(ready, out_[b]) + block.swap_in();
            wait = {};
            executed_ = std::max(in_, executed_) + block.use();
            before_that_ = before_;
            before_ = out_[b] = executed_ + block.swap_out();
        }
        return executed_;
    }

  private:
    const std::vector<BlockFacts>& facts_;
    const JobPlan& plan_;
    bool overlaps_;
    std::vector<Duration> out_;  // by block, of the last pass
    Duration in_{}, executed_{}, before_{}, before_that_{};
};

}  // namespace

Duration swapnet_steady_pass(const std::vector<BlockFacts>& facts, const JobPlan& plan,
                             bool overlaps) {
    Walk walk(facts, plan, overlaps);
    const Duration first = walk.pass();
    return walk.pass() - first;
}

}  // namespace swaplab
