#include "profiles/model/model_file.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "profiles/base/text.h"
#include "tests/profiles/samples.h"

namespace swaplab {
namespace {

Model read(std::string_view text) { return read_model(parse_json(std::string(text), "m.json")); }
std::string read_error(std::string_view text) {
    return error_of([&] { read(text); });
}

// A model of these layers, each a JSON object on a line of its own, the first on line 2.
std::string model_of(const std::vector<std::string>& layers, const std::string& more = "") {
    std::string text = R"({"schema": "swaplab/model/1", "name": "m", )" + more + R"("layers": [)";
    for (std::size_t i = 0; i < layers.size(); ++i) text += (i == 0 ? "\n" : ",\n") + layers[i];
    return text + "\n]}";
}

// A layer without parameters.
std::string layer(const std::string& name, const std::string& more = "") {
    return R"({"name": ")" + name + R"(", "parameter_bytes": 0)" + more + "}";
}

TEST(ModelFile, ReadsEveryKey) {
    const ModelSpec spec = read(kModelSample).spec();
    EXPECT_EQ(spec.name, "sample");
    EXPECT_EQ(spec.source, "made up, 1x3x8x8");
    EXPECT_EQ(spec.dtype, "float16");
    EXPECT_EQ(spec.input_bytes, Bytes{768});
    EXPECT_EQ(spec.measured_on, "board");
    EXPECT_EQ(spec.anchors.at("board:mode=15W"), nanoseconds(1300000));
    EXPECT_EQ(spec.tokens, 128);
    ASSERT_EQ(spec.layers.size(), 3U);
    Layer expected;
    expected.name = "stem";
    expected.op = OpClass::conv2d;
    expected.inputs = {std::nullopt};
    expected.parameter_bytes = {7168};
    expected.parameter_tensors = 2;
    expected.macs = 86704128;
    expected.other_ops = 3211264;
    expected.output_bytes = {12845056};
    expected.workspace_bytes = {64};
    expected.execute = nanoseconds(5000);
    expected.stored_bytes = Bytes{3584};
    expected.group = "head";
    expected.slices = 4;
    expected.slice_axis = "output channels";
    expected.gemm = {64, 27, 50176};
    expected.kv_bytes_per_token = {16};
    EXPECT_EQ(spec.layers[0], expected);
    EXPECT_EQ(spec.layers[2].inputs, (std::vector<Source>{LayerId{1}, LayerId{0}, std::nullopt}));
    EXPECT_EQ(spec.layers[2].slices, 2);
}

TEST(ModelFile, DefaultsToZeroAndToTheLayerBefore) {
    const Model model = read(model_of({layer("a"), R"({"name": "b", "parameter_bytes": 4})"}));
    const ModelSpec& spec = model.spec();
    EXPECT_EQ(spec.dtype, "float32");
    Layer expected;
    expected.name = "a";
    expected.inputs = {std::nullopt};
    EXPECT_EQ(spec.layers[0], expected);
    expected.name = "b";
    expected.inputs = {LayerId{0}};
    expected.parameter_bytes = {4};
    EXPECT_EQ(spec.layers[1], expected);
    EXPECT_TRUE(read(model_of({layer("a", R"(, "inputs": [])")})).layer({0}).inputs.empty());
}

TEST(ModelFile, ReadsBackWhatItWrites) {
    const Model model = read(kModelSample);
    const std::string written = write_model(model);
    const Model again = read(written);
    EXPECT_EQ(again.spec(), model.spec());
    EXPECT_EQ(write_model(again), written);
    EXPECT_EQ(write_model(model), written);
    EXPECT_EQ(model_hash(again), model_hash(model));
    EXPECT_EQ(model_hash(model).size(), 32U);
    EXPECT_NE(model_hash(model), model_hash(read(with(kModelSample, "7168", "7169"))));
    EXPECT_NE(written.find("\"x-tuned\": null"), std::string::npos);
    EXPECT_NE(written.find("1.50"), std::string::npos);  // x- members are not even reformatted
}

TEST(ModelFile, ReadsWhatALayerIsDividedInto) {
    const std::string text = model_of({R"({"name": "a", "parameter_bytes": 8, "units": 4})",
                                       R"({"name": "b", "parameter_bytes": 8})",
                                       R"({"name": "c", "parameter_bytes": 0, "units": 65536})"});
    const Model model = read(text);
    EXPECT_EQ(model.layer({0}).units, 4);
    EXPECT_EQ(model.layer({1}).units, 1);
    EXPECT_EQ(model.unit_count(), 4U + 1 + 65536);
    const std::string written = write_model(model);
    EXPECT_EQ(read(written).spec(), model.spec());
    EXPECT_EQ(write_model(read(with(text, "\"units\": 4", "\"units\": 1"))).find("\"units\": 1,"),
              std::string::npos);
    EXPECT_NE(model_hash(model), model_hash(read(with(text, "\"units\": 4", "\"units\": 2"))));
}

TEST(ModelFile, SaysWhereALayerCannotBeDivided) {
    const auto error = [](const std::string& keys) {
        return read_error(model_of({layer("a"), R"({"name": "b", )" + keys + "}"}));
    };
    EXPECT_EQ(error(R"("parameter_bytes": 9, "units": 0)"),
              "m.json:3:46: layers[1].units: expected a whole number > 0, found 0");
    EXPECT_EQ(error(R"("parameter_bytes": 0, "units": 65537)"),
              "m.json:3:46: layers[1].units: expected at most 65536, found 65537");
    EXPECT_EQ(error(R"("parameter_bytes": 3, "units": 4)"),
              "m.json:3:46: layers[1].units: expected at most 3, one for each byte of the "
              "parameters, found 4");
    EXPECT_EQ(error(R"("stored_bytes": 2, "parameter_bytes": 3, "units": 3)"),
              "m.json:3:65: layers[1].units: expected at most 2, one for each byte of the "
              "parameters, found 3");
    EXPECT_EQ(error(R"("group": "g", "parameter_bytes": 9, "units": 3)"),
              "m.json:3:60: layers[1].units: the layers of a group (\"g\") are not divided");
    EXPECT_EQ(error(R"("parameter_bytes": 9, "units": "3")"),
              "m.json:3:46: layers[1].units: expected a whole number > 0, found the string \"3\"");
    std::vector<std::string> layers;
    for (int i = 0; i < 17; ++i) layers.push_back(layer(text("l{}", i), R"(, "units": 65536)"));
    EXPECT_EQ(read_error(model_of(layers)),
              "m.json:18:1: layers[16]: the layers up to this one have more than 1048576 units");
}

TEST(ModelFile, DropsTheReferenceToASchemaLikeAComment) {
    const std::string_view begin = "{\n  \"schema\"";
    const auto referring = [&](const std::string& to) {
        return with(kModelSample, begin, "{\n  \"$schema\": " + to + ",\n  \"schema\"");
    };
    const Model model = read(kModelSample);
    const Model again = read(referring("\"schemas/model-1.schema.json\""));
    EXPECT_EQ(again.spec(), model.spec());
    EXPECT_EQ(write_model(again), write_model(model));
    EXPECT_EQ(model_hash(again), model_hash(model));
    EXPECT_EQ(read_error(referring("5")), "m.json:2:14: $schema: expected a string, found 5");
    EXPECT_EQ(read_error(R"({"$schema": "x", "name": "m"})"), "m.json:1:1: missing key \"schema\"");
    EXPECT_NE(read_error(model_of({layer("a", R"(, "$schema": "x")")})).find("unknown key"),
              std::string::npos);  // it is for the top only
}

TEST(ModelFile, CarriesExtrasOfObjectsItWouldNotWrite) {
    const Model model =
        read(model_of({layer("a", R"(, "slices": {"x-why": 1})")}, R"("anchors": {"x-n": []}, )"));
    EXPECT_EQ(model.spec().extras.size(), 2U);
    EXPECT_EQ(read(write_model(model)).spec(), model.spec());
}

TEST(ModelFile, NamesTheFieldAndItsPosition) {
    EXPECT_EQ(read_error(with(kModelSample, "\"macs\": 86704128", "\"macs\": 1.5")),
              "m.json:13:38: layers[0].macs: expected a whole number >= 0, found 1.5");
    EXPECT_EQ(read_error(with(kModelSample, "\"parameter_bytes\": 10,", "")),
              "m.json:18:5: layers[2]: missing key \"parameter_bytes\"");
    EXPECT_EQ(
        read_error(with(kModelSample, "\"workspace_bytes\"", "\"workspce_bytes\"")),
        "m.json:14:6: layers[0].workspce_bytes: unknown key (did you mean 'workspace_bytes'?)");
    EXPECT_EQ(
        read_error(with(kModelSample, "model/1", "device/1")),
        "m.json:2:13: schema: expected \"swaplab/model/1\", found the string \"swaplab/device/1\"");
    EXPECT_EQ(read_error(with(kModelSample, "\"op\": \"norm\"", "\"op\": \"nrom\"")),
              "m.json:17:28: layers[1].op: unknown op class \"nrom\" (did you mean 'norm'?)");
    EXPECT_EQ(read_error(with(kModelSample, "float16", "fp16")),
              "m.json:5:12: dtype: unknown dtype \"fp16\" (known: float64, float32, float16, "
              "bfloat16, int32, int16, "
              "int8, uint8)");
    EXPECT_EQ(
        read_error("{\"schema\": \"swaplab/model/1\",\r\n\"name\": \"m\",\r\n\"layers\": []}"),
        "m.json:3:11: layers: expected at least one layer");
    EXPECT_EQ(read_error("[]"), "m.json:1:1: expected an object, found a list");
}

TEST(ModelFile, ChecksNames) {
    EXPECT_EQ(read_error(model_of({layer("a"), layer("b"), layer("a")})),
              "m.json:4:10: layers[2].name: a layer named \"a\" stands on line 2 already");
    EXPECT_EQ(read_error(model_of({layer("input")})),
              "m.json:2:10: layers[0].name: 'input' is the input of the model, not a layer's name");
    for (const char* name : {"", "a\\nb", "\\u0000", "\\u001b[31m"}) {
        const std::string error = read_error(model_of({layer(name)}));
        EXPECT_TRUE(error.starts_with(
            "m.json:2:10: layers[0].name: expected a name of printable characters"))
            << error;
    }
}

TEST(ModelFile, ChecksWhatLayersRead) {
    const auto reading = [](const std::string& b, const std::string& c = "") {
        return read_error(
            model_of({layer("aa"), layer("bb", ", \"inputs\": [" + b + "]"), layer("cc", c)}));
    };
    EXPECT_EQ(reading(R"("bb")"), "m.json:3:49: layers[1].inputs[0]: layer \"bb\" reads itself");
    EXPECT_EQ(reading(R"("aa", "bb ")"),
              "m.json:3:55: layers[1].inputs[1]: unknown layer \"bb \" (known: input, aa)");
    EXPECT_EQ(reading(R"("ab")"),
              "m.json:3:49: layers[1].inputs[0]: unknown layer \"ab\" (did you mean 'aa'?)");
    EXPECT_EQ(reading(R"("cc")"),
              "m.json:3:49: layers[1].inputs[0]: reads the later layer \"cc\": layers stand in "
              "execution order; they "
              "form a cycle: \"bb\" reads \"cc\" reads \"bb\"");
    EXPECT_EQ(reading(R"("cc")", R"(, "inputs": ["aa"])"),
              "m.json:3:49: layers[1].inputs[0]: reads the later layer \"cc\": layers stand in "
              "execution order");
    EXPECT_EQ(reading("7"), "m.json:3:49: layers[1].inputs[0]: expected a string, found 7");
    EXPECT_EQ(reading(R"("aa", "aa")"), "no error");  // x + x is a layer
}

TEST(ModelFile, DescribesLongCyclesShortly) {
    std::vector<std::string> layers{layer("l0", R"(, "inputs": ["l99"])")};
    for (int i = 1; i < 100; ++i) layers.push_back(layer("l" + std::to_string(i)));
    const std::string error = read_error(model_of(layers));
    EXPECT_NE(error.find("\"l0\" reads \"l99\" reads \"l98\""), std::string::npos) << error;
    EXPECT_TRUE(error.ends_with("... reads \"l0\"")) << error;
}

TEST(ModelFile, ChecksSizes) {
    EXPECT_EQ(read_error(model_of({layer("a", R"(, "parameter_tensors": 2)")})),
              "m.json:2:58: layers[0].parameter_tensors: parameter_tensors > 0, but "
              "parameter_bytes is 0");
    EXPECT_EQ(read_error(model_of({layer("a", R"(, "stored_bytes": 2)")})),
              "m.json:2:53: layers[0].stored_bytes: stored_bytes > 0, but parameter_bytes is 0");
    EXPECT_EQ(read_error(model_of({layer("a", R"(, "execute_ns": 2)")})),
              "m.json:2:51: layers[0].execute_ns: needs the file's measured_on, which is missing");
    const std::string measured = R"("measured_on": "b", )";
    EXPECT_EQ(read_error(model_of({layer("a", R"(, "execute_ns": 4398046511104)")}, measured)),
              "m.json:2:51: layers[0].execute_ns: expected less than 2^42 ns (73 minutes), found "
              "4398046511104");
    EXPECT_EQ(read_error(model_of({layer("a", R"(, "execute_ns": 4398046511103)")}, measured)),
              "no error");
    EXPECT_EQ(read_error(model_of({layer("a", R"(, "gemm": [1, 2])")})),
              "m.json:2:45: layers[0].gemm: expected [M, K, N], found 2 items");
    EXPECT_EQ(read_error(model_of({layer("a", R"(, "slices": 0)")})),
              "m.json:2:47: layers[0].slices: expected a whole number > 0, found 0");
    EXPECT_EQ(read_error(model_of({layer("a")}, R"("anchors": {"b:15W": 1}, )")),
              "m.json:1:56: anchors.b:15W: expected a key DEVICE or DEVICE:mode=NAME");
    EXPECT_EQ(read_error(model_of({layer("a")}, R"("anchors": {"b": 0}, )")),
              "m.json:1:61: anchors.b: expected a whole number > 0, found 0");
    EXPECT_EQ(read_error(model_of({layer("a")}, R"("anchors": {"b": 9007199254740992}, )")),
              "m.json:1:61: anchors.b: expected less than 2^53 ns (104 days), found "
              "9007199254740992");
    EXPECT_EQ(read_error(model_of({layer("a")}, R"("anchors": {"b": 9007199254740991}, )")),
              "no error");
}

// Each total stays at or below 2^60; half of that twice, and one more, is too much.
TEST(ModelFile, TotalsLeaveRoomForCopies) {
    const std::string half = "576460752303423489";
    for (const std::string key :
         {"workspace_bytes", "output_bytes", "other_ops", "kv_bytes_per_token"}) {
        const std::string more = ", \"" + key + "\": " + half;
        const std::string error = read_error(model_of({layer("a", more), layer("b", more)}));
        EXPECT_NE(error.find("add up to more than 2^60"), std::string::npos)
            << key << ": " << error;
        EXPECT_TRUE(error.starts_with("m.json:3:1: layers[1]: ")) << error;
    }
    EXPECT_NE(read_error(model_of({layer("a", ", \"macs\": " + half)})).find("FLOPs"),
              std::string::npos);
    const std::string heavy = R"({"name": "a", "parameter_bytes": 1152921504606846976})";
    const std::string light = R"({"name": "b", "parameter_bytes": 1})";
    EXPECT_EQ(read_error(model_of({heavy})), "no error");
    EXPECT_EQ(read_error(model_of({heavy, light})),
              "m.json:3:1: layers[1]: the parameter_bytes of the layers up to this one add up to "
              "more than 2^60");
}

TEST(ModelFile, GroupsAreContiguous) {
    const std::string g = R"(, "group": "g")";
    EXPECT_EQ(read_error(model_of({layer("a", g), layer("b", g), layer("c")})), "no error");
    EXPECT_EQ(read_error(model_of({layer("a", g), layer("b"), layer("c", g)})),
              "m.json:4:1: layers[2]: group \"g\" begins on line 2 and other layers stand between: "
              "the layers of a "
              "group must be neighbours");
}

}  // namespace
}  // namespace swaplab
