// PipeLoad (SYSTEMS: Hermes; SEMANTICS: How policies map to commands), twice: as a recurrence where
// every read has the speed of a lone one, and as tasks for the replay of a node, where whatever
// contends contends.
#pragma once

#include "tests/laws/oracle/demand_layering.h"
#include "tests/laws/oracle/node_replay.h"
#include "tests/laws/oracle/table.h"

namespace swaplab::oracle {

// With k counting the items with parameters, over all requests:
//   read_start(k) = max(read_start(k-1), read_end(k-m), release_end(k-m-1), a server is free, a
//   place of bytes(k) is free); a server is free when fewer than m reads run; the bytes of k are
//   held from its read to the end of its release. read(i) also waits for release(i) of the request
//   before. Items without parameters only execute.
inline Timeline pipeload(const Table& table, std::size_t agents, double arena_bytes,
                         std::size_t requests, Mode mode, std::size_t assembly_lanes = 1) {
    Timeline timeline;
    Clock clock(mode);
    AssemblyLanes assembly(assembly_lanes);
    std::vector<std::size_t> loads;  // rows, by k
    const std::size_t n = table.size();
    for (std::size_t p = 0; p < requests * n; ++p) {
        const Item& item = table[p % n];
        Row row;
        const double executed = p > 0 ? timeline.rows[p - 1].execute_end : 0;
        row.execute_start = std::max(clock.arrival(), executed);
        if (item.has_parameters()) {
            const auto& rows = timeline.rows;
            const std::size_t k = loads.size();
            double start = clock.arrival();
            if (k > 0) start = std::max(start, rows[loads[k - 1]].read_start);
            if (k >= agents) start = std::max(start, rows[loads[k - agents]].read_end);
            if (k > agents) start = std::max(start, rows[loads[k - agents - 1]].release_end);
            if (p >= n) start = std::max(start, rows[p - n].release_end);
            const auto fits = [&](double at) {
                std::size_t running = 0;
                double held = item.bytes;
                for (const std::size_t j : loads) {
                    if (rows[j].read_end > at) ++running;
                    if (rows[j].release_end > at) held += table[j % n].bytes;
                }
                return running < agents && held <= arena_bytes;
            };
            double found = fits(start) ? start : -1;
            for (const std::size_t j : loads)
                for (const double at : {rows[j].read_end, rows[j].release_end})
                    if (at >= start && fits(at) && (found < 0 || at < found)) found = at;
            row.read_start = found;
            row.read_end = row.copy_end = found + item.read;
            row.assemble_end = assembly.run(row.read_end, item.assemble);
            row.execute_start = std::max(row.execute_start, row.assemble_end);
            loads.push_back(p);
        }
        row.execute_end = row.execute_start + item.execute;
        row.release_end = row.execute_end + item.release;
        timeline.rows.push_back(row);
        if (p % n == n - 1) clock.end_of_request(timeline, n);
    }
    return timeline;
}

// The same as tasks, in order of submission: per item read, assemble, execute, release (of one
// without parameters execute only). Cold, what a request begins with waits for everything of the
// request before.
struct Script {
    std::vector<Task> tasks;
    std::vector<Holding> holdings;
    struct Ids {
        std::size_t read = Task::npos, assemble = Task::npos, execute = 0, release = Task::npos;
    };
    std::vector<Ids> items;  // by request and item
};

inline Script pipeload_script(const Table& table, std::size_t agents, std::size_t requests,
                              Mode mode) {
    Script script;
    std::vector<std::size_t> loads;
    const std::size_t n = table.size();
    const auto add = [&](Kind kind, double work, std::vector<std::size_t> after) {
        Task task;
        task.kind = kind;
        task.work = static_cast<std::int64_t>(work);
        std::erase(after, Task::npos);
        task.after = std::move(after);
        script.tasks.push_back(std::move(task));
        return script.tasks.size() - 1;
    };
    for (std::size_t p = 0; p < requests * n; ++p) {
        const Item& item = table[p % n];
        std::vector<std::size_t> arrival;
        if (mode == Mode::cold && p >= n)
            for (std::size_t q = p / n * n - n; q < p / n * n; ++q) {
                arrival.push_back(script.items[q].execute);
                arrival.push_back(script.items[q].release);
            }
        Script::Ids ids;
        std::vector<std::size_t> ready = arrival;
        if (p > 0) ready.push_back(script.items[p - 1].execute);
        if (item.has_parameters()) {
            const std::size_t k = loads.size();
            std::vector<std::size_t> after = arrival;
            if (k >= agents) after.push_back(script.items[loads[k - agents]].read);
            if (k > agents) after.push_back(script.items[loads[k - agents - 1]].release);
            if (p >= n) after.push_back(script.items[p - n].release);
            ids.read = add(Kind::read, item.read, after);
            script.tasks.back().first_byte = static_cast<std::int64_t>(item.first_byte);
            ids.assemble = add(Kind::assemble, item.assemble, {ids.read});
            ready.push_back(ids.assemble);
            loads.push_back(p);
        }
        ids.execute = add(Kind::execute, item.execute, ready);
        if (item.has_parameters()) {
            ids.release = add(Kind::release, item.release, {ids.execute});
            script.holdings.push_back(
                {0, static_cast<std::int64_t>(item.bytes), ids.read, ids.release});
        }
        script.items.push_back(ids);
    }
    return script;
}

// By hand.
// pipeload, {bytes, read, copy, assemble, execute, release}:
//   1. Two agents, four of {1, 10, 0, 0, 4, 0}, room for all: reads 0-10, 0-10; the third after
//      read(0): 10-20; the fourth after read(1) and release(0) = 14: 14-24; executions 10-14,
//      14-18, 20-24, 24-28: 28 = ceil(4 / 2) * 10 + 2 * 4.
//   2. The same with room for two: the third waits for release(0): 14-24, the fourth for
//      release(1) = 18: 18-28; executions 24-28, 28-32: 32.
//   3. One agent, room for all: reads 0-10-20, 20-30 (release(0) = 14), 30-40: 44.
//   4. The first, twice as a stream: read(4) after read(2) = 20, release(1) = 18 and release(0) =
//   14:
//      20-30; read(5) after read(3) = 24, release(2) = 24: 24-34; executions end at 34, 38.

}  // namespace swaplab::oracle
