// `--trace FILE`: the timeline of a run as a file whose ending says the format.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/output/output_file.h"
#include "experiments/shell/console.h"
#include "experiments/trace/miss_window.h"
#include "experiments/trace/timeline_observer.h"

namespace swaplab {

// "10ms..50ms", "..50ms", "10ms.." or "" for all of it, with units as everywhere. Throws
// `InputError` for anything else, and for a window without extent. Sets the times only.
TimelineBounds parse_trace_window(std::string_view text);
// "miss:2" is 2, the second missed deadline; nothing where the window is not of that kind. Throws
// `InputError` where it is, and has no number from 1 on.
std::optional<std::int64_t> parse_missed_window(std::string_view text);

class TraceFile {
  public:
    // Opens the file at once. Throws `InputError` for an ending other than .pftrace, .json or .svg.
    // `title` and `subtitle` head the drawing (.svg).
    TraceFile(const std::string& path, const TimelineBounds& window, const std::string& title,
              const std::string& subtitle);

    // The observer of one more run, which becomes a group of lanes of its own below those before;
    // `label` goes before its device's name.
    TimelineObserver& add_run(std::string label = {});
    // The observer of the only run, of which the file holds what happened around that missed
    // deadline; without one the file is not written, and `commit` says so.
    Observer& add_run_around_miss(std::int64_t number);
    // Completes the file after the runs, and says on stderr if something had to be left out.
    void commit(const Console& console);

  private:
    void begin(const TimelineBounds& window);

    std::string path_, title_, subtitle_;
    OutputFile file_;
    std::unique_ptr<Timeline> timeline_;
    TimelineBounds bounds_;
    std::vector<std::unique_ptr<TimelineObserver>> observers_;
    std::unique_ptr<MissWindow> miss_;
};

}  // namespace swaplab
