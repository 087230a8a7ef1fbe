// How fast the reader reads: a file, in extents, once per request size and depth.
//
//   swaplab_read_bench FILE [--make 512MiB] [--extent 64MiB] [--requests 256KiB,1MiB]
//                           [--depths 1,8] [--rounds 3] [--backend uring|pread] [--buffered]
//                           [--small-pages]
//
// Prints one line "request_bytes depth MB/s" per configuration, the median over the rounds. With
// --make, FILE is written first if it is missing; nothing removes it.
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "hw/storage/file.h"
#include "hw/storage/reader.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

struct Options {
    std::string file;
    Bytes make;
    Bytes extent{std::int64_t{64} << 20};
    std::vector<Bytes> requests{{256 << 10}, {1 << 20}, {4 << 20}};
    std::vector<std::uint32_t> depths{1, 2, 4, 8, 16};
    int rounds = 3;
    IoBackend backend = IoBackend::automatic;
    bool direct = true;
    bool huge_pages = true;
};

std::vector<std::string> split(const std::string& list) {
    std::vector<std::string> items;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t comma = std::min(list.find(',', at), list.size());
        items.push_back(list.substr(at, comma - at));
        at = comma + 1;
    }
    return items;
}

IoBackend backend_named(const std::string& name) {
    if (name == "uring") return IoBackend::uring;
    if (name == "pread") return IoBackend::pread;
    throw InputError(text("unknown backend '{}' (known: uring, pread)", name));
}

void set(Options& options, const std::string& flag, const std::string& value) {
    const auto count = [&] { return static_cast<std::uint32_t>(parse_bytes(value).count); };
    if (flag == "--make") {
        options.make = parse_bytes(value);
    } else if (flag == "--extent") {
        options.extent = parse_bytes(value);
    } else if (flag == "--requests") {
        options.requests.clear();
        for (const std::string& item : split(value)) options.requests.push_back(parse_bytes(item));
    } else if (flag == "--depths") {
        options.depths.clear();
        for (const std::string& item : split(value))
            options.depths.push_back(static_cast<std::uint32_t>(parse_bytes(item).count));
    } else if (flag == "--rounds") {
        options.rounds = static_cast<int>(std::max(1U, count()));
    } else if (flag == "--backend") {
        options.backend = backend_named(value);
    } else {
        throw InputError(text("unknown option '{}'", flag));
    }
}

Options parse(const std::vector<std::string>& words) {
    Options options;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "--buffered") {
            options.direct = false;
        } else if (words[i] == "--small-pages") {
            options.huge_pages = false;
        } else if (!words[i].starts_with("--")) {
            options.file = words[i];
        } else if (i + 1 < words.size()) {
            set(options, words[i], words[i + 1]);
            ++i;
        } else {
            throw InputError(text("{} needs a value", words[i]));
        }
    }
    if (options.file.empty()) throw InputError("expected a file");
    options.extent = align_up(std::max(options.extent, Bytes{1}), Bytes{4096});
    return options;
}

// Not compressible, and not zeros: a file of holes is not read from the disk at all.
void make_file(const std::string& path, Bytes size) {
    std::vector<std::uint64_t> words((1 << 20) / sizeof(std::uint64_t));
    std::uint64_t state = 1;
    std::ofstream file(path, std::ios::binary);
    for (std::int64_t at = 0; at < size.count; at += 1 << 20) {
        for (std::uint64_t& word : words) word = state = state * 6364136223846793005U + 1;
        file.write(reinterpret_cast<const char*>(words.data()), 1 << 20);
    }
    if (!file.flush()) throw InputError(text("{}: cannot be written", path));
}

// MB/s (10^6 bytes) over the whole file, extent by extent into one place, as blocks are read.
double rate(Reader& reader, Bytes file_size, AlignedBuffer& buffer) {
    const auto start = std::chrono::steady_clock::now();
    for (Bytes at; at < file_size; at += buffer.size())
        reader.read(at, std::min(buffer.size(), file_size - at), buffer.data());
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    return static_cast<double>(file_size.count) / elapsed.count() / 1e6;
}

void run(const Options& options) {
    if (options.make.count > 0 && !std::filesystem::exists(options.file))
        make_file(options.file, options.make);
    AlignedBuffer buffer(options.extent, Bytes{2 << 20});
    // As arenas are: huge pages where there are any, and no page faults later.
    ::madvise(buffer.data(), static_cast<std::size_t>(buffer.size().count),
              options.huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
    std::fill_n(buffer.data(), buffer.size().count, std::byte{1});
    using Configuration = std::pair<std::int64_t, std::uint32_t>;
    std::map<Configuration, std::vector<double>> rates;
    for (int round = 0; round < options.rounds; ++round) {
        for (const Bytes request : options.requests) {
            for (const std::uint32_t depth : options.depths) {
                const auto reader =
                    open_reader(options.file, {request, depth, options.backend, options.direct});
                const auto size = static_cast<std::int64_t>(
                    std::filesystem::file_size(options.file) / 4096 * 4096);
                if (round == 0)
                    std::fprintf(stderr, "read_bench: %s\n", reader->info().description.c_str());
                rates[{request.count, depth}].push_back(rate(*reader, Bytes{size}, buffer));
            }
        }
    }
    for (auto& [configuration, values] : rates) {
        std::ranges::sort(values);
        std::printf("%lld %u %.1f\n", static_cast<long long>(configuration.first),
                    configuration.second, values[values.size() / 2]);
    }
}

}  // namespace
}  // namespace swaplab

int main(int argc, char** argv) {
    try {
        swaplab::run(swaplab::parse({argv + 1, argv + argc}));
        return 0;
    } catch (const swaplab::StorageError& error) {
        std::fprintf(stderr, "read_bench: %s\n", error.what());
        return 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "read_bench: %s\n", error.what());
        return 2;
    }
}
