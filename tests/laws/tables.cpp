#include "tests/laws/tables.h"

#include <algorithm>
#include <cmath>

namespace swaplab::laws {
namespace {

double rounded(double cost) { return static_cast<double>(std::llround(cost)); }

double ns(Time t) { return static_cast<double>(count_ns(t)); }

// The nearest-rank percentile: the smallest value with at least p percent of all at or below it.
double nearest_rank(std::vector<double> values, double percent) {
    std::ranges::sort(values);
    std::size_t rank = 1;
    while (100.0 * static_cast<double>(rank) < percent * static_cast<double>(values.size())) ++rank;
    return values[rank - 1];
}

}  // namespace

oracle::Item item_of(const CostModel& cost, UnitRange layers, bool standard_path) {
    oracle::Item item;
    item.execute = rounded(cost.ns(Activity::execute, layers));
    std::int64_t bytes = 0, stored = 0;
    for (std::uint32_t j = layers.first; j < layers.last; ++j) {
        bytes += cost.model().layers()[j].parameter_bytes.count;
        stored += cost.model().layers()[j].bytes_on_storage().count;
    }
    if (bytes == 0) return item;
    bytes = std::max(bytes, stored);  // what a read brings has its place, too
    const std::int64_t alignment = cost.node().memory.alignment.count;
    item.bytes = static_cast<double>((bytes + alignment - 1) / alignment * alignment);
    item.read = rounded(cost.ns(Activity::read, layers));
    const ReadSpec& read = cost.node().read;
    const double first = read.table.empty() ? read.cost.per_block : read.table.front().ns;
    item.first_byte = std::min(rounded(first * cost.scale_of(Activity::read)), item.read);
    item.copy = rounded(cost.ns(Activity::copy, layers));
    item.assemble = rounded(cost.ns(Activity::assemble, layers) +
                            (standard_path ? cost.ns(Activity::instantiate, layers) : 0.0));
    item.release = rounded(cost.ns(Activity::release, layers));
    return item;
}

oracle::Table table_of(const CostModel& cost, std::span<const UnitRange> blocks,
                       bool standard_path) {
    oracle::Table table;
    for (const UnitRange block : blocks) table.push_back(item_of(cost, block, standard_path));
    return table;
}

oracle::Table unit_table(const CostModel& cost) {
    return table_of(cost, cost.model().finest_blocks());
}

std::vector<UnitRange> blocks_of(const RunResult& result, std::size_t job) {
    std::vector<UnitRange> blocks;
    for (const BlockFacts& block : result.jobs.at(job).blocks) blocks.push_back(block.units);
    return blocks;
}

oracle::Tensors tensors_of(const Model& model) {
    oracle::Tensors tensors;
    tensors.input = model.spec().input_bytes.count;
    for (const Layer& layer : model.layers()) {
        oracle::Tensors::Layer row;
        for (const Source& source : layer.inputs)
            row.inputs.push_back(source ? std::optional<std::size_t>(source->index) : std::nullopt);
        row.output = layer.output_bytes.count;
        row.workspace = layer.workspace_bytes.count;
        tensors.layers.push_back(row);
    }
    return tensors;
}

void expect_latencies(const std::vector<double>& expected, double makespan,
                      const RunResult& result) {
    EXPECT_EQ(static_cast<double>(count_ns(result.makespan)), makespan);
    const LatencySummary& latency = result.latency;
    ASSERT_EQ(latency.count, static_cast<std::int64_t>(expected.size()));
    double sum = 0;
    for (const double l : expected) sum += l;
    EXPECT_EQ(count_ns(latency.mean), std::llround(sum / static_cast<double>(expected.size())));
    EXPECT_EQ(static_cast<double>(count_ns(latency.min)), *std::ranges::min_element(expected));
    EXPECT_EQ(static_cast<double>(count_ns(latency.max)), *std::ranges::max_element(expected));
    EXPECT_EQ(static_cast<double>(count_ns(latency.p50)), nearest_rank(expected, 50));
    EXPECT_EQ(static_cast<double>(count_ns(latency.p95)), nearest_rank(expected, 95));
    EXPECT_EQ(static_cast<double>(count_ns(latency.p99)), nearest_rank(expected, 99));
}

void expect_timeline(const oracle::Timeline& expected, const oracle::Table& table, int copies,
                     const testing::Simulation& actual) {
    ASSERT_EQ(actual.result.verdict, Verdict::ok) << actual.result.reason;
    const std::size_t n = table.size();
    ASSERT_EQ(blocks_of(actual.result).size(), n);
    std::vector<int> commands(expected.rows.size() * kVerbs, 0);
    for (const Completion& span : actual.record.spans) {
        const Action& c = span.command;
        if (c.verb == Verb::wake_at) continue;
        const std::size_t p = c.request.index * n + c.block.index;
        ASSERT_LT(p, expected.rows.size());
        ++commands[p * kVerbs + static_cast<std::size_t>(c.verb)];
        const oracle::Row& row = expected.rows[p];
        const auto where = ::testing::Message() << name_of(c.verb) << " of block " << c.block.index
                                                << ", request " << c.request.index;
        switch (c.verb) {
            case Verb::read:
                EXPECT_EQ(ns(span.start), row.read_start) << where;
                EXPECT_EQ(ns(span.end), row.read_end) << where;
                break;
            case Verb::copy:
                if (c.copy + 1 == copies) {
                    EXPECT_EQ(ns(span.end), row.copy_end) << where;
                }
                break;
            case Verb::assemble: EXPECT_EQ(ns(span.end), row.assemble_end) << where; break;
            case Verb::execute:
                EXPECT_EQ(ns(span.start), row.execute_start) << where;
                EXPECT_EQ(ns(span.end), row.execute_end) << where;
                break;
            case Verb::release: EXPECT_EQ(ns(span.end), row.release_end) << where; break;
            case Verb::wake_at: break;
        }
    }
    for (std::size_t p = 0; p < expected.rows.size(); ++p) {
        const int in = table[p % n].has_parameters() ? 1 : 0;
        const std::vector<int> wanted{in, in * copies, in, 1, in, 0};
        EXPECT_TRUE(std::equal(wanted.begin(), wanted.end(),
                               commands.begin() + static_cast<std::ptrdiff_t>(p * kVerbs)))
            << "wrong commands for block " << p % n << " of request " << p / n;
    }
    expect_latencies(expected.latencies, expected.makespan, actual.result);
}

}  // namespace swaplab::laws
