#include "experiments/measure/schedules.h"

#include <algorithm>

#include "experiments/measure/cuts.h"
#include "policies/port/holding.h"
#include "policies/port/swap_path.h"

namespace swaplab {

namespace {

// Writes the script of one job after the other; knows what each block weighs.
class Writer {
  public:
    explicit Writer(const ScheduleSetup& setup) : setup_(&setup) {}

    BenchRun take() { return std::move(run_); }

    JobId add_job(std::vector<Block> blocks, Bytes arena, SwapPath path = SwapPath::zero_copy,
                  std::int64_t requests = 1) {
        run_.jobs.push_back({std::move(blocks), path, arena, requests});
        return {static_cast<std::uint32_t>(run_.jobs.size() - 1)};
    }
    void set_parallel_reads(std::uint32_t reads) { run_.parallel_reads = reads; }

    std::uint32_t blocks(JobId job) const {
        return static_cast<std::uint32_t>(run_.jobs[job.index].blocks.size());
    }
    UnitRange layers(JobId job, std::uint32_t block) const {
        return run_.jobs[job.index].blocks[block];
    }
    Bytes held(JobId job, std::uint32_t block) const {
        return held_bytes(setup_->model, layers(job, block), setup_->alignment);
    }
    // Whether it brings anything in: parameters of its own, or such as it shares.
    bool swaps(JobId job, std::uint32_t block) const { return held(job, block).count > 0; }

    // One command after those of two others that are there.
    StepIndex step(Verb verb, JobId job, std::uint32_t block, std::optional<StepIndex> after,
                   std::optional<StepIndex> and_after = {}, RequestId request = {},
                   std::uint8_t copy = 0) {
        Script& script = run_.script;
        if (!after) after = and_after;
        if (!after) return script.add(verb, job, {block}, {}, request, copy);
        return script.add(verb, job, {block}, {*after, and_after.value_or(*after)}, request, copy);
    }
    StepIndex pause(Duration rest) { return run_.script.pause(rest); }

    // Reads these blocks back to back (a batch, which fits) and, once all are read, assembles them.
    // Returns the last assembly.
    StepIndex read_all(JobId job, const std::vector<std::uint32_t>& batch,
                       std::optional<StepIndex> after) {
        std::vector<StepIndex> reads;
        for (const std::uint32_t block : batch)
            reads.push_back(step(Verb::read, job, block, after));
        std::optional<StepIndex> last;
        for (std::size_t i = 0; i < batch.size(); ++i)
            last = run_.script.add(Verb::assemble, job, {batch[i]},
                                   {reads[i], last.value_or(reads.back()), reads.back()});
        return *last;
    }
    StepIndex release_all(JobId job, const std::vector<std::uint32_t>& batch, StepIndex after) {
        StepIndex last = after;
        for (const std::uint32_t block : batch) last = step(kSwapOut, job, block, last);
        return last;
    }

    // Of the blocks in this order (those that swap), what is in memory together.
    std::vector<std::vector<std::uint32_t>> batches(JobId job,
                                                    const std::vector<std::uint32_t>& order) const {
        std::vector<std::vector<std::uint32_t>> batches;
        Bytes in_memory;
        for (const std::uint32_t block : order) {
            const Bytes size = held(job, block);
            if (batches.empty() || in_memory + size > run_.jobs[job.index].arena) {
                batches.emplace_back();
                in_memory = {};
            }
            batches.back().push_back(block);
            in_memory += size;
        }
        return batches;
    }
    // All blocks that have parameters and fit.
    std::vector<std::uint32_t> swapped(JobId job) const {
        std::vector<std::uint32_t> order;
        for (std::uint32_t b = 0; b < blocks(job); ++b)
            if (swaps(job, b) && held(job, b) <= run_.jobs[job.index].arena) order.push_back(b);
        return order;
    }

