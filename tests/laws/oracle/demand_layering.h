// Demand Layering's pipelines (SYSTEMS: Demand Layering; SEMANTICS: How policies map to commands).
#pragma once

#include "tests/laws/oracle/one_at_a_time.h"
#include "tests/laws/oracle/ring.h"
#include "tests/laws/oracle/table.h"

namespace swaplab::oracle {

// Assembly: commands start in order, `lanes` at a time.
class AssemblyLanes {
  public:
    explicit AssemblyLanes(std::size_t lanes) : free_(lanes, 0.0) {}

    double run(double ready, double duration) {
        std::size_t first = 0;
        for (std::size_t i = 1; i < free_.size(); ++i)
            if (free_[i] < free_[first]) first = i;
        last_start_ = std::max({last_start_, ready, free_[first]});
        free_[first] = last_start_ + duration;
        return free_[first];
    }

  private:
    std::vector<double> free_;
    double last_start_ = 0;
};

// Unified memory, one ring of B bytes:
//   R_end(i) = max(R_end(i-1), space(i)) + R_i;  K_end(i) = max(K_end(i-1), A_end(i)) + K_i,
// A_end the end of the assembly behind R_end; item i leaves the ring when its release has ended,
// and read(i) of a request also waits for release(i) of the request before.
inline Timeline two_stage(const Table& table, double ring_bytes, std::size_t requests, Mode mode,
                          std::size_t assembly_lanes = 1) {
    Timeline timeline;
    Clock clock(mode);
    Ring ring(ring_bytes);
    AssemblyLanes assembly(assembly_lanes);
    const std::size_t n = table.size();
    for (std::size_t p = 0; p < requests * n; ++p) {
        const Item& item = table[p % n];
        const Row before = p > 0 ? timeline.rows[p - 1] : Row{};
        Row row;
        row.read_start = std::max(clock.arrival(), before.read_end);
        if (p >= n) row.read_start = std::max(row.read_start, timeline.rows[p - n].release_end);
        if (item.has_parameters()) {
            row.read_start = std::max(row.read_start, ring.space(item.bytes));
            ring.take(item.bytes);
        }
        row.read_end = row.copy_end = row.assemble_end = row.read_start + item.read;
        if (item.has_parameters()) row.assemble_end = assembly.run(row.read_end, item.assemble);
        row.execute_start = std::max({clock.arrival(), row.assemble_end, before.execute_end});
        row.execute_end = row.execute_start + item.execute;
        row.release_end = row.execute_end + item.release;
        if (item.has_parameters()) ring.free_last(row.release_end);
        timeline.rows.push_back(row);
        if (p % n == n - 1) clock.end_of_request(timeline, n);
    }
    return timeline;
}

// A host ring and a device ring of B bytes each:
//   R_end(i) = max(R_end(i-1), space_H(i)) + R_i
//   C_end(i) = max(C_end(i-1), R_end(i), space_G(i)) + C_i
//   K_end(i) = max(K_end(i-1), A_end(i)) + K_i
// the host place is freed at C_end, the device place when the release has ended.
inline Timeline async(const Table& table, double ring_bytes, std::size_t requests, Mode mode,
                      std::size_t assembly_lanes = 1) {
    Timeline timeline;
    Clock clock(mode);
    Ring host(ring_bytes), device(ring_bytes);
    AssemblyLanes assembly(assembly_lanes);
    const std::size_t n = table.size();
    for (std::size_t p = 0; p < requests * n; ++p) {
        const Item& item = table[p % n];
        const Row before = p > 0 ? timeline.rows[p - 1] : Row{};
        Row row;
        row.read_start = std::max(clock.arrival(), before.read_end);
        if (p >= n) row.read_start = std::max(row.read_start, timeline.rows[p - n].release_end);
        if (item.has_parameters()) {
            row.read_start = std::max(row.read_start, host.space(item.bytes));
            host.take(item.bytes);
        }
        row.read_end = row.read_start + item.read;
        row.copy_end = std::max(row.read_end, before.copy_end);
        if (item.has_parameters()) {
            row.copy_end = std::max(row.copy_end, device.space(item.bytes)) + item.copy;
            host.free_last(row.copy_end);
            device.take(item.bytes);
        }
        row.assemble_end = row.copy_end;
        if (item.has_parameters()) row.assemble_end = assembly.run(row.copy_end, item.assemble);
        row.execute_start = std::max({clock.arrival(), row.assemble_end, before.execute_end});
        row.execute_end = row.execute_start + item.execute;
        row.release_end = row.execute_end + item.release;
        if (item.has_parameters()) device.free_last(row.release_end);
        timeline.rows.push_back(row);
        if (p % n == n - 1) clock.end_of_request(timeline, n);
    }
    return timeline;
}

// Step t = {read(t), copy(t-1) + assembly(t-1), execute(t-2) + release(t-2)} after everything of
// step t-1; every layer takes a step, with parameters or without. Cold, the steps of a request
// begin when it arrives; in a stream they go on over all requests, and read(i) also waits for
// release(i) of the request before, which lies in an earlier step when there are three layers or
// more, in the same step when there are two. Of one layer nothing can overlap: one command at a
// time.
inline Timeline sync(const Table& table, std::size_t requests, Mode mode) {
    Timeline timeline;
    const std::size_t n = table.size();
    if (n == 1 && mode == Mode::stream) return one_at_a_time(table, 1, requests, mode);
    const std::size_t rounds = mode == Mode::cold ? requests : 1;
    const std::size_t steps = mode == Mode::cold ? n : n * requests;
    double now = 0, last_end = 0;
    for (std::size_t round = 0; round < rounds; ++round) {
        const std::size_t first = timeline.rows.size();
        if (mode == Mode::cold) last_end = now;
        timeline.rows.resize(first + steps);
        for (std::size_t t = 0; t < steps + 2; ++t) {
            double end = now;
            if (t >= 2) {
                Row& row = timeline.rows[first + t - 2];
                const Item& item = table[(t - 2) % n];
                row.execute_start = now;
                row.execute_end = now + item.execute;
                row.release_end = row.execute_end + item.release;
                end = std::max(end, row.release_end);
            }
            if (t >= 1 && t - 1 < steps) {
                Row& row = timeline.rows[first + t - 1];
                const Item& item = table[(t - 1) % n];
                row.copy_end = now + item.copy;
                row.assemble_end = row.copy_end + item.assemble;
                end = std::max(end, row.assemble_end);
            }
            if (t < steps) {
                Row& row = timeline.rows[first + t];
                const Item& item = table[t % n];
                row.read_start = now;
                if (mode == Mode::stream && t >= n && item.has_parameters())
                    row.read_start = std::max(now, timeline.rows[t - n].release_end);
                row.read_end = row.read_start + item.read;
                if (item.has_parameters()) end = std::max(end, row.read_end);
            }
            if (t >= 2 && (t - 2) % n == n - 1) {
                const double ended = timeline.rows[first + t - 2].execute_end;
                timeline.latencies.push_back(ended - last_end);
                timeline.makespan = last_end = ended;
            }
            now = end;
        }
    }
    return timeline;
}

// The published overhead of two-stage with an unlimited ring, nothing for assembly and release:
// max(0, max_i(sum_{j<=i} R_j - sum_{j<i} K_j)).
inline double unlimited_overhead(const Table& table) {
    double reads = 0, kernels = 0, worst = 0;
    for (const Item& item : table) {
        reads += item.read;
        worst = std::max(worst, reads - kernels);
        kernels += item.execute;
    }
    return worst;
}

inline double largest(const Table& table) {
    double bytes = 0;
    for (const Item& item : table) bytes = std::max(bytes, item.bytes);
    return bytes;
}

// Trade-off mode: B = L + p MiB, p = 0, 1, 2, ... until the overhead over the sum of K is below the
// limit; if it never is, the B within the budget with the least latency, smallest first. `most` is
// what the budget leaves for one ring; nothing fits if it is below L (then the result is 0).
template <class Latency>
double swept_buffer(const Table& table, double most, double limit, const Latency& latency_with) {
    double kernels = 0;
    for (const Item& item : table) kernels += item.execute;
    double best = 0, best_latency = 0;
    for (double ring = largest(table); ring <= most; ring += 1048576.0) {
        const double latency = latency_with(ring);
        if (latency - kernels < limit) return ring;
        if (best == 0 || latency < best_latency) {
            best = ring;
            best_latency = latency;
        }
        // A ring that holds everything behaves like every larger one.
        double all = 0;
        for (const Item& item : table) all += item.bytes;
        if (ring >= all) break;
    }
    return best;
}

// By hand.
// two_stage
//   1. Two equal layers of L bytes, R = K = 10 ms: B = L: read 0-10, execute 10-20, read 20-30,
//      execute 30-40: 40 ms. B = 2L: reads 0-10-20, executions 10-20-30: 30 ms.
//   2. Six equal layers, R = K = 10 ms, B = L: 6 * 20 = 120 ms.
//   3. Layers of 3, 2, 2 bytes, R = 4, 4, 4, K = 10, 1, 1 (assembly 1, release 2 each):
//      B = 7: reads end at 4, 8, 12; executions 5-15, 15-16, 16-17: 17.
//      B = 6: the third wraps to 0 and waits for the first's release at 17: read 17-21, assembled
//      22, executed 22-23: 23. In a stream of two with B = 7 the second request's first layer waits
//      for release(0) = 17 of the first: [0,3) is free then; read 17-21, assembled 22, executed
//      22-32.
// async
//   1. Two equal layers, R = K = 10, C = 5, B = L: read 0-10, copy 10-15 frees the host ring, read
//      15-25, execute 15-25 frees the device ring at 25, copy 25-30, execute 30-40: 40.
//   2. The same with B = 2L: reads 0-10-20, copies 10-15, 20-25, executions 15-25, 25-35: 35.
//   3. The first with C = 0: read 0-10, copy at 10, read 10-20, execute 10-20, copy at 20, execute
//      20-30: 30 (two rings of L do what one ring of 2L does).
// sync
//   1. Six equal layers, R = K = 10 ms, C = 0: 8 steps of 10 ms: 80 ms.
//   2. R = 10, 30; C = 5, 5; K = 20, 40: steps max(10), max(30, 5), max(5, 20), 40 = 100.
//   3. A layer without parameters between them (K = 7): R = 10, -, 30; steps 10; max(-, 5) = 5;
//      max(30, -, 20) = 30; max(5, 7) = 7; 40: 92.

}  // namespace swaplab::oracle
