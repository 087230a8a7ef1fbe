// Tables that come in by rows: which layers gather, which rows they look up, and that executing
// with these alone has the outputs of the whole model.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/model/model_file.h"
#include "tests/hw/torch/models.h"
#include "tests/hw/torch/packed.h"
#include "tests/support/random.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using testing::Lookup;
using testing::Packed;
using testing::TemporaryFolder;

constexpr std::int64_t kPage = 4096;

class HeapMemory final : public ActivationMemory {
  public:
    void* allocate(std::size_t bytes) override {
        return ::operator new (bytes, std::align_val_t{64});
    }
    void free(void* at) override { ::operator delete (at, std::align_val_t{64}); }
};

std::string segment_of(const Pack& pack, std::uint32_t layer) {
    const Extent extent = pack.extent({layer, layer + 1});
    std::string bytes(static_cast<std::size_t>(extent.size.count), '\0');
    std::ifstream file(pack.parameters_path(), std::ios::binary);
    file.seekg(extent.offset.count);
    file.read(bytes.data(), extent.size.count);
    EXPECT_TRUE(file.good());
    return bytes;
}

// A window for each row, in any order, each row where it is in its pages; junk around.
class Windows {
  public:
    Windows(const std::string& table, std::int64_t row, std::int64_t window,
            std::vector<std::int64_t> rows, testing::Rng& rng) {
        for (std::size_t i = rows.size(); i > 1; --i)
            std::swap(
                rows[i - 1],
                rows[static_cast<std::size_t>(rng.between(0, static_cast<std::int64_t>(i) - 1))]);
        const auto size = static_cast<std::size_t>(window) * rows.size();
        at_.reset(new (std::align_val_t{4096}) std::byte[size]);
        std::memset(at_.get(), 0x7f, size);  // numbers that are none
        for (std::size_t i = 0; i < rows.size(); ++i) {
            const std::int64_t in_page = rows[i] * row % kPage;
            const Bytes to{static_cast<std::int64_t>(i) * window + in_page};
            std::memcpy(at_.get() + to.count, table.data() + rows[i] * row,
                        static_cast<std::size_t>(row));
            rows_.push_back({rows[i], to});
        }
    }
    BroughtAt brought() const { return {LayerId{0}, at_.get(), rows_}; }

  private:
    struct Free {
        void operator()(std::byte* at) const { ::operator delete[](at, std::align_val_t{4096}); }
    };
    std::unique_ptr<std::byte, Free> at_;
    std::vector<RowAt> rows_;
};

struct PackedLookup {
    explicit PackedLookup(const Lookup& lookup) {
        testing::write_lookup(lookup, folder.file("model.pt"));
        notes = pack_torchscript(folder.file("model.pt"), folder.file("pack"), {});
        pack = std::make_unique<Pack>(folder.file("pack"));
    }
    TemporaryFolder folder;
    std::vector<std::string> notes;
    std::unique_ptr<Pack> pack;
};

// Block 0 is the table, of which rows come in; block 1 is what is behind it.
std::string digest_with_rows(Executor& executor, const Pack& pack, std::uint32_t request,
                             testing::Rng& rng) {
    const Layer& layer = pack.model()->layer({0});
    const std::int64_t row = layer.parameter_bytes.count / layer.rows;
    const std::vector<std::int64_t> rows = executor.rows({request}, 0, {0}, {0});
    EXPECT_GE(rows.size(), 1U);
    EXPECT_LE(std::ssize(rows), *layer.rows_touched);
    std::vector<std::int64_t> different = rows;
    std::ranges::sort(different);
    EXPECT_EQ(std::ranges::adjacent_find(different), different.end());
    {
        const Windows windows(segment_of(pack, 0), row, pack.model()->window_bytes({0}).count, rows,
                              rng);
        executor.bind_with({0}, nullptr, std::vector{windows.brought()});
        executor.execute({request}, 0, {0});
        executor.unbind({0});
    }
    std::string weights = segment_of(pack, 1);
    executor.bind({1}, reinterpret_cast<std::byte*>(weights.data()));
    executor.execute({request}, 0, {1});
    executor.unbind({1});
    return executor.output_digest({request}).value_or("none");
}

// `different`: rows that each request touches; 0: any number.
void expect_rows_are_enough(const Lookup& lookup, std::size_t different, testing::Rng& rng) {
    SCOPED_TRACE(text("{} rows of {} columns, {}", lookup.rows, lookup.columns, lookup.ids));
    const PackedLookup packed(lookup);
    const Pack& pack = *packed.pack;
    ASSERT_EQ(pack.model()->layer_count(), 2U);
    ASSERT_EQ(pack.model()->layer({0}).rows, lookup.rows);
    ASSERT_EQ(pack.model()->layer({0}).rows_touched, std::min<std::int64_t>(12, lookup.rows));
    HeapMemory memory;
    const std::vector<UnitRange> cut{{0, 1}, {1, 2}};
    const auto executor = make_torch_executor(pack, cut, {}, memory);
    for (std::uint32_t request = 0; request < 3; ++request) {
        EXPECT_EQ(digest_with_rows(*executor, pack, request, rng),
                  pack.index().expected[request % 2].digest);
        if (different > 0) {
            EXPECT_EQ(executor->rows({request}, 0, {0}, {0}).size(), different);
        }
    }
}

