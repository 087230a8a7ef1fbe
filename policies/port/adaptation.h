// What a change of the budget means, worked out before the run: the allocation on the lookup tables
// of all jobs. Nothing is partitioned during a run.
#pragma once

#include <optional>

#include "profiles/base/id_vector.h"
#include "profiles/base/units.h"

namespace swaplab {

class Adaptation {
  public:
    virtual ~Adaptation() = default;
    // The smallest budget with which all jobs have a plan.
    virtual Bytes minimum() const = 0;
    // What of `budget` the jobs may share: all but what the device reserves.
    virtual Bytes usable(Bytes budget) const = 0;
    // The shares of all jobs, adding up to usable(budget); nothing below minimum().
    virtual std::optional<IdVector<JobId, Bytes>> shares(Bytes budget) const = 0;
};

}  // namespace swaplab
