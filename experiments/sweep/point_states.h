// What is known of every point that has a record, 40 bytes each.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/sweep/records/id_set.h"
#include "experiments/sweep/rows.h"

namespace swaplab {

enum class PointEnd : std::uint8_t { ran, infeasible, failed };

struct PointState {
    PointId id{};
    PointEnd end = PointEnd::ran;
    std::int64_t attempt = 1;
    std::uint32_t reason = 0;  // of what failed: see `reason_of`

    bool failed() const { return end == PointEnd::failed; }
};

class PointStates {
  public:
    void add(const PointRecord& record);
    // Once all are added. Of several records of a point the one counts that did not fail, else
    // that of the last attempt.
    void finish();

    // By id.
    const std::vector<PointState>& all() const { return states_; }
    // Null where the point has no record.
    const PointState* find(std::string_view id) const;
    const std::string& reason_of(const PointState& failed) const { return *reasons_[failed.reason]; }

  private:
    std::uint32_t number_of(const std::string& reason);

    std::vector<PointState> states_;
    std::map<std::string, std::uint32_t> numbers_;  // of reasons, each kept once
    std::vector<const std::string*> reasons_;
};

}  // namespace swaplab
