#include "experiments/shell/progress.h"

#include "experiments/shell/interrupt.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

using namespace std::chrono_literals;
constexpr auto kPatience = 1s;          // shorter commands show nothing
constexpr auto kTerminalPause = 100ms;  // between two updates of the line
constexpr auto kLinePause = 1s;         // between two plain lines

}  // namespace

Progress::Progress(const Console& console)
    : console_(console),
      wanted_(!console.quiet && (console.terminal.err || console.verbose)),
      next_(Clock::now() + kPatience) {}

Progress::~Progress() {
    if (!shown_) return;
    console_.clear_progress();
    progress_shown(false);
}

bool Progress::due() const { return wanted_ && Clock::now() >= next_; }

void Progress::update(const std::string& what, std::int64_t done, std::int64_t total) {
    if (!due()) return;
    say(total > 0 ? text("{}: {} of {}", what, done, total) : text("{}: {}", what, done));
}

void Progress::say(const std::string& line) {
    if (!due()) return;
    if (console_.terminal.err) {
        console_.show_progress(line);
        shown_ = true;
        progress_shown(true);
        next_ = Clock::now() + kTerminalPause;
    } else {
        console_.err << "swaplab: " << line << '\n';
        next_ = Clock::now() + kLinePause;
    }
}

}  // namespace swaplab
