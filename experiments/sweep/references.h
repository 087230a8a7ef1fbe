// `direct` under every workload and draw, run once for all points that are compared with it, and
// kept as long as some thread is at these draws.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <mutex>

#include "experiments/sweep/points.h"
#include "policies/run/prepared_run.h"

namespace swaplab {

// A task, and what is kept for it, has no more draws than these: so memory does not grow with the
// number of replications.
inline constexpr std::size_t kDrawsOfATask = 64;

class References {
  public:
    // Borrows the points.
    References(const StudyPoints& points, const Testbed& testbed)
        : points_(points), testbed_(testbed) {}

    // Those of one scenario and a group of draws.
    class Group;
    // The group of the draw, the same for all who have it at once.
    std::shared_ptr<Group> of(const StudyCell& cell, std::size_t draw);

  private:
    const StudyPoints& points_;
    Testbed testbed_;
    std::mutex mutex_;
    std::map<std::pair<std::size_t, std::size_t>, std::weak_ptr<Group>> groups_;  // at work
};

class References::Group {
  public:
    Group(const StudyPoints& points, const Testbed& testbed, const StudyCell& cell,
          std::size_t number)
        : points_(points), testbed_(testbed), cell_(cell), number_(number), all_(kDrawsOfATask) {}

    // Runs it the first time that it is asked for; several threads may ask.
    const FullMemory& of(std::size_t draw);

  private:
    struct Once {
        std::once_flag flag;
        FullMemory reference;
    };

    const StudyPoints& points_;
    const Testbed& testbed_;
    const StudyCell& cell_;  // any of the scenario
    std::size_t number_;
    std::deque<Once> all_;
};

}  // namespace swaplab
