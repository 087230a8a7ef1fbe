// What every oracle of this folder takes and gives: a table of durations, and when things happened.
//
// The oracles are second implementations of the pages SEMANTICS and SYSTEMS, written from the
// pages: plain loops over doubles (whole nanoseconds, so exact below 2^53), knowing nothing of
// `sim` or `policies`. Each file ends with cases computed by hand; oracle_test.cpp asserts them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

namespace swaplab::oracle {

// A block or a layer. Without parameters (bytes == 0) it has only `execute`; the other durations
// are then 0, so that what would have waited for its read waits for what the read would have waited
// for.
struct Item {
    double bytes = 0;  // one copy in memory
    double read = 0;
    double copy = 0;  // of one copy
    double assemble = 0;
    double execute = 0;
    double release = 0;
    double first_byte = 0;  // of the read

    bool has_parameters() const { return bytes > 0; }
};
using Table = std::vector<Item>;

enum class Mode {
    cold,    // request r+1 arrives when r has ended and everything is released
    stream,  // all are there at time 0
};

// When the commands of one item of one request happened, or would have.
struct Row {
    double read_start = 0, read_end = 0;
    double copy_end = 0;  // of the last copy
    double assemble_end = 0;
    double execute_start = 0, execute_end = 0;
    double release_end = 0;
};

struct Timeline {
    std::vector<Row> rows;  // request after request
    std::vector<double>
        latencies;        // cold: from the arrival; stream: from the end of the one before
    double makespan = 0;  // the end of the last execution
};

// Arrivals and latencies, which all pipelines share: begin(r), rows..., end(r) for every request.
class Clock {
  public:
    explicit Clock(Mode mode) : mode_(mode) {}

    double arrival() const { return mode_ == Mode::cold ? all_released_ : 0.0; }

    void end_of_request(Timeline& timeline, std::size_t items) {
        const double from = mode_ == Mode::cold ? all_released_ : last_end_;
        const std::size_t first = timeline.rows.size() - items;
        for (std::size_t p = first; p < timeline.rows.size(); ++p) {
            last_end_ = std::max(last_end_, timeline.rows[p].execute_end);
            all_released_ = std::max(
                {all_released_, timeline.rows[p].execute_end, timeline.rows[p].release_end});
        }
        timeline.latencies.push_back(last_end_ - from);
        timeline.makespan = last_end_;
    }

  private:
    Mode mode_;
    double last_end_ = 0;
    double all_released_ = 0;
};

}  // namespace swaplab::oracle
