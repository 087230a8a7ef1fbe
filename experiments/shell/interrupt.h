// Ctrl-C: removes what is half-written and ends the process with exit code 130, at once, whatever
// is being computed. Runs in real time are asked to end first, with what they have.
#pragma once

#include <atomic>
#include <stdexcept>
#include <string>

namespace swaplab {

// Handles SIGINT and what else ends a process from now on, and makes writing to a closed pipe or
// beyond a limit of files (ulimit -f) an error instead of a signal.
// Called by main only: the handler and its list of files are the one global state of the program,
// because a signal handler can see nothing else.
void handle_signals();

// From now on the first SIGINT or SIGTERM sets the flag and says so on stderr; the next ends the
// process as above. For runs that look at it (RunRequest::stop).
const std::atomic<bool>* stop_on_interrupt();

// Thrown by what notices the flag and has no result to give (exit code 130).
class Interrupted : public std::runtime_error {
  public:
    Interrupted() : std::runtime_error("interrupted") {}
};

// The file, or the folder with the files in it, is removed if an interrupt comes before
// `keep_on_interrupt`. A few at a time.
void remove_on_interrupt(const std::string& path);
void keep_on_interrupt(const std::string& path);

// Whether a line of progress is on the terminal, to be erased by an interrupt.
void progress_shown(bool shown);

}  // namespace swaplab
