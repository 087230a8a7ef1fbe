// Draws a timeline as SVG, all of what its bounds leave: for papers and a first look.
#pragma once

#include <ostream>
#include <string>

#include "experiments/trace/gantt.h"
#include "experiments/trace/memory_track.h"
#include "experiments/trace/timeline.h"

namespace swaplab {

class DrawingWriter final : public Timeline {
  public:
    // Borrows the stream. The bounds say what part of the time axis is shown.
    DrawingWriter(std::ostream& out, const TimelineBounds& bounds, const std::string& title,
                  const std::string& subtitle);

    ProcessId add_process(const std::string& name) override;
    LaneId add_lane(const LaneSpec& lane) override;
    CountersId add_counters(const CountersSpec& counters) override;
    NameId add_name(const NameSpec& name) override;
    void slice(const Slice& slice) override;
    void instant(const Instant& instant) override;
    void sample(const CounterSample& sample) override;
    void limit(CountersId counters, Time at, Bytes limit) override;
    void finish() override;

  private:
    struct LanePlace {
        std::uint32_t process;
        std::size_t lane;
        SliceKind kind;
    };

    void add_bar(LaneId lane, NameId name, Time from, Time to, const std::string& whose);

    std::ostream& out_;
    TimelineBounds bounds_;
    Gantt gantt_;
    Time end_ = kStart;  // of what was drawn
    std::vector<LanePlace> lanes_;
    std::vector<std::uint32_t> counters_;  // processes
    std::vector<NameSpec> names_;
};

}  // namespace swaplab
