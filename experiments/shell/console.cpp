#include "experiments/shell/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

#include "profiles/base/printable.h"

namespace swaplab {

namespace {

constexpr int kNarrowest = 60;
constexpr int kWidest = 100;
constexpr std::string_view kClearLine = "\r\x1b[K";

}  // namespace

Terminal attached_terminal() {
    Terminal terminal;
    terminal.out = isatty(STDOUT_FILENO) != 0;
    terminal.err = isatty(STDERR_FILENO) != 0;
    winsize size{};
    if (terminal.out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        terminal.columns = std::clamp<int>(size.ws_col, kNarrowest, kWidest);
    return terminal;
}

void Console::note(std::string_view message) const {
    if (!quiet) err << "swaplab: note: " << message << '\n';
}

void Console::show_progress(std::string_view line) const {
    err.flush();
    (progress != nullptr ? *progress : err) << kClearLine << printable(line) << std::flush;
}

void Console::clear_progress() const {
    err.flush();
    (progress != nullptr ? *progress : err) << kClearLine << std::flush;
}

}  // namespace swaplab
