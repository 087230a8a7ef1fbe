#include <algorithm>
#include <charconv>
#include <chrono>
#include <filesystem>

#include "experiments/pack/pack_cache.h"
#include "experiments/request/catalog.h"
#include "experiments/shell/command.h"
#include "experiments/shell/exit_code.h"
#include "experiments/shell/interrupt.h"
#include "experiments/shell/progress.h"
#include "experiments/shell/values.h"
#include "experiments/text/figures.h"
#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "profiles/base/printable.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

std::int64_t extent_in(std::string_view digits, const std::string& shape) {
    std::int64_t extent = 0;
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, extent);
    if (error == std::errc{} && stop == end && extent > 0) return extent;
    throw InputError(
        text("--input: expected a shape such as 1x3x224x224 or 1x128:int64, found '{}'", shape));
}

PackedInput parse_input(const std::string& shape) {
    PackedInput input;
    input.dtype = "float32";
    std::string_view extents = shape;
    if (const std::size_t colon = shape.find(':'); colon != std::string::npos) {
        input.dtype = shape.substr(colon + 1);
        extents = extents.substr(0, colon);
    }
    if (input.dtype.empty())
        throw InputError(text("--input: '{}': expected a type after the colon", shape));
    for (std::size_t from = 0; from <= extents.size();) {
        const std::size_t to = std::min(extents.find('x', from), extents.size());
        input.shape.push_back(extent_in(extents.substr(from, to - from), shape));
        from = to + 1;
    }
    return input;
}

Bytes size_of_files(const std::string& folder) {
    Bytes size;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(folder, ignored))
        if (entry.is_regular_file(ignored))
            size += {static_cast<std::int64_t>(entry.file_size(ignored))};
    return size;
}

struct Options {
    std::string source;  // a TorchScript file; of a synthetic pack, a model
    bool synthetic = false;
    std::uint64_t seed = 0;
    std::string name;
    std::vector<PackedInput> inputs;
    bool verify = false;
    bool clean = false;
    int threads = 0;
    std::string output;
};

// What writers that were killed left beside the pack: removed where that is asked for, else named.
void look_for_left_behind(const Options& options, const Console& console) {
    for (const std::string& partial : left_behind_beside(options.output)) {
        const std::string size = format_bytes(size_of_files(partial));
        if (options.clean) remove_left_behind(partial);
        console.note(
            options.clean
                ? text("removed {} ({}), left behind by a run that was killed", partial, size)
                : text("{} ({}) was left behind by a run that was killed: --clean removes it",
                       partial, size));
    }
}

void summarise(const Pack& pack, const Options& options, const Console& console) {
    const Model& model = *pack.model();
    if (console.json) {
        JsonWriter json;
        json.begin_object().member("schema", "swaplab/packed/1").member("model", model.name());
        json.member("folder", pack.folder()).member("layers", std::int64_t{model.layer_count()});
        json.member("parameter_bytes", model.parameter_bytes().count);
        json.member("parameter_tensors", model.parameter_tensors());
        json.member("stored_bytes", pack.index().size().count);
        json.member("verified", options.verify).end_object();
        console.out << json.str() << '\n';
        return;
    }
    console.out << text(
        "{}: {}, {} of parameters in {} -> {} ({} on storage{})\n", model.name(),
        plural(std::int64_t{model.layer_count()}, "layer"), format_bytes(model.parameter_bytes()),
        plural(model.parameter_tensors(), "tensor"), printable(pack.folder()),
        format_bytes(pack.index().size()), options.verify ? ", checksums verified" : "");
}