TEST(Gathering, RowsAloneHaveTheOutputsOfTheTable) {
    SWAPLAB_FOR_SEEDS(seed, 1, 6) {
        testing::Rng rng(seed);
        Lookup lookup;
        lookup.rows = rng.between(1000, 1500);
        lookup.columns = rng.chance(50) ? 128 * rng.between(1, 20) : rng.between(40, 2500);
        lookup.halves = rng.chance(40);
        expect_rows_are_enough(lookup, 0, rng);
        if (::testing::Test::HasFailure()) return;
    }
}

TEST(Gathering, IdsMayBeComputed) {
    testing::Rng rng(7);
    Lookup lookup{.rows = 1300, .columns = 300};
    lookup.ids = "torch.remainder(tokens, 2) * 1299";  // the first and the last row
    expect_rows_are_enough(lookup, 2, rng);
    lookup.ids = "torch.zeros_like(tokens)";
    lookup.behind = "x = x + tokens.float().unsqueeze(2)";  // or all outputs were the same
    expect_rows_are_enough(lookup, 1, rng);
    lookup.ids = "torch.arange(0, tokens.size(1)).unsqueeze(0) + 3";
    expect_rows_are_enough(lookup, 12, rng);
    lookup.before = "tokens = torch.remainder(tokens, 5).int()";
    lookup.ids = "tokens.flatten()[2:9]";
    lookup.behind = "";
    lookup.rows = 5;
    lookup.columns = 9000;
    const PackedLookup packed(lookup);
    EXPECT_EQ(packed.pack->model()->layer({0}).rows, 0);  // seven ids take more than five rows
}

// All of the table is needed, or its rows are not known before the pass.
TEST(Gathering, OtherUsesNeedTheWholeTable) {
    Lookup viewed{.ids = "tokens", .behind = "x = x + self.e[0]"};
    Lookup branch{.ids = "ids"};
    branch.before = "ids = tokens\n    if bool(tokens.sum() > 3):\n        ids = tokens - tokens";
    Lookup written{.before = "tokens = tokens.clone()\n    tokens.clamp_(0, 3)"};
    Lookup from_weights{.ids = "(self.w.sum().abs().long() + torch.zeros_like(tokens))",
                        .behind = "x = x + tokens.float().unsqueeze(2)"};
    for (const Lookup& lookup : {viewed, branch, written, from_weights}) {
        SCOPED_TRACE(lookup.before + lookup.ids + lookup.behind);
        const PackedLookup packed(lookup);
        for (const Layer& layer : packed.pack->model()->layers()) EXPECT_EQ(layer.rows, 0);
    }
}

// Words and positions: the list of positions is a constant of the skeleton, no parameter.
TEST(Gathering, BothTablesOfGpt2AreGathered) {
    const Packed packed("gpt");
    const Model& model = packed.model();
    ASSERT_GT(model.layer_count(), 3U);
    for (const auto& [layer, rows] : {std::pair{0U, 1000}, std::pair{1U, 256}}) {
        EXPECT_EQ(model.layer({layer}).op, OpClass::embedding);
        EXPECT_EQ(model.layer({layer}).rows, rows);
        EXPECT_EQ(model.layer({layer}).rows_touched, 12);
    }
    const Layer& head = model.layer({model.layer_count() - 1});
    EXPECT_EQ(head.rows, 0);
    EXPECT_EQ(head.shares, std::vector<LayerId>{LayerId{0}});
    EXPECT_TRUE(std::ranges::any_of(packed.notes, [](const std::string& note) {
        return note.find("looks up 12 of 1000 rows") != std::string::npos;
    }));
}

void expect_refused(const Pack& pack, const std::string& message) {
    HeapMemory memory;
    std::vector<UnitRange> cut{pack.model()->whole()};
    try {
        make_torch_executor(pack, cut, {}, memory);
        ADD_FAILURE() << "no error that says " << message;
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
}

// A model file that was edited and says other rows than the skeleton looks up.
TEST(Gathering, AModelFileThatSaysOtherwiseIsRefused) {
    const Packed packed("gpt");
    const auto edited = [&](const auto& edit) {
        ModelSpec spec = packed.model().spec();
        edit(spec.layers);
        testing::write_file(packed.pack->model_path(), write_model(Model(spec)));
        return Pack(packed.pack->folder());
    };
    expect_refused(edited([](auto& layers) { layers[0].rows_touched = 3; }), "touches 1");
    expect_refused(edited([](auto& layers) { layers[0].rows = 500; }), "no such table");
    expect_refused(edited([](auto& layers) { layers.back().rows = 1000; }),
                   "uses its table otherwise");
}

}  // namespace
}  // namespace swaplab
