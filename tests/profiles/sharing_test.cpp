// What a model file may say of shared parameters and of tables.
#include <gtest/gtest.h>

#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/cost/cost.h"
#include "profiles/model/model_file.h"
#include "profiles/model/sharing.h"

namespace swaplab {
namespace {

Model parsed(const std::string& layers, const std::string& before = "") {
    return read_model(parse_json(
        text(R"({{"schema": "swaplab/model/1", "name": "m", {}"layers": [{}]}})", before, layers),
        "f"));
}

std::string refusal(const std::string& layers) {
    try {
        static_cast<void>(parsed(layers));
    } catch (const InputError& error) {
        const std::string what = error.what();
        return what.substr(what.find(": ") + 2);
    }
    return "accepted";
}

constexpr const char* kTable = R"({"name": "wte", "parameter_bytes": 4000, "rows": 4})";

TEST(Sharing, ReadsBackAsItWasWritten) {
    const Model model = parsed(
        R"({"name": "wte", "parameter_bytes": 4000, "rows": 4, "rows_touched": 3},
           {"name": "fc", "parameter_bytes": 100, "touched_bytes": 7},
           {"name": "again", "parameter_bytes": 0, "shares": ["wte"], "rows": 4},
           {"name": "head", "parameter_bytes": 8, "shares": ["wte", "fc"]})");
    const Model back = read_model(parse_json(write_model(model), "f"));
    EXPECT_EQ(back.spec(), model.spec());
    EXPECT_EQ(model_hash(back), model_hash(model));
    EXPECT_EQ(model.parameter_bytes(), Bytes{4108});
    EXPECT_FALSE(model.brings_plainly());
}

// Rows of 1000 bytes; a prompt of 6 tokens, of which 3 rows are touched, a token's pass one.
TEST(Sharing, TouchedBytes) {
    const Model model = parsed(
        R"({"name": "wte", "parameter_bytes": 4000, "rows": 4, "rows_touched": 3},
           {"name": "fc", "parameter_bytes": 100, "touched_bytes": 7},
           {"name": "again", "parameter_bytes": 0, "shares": ["wte"], "rows": 4},
           {"name": "head", "parameter_bytes": 8, "shares": ["wte", "fc"]})",
        R"("tokens": 2, "prompt_tokens": 6, )");
    const auto touched = [&](std::uint32_t layer, std::int64_t tokens) {
        return model.touched_bytes(UnitId{layer}, tokens).count;
    };
    EXPECT_EQ(touched(0, 6), 3000);
    EXPECT_EQ(touched(0, 1), 1000);
    EXPECT_EQ(touched(1, 6), 7);
    EXPECT_EQ(touched(2, 6), 4000);  // 6 tokens, at most the 4 rows
    EXPECT_EQ(touched(2, 1), 1000);
    EXPECT_EQ(touched(3, 6), 8 + 4000 + 7);
    EXPECT_EQ(touched(3, 1), 8 + 4000 + 7);
}

// The most pages that a row can lie in, by looking at rows at every place.
TEST(Sharing, WindowsAreTheMostPagesOfARow) {
    for (const std::int64_t row :
         {1, 2, 3, 7, 8, 100, 1000, 1024, 2048, 3000, 4095, 4096, 4097, 5000, 6144, 8192, 8193}) {
        std::int64_t most = 0;
        for (std::int64_t k = 0; k < 4096; ++k)
            most = std::max(most, (k * row + row - 1) / 4096 - k * row / 4096 + 1);
        EXPECT_EQ(window_of_row({row}).count, 4096 * most) << row;
    }
}

TEST(Sharing, Refusals) {
    const std::pair<std::string, const char*> cases[] = {
        {R"({"name": "a", "parameter_bytes": 1, "shares": ["b"]})",
         "layers[0].shares[0]: unknown layer \"b\""},
        {R"({"name": "a", "parameter_bytes": 1, "shares": ["a"]})",
         "layers[0].shares[0]: \"a\" is not an earlier layer: a layer shares the parameters of "
         "earlier ones"},
        {text(R"({}, {{"name": "b", "parameter_bytes": 1, "shares": ["wte", "wte"]}})", kTable),
         "layers[1].shares: layer \"wte\" stands there twice"},
        {text(R"({}, {{"name": "b", "parameter_bytes": 1, "shares": ["wte"]}},
                  {{"name": "c", "parameter_bytes": 1, "shares": ["b"]}})",
              kTable),
         "layers[2].shares: layer \"b\" shares others' parameters itself: name their owner, "
         "\"wte\""},
        {R"({"name": "a", "parameter_bytes": 0}, {"name": "b", "parameter_bytes": 1,
             "shares": ["a"]})",
         "layers[1].shares: layer \"a\" has no parameters"},
        {R"({"name": "a", "parameter_bytes": 4, "units": 2}, {"name": "b", "parameter_bytes": 1,
             "shares": ["a"]})",
         "layers[1].shares: layer \"a\" is divided into 2 units, and a layer that others share "
         "comes "
         "in whole"},
        {text(R"({}, {{"name": "b", "parameter_bytes": 4, "shares": ["wte"], "units": 2}})",
              kTable),
         "layers[1].units: a layer that shares parameters or gathers rows is not divided"},
        {R"({"name": "a", "parameter_bytes": 10, "rows": 3})",
         "layers[0].rows: 3 rows do not divide the 10 parameter bytes"},
        {R"({"name": "a", "parameter_bytes": 0, "rows": 3})",
         "layers[0].rows: the layer has no parameters to gather"},
        {text(R"({}, {{"name": "b", "parameter_bytes": 4, "shares": ["wte"], "rows": 4}})", kTable),
         "layers[1].rows: a layer that shares parameters gathers rows of one other layer, and has "
         "none of its own"},
        {text(R"({}, {{"name": "b", "parameter_bytes": 0, "shares": ["wte"], "rows": 2}})", kTable),
         "layers[1].rows: expected 4, the rows of layer \"wte\", found 2"},
        {R"({"name": "a", "parameter_bytes": 10, "rows": 5, "stored_bytes": 9})",
         "layers[0].stored_bytes: expected at least the 10 parameter bytes: what is stored encoded "
         "cannot be read by rows, found 9"},
        {R"({"name": "a", "parameter_bytes": 10, "rows": 5, "rows_touched": 6})",
         "layers[0].rows_touched: expected 1 to the 5 rows, found 6"},
        {R"({"name": "a", "parameter_bytes": 10, "rows_touched": 1})",
         "layers[0].rows_touched: needs `rows`, which are missing"},
        {R"({"name": "a", "parameter_bytes": 10, "rows": 5, "touched_bytes": 6})",
         "layers[0].touched_bytes: follows from `rows` and `rows_touched`: leave it out"},
        {R"({"name": "a", "parameter_bytes": 0, "touched_bytes": 6})",
         "layers[0].touched_bytes: touched_bytes > 0, but parameter_bytes is 0"},
    };
    for (const auto& [layers, message] : cases) EXPECT_EQ(refusal(layers), message) << layers;
}

}  // namespace
}  // namespace swaplab
