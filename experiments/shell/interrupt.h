// Signals: what is half-written is removed, and the program ends with 128 and the signal's number,
// at once, whatever is being computed (FORMATS: Exit codes). Runs in real time are asked to end
// first, with what they have.
#pragma once

#include <atomic>
#include <stdexcept>
#include <string>

namespace swaplab {

// Handles HUP, INT, PIPE, TERM, XCPU and XFSZ from now on; HUP stays ignored where it is (nohup).
// Writing to a closed pipe, or more than a file may hold, is an error of that write instead. Called
// by main only: the handler is global, as a handler must be.
void handle_signals();

// From now on the first SIGINT or SIGTERM sets the flag and says so on stderr; the next ends the
// process as above. For runs that look at it (RunRequest::stop).
const std::atomic<bool>* stop_on_interrupt();

// The exit code of a command that a signal has asked to end: that of the signal.
int interrupted_exit_code();

// Thrown by what notices the flag and has no result to give.
class Interrupted : public std::runtime_error {
  public:
    Interrupted() : std::runtime_error("interrupted") {}
};

// Whether a line of progress is on the terminal, to be erased by an interrupt.
void progress_shown(bool shown);

}  // namespace swaplab
