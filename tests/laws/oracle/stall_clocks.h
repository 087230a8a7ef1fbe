// Why compute was idle (SEMANTICS: Stalls), from what was submitted and how long each command took:
// whole lists, sorted anew for every command.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

namespace swaplab::oracle {

enum class Kind { read, copy, assemble, execute, release };

struct ClockedCommand {
    Kind kind = Kind::execute;
    std::vector<std::size_t> after;  // of the commands before it
    std::size_t request = 0;
    std::int64_t length = 0;
};

struct ClockedRequest {
    std::int64_t arrival = 0, end = 0;
};

struct ClockedStalls {
    std::int64_t memory = 0, read = 0, copy = 0, assembly = 0, idle = 0;
};

// How many commands of a kind run at once: reads and assemblies.
struct ClockedLanes {
    std::size_t reads = 1, assemblies = 1;
};

// The end of every command in a clock in which the first `left_out` of read, copy and assemble take
// no time, and nobody waits for memory.
inline std::vector<std::int64_t> ends_without(const std::vector<ClockedCommand>& commands,
                                              const std::vector<ClockedRequest>& requests,
                                              const ClockedLanes& lanes, int left_out) {
    std::vector<std::int64_t> starts(commands.size()), ends(commands.size());
    for (std::size_t i = 0; i < commands.size(); ++i) {
        const ClockedCommand& command = commands[i];
        if (command.kind == Kind::release) continue;
        std::int64_t start = requests[command.request].arrival;
        for (const std::size_t before : command.after)
            if (commands[before].kind != Kind::release) start = std::max(start, ends[before]);
        std::vector<std::int64_t> before;
        for (std::size_t j = 0; j < i; ++j) {
            if (commands[j].kind != command.kind) continue;
            start = std::max(start, starts[j]);  // a lane is a queue
            before.push_back(ends[j]);
        }
        const std::size_t width = command.kind == Kind::read       ? lanes.reads
                                  : command.kind == Kind::assemble ? lanes.assemblies
                                                                   : 1;
        std::sort(before.begin(), before.end(), std::greater<>());
        if (before.size() >= width) start = std::max(start, before[width - 1]);
        starts[i] = start;
        ends[i] = start + (static_cast<int>(command.kind) < left_out ? 0 : command.length);
    }
    return ends;
}

// Requests by arrival; those that overlap belong together.
inline ClockedStalls stalls_of(const std::vector<ClockedCommand>& commands,
                               const std::vector<ClockedRequest>& requests,
                               const ClockedLanes& lanes) {
    std::array<std::vector<std::int64_t>, 4> clocks;
    for (int left_out = 0; left_out < 4; ++left_out)
        clocks[static_cast<std::size_t>(left_out)] =
            ends_without(commands, requests, lanes, left_out);
    ClockedStalls stalls;
    std::size_t first = 0;
    while (first < requests.size()) {
        std::int64_t end = requests[first].end;
        std::size_t last = first + 1;
        while (last < requests.size() && requests[last].arrival < end)
            end = std::max(end, requests[last++].end);
        std::array<std::int64_t, 4> ends{};
        for (std::size_t i = 0; i < commands.size(); ++i) {
            const ClockedCommand& command = commands[i];
            if (command.kind != Kind::execute || command.request < first || command.request >= last)
                continue;
            for (std::size_t c = 0; c < 4; ++c) ends[c] = std::max(ends[c], clocks[c][i]);
        }
        stalls.memory += end - ends[0];
        stalls.read += ends[0] - ends[1];
        stalls.copy += ends[1] - ends[2];
        stalls.assembly += ends[2] - ends[3];
        if (last < requests.size()) stalls.idle += requests[last].arrival - end;
        first = last;
    }
    return stalls;
}

// By hand, a ring of one layer, two layers, R = 10, K = 5: read 0-10, execute 10-15, read 15-25,
// execute 25-30. Without the ring: read 10-20, execute 20-25: memory 5. Without reads: execute 0-5,
// 5-10: read 15. Busy 10.

}  // namespace swaplab::oracle
