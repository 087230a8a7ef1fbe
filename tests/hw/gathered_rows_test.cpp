// Tables that come in by rows on the CPU backend: the windows that are read hold the rows that
// execution asks for, as many as the simulator counts, and nothing else is read or held.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <mutex>
#include <set>

#include "hw/cpu_backend.h"
#include "hw/host/page_checksums.h"
#include "hw/storage/pack_writer.h"
#include "policies/registry.h"
#include "policies/run/runner.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "sim/sim_device.h"
#include "tests/support/every_policy.h"
#include "tests/support/random.h"
#include "tests/support/sharing_model.h"
#include "tests/support/simulate.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {
namespace {

Platform board() {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = {1 << 30};
    node.memory.unified = true;
    node.memory.alignment = {4096};
    node.read.cost.per_byte = 1;
    node.execute.other.per_layer = 1'000;
    return platform;
}

std::string file_of(const Pack& pack) {
    std::ifstream file(pack.parameters_path(), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// Asks for rows, and compares all that it gets with the file when it executes.
class ComparingExecutor final : public Executor {
  public:
    ComparingExecutor(PackPtr pack, std::span<const UnitRange> blocks)
        : pack_(std::move(pack)), file_(file_of(*pack_)), blocks_(blocks.begin(), blocks.end()) {}

    void bind(BlockId block, std::byte* at) override { bind_with(block, at, {}); }
    void bind_with(BlockId block, std::byte* at, std::span<const BroughtAt> brought) override {
        const std::lock_guard lock(mutex_);
        bound_[block] = {at, {brought.begin(), brought.end()}};
    }
    void unbind(BlockId block) override {
        const std::lock_guard lock(mutex_);
        bound_.erase(block);
    }

    // Any of them, the first and the last above all; as many as the model says at most, and as few
    // as one.
    std::vector<std::int64_t> rows(RequestId request, std::uint32_t pass, BlockId block,
                                   LayerId table) const override {
        const Model& model = *pack_->model();
        std::int64_t most = 0;
        std::int64_t all = 0;
        for (const UnitId unit : blocks_[block.index]) {
            const LayerId layer = model.layer_of(unit);
            if (!model.layer(layer).gathers() || model.table_of(layer) != table) continue;
            most += model.rows_touched(layer, pass == 0 ? model.described_tokens() : 1);
            all = model.layer(layer).rows;
        }
        Rng rng(request.index * 1009U + pass * 101U + block.index * 11U + table.index);
        const std::int64_t count = rng.between(1, std::min(most, all));
        std::set<std::int64_t> rows{rng.chance(50) ? 0 : all - 1};
        while (std::ssize(rows) < count) rows.insert(rng.between(0, all - 1));
        return {rows.begin(), rows.end()};
    }

    void execute(RequestId request, std::uint32_t pass, BlockId block) override {
        const std::lock_guard lock(mutex_);
        const auto found = bound_.find(block);
        if (found == bound_.end()) return;  // nothing of its own, and nothing that it brings
        const std::byte* own = found->second.at;
        const auto& brought = found->second.brought;
        for (const UnitId unit : blocks_[block.index]) {
            const LayerId layer = pack_->model()->layer_of(unit);
            if (std::ranges::count(brought, layer, &BroughtAt::owner) > 0) continue;
            const Extent extent = pack_->extent({unit.index, unit.index + 1});
            expect_bytes(own, extent.offset, extent.size);
            own += extent.size.count;
        }
        for (const BroughtAt& segment : brought) {
            const std::uint32_t unit = pack_->model()->units_of(segment.owner).first;
            const Extent extent = pack_->extent({unit, unit + 1});
            if (segment.by_rows())
                expect_rows(segment, extent, rows(request, pass, block, segment.owner));
            else
                expect_bytes(segment.at, extent.offset, extent.size);
        }
    }
    std::optional<std::string> output_digest(RequestId) const override { return std::nullopt; }

  private:
    struct Bound {
        const std::byte* at = nullptr;
        std::vector<BroughtAt> brought;
    };

    void expect_bytes(const std::byte* at, Bytes offset, Bytes size) const {
        EXPECT_EQ(
            std::memcmp(at, file_.data() + offset.count, static_cast<std::size_t>(size.count)), 0)
            << size.count << " bytes at " << offset.count;
    }
    void expect_rows(const BroughtAt& segment, Extent table,
                     const std::vector<std::int64_t>& asked) const {
        const Model& model = *pack_->model();
        std::int64_t all = 1;
        for (std::uint32_t l = 0; l < model.layer_count(); ++l)
            if (model.layer({l}).gathers() && model.table_of({l}) == segment.owner)
                all = model.layer({l}).rows;
        const Bytes row{model.layer(segment.owner).parameter_bytes.count / all};
        std::set<std::int64_t> came;
        for (const RowAt& place : segment.rows) {
            came.insert(place.row);
            expect_bytes(segment.at + place.at.count, table.offset + place.row * row, row);
        }
        EXPECT_EQ(came, std::set(asked.begin(), asked.end()));
    }

    PackPtr pack_;
    std::string file_;
    std::vector<UnitRange> blocks_;
    std::mutex mutex_;
    std::map<BlockId, Bound> bound_;
};

RunResult run_of(const PackPtr& pack, const std::string& spec, const DeviceFactory& device) {
    const Workload workload = workload_of({pack->model()}, {});
    const Policy policy = make_policy(spec);
    const Platform platform = board();
    RunRequest request{platform, workload, {}, Account::all, device};
    request.with_reference = false;
    if (policy.needs_budget) request.budget = *minimum_budget(request, policy) + Bytes{2 * 4096};
    return run(request, policy);
}

DeviceFactory cpu_of(const PackPtr& pack, bool verify) {
    CpuOptions options;
    options.verify = verify;
    return make_cpu_backend({pack}, options,
                            [pack](JobId, std::span<const UnitRange> blocks, ActivationMemory&) {
                                return std::make_unique<ComparingExecutor>(pack, blocks);
                            });
}

TEST(GatheredRows, AreReadAndHeldAsTheSimulatorSays) {
    const TemporaryFolder folder;
    SWAPLAB_FOR_SEEDS(seed, 1, 12) {
        const std::string path = folder.file(text("pack{}", seed));
        write_synthetic_pack(*sharing_model(seed, seed % 2 == 0 ? 3 : 0), path, seed);
        const auto pack = std::make_shared<const Pack>(path);
        for (const std::string& spec : testing::every_policy()) {
            SCOPED_TRACE(spec);
            const RunResult measured = run_of(pack, spec, cpu_of(pack, seed % 3 == 0));
            const RunResult simulated = run_of(pack, spec, make_sim_device);
            ASSERT_EQ(measured.verdict, Verdict::ok) << measured.reason;
            EXPECT_EQ(measured.swapped_in, simulated.swapped_in);
            if (spec == "on-demand") {  // others overlap as time has it
                EXPECT_EQ(measured.memory.peak, simulated.memory.peak);
            }
            if (measured.evidence->read_from_storage &&
                measured.evidence->conditions.at("storage").find(", direct,") !=
                    std::string::npos) {
                EXPECT_EQ(*measured.evidence->read_from_storage, measured.swapped_in);
            }
            if (::testing::Test::HasFailure()) return;
        }
    }
}

// Of 5 rows of 3000 bytes, which take two pages of at most four.
ModelSpec table_spec() {
    ModelSpec spec;
    spec.name = "table";
    Layer table;
    table.name = "words";
    table.inputs = {Source()};
    table.parameter_bytes = {5 * 3000};
    table.parameter_tensors = 2;
    table.rows = 5;
    table.rows_touched = 2;
    table.output_bytes = {4096};
    spec.layers.push_back(table);
    return spec;
}

TEST(GatheredRows, WithVerifyADamagedTableIsFoundBeforeAndDuringTheRun) {
    const TemporaryFolder folder;
    write_synthetic_pack(Model(table_spec()), folder.file("pack"), 1);
    const Pack pack(folder.file("pack"));
    const PageChecksums checksums(pack, {0});
    std::string file = file_of(pack);
    const auto verify = [&](std::int64_t page, std::int64_t pages) {
        const auto bytes = std::as_bytes(std::span(file))
                               .subspan(static_cast<std::size_t>(4096 * page),
                                        static_cast<std::size_t>(4096 * pages));
        checksums.verify(
            pack, {pack.index().layers[0].offset + Bytes{4096 * page}, Bytes{4096 * pages}}, bytes);
    };
    verify(0, 4);
    file[2 * 4096 + 17] ^= 1;
    verify(0, 2);
    verify(3, 1);
    EXPECT_THROW(verify(1, 2), StorageError);
    EXPECT_THROW(verify(2, 1), StorageError);
    write_file(pack.parameters_path(), file);
    EXPECT_THROW(PageChecksums(pack, {0}), StorageError);
}

// A table is one tensor, and its segment takes a row's window, however small it is.
TEST(GatheredRows, ATableOfAPackIsOneTensorAndTakesAWindow) {
    const TemporaryFolder folder;
    ModelSpec spec = table_spec();
    spec.layers[0].parameter_bytes = {3000};
    spec.layers[0].rows = 3;
    write_synthetic_pack(Model(spec), folder.file("small"), 1);
    const Pack pack(folder.file("small"));
    EXPECT_EQ(pack.index().layers[0].tensors.size(), 1U);
    EXPECT_EQ(pack.model()->window_bytes({0}), Bytes{8192});
    EXPECT_EQ(pack.index().layers[0].size, Bytes{8192});

    const auto expect_refused = [&](const std::string& file, const std::string& from,
                                    const std::string& to, const std::string& message) {
        std::string content = read_file(folder.file("small/" + file));
        const std::string before = content;
        const std::size_t at = content.find(from);
        ASSERT_NE(at, std::string::npos) << content;
        content.replace(at, from.size(), to);
        write_file(folder.file("small/" + file), content);
        try {
            const Pack opened(folder.file("small"));
            ADD_FAILURE() << "no error that says " << message;
        } catch (const InputError& error) {
            EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
        }
        write_file(folder.file("small/" + file), before);
    };
    // Rows of 3000 bytes would lie at other places, and take other windows.
    expect_refused("index.json", "\"offset_bytes\": 0,\n          \"size_bytes\"",
                   "\"offset_bytes\": 64,\n          \"size_bytes\"", "one tensor at the begin");
}

}  // namespace
}  // namespace swaplab::testing
