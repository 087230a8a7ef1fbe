// Validation, units and liveness of models, against numbers worked out by hand.
#include "profiles/model/model.h"

#include <gtest/gtest.h>

#include <functional>

#include "profiles/base/error.h"

namespace swaplab {
namespace {

using ::testing::IsNotSubstring;
using ::testing::IsSubstring;
using Numbers = std::vector<std::int64_t>;

constexpr std::int64_t kHuge = std::int64_t{1} << 62;

Layer layer(std::string name, std::vector<Source> inputs, std::int64_t output = 0) {
    Layer layer;
    layer.name = std::move(name);
    layer.inputs = std::move(inputs);
    layer.output_bytes = {output};
    return layer;
}

Source from(std::uint32_t index) { return LayerId{index}; }
constexpr Source kInput = std::nullopt;

ModelSpec spec_of(std::vector<Layer> layers, std::int64_t input_bytes = 0) {
    ModelSpec spec;
    spec.name = "net";
    spec.input_bytes = {input_bytes};
    spec.layers = std::move(layers);
    return spec;
}

// a → b ↘       a → aux (a result that nobody reads)
//     c → d → e, and e reads the input again.
ModelSpec branchy() {
    ModelSpec spec =
        spec_of({layer("a", {kInput}, 10), layer("b", {from(0)}, 20), layer("aux", {from(0)}, 5),
                 layer("c", {from(0)}, 30), layer("d", {from(1), from(3)}, 40),
                 layer("e", {from(4), kInput}, 50)},
                100);
    spec.layers[4].workspace_bytes = {7};
    return spec;
}

ModelSpec chain(std::size_t size) {
    std::vector<Layer> layers;
    for (std::uint32_t i = 0; i < size; ++i) {
        layers.push_back(layer("l" + std::to_string(i), {i == 0 ? kInput : from(i - 1)}));
    }
    return spec_of(std::move(layers));
}

std::string error_of(const ModelSpec& spec) {
    try {
        const Model model(spec);
    } catch (const InputError& error) {
        return error.what();
    }
    return "no error";
}

std::string error_after(const std::function<void(ModelSpec&)>& spoil) {
    ModelSpec spec = branchy();
    spoil(spec);
    return error_of(spec);
}

void expect_error(const std::string& part, const std::function<void(ModelSpec&)>& spoil) {
    EXPECT_PRED_FORMAT2(IsSubstring, part, error_after(spoil));
}

TEST(OpClass, NamesRoundTrip) {
    ASSERT_EQ(op_class_names().size(), kOpClasses);
    for (const std::string& name : op_class_names()) {
        const auto op = op_class_named(name);
        ASSERT_TRUE(op.has_value()) << name;
        EXPECT_EQ(name_of(*op), name);
    }
    EXPECT_EQ(name_of(OpClass::other), "other");
    EXPECT_EQ(op_class_named("Conv2D"), std::nullopt);
}

// Alive before each layer (the input is read until e; aux is a result and stays):
//   a: 100 = input                b: 110 = input + a          aux: 130 = input + a + b
//   c: 135 = input + a + b + aux  d: 155 = input + b + aux + c  e: 145 = input + aux + d
TEST(Liveness, BranchyModel) {
    const Model model(branchy());
    std::vector<std::int64_t> live;
    for (std::uint32_t cut = 0; cut <= model.layer_count(); ++cut)
        live.push_back(model.live_across(cut).count);
    EXPECT_EQ(live, (Numbers{0, 110, 130, 135, 155, 145, 0}));
    std::vector<std::int64_t> peaks;
    for (std::uint32_t i = 0; i < model.layer_count(); ++i) {
        peaks.push_back(model.activation_peak({i, i + 1}).total().count);
    }
    EXPECT_EQ(peaks, (Numbers{110, 130, 135, 165, 155 + 40 + 7, 195}));
}

TEST(Liveness, PeakOfARangeIsSplitWhereItIsReached) {
    const Model model(branchy());
    const ActivationPeak whole = model.activation_peak(model.whole());
    EXPECT_EQ(whole.activations.count, 195);  // at d: 155 alive and 40 written
    EXPECT_EQ(whole.workspace.count, 7);
    EXPECT_EQ(model.activation_peak({0, 3}).total().count, 135);
    EXPECT_EQ(model.activation_peak({5, 6}).activations.count, 195);
    EXPECT_EQ(model.activation_peak({2, 2}).total().count, 0);
}

TEST(Liveness, FirstOfEqualPeaksIsTaken) {
    ModelSpec spec = spec_of({layer("a", {kInput}, 10), layer("b", {from(0)}, 0)});
    spec.layers[1].workspace_bytes = {0};
    spec.layers.push_back(layer("c", {}, 4));  // 4 written and 6 of workspace: 10 as well
    spec.layers[2].workspace_bytes = {6};
    const ActivationPeak peak = Model(spec).activation_peak({0, 3});
    EXPECT_EQ(peak.activations.count, 10);
    EXPECT_EQ(peak.workspace.count, 0);
}

// In a chain each layer needs what it reads, what it writes and its workspace.
TEST(Liveness, ChainIsInputPlusOutputPlusWorkspace) {
    ModelSpec spec = chain(4);
    spec.input_bytes = {1000};
    const std::int64_t outputs[] = {300, 20, 7, 1};
    for (std::size_t i = 0; i < 4; ++i) {
        spec.layers[i].output_bytes = {outputs[i]};
        spec.layers[i].workspace_bytes = {static_cast<std::int64_t>(i)};
    }
    const Model model(spec);
    const std::int64_t expected[] = {1300, 320 + 1, 27 + 2, 8 + 3};
    for (std::uint32_t i = 0; i < 4; ++i) {
        EXPECT_EQ(model.activation_peak({i, i + 1}).total().count, expected[i]) << i;
        EXPECT_EQ(model.live_across(i).count, i == 0 ? 0 : outputs[i - 1]) << i;
    }
}

TEST(Liveness, AnInputThatNobodyReadsIsNotAlive) {
    const Model model(spec_of({layer("constant", {}, 3), layer("b", {from(0)}, 4)}, 100));
    EXPECT_EQ(model.activation_peak({0, 2}).total().count, 7);
}

TEST(Model, ActivationBytesAreWhatALayerReadsAndWrites) {
    const Model model(branchy());
    std::vector<std::int64_t> bytes;
    for (std::uint32_t i = 0; i < model.layer_count(); ++i)
        bytes.push_back(model.unit({i}).activation_bytes.count);
    EXPECT_EQ(bytes, (Numbers{110, 30, 15, 40, 20 + 30 + 40, 40 + 100 + 50}));
}

TEST(Model, Totals) {
    ModelSpec spec = chain(3);
    for (std::size_t i = 0; i < 3; ++i) {
        const auto n = static_cast<std::int64_t>(i + 1);
        spec.layers[i].parameter_bytes = {100 * n};
        spec.layers[i].parameter_tensors = n;
        spec.layers[i].macs = 10 * n;
        spec.layers[i].other_ops = 1;
    }
    const Model model(spec);
    EXPECT_EQ(model.parameter_bytes().count, 600);
    EXPECT_EQ(model.parameter_tensors(), 6);
    EXPECT_EQ(model.macs(), 60);
    EXPECT_EQ(model.flops(), 123);
}

TEST(Units, RunsOfOneGroupStayTogether) {
    ModelSpec spec = chain(7);
    const char* groups[] = {"", "", "x", "x", "y", "", "x"};
    for (std::size_t i = 0; i < 7; ++i) spec.layers[i].group = groups[i];
    const Model model(spec);
    const std::vector<UnitRange> blocks(model.finest_blocks().begin(), model.finest_blocks().end());
    EXPECT_EQ(blocks, (std::vector<UnitRange>{{0, 1}, {1, 2}, {2, 4}, {4, 5}, {5, 6}, {6, 7}}));
}

TEST(Validation, Names) {
    EXPECT_PRED_FORMAT2(IsSubstring, "expected at least one layer", error_of(spec_of({})));
    expect_error("a model needs a name", [](ModelSpec& s) { s.name = ""; });
    expect_error("layer 2 has no name", [](ModelSpec& s) { s.layers[2].name = ""; });
    expect_error("'input'", [](ModelSpec& s) { s.layers[2].name = "input"; });
    expect_error("layer \"a\": two layers have this name",
                 [](ModelSpec& s) { s.layers[2].name = "a"; });
}

TEST(Validation, SizesMustNotBeNegative) {
    expect_error("input_bytes", [](ModelSpec& s) { s.input_bytes = {-1}; });
    expect_error("layer \"b\": parameter_bytes: expected at least 0, found -5",
                 [](ModelSpec& s) { s.layers[1].parameter_bytes = {-5}; });
    expect_error("macs", [](ModelSpec& s) { s.layers[1].macs = -1; });
    expect_error("stored_bytes", [](ModelSpec& s) { s.layers[1].stored_bytes = Bytes{-1}; });
    expect_error("execute_ns", [](ModelSpec& s) { s.layers[1].execute = nanoseconds(-1); });
    expect_error("gemm", [](ModelSpec& s) { s.layers[1].gemm = {1, -2, 3}; });
    expect_error("slices", [](ModelSpec& s) { s.layers[1].slices = 0; });
}

TEST(Validation, TotalsMustFit63Bits) {
    const auto huge = [](auto set) {
        return error_after([&](ModelSpec& spec) {
            set(spec.layers[0]);
            set(spec.layers[1]);
        });
    };
    EXPECT_PRED_FORMAT2(IsSubstring, "parameter bytes",
                        huge([](Layer& l) { l.parameter_bytes = {kHuge}; }));
    EXPECT_PRED_FORMAT2(IsSubstring, "bytes on storage",
                        huge([](Layer& l) { l.stored_bytes = Bytes{kHuge}; }));
    EXPECT_PRED_FORMAT2(IsSubstring, "parameter tensors",
                        huge([](Layer& l) { l.parameter_tensors = kHuge; }));
    EXPECT_PRED_FORMAT2(IsSubstring, "FLOPs", huge([](Layer& l) { l.other_ops = kHuge; }));
    EXPECT_PRED_FORMAT2(IsSubstring, "activation and workspace",
                        huge([](Layer& l) { l.workspace_bytes = {kHuge}; }));
    expect_error("FLOPs", [](ModelSpec& s) { s.layers[3].macs = kHuge; });
    expect_error("activation", [](ModelSpec& s) { s.layers[0].output_bytes = {kHuge}; });
}

TEST(Validation, ACycleIsToldFromAWrongOrder) {
    // d reads b and c already; b reading d closes a circle.
    const std::string cycle = error_after([](ModelSpec& s) { s.layers[1].inputs = {from(4)}; });
    EXPECT_PRED_FORMAT2(IsSubstring, "layer \"b\": reads the later layer \"d\"", cycle);
    EXPECT_PRED_FORMAT2(IsSubstring, "they form a cycle: \"b\" reads \"d\" reads \"b\"", cycle);
    const std::string longer = error_after([](ModelSpec& s) { s.layers[0].inputs = {from(5)}; });
    EXPECT_PRED_FORMAT2(IsSubstring, "\"a\" reads \"e\" reads \"d\" reads ", longer);
    // aux depends on a alone: b merely stands too early.
    const std::string order = error_after([](ModelSpec& s) { s.layers[1].inputs = {from(2)}; });
    EXPECT_PRED_FORMAT2(IsSubstring, "layer \"b\": reads the later layer \"aux\"", order);
    EXPECT_PRED_FORMAT2(IsNotSubstring, "cycle", order);
}

TEST(Validation, SourcesExistAndAreOthers) {
    expect_error("layer \"c\": reads itself", [](ModelSpec& s) { s.layers[3].inputs = {from(3)}; });
    expect_error("reads layer 4000000000 of 6 layers",
                 [](ModelSpec& s) { s.layers[3].inputs = {from(4'000'000'000U)}; });
}

}  // namespace
}  // namespace swaplab
