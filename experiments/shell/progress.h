// How far a long command is: one line on a terminal, updated ten times a second at most and erased
// at the end; plain lines with -v; nothing for what takes less than a second.
#pragma once

#include <chrono>
#include <string>

#include "experiments/shell/console.h"

namespace swaplab {

class Progress {
  public:
    explicit Progress(const Console& console);
    ~Progress();
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;

    bool wanted() const { return wanted_; }
    // Cheap to call often: looks at the clock only.
    bool due() const;
    // Shows "what: done of total" if it is due.
    void update(const std::string& what, std::int64_t done, std::int64_t total);
    // Likewise, in other words.
    void say(const std::string& line);

  private:
    using Clock = std::chrono::steady_clock;
    const Console& console_;
    bool wanted_;
    bool shown_ = false;
    Clock::time_point next_;
};

}  // namespace swaplab
