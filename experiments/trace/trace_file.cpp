#include "experiments/trace/trace_file.h"

#include <cmath>

#include "experiments/trace/chrome_writer.h"
#include "experiments/trace/drawing_writer.h"
#include "experiments/trace/perfetto_writer.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

// What is left out keeps a long run from filling a disk, and a viewer from choking: about 300 MB
// each of the first two, and what a browser still draws.
constexpr std::int64_t kMostInPerfetto = 4'000'000;
constexpr std::int64_t kMostInChrome = 1'000'000;
constexpr std::int64_t kMostInDrawing = 20'000;

enum class Format : std::uint8_t { perfetto, chrome, drawing };

Format format_of(const std::string& path) {
    if (path.ends_with(".pftrace")) return Format::perfetto;
    if (path.ends_with(".json")) return Format::chrome;
    if (path.ends_with(".svg")) return Format::drawing;
    throw InputError(
        text("--trace: expected a file that ends in .pftrace (Perfetto), .json (Chrome trace "
             "events) or .svg (a drawing), found '{}'",
             path));
}

// Checks the ending before anything is opened.
const std::string& checked(const std::string& path) {
    format_of(path);
    return path;
}

std::int64_t most_slices(Format format) {
    if (format == Format::perfetto) return kMostInPerfetto;
    return format == Format::chrome ? kMostInChrome : kMostInDrawing;
}

Time parse_edge(std::string_view edge, Time absent) {
    return edge.empty() ? absent : kStart + parse_duration(edge);
}

}  // namespace

TimelineBounds parse_trace_window(std::string_view window) {
    if (window.empty()) return {};
    const std::size_t dots = window.find("..");
    if (dots == std::string_view::npos)
        throw InputError(
            text("--trace-window: expected FROM..TO such as 10ms..50ms, or miss:1, found '{}'", window));
    const TimelineBounds bounds{parse_edge(window.substr(0, dots), kStart),
                                parse_edge(window.substr(dots + 2), Time::max())};
    if (bounds.from >= bounds.to)
        throw InputError(
            text("--trace-window: expected an end behind the beginning, found '{}'", window));
    return bounds;
}

std::optional<std::int64_t> parse_missed_window(std::string_view window) {
    constexpr std::string_view prefix = "miss:";
    if (!window.starts_with(prefix)) return std::nullopt;
    const std::optional<double> number = parse_number(window.substr(prefix.size()));
    if (!number || *number < 1 || *number > static_cast<double>(1LL << 32) ||
        *number != std::floor(*number))
        throw InputError(text("--trace-window: expected miss:N such as miss:1, the first missed "
                              "deadline, found '{}'",
                              window));
    return static_cast<std::int64_t>(*number);
}

TraceFile::TraceFile(const std::string& path, const TimelineBounds& window,
                     const std::string& title, const std::string& subtitle)
    : path_(path), title_(title), subtitle_(subtitle), file_(checked(path)), bounds_(window) {}

void TraceFile::begin(const TimelineBounds& window) {
    const Format format = format_of(path_);
    bounds_ = window;
    bounds_.most_slices = most_slices(format);
    if (format == Format::perfetto)
        timeline_ = std::make_unique<PerfettoWriter>(file_.stream());
    else if (format == Format::chrome)
        timeline_ = std::make_unique<ChromeWriter>(file_.stream());
    else
        timeline_ = std::make_unique<DrawingWriter>(file_.stream(), bounds_, title_, subtitle_);
}

TimelineObserver& TraceFile::add_run(std::string label) {
    if (!timeline_) begin(bounds_);
    observers_.push_back(std::make_unique<TimelineObserver>(*timeline_, bounds_, std::move(label)));
    return *observers_.back();
}

Observer& TraceFile::add_run_around_miss(std::int64_t number) {
    miss_ = std::make_unique<MissWindow>(number,
                                         [this](const TimelineBounds& window) -> TimelineObserver& {
                                             begin(window);
                                             return add_run();
                                         });
    return *miss_;
}

void TraceFile::commit(const Console& console) {
    if (miss_ && !miss_->found()) {
        console.note(text("{} missed: nothing is around the one asked for, so '{}' is not written",
                          miss_->misses() == 1 ? std::string("1 deadline was")
                                               : text("{} deadlines were", miss_->misses()), path_));
        return;
    }
    if (!timeline_) begin(bounds_);
    timeline_->finish();
    file_.commit();
    for (const auto& observer : observers_) {
        const auto stopped = observer->stopped_at();
        if (!stopped) continue;
        console.note(
            text("'{}' holds the first {} slices; from {} on the rest is left out "
                 "(--trace-window chooses another part)",
                 path_, most_slices(format_of(path_)), format_duration(*stopped - kStart)));
    }
}

}  // namespace swaplab
