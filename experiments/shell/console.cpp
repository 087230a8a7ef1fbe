#include "experiments/shell/console.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>

namespace swaplab {

namespace {

constexpr int kNarrowest = 60;
constexpr int kWidest = 100;

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

}  // namespace swaplab