// The model as it is chosen elsewhere: a built-in name, or a model file.
int pack_synthetic(const Options& options, const Console& console) {
    if (!options.inputs.empty() || !options.name.empty() || options.threads != 0)
        throw InputError(
            "--synthetic: a model's sizes say all: leave out --input, --name and --threads");
    const auto begin = std::chrono::steady_clock::now();
    const ModelChoice choice = choose_model(options.source);
    make_synthetic_pack(*choice.model, options.output, options.seed, console, stop_on_interrupt());
    const Pack pack(options.output);
    if (options.verify) verify(pack);
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - begin;
    console.note(text("took {:.1f} s; the bytes are pseudo-random", taken.count()));
    summarise(pack, options, console);
    return exit_ok;
}

constexpr CommandText kText{
    "pack", "from a TorchScript file to a folder that can be swapped",
    "MODEL.pt -o DIR [--input SHAPE]... [--name NAME] [--clean] | MODEL --synthetic -o DIR",
    "The pack holds the model's skeleton, its parameters layer by layer as direct reads want "
    "them, an index with checksums, and a model file with one layer per legal cut; -m DIR then "
    "works on "
    "every backend.",
    "swaplab pack vgg19.pt -o packs/vgg19 --input 1x3x224x224\n"
    "swaplab pack bert.pt -o packs/bert --input 1x128:int64 --verify\n"
    "swaplab pack vgg19 --synthetic -o packs/vgg19-sizes"};

void declare(Flags& flags, Options& options) {
    constexpr FlagGroup what = FlagGroup::what;
    flags.argument("script", into(options.source));
    flags.on(what, "--synthetic",
             "of a model's sizes, with pseudo-random bytes: for reads that are real where weights "
             "do not matter",
             options.synthetic);
    flags.once(what, "--seed", "N", "of these bytes (default 0)",
               into(options.seed, [](const std::string& given) {
                   return static_cast<std::uint64_t>(parse_whole("--seed", 0, given));
               }));
    flags.once(what, "--name", "NAME", "of the model (default: the file's stem)",
               into(options.name));
    flags.often(what, "--input", "SHAPE",
                "1x3x224x224, or 1x128:int64 (default type float32); once per input (default: what "
                "the file says itself)",
                one_more_of(options.inputs, parse_input));
    flags.on(FlagGroup::how, "--verify", "read everything again and check it", options.verify);
    flags.once(
        FlagGroup::how, "--threads", "N",
        "threads of one operator (default: the library's); outputs are compared with those of "
        "runs that have as many",
        into(options.threads, [](const std::string& given) {
            constexpr std::int64_t most = 1024;
            return static_cast<int>(parse_whole("--threads", 1, given, most));
        }));
    flags.on(FlagGroup::how, "--clean",
             "remove what runs that were killed left beside the pack (DIR.partial-...)",
             options.clean);
    flags.once(FlagGroup::output, "-o,--output", "DIR", "the pack, a new folder",
               into(options.output));
}

int run_pack(const Options& options, const Console& console) {
    if (options.synthetic && options.source.empty())
        throw InputError("pack what? a model is needed: NAME or MODEL.json");
    if (options.source.empty() && !options.synthetic)
        throw InputError("pack what? the path of a TorchScript file (torch.jit.save) is needed");
    if (options.output.empty()) throw InputError("pack where? -o DIR, a new folder, is needed");
    look_for_left_behind(options, console);
    if (options.synthetic) return pack_synthetic(options, console);
    PackOptions packing;
    packing.threads = options.threads;
    packing.partial = removed_on_interrupt();
    packing.name = options.name;
    packing.inputs = options.inputs;
    const std::vector<std::string> notes = [&] {
        Progress progress(console);
        packing.progress = [&](const std::string& what, std::int64_t done, std::int64_t total) {
            progress.update(what, done, total);
        };
        return pack_torchscript(options.source, options.output, packing);
    }();
    for (const std::string& note : notes) console.note(note);
    const Pack pack(options.output);
    if (options.verify) verify(pack);
    summarise(pack, options, console);
    return exit_ok;
}

}  // namespace

CliCommand pack_command() { return {kText, declare, run_pack}; }

}  // namespace swaplab
