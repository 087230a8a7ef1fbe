// usage: swaplab_fuzz_corpus write DIR N | run DIR
// `write` makes a corpus of N files per target, DIR/TARGET/I; `run` drives every target over its
// files, as libFuzzer would, without clang.
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>

#include "tests/faults/fuzz/targets.h"
#include "tests/faults/mutants/formats.h"
#include "tests/support/temporary_folder.h"

namespace {

namespace fs = std::filesystem;
using namespace swaplab::faults;
using swaplab::testing::TemporaryFolder;

struct Origin {
    std::string_view target, format, file;
};
constexpr Origin kOrigins[] = {{"model", "model", "model.json"},
                               {"device", "device", "device.json"},
                               {"yaml", "experiment", "e.yaml"},
                               {"pack", "pack", "pack/index.json"},
                               {"measurements", "measurements", "m.csv"}};

void write_corpus(const fs::path& folder, int count) {
    const TemporaryFolder scratch;
    const Seeds seeds = make_seeds(scratch.path());
    for (const Origin& origin : kOrigins) {
        fs::create_directories(folder / origin.target);
        for (int i = 0; i < count; ++i) {
            const Numbered mutant =
                mutant_of(seeds, 1, static_cast<std::uint64_t>(i), origin.format);
            swaplab::testing::write_file(folder / origin.target / std::to_string(i),
                                         mutant.mutant.files.at(std::string(origin.file)));
        }
    }
}

void run_corpus(const fs::path& folder) {
    for (const FuzzTarget& target : fuzz_targets()) {
        int count = 0;
        for (const auto& entry : fs::directory_iterator(folder / target.name)) {
            target.run(swaplab::testing::read_file(entry.path()));
            ++count;
        }
        std::printf("%s: %d inputs\n", std::string(target.name).c_str(), count);
    }
}

}  // namespace

int main(int argc, char** argv) try {
    const std::string_view verb = argc > 1 ? argv[1] : "";
    if (verb == "write" && argc == 4) return write_corpus(argv[2], std::atoi(argv[3])), 0;
    if (verb == "run" && argc == 3) return run_corpus(argv[2]), 0;
    std::fputs("usage: swaplab_fuzz_corpus write DIR N | run DIR\n", stderr);
    return 2;
} catch (const std::exception& error) {
    std::fprintf(stderr, "swaplab_fuzz_corpus: %s\n", error.what());
    return 1;
}
