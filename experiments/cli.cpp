#include "experiments/cli.h"

#include <cstdlib>
#include <new>

#include "experiments/commands.h"
#include "experiments/shell/command_line.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/interrupt.h"
#include "experiments/shell/output_file.h"
#include "hw/storage/storage_error.h"
#include "policies/run/runner.h"
#include "profiles/base/error.h"

namespace swaplab {

namespace {

bool color_wanted(const OutputOptions& options, const Terminal& terminal) {
    const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
    const bool refused = no_color != nullptr && *no_color != '\0';
    return terminal.out && !options.no_color && !refused;
}

int run_parsed(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
               const Terminal& terminal) {
    const auto parsed = parse_command_line(commands(), argc, argv);
    if (const auto* text = std::get_if<std::string>(&parsed)) {
        out << *text;
        return exit_ok;
    }
    const Parsed& asked = std::get<Parsed>(parsed);
    const OutputOptions& options = asked.output;
    return asked.run({.out = out,
                      .err = err,
                      .terminal = terminal,
                      .quiet = options.quiet,
                      .verbose = options.verbose,
                      .color = color_wanted(options, terminal),
                      .json = options.json,
                      .command_line = asked.command_line});
}

}  // namespace

int run_cli(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
            const Terminal& terminal) {
    try {
        return run_parsed(argc, argv, out, err, terminal);
    } catch (const InputError& error) {
        err << "swaplab: " << error.what() << '\n';
        return exit_bad_input;
    } catch (const UnsupportedError& error) {
        err << "swaplab: " << error.what() << '\n';
        return exit_unsupported;
    } catch (const Interrupted&) {
        return exit_interrupted;  // it was said when it happened
    } catch (const PolicyError& error) {
        err << "swaplab: " << error.what() << '\n';
        return exit_failed;
    } catch (const OutputError& error) {
        err << "swaplab: " << error.what() << '\n';
        return exit_failed;
    } catch (const StorageError& error) {
        err << "swaplab: " << error.what() << '\n';
        return exit_failed;
    } catch (const std::bad_alloc&) {
        err << "swaplab: out of memory\n";
        return exit_failed;
    } catch (const std::exception& error) {
        err << "swaplab: internal error: " << error.what() << '\n';
        return exit_failed;
    }
}

}  // namespace swaplab
