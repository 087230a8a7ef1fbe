// The command line as plain data: what was asked for, before any of it is resolved.
#pragma once

#include <string>
#include <variant>
#include <vector>

namespace swaplab {

enum class CommandKind : std::uint8_t {
    list,
    show,
    plan,
    run,
    compare,
    reproduce,
    fit,
    pack,
    profile,
    validate,
    replay
};

// Everything as it was written; empty where nothing was. Defaults that depend on other choices are
// filled in later (scenario.h).
struct Options {
    CommandKind command = CommandKind::list;
    std::vector<std::string> arguments;  // as given, without the name of the program

    std::string what;  // of list and show: "models", "device", ...
    std::string name;  // of show, reproduce and replay

    std::vector<std::string> models;
    std::string device;
    std::vector<std::string> policies;
    std::vector<std::string> budgets;  // comma-separated lists
    std::string requests = "1";
    std::string mode = "cold";
    bool noise = false;
    std::string seed = "0";
    std::string replications = "1";
    std::string dispatch = "fcfs";
    std::string arrivals;  // files to read
    std::string budget_trace;
    std::string mode_trace;
    std::string account = "all";
    std::string swap_path;
    std::string backend = "sim";

    std::string measurements;  // of fit
    std::string anchor;        // of fit: the model file that is written to
    std::string layers;        // of fit: the model file or pack that is written to
    std::string own_mode;      // of fit

    std::string script;               // of pack: the TorchScript file
    std::vector<std::string> inputs;  // of pack: 1x3x224x224[:float32]
    std::string threads;              // of one operator, where models really execute
    std::string request_bytes;        // of real reads
    std::string depth;                // requests in flight of one real read
    bool synthetic = false;           // of pack: of a model's sizes, without its weights
    bool frozen = false;              // compare with the library's optimised model
    bool verify = false;              // check a pack's checksums first
    // Of emulation in real time; empty: the default.
    std::string time_scale;    // wall clock / time of the device, or auto
    std::string lateness;      // a share of the mean latency, or a time
    std::string execute;       // model or torch
    std::string memory_hog;    // how much another program takes
    std::string memory_fence;  // how much the operating system lets the run have
    std::string pack_cache;    // where packs of models without one are kept
    bool page_cache = false;

    std::string measured = "cpu";     // of profile: the backend that is measured
    std::string time_limit = "120s";  // likewise
    std::string error = "2%";         // likewise

    std::string output;  // files to write
    std::string decisions;
    std::string trace;
    std::string trace_window;  // FROM..TO
    std::string csv;
    std::string plot;
    std::string metric = "latency";

    // Of validate.
    std::string experiment;  // a file to read, instead of -m, -d, -p and -b
    std::string against;
    std::string repeats;
    std::string gates;
    bool together = false;

    bool all = false;
    bool table = false;
    bool json = false;
    bool quiet = false;
    bool verbose = false;
    bool no_color = false;
};

// Options to act on, or a text to print (--help, --version).
using Parsed = std::variant<Options, std::string>;

// Flags stand above the environment (SWAPLAB_<FLAG>). Throws `InputError` for anything that is not
// a command line of swaplab, suggesting the nearest command or flag.
Parsed parse_options(int argc, const char* const* argv);

}  // namespace swaplab
