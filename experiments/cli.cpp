#include "experiments/cli.h"

#include <cstdlib>
#include <new>

#include "experiments/cli/exit_code.h"
#include "experiments/cli/interrupt.h"
#include "experiments/cli/options.h"
#include "experiments/cli/output_file.h"
#include "experiments/commands/commands.h"
#include "hw/storage/storage_error.h"
#include "policies/run/runner.h"
#include "profiles/base/error.h"

namespace swaplab {

namespace {

bool color_wanted(const Options& options, const Terminal& terminal) {
    const char* no_color = std::getenv("NO_COLOR");  // https://no-color.org: set and not empty
    const bool refused = no_color != nullptr && *no_color != '\0';
    return terminal.out && !options.no_color && !refused;
}

int dispatch(const Options& options, const Console& console) {
    switch (options.command) {
        case CommandKind::list: return list_command(options, console);
        case CommandKind::show: return show_command(options, console);
        case CommandKind::plan: return plan_command(options, console);
        case CommandKind::run: return run_command(options, console);
        case CommandKind::compare: return compare_command(options, console);
        case CommandKind::reproduce: return reproduce_command(options, console);
        case CommandKind::fit: return fit_command(options, console);
        case CommandKind::pack: return pack_command(options, console);
        case CommandKind::profile: return profile_command(options, console);
        case CommandKind::validate: return validate_command(options, console);
        case CommandKind::replay: return replay_command(options, console);
    }
    return exit_failed;
}

int run_parsed(int argc, const char* const* argv, std::ostream& out, std::ostream& err,
               const Terminal& terminal) {
    const Parsed parsed = parse_options(argc, argv);
    if (const auto* text = std::get_if<std::string>(&parsed)) {
        out << *text;
        return exit_ok;
    }
    const Options& options = std::get<Options>(parsed);
    const Console console{
        out, err, terminal, options.quiet, options.verbose, color_wanted(options, terminal)};
    return dispatch(options, console);
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