  private:
    const ScheduleSetup* setup_;
    BenchRun run_;
};

std::vector<Block> units_of(const Model& model) { return finest_blocks(model); }

Bytes largest_of(const Writer& writer, JobId job) {
    Bytes largest;
    for (std::uint32_t b = 0; b < writer.blocks(job); ++b)
        largest = std::max(largest, writer.held(job, b));
    return largest;
}

Bytes largest_unit(const ScheduleSetup& setup) {
    Bytes largest;
    for (const UnitRange& unit : setup.model.finest_blocks())
        largest = std::max(largest, held_bytes(setup.model, unit, setup.alignment));
    return largest;
}

// How memory is shared where one job holds what executes and the other what is read beside it.
struct Shares {
    Bytes executing, beside;
};
Shares shares_of(const ScheduleSetup& setup) {
    const Bytes executing = std::max(largest_unit(setup), Bytes{setup.memory.count / 2});
    return {executing, setup.memory - executing};
}

}  // namespace

BenchRun one_by_one(const ScheduleSetup& setup, const std::vector<Block>& cut) {
    Writer writer(setup);
    const JobId job = writer.add_job(cut, setup.memory);
    std::optional<StepIndex> last;
    for (std::uint32_t b = 0; b < writer.blocks(job); ++b) {
        const bool swaps = writer.swaps(job, b);
        if (swaps) last = writer.step(Verb::read, job, b, last);
        if (swaps) last = writer.step(Verb::assemble, job, b, last);
        last = writer.step(kUse, job, b, last);
        if (swaps) last = writer.step(kSwapOut, job, b, last);
    }
    return writer.take();
}

BenchRun back_to_back(const ScheduleSetup& setup, const std::vector<Block>& cut,
                      std::uint32_t parallel, std::int64_t turn) {
    Writer writer(setup);
    const JobId job = writer.add_job(cut, setup.memory);
    writer.set_parallel_reads(parallel);
    std::vector<std::uint32_t> order = writer.swapped(job);
    if (order.empty()) return {};
    std::ranges::rotate(order, order.begin() + turn % std::ssize(order));
    std::optional<StepIndex> last;
    for (const auto& batch : writer.batches(job, order))
        last = writer.release_all(job, batch, writer.read_all(job, batch, last));
    return writer.take();
}

BenchRun after_rests(const ScheduleSetup& setup, const std::vector<Duration>& rests) {
    constexpr std::size_t some = 6;
    Writer writer(setup);
    const JobId job = writer.add_job(units_of(setup.model), setup.memory);
    std::vector<std::uint32_t> order = writer.swapped(job);
    std::ranges::stable_sort(order, {}, [&](std::uint32_t b) { return writer.held(job, b); });
    // What a rest adds shows best on short reads.
    order.resize((order.size() + 1) / 2);
    const std::size_t stride = std::max<std::size_t>(1, order.size() / some);
    std::optional<StepIndex> last;
    for (std::size_t i = 0; i < order.size(); i += stride) {
        // The read before the first rest begins it.
        last = writer.release_all(job, {order[i]}, writer.read_all(job, {order[i]}, last));
        for (const Duration rest : rests) {
            last = writer.pause(rest);
            last = writer.release_all(job, {order[i]}, writer.read_all(job, {order[i]}, last));
        }
    }
    return writer.take();
}

BenchRun by_path(const ScheduleSetup& setup, const std::vector<Block>& cut, SwapPath path,
                 ComputeKind compute) {
    const bool two_arenas = path == SwapPath::staged;
    const Bytes arena{setup.memory.count / (two_arenas ? 2 : 1)};
    Writer writer(setup);
    const JobId job = writer.add_job(cut, arena, path);
    std::optional<StepIndex> last;
    for (const std::uint32_t b : writer.swapped(job)) {
        if (!two_arenas && peak_copies(path, compute) * writer.held(job, b) > arena) continue;
        for (const SwapStep step : steps_of(path, compute))
            last = writer.step(step.verb, job, b, last, {}, {}, step.copy);
        last = writer.step(kSwapOut, job, b, last);
    }
    return writer.take();
}

BenchRun warm(const ScheduleSetup& setup, std::int64_t repetitions) {
    Writer writer(setup);
    const JobId job =
        writer.add_job(units_of(setup.model), setup.memory, SwapPath::resident, repetitions);
    std::optional<StepIndex> last;
    for (std::uint32_t r = 0; r < repetitions; ++r)
        for (std::uint32_t b = 0; b < writer.blocks(job); ++b)
            last = writer.step(kUse, job, b, last, {}, {r});
    return writer.take();
}

BenchRun execute_beside_read(const ScheduleSetup& setup, const Estimates& known,
                             std::int64_t turn) {
    constexpr double fill = 0.8;  // of a read, so that it ends behind what it covers
    constexpr double most_reads = 100;  // beside a group: those that take next to nothing tell little
    const Shares shares = shares_of(setup);
    Writer writer(setup);
    const JobId units = writer.add_job(units_of(setup.model), shares.executing);
    const JobId large = writer.add_job(
        cut_of(setup.model, Bytes{shares.beside.count / 2}, setup.alignment), shares.beside);
    const std::vector<std::uint32_t> covers = writer.swapped(large);
    if (covers.empty()) return {};
    std::size_t cover = static_cast<std::size_t>(turn) % covers.size();
    std::vector<std::optional<StepIndex>> released(covers.size());
    std::optional<StepIndex> last;
    for (std::uint32_t b = 0; b < writer.blocks(units);) {
        std::vector<std::uint32_t> group, swapped;
        double executes = 0;
        Bytes in_memory;
        const double room = fill * known.read_ns(writer.layers(large, covers[cover]));
        // The first group differs from turn to turn, and with it all others.
        const std::size_t most = b == 0 ? 1 + static_cast<std::size_t>(turn % 3) : group.max_size();
        for (; b < writer.blocks(units) && group.size() < most; ++b) {
            const double more = known.execute_ns(writer.layers(units, b));
            const Bytes size = writer.swaps(units, b) ? writer.held(units, b) : Bytes{};
            if (!group.empty() && (executes + more > room || in_memory + size > shares.executing))
                break;
            group.push_back(b);
            if (size.count > 0) swapped.push_back(b);
            executes += more;
            in_memory += size;
        }
        if (!swapped.empty()) last = writer.read_all(units, swapped, last);
        std::optional<StepIndex> reading = last, executing = last;
        for (double covered = 0; covered < executes / fill;) {
            const std::uint32_t c = covers[cover];
            covered += std::max({1.0, executes / fill / most_reads,
                                 known.read_ns(writer.layers(large, c))});
            // The next may begin beside the assembly, unless it is a block that is still there.
            reading = writer.step(Verb::read, large, c, reading, released[cover]);
            const StepIndex ready = writer.step(Verb::assemble, large, c, reading);
            released[cover] = writer.step(kSwapOut, large, c, ready);
            cover = (cover + 1) % covers.size();
        }
        for (const std::uint32_t e : group) executing = writer.step(kUse, units, e, executing);
        const StepIndex both = writer.pause(Duration::zero());
        last = swapped.empty() ? both : writer.release_all(units, swapped, both);
    }
    return writer.take();
}

BenchRun read_beside_execute(const ScheduleSetup& setup, const Estimates& known,
                             std::int64_t turn) {
    constexpr double fill = 0.9;  // of an execution
    const Shares shares = shares_of(setup);
    Writer writer(setup);
    const JobId large =
        writer.add_job(cut_of(setup.model, shares.executing, setup.alignment), shares.executing);
    const JobId units = writer.add_job(units_of(setup.model), shares.beside);
    const std::vector<std::uint32_t> order = writer.swapped(units);
    if (order.empty() || largest_of(writer, large) > shares.executing) return {};
    std::size_t next = static_cast<std::size_t>(turn) * 7 % order.size();
    std::optional<StepIndex> last;
    for (std::uint32_t b = 0; b < writer.blocks(large); ++b) {
        const bool swaps = writer.swaps(large, b);
        if (swaps) last = writer.read_all(large, {b}, last);
        const double room = fill * known.execute_ns(writer.layers(large, b));
        std::vector<std::uint32_t> inside;
        double reads = 0;
        for (std::size_t i = 0; i < order.size(); ++i) {
            const std::uint32_t unit = order[next];
            next = (next + 1) % order.size();
            const double more = known.read_ns(writer.layers(units, unit));
            if (reads + more > room) continue;
            reads += more;
            inside.push_back(unit);
        }
        std::optional<StepIndex> reading = last;
        writer.step(kUse, large, b, last);
        for (const auto& batch : writer.batches(units, inside))
            reading = writer.release_all(units, batch, writer.read_all(units, batch, reading));
        last = writer.pause(Duration::zero());
        if (swaps) last = writer.step(kSwapOut, large, b, last);
    }
    return writer.take();
}

}  // namespace swaplab
