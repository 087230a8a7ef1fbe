#include "experiments/cli.h"

#include <cstdlib>
#include <new>
#include <sstream>
#include <system_error>

#include "experiments/commands.h"
#include "experiments/output/output_error.h"
#include "experiments/shell/command_line.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/interrupt.h"
#include "experiments/shell/message_stream.h"
#include "hw/storage/storage_error.h"
#include "policies/run/runner.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::string_view kOutOfMemory =
    "out of memory: what was asked for needs more than this process may have (`ulimit -v`, a "
    "control group, the machine); give it more, or ask for less";

bool color_wanted(const OutputOptions& options, const Terminal& terminal) {
    const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
    const bool refused = no_color != nullptr && *no_color != '\0';
    return terminal.out && !options.no_color && !refused;
}

int run_parsed(int argc, const char* const* argv, const Console& streams) {
    const auto parsed = parse_command_line(commands(), argc, argv);
    if (const auto* text = std::get_if<std::string>(&parsed)) {
        streams.out << *text;
        return exit_ok;
    }
    const Parsed& asked = std::get<Parsed>(parsed);
    Console console = streams;
    console.quiet = asked.output.quiet;
    console.verbose = asked.output.verbose;
    console.color = color_wanted(asked.output, streams.terminal);
    console.json = asked.output.json;
    console.command_line = asked.command_line;
    return asked.run(console);
}

// A message of several lines stays one to the eye: what looks like another is indented.
int say(const Console& console, std::string_view message, int code) {
    console.err << "swaplab: ";
    for (const char c : message) console.err << (c == '\n' ? "\n  " : std::string(1, c));
    console.err << '\n';
    return code;
}

int run_guarded(int argc, const char* const* argv, const Console& console) {
    try {
        return run_parsed(argc, argv, console);
    } catch (const InputError& error) {
        return say(console, error.what(), exit_bad_input);
    } catch (const UnsupportedError& error) {
        return say(console, error.what(), exit_unsupported);
    } catch (const Interrupted&) {
        return exit_interrupted;  // it was said when it happened
    } catch (const PolicyError& error) {
        return say(console, error.what(), exit_failed);
    } catch (const OutputError& error) {
        return say(console, error.what(), exit_failed);
    } catch (const StorageError& error) {
        return say(console, error.what(), exit_failed);
    } catch (const std::bad_alloc&) {
        return say(console, kOutOfMemory, exit_unsupported);
    } catch (const std::system_error& error) {  // of a call that had no words of its own
        return say(console, text("the system refused: {}", error.what()), exit_failed);
    } catch (const std::length_error&) {  // more than any memory holds
        return say(console, kOutOfMemory, exit_unsupported);
    } catch (const std::exception& error) {
        return say(console, text("internal error: {}", error.what()), exit_failed);
    }
}

}  // namespace

int run_cli(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
            const Terminal& terminal) {
    std::ostringstream collected;
    collected.exceptions(std::ios::badbit);  // half a text is none
    MessageStream messages(err);
    const Console console{
        .out = collected, .err = messages, .terminal = terminal, .progress = &err};
    const int code = run_guarded(argc, argv, console);
    // With or without codes of ours: none is in a file that has no colours.
    out << printable_lines(collected.str(), terminal.out);
    return code == exit_interrupted ? interrupted_exit_code() : code;
}

}  // namespace swaplab
