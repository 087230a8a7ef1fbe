#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iostream>
#include <new>
#include <sstream>
#include <string_view>

#include "experiments/cli.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/interrupt.h"

namespace {

// A descriptor that is closed would be the next file's, and what is said there would be written
// into it. All are opened for reading: writing to them fails, as it did.
bool open_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(descriptor, F_GETFD) >= 0 || errno != EBADF) continue;
        if (open("/dev/null", O_RDONLY) != descriptor) return false;
    }
    return true;
}

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

// Output is collected and written once, when the command has succeeded or failed: nobody reads half
// a table.
int run(int argc, char** argv) {
    std::ostringstream out;
    out.exceptions(std::ios::badbit);  // half a text is none
    const int code = swaplab::run_cli(argc, argv, out, std::cerr, swaplab::attached_terminal());
    return write_out(out.str()) ? code : swaplab::exit_failed;
}

}  // namespace

int main(int argc, char** argv) {
    if (!open_standard_descriptors()) return swaplab::exit_failed;
    swaplab::handle_signals();
    try {
        return run(argc, argv);
    } catch (const std::bad_alloc&) {  // there is no memory for what was to be printed
        constexpr std::string_view message = "swaplab: out of memory\n";
        [[maybe_unused]] const auto written = write(STDERR_FILENO, message.data(), message.size());
        _exit(swaplab::exit_unsupported);  // nor for what libraries do at the end
    }
}
