#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string_view>

#include "experiments/cli.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/interrupt.h"

namespace {

// Writes all of `data` to standard output. A reader that went away (`swaplab list | head`) is not
// an error; any other failure is, and says why.
bool write_out(std::string_view data) {
    while (!data.empty()) {
        const ssize_t written = write(STDOUT_FILENO, data.data(), data.size());
        if (written > 0)
            data.remove_prefix(static_cast<std::size_t>(written));
        else if (errno == EPIPE)
            return true;
        else if (errno != EINTR) {
            std::cerr << "swaplab: cannot write to standard output: " << std::strerror(errno)
                      << '\n';
            return false;
        }
    }
    return true;
}

}  // namespace

// Output is collected and written once, when the command has succeeded or failed: nobody reads half
// a table.
int main(int argc, char** argv) {
    swaplab::handle_signals();
    std::ostringstream out;
    const int code = swaplab::run_cli(argc, argv, out, std::cerr, swaplab::attached_terminal());
    return write_out(out.str()) ? code : swaplab::exit_failed;
}
