#include "tests/faults/mutants/counts.h"

#include <sys/mman.h>

#include <new>
#include <stdexcept>

#include "profiles/base/text.h"
#include "tests/faults/mutants/formats.h"

namespace swaplab::faults {

namespace {

constexpr const char* kRow = "{:<14}{:>9}{:>9}{:>7}{:>9}{:>8}{:>9}{:>9}{:>7}{:>9}{:>8}\n";

struct Sums {
    std::uint64_t mutants = 0, read = 0, faults = 0;
    std::array<std::uint64_t, kCodes.size()> by_code{};

    void add(const FormatCounts& counts) {
        mutants += counts.mutants;
        read += counts.read;
        faults += counts.faults;
        for (std::size_t i = 0; i < by_code.size(); ++i) by_code[i] += counts.by_code[i];
    }
};

double share_of(const Sums& sums) {
    if (sums.mutants == 0) return 0;
    return 100.0 * static_cast<double>(sums.read) / static_cast<double>(sums.mutants);
}

Sums all_of(const Counts& counts) {
    Sums all;
    for (const FormatCounts& format : counts.formats) all.add(format);
    return all;
}

std::string row(std::string_view name, const Sums& sums) {
    const auto& codes = sums.by_code;
    return text(kRow, name, sums.mutants, sums.read, text("{:.1f}", share_of(sums)), codes[0],
                codes[1], codes[2], codes[3], codes[4], codes[5], sums.faults);
}

}  // namespace

void Counts::took(std::uint64_t milliseconds, std::uint64_t number) {
    if (milliseconds <= slowest_ms) return;
    slowest_ms = milliseconds;
    slowest = number;
}

Counts* shared_counts() {
    void* const memory =
        mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw std::runtime_error("no shared memory");
    return new (memory) Counts{};
}

std::uint64_t faults_of(const Counts& counts) { return all_of(counts).faults; }

double share_read(const Counts& counts) { return share_of(all_of(counts)); }

std::string table_of(const Counts& counts) {
    std::string table = text(kRow, "format", "mutants", "read", "%", "ok", "failed", "refused",
                             "infeas.", "gate", "unsupp.", "faults");
    for (std::size_t i = 0; i < formats().size(); ++i) {
        Sums one;
        one.add(counts.formats[i]);
        if (one.mutants > 0) table += row(formats()[i].name, one);
    }
    table += row("all", all_of(counts));
    return table +
           text("slowest: {} ms, mutant {}\n", counts.slowest_ms.load(), counts.slowest.load());
}

}  // namespace swaplab::faults
