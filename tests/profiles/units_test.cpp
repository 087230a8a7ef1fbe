// How a layer is divided into units: shares that add up, what a unit is named, and what is alive
// between units, by brute force.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/cost/cost.h"
#include "tests/support/random_model.h"

namespace swaplab {
namespace {

using ::testing::IsSubstring;
using testing::Rng;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

// floor(amount * parts / of), digit by digit in base 2: no wider numbers.
std::int64_t portion(std::int64_t amount, std::int64_t parts, std::int64_t of) {
    std::int64_t whole = 0;
    std::int64_t rest = 0;
    for (int bit = 62; bit >= 0; --bit) {
        whole *= 2;
        rest *= 2;
        if ((amount >> bit & 1) != 0) rest += parts;
        whole += rest / of;
        rest %= of;
    }
    return whole;
}

TEST(Units, SharesAddUpToTheWhole) {
    for (const std::int64_t amount : {std::int64_t{0}, std::int64_t{1}, std::int64_t{5},
                                      std::int64_t{1000}, std::int64_t{1} << 60, kMost})
        for (const std::uint32_t of : {1U, 2U, 3U, 7U, 1000U, 65536U}) {
            std::int64_t sum = 0;
            for (std::uint32_t number = 0; number < of; ++number) {
                const std::int64_t share = share_of(amount, {number, of});
                EXPECT_EQ(share, portion(amount, number + 1, of) - portion(amount, number, of));
                EXPECT_LE(std::abs(share - amount / of), 1);
                sum += share;
            }
            EXPECT_EQ(sum, amount) << of;
        }
}

ModelSpec three_layers() {
    ModelSpec spec;
    spec.name = "net";
    spec.input_bytes = {100};
    for (const char* name : {"a", "b", "c"}) {
        Layer& layer = spec.layers.emplace_back();
        layer.name = name;
        if (spec.layers.size() == 1) layer.inputs = {std::nullopt};
        if (spec.layers.size() > 1)
            layer.inputs = {LayerId{static_cast<std::uint32_t>(spec.layers.size() - 2)}};
    }
    return spec;
}

TEST(Units, APartHasItsShares) {
    ModelSpec spec = three_layers();
    Layer& layer = spec.layers[1];
    layer.units = 4;
    layer.parameter_bytes = {11};
    layer.stored_bytes = Bytes{6};
    layer.parameter_tensors = 2;
    layer.macs = 10;
    layer.other_ops = 5;
    layer.output_bytes = {9};
    layer.kv_bytes_per_token = {8};
    spec.layers[0].output_bytes = {50};
    const Model model(spec);
    ASSERT_EQ(model.unit_count(), 6U);
    EXPECT_EQ(model.units_of({1}), (UnitRange{1, 5}));
    std::vector<std::int64_t> bytes, stored, flops, moved, kv;
    for (const UnitId id : model.units_of({1})) {
        const Unit unit = model.unit(id);
        EXPECT_EQ(unit.layer, LayerId{1});
        EXPECT_EQ(unit.parameter_tensors, 2);
        bytes.push_back(unit.parameter_bytes.count);
        stored.push_back(unit.bytes_on_storage.count);
        flops.push_back(unit.flops);
        moved.push_back(unit.activation_bytes.count);
        kv.push_back(unit.kv_bytes_per_token.count);
    }
    using Numbers = std::vector<std::int64_t>;
    EXPECT_EQ(bytes, (Numbers{2, 3, 3, 3}));
    EXPECT_EQ(stored, (Numbers{1, 2, 1, 2}));
    EXPECT_EQ(flops, (Numbers{2 * 2 + 1, 2 * 3 + 1, 2 * 2 + 1, 2 * 3 + 2}));
    EXPECT_EQ(moved, (Numbers{52, 52, 52, 53}));  // the inputs whole
    EXPECT_EQ(kv, (Numbers{0, 0, 0, 8}));
    EXPECT_EQ(model.parameter_tensors(), 2);
    EXPECT_EQ(model.name_of(UnitId{0}), "a");
    EXPECT_EQ(model.name_of(UnitId{2}), "b[2/4]");
    EXPECT_EQ(model.name_of(UnitRange{0, 3}), "a..b[2/4]");
    EXPECT_EQ(model.finest_blocks().size(), 6U);
    EXPECT_EQ(model.divided_layer()->name, "b");
}

std::string error_of(const ModelSpec& spec) {
    try {
        const Model model(spec);
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

TEST(Units, NotEveryLayerCanBeDivided) {
    ModelSpec spec = three_layers();
    spec.layers[1].units = 0;
    EXPECT_PRED_FORMAT2(IsSubstring, "layer \"b\": units: expected 1 to 65536, found 0",
                        error_of(spec));
    spec.layers[1].units = 65537;
    EXPECT_PRED_FORMAT2(IsSubstring, "found 65537", error_of(spec));
    spec.layers[1].units = 3;
    spec.layers[1].parameter_bytes = {2};
    EXPECT_PRED_FORMAT2(IsSubstring, "expected 1 to 2, found 3", error_of(spec));
    spec.layers[1].parameter_bytes = {3};
    EXPECT_EQ(error_of(spec), "no error");
    spec.layers[1].group = "g";
    EXPECT_PRED_FORMAT2(IsSubstring, "expected 1 to 1, found 3", error_of(spec));
    ModelSpec many = three_layers();
    many.layers.clear();
    for (int i = 0; i < 17; ++i) {
        many.layers.emplace_back().name = text("l{}", i);
        many.layers.back().units = 65536;
    }
    EXPECT_PRED_FORMAT2(IsSubstring, "more than 1048576 units", error_of(many));
}

// Inputs are read again in each part: the bound of what is moved holds for all parts together.
TEST(Units, TotalsCountWhatEachUnitHas) {
    ModelSpec spec = three_layers();
    spec.layers[1].units = 4;
    spec.layers[0].output_bytes = {std::int64_t{1} << 58};
    EXPECT_PRED_FORMAT2(IsSubstring, "activation and workspace bytes", error_of(spec));
    spec.layers[1].units = 2;
    EXPECT_EQ(error_of(spec), "no error");
    spec.layers[1].parameter_bytes = {100};
    spec.layers[1].parameter_tensors = (std::int64_t{1} << 59) + 1;
    EXPECT_PRED_FORMAT2(IsSubstring, "parameter tensors", error_of(spec));
}

// Who reads what, unit by unit: a tensor is reserved when the first unit of its layer begins, and
// is alive while a unit that has not ended reads it, or to the end if nobody ever does.
struct BruteForce {
    explicit BruteForce(const Model& m) : model(m) {}

    bool reads(UnitId unit, Source source) const {
        return std::ranges::count(model.layer(model.layer_of(unit)).inputs, source) > 0;
    }
    bool read_from(std::uint32_t unit, Source source) const {
        for (std::uint32_t u = unit; u < model.unit_count(); ++u)
            if (reads({u}, source)) return true;
        return false;
    }
    // Reserved before unit `cut` and still needed then.
    std::int64_t alive(std::uint32_t cut) const {
        std::int64_t bytes = read_from(cut, std::nullopt) ? model.spec().input_bytes.count : 0;
        for (std::uint32_t l = 0; l < model.layer_count(); ++l) {
            const bool reserved = model.units_of({l}).first < cut;
            const bool needed = read_from(cut, LayerId{l}) || !read_from(0, LayerId{l});
            if (reserved && needed) bytes += model.layer({l}).output_bytes.count;
        }
        return bytes;
    }
    std::int64_t peak(UnitId unit) const {
        const Layer& layer = model.layer(model.layer_of(unit));
        const bool first = model.part_of(unit).number == 0;
        return alive(unit.index) + (first ? layer.output_bytes.count : 0) +
               layer.workspace_bytes.count;
    }

    const Model& model;
};

TEST(Units, LivenessAcrossCutsWithinALayer) {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        testing::ModelShape shape;
        shape.least_layers = 1;
        shape.most_layers = 4;
        shape.percent_branches = 60;
        ModelSpec spec = testing::random_model(seed, shape)->spec();
        Rng rng(seed);
        for (Layer& layer : spec.layers)
            layer.units = std::min<std::int64_t>(rng.between(1, 4), most_units_of(layer));
        const Model model(spec);
        const BruteForce expected(model);
        for (std::uint32_t cut = 1; cut < model.unit_count(); ++cut)
            ASSERT_EQ(model.live_across(cut).count, expected.alive(cut)) << seed << " " << cut;
        EXPECT_EQ(model.live_across(0), Bytes{});
        EXPECT_EQ(model.live_across(model.unit_count()), Bytes{});
        for (const UnitId unit : model.whole())
            ASSERT_EQ(model.activation_peak({unit.index, unit.index + 1}).total().count,
                      expected.peak(unit))
                << seed << " " << unit.index;
    }
}

// A time that was measured: each part takes ns_per_layer, and its share of the rest.
TEST(Units, MeasuredTimesAreShared) {
    ModelSpec spec = three_layers();
    spec.measured_on = "board";
    spec.layers[1].units = 4;
    spec.layers[1].execute = nanoseconds(1013);
    Platform platform;
    platform.name = "board";
    platform.nodes.emplace_back().execute.other.per_layer = 10;
    const Model model(spec);
    const auto ns = [&] {
        const CostModel cost(model, platform);
        std::vector<double> all;
        for (const UnitId unit : model.units_of({1})) all.push_back(cost.execute_unit_ns(unit));
        return all;
    };
    EXPECT_EQ(ns(), (std::vector<double>{10 + 250, 10 + 251, 10 + 251, 10 + 251}));
    platform.nodes[0].execute.other.per_layer = 2000;  // more than all of it
    EXPECT_EQ(ns(), (std::vector<double>{1013, 1013, 1013, 1013}));
}

}  // namespace
}  // namespace swaplab
