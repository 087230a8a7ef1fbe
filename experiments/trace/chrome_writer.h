// Writes a timeline as Chrome trace events (.json), which chrome://tracing, ui.perfetto.dev and
// Speedscope open. Times in us with three decimals; one event per line.
#pragma once

#include <map>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "experiments/trace/block_buffer.h"
#include "experiments/trace/timeline.h"

namespace swaplab {

class ChromeWriter final : public Timeline {
  public:
    // Borrows the stream.
    explicit ChromeWriter(std::ostream& out);

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
    struct Lane {
        std::string place;  // "pid":1,"tid":2
        SliceKind kind = SliceKind::mark;
    };
    struct Name {
        std::string quoted;
        std::string arguments;  // what follows the request in "args"
    };
    // The last slice of a flow: where the next arrow begins.
    struct Tail {
        LaneId lane;
        Time at{};
    };

    void event(const std::string& members);
    void metadata(std::string_view what, const std::string& place, std::string_view key,
                  const std::string& value);
    void arrow(const Tail& from, const Slice& to);

    BlockBuffer buffer_;
    bool first_ = true;
    std::uint32_t processes_ = 0;
    std::vector<Lane> lanes_;
    std::vector<Name> names_;
    std::vector<CountersSpec> counters_;
    std::map<std::uint64_t, Tail> flows_;  // that have not ended
    std::uint64_t arrows_ = 0;
};

}  // namespace swaplab
