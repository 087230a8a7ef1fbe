// index.json, read and refused.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <string>
#include <string_view>

#include "hw/storage/pack_index.h"
#include "profiles/base/text.h"
#include "tests/hw/storage_samples.h"

namespace swaplab {
namespace {

using namespace swaplab::testing;

constexpr std::string_view kIndex = R"({
  "schema": "swaplab/pack/1",
  "model": "sample",
  "alignment_bytes": 4096,
  "environment": "made up",
  "x-note": [1.50],
  "inputs": [{"dtype": "int64", "shape": [1, 128]}],
  "expected": [{"seed": 7, "digest": "abc"}],
  "layers": [
    {"name": "conv", "offset_bytes": 0, "stored_bytes": 8192, "crc32": 4294967295, "tensors": [
      {"name": "w", "dtype": "float32", "shape": [4, 3, 5, 5], "offset_bytes": 0,
       "size_bytes": 1200, "slot": 0},
      {"name": "b", "dtype": "float16", "shape": [3424], "offset_bytes": 1216,
       "size_bytes": 6848, "slot": 1}]},
    {"name": "relu", "offset_bytes": 8192, "stored_bytes": 0, "crc32": 0, "tensors": []},
    {"name": "fc", "offset_bytes": 8192, "stored_bytes": 4096, "crc32": 5, "tensors": [
      {"name": "s", "dtype": "int64", "shape": [], "offset_bytes": 64, "size_bytes": 8,
       "slot": 2}]}
  ]
})";

PackIndex read(std::string text) { return read_pack_index(parse_json(std::move(text), "index")); }

TEST(PackIndexFile, IsWrittenAsItIsRead) {
    const PackIndex index = read(std::string(kIndex));
    EXPECT_EQ(index.size(), Bytes{12288});
    EXPECT_EQ(index.layers[0].crc, 4294967295U);
    EXPECT_EQ(index.layers[0].tensors[1].shape, std::vector<std::int64_t>{3424});
    const std::string written = write_pack_index(index);
    EXPECT_EQ(write_pack_index(read(written)), written);
}

struct Edit {
    std::string_view from;  // its first occurrence is replaced
    std::string_view to;
    std::string_view at;  // what the error points at: this, from the edit on
    std::string_view says;
};

constexpr std::string_view kLongPrimes = "[1099511627689, 1099511627689]";

// clang-format off
const Edit kEdits[] = {
    {"\"swaplab/pack/1\"", "\"swaplab/pack/2\"", "\"swaplab", "another version: \"swaplab/pack/2\", and this program reads \"swaplab/pack/1\""},
    {"\"swaplab/pack/1\"", "\"swaplab/model/1\"", "\"swaplab", "expected \"swaplab/pack/1\""},
    {"\"swaplab/pack/1\"", "1", "1", "schema: expected a string"},
    {"\"schema\"", "\"shema\"", "\"shema", "did you mean"},
    {"\"model\": \"sample\"", "\"model\": \"\"", "\"\"", "printable"},
    {"\"model\": \"sample\",", "", "{", "missing key \"model\""},
    {"\"model\"", "\"models\"", "\"models\"", "did you mean 'model'"},
    {"\"model\": ", "\"colour\": 1, \"model\": ", "\"colour\"", "unknown key"},
    {"\"model\": ", "\"model\": \"x\", \"model\": ", "\"model\": \"sample\"", "duplicate key"},
    {"4096", "4095", "4095", "a power of two from 4096"},
    {"4096", "6144", "6144", "a power of two"},
    {"4096", "512", "512", "a power of two"},
    {"4096", "0", "0", "whole number > 0"},
    {"4096", "4096.0", "4096.0", "whole number"},
    {"4096", "16384", "8192", "layers[0].stored_bytes: expected a multiple of alignment_bytes, 16384"},
    {"\"made up\"", "7", "7", "environment: expected a string"},
    {"[{\"dtype\": \"int64\"", "[{\"dtype\": \"int65\"", "\"int65\"", "did you mean 'int64'"},
    {"[1, 128]", "[1, 0]", "0", "inputs[0].shape[1]: expected a whole number > 0"},
    {"[1, 128]", "[1, -128]", "-128", "whole number > 0"},
    {"[1, 128]", "128", "128", "expected a list"},
    {"[1, 128]", kLongPrimes, "[", "more than 2^60 bytes"},
    {"\"seed\": 7", "\"seed\": -7", "-7", "expected[0].seed"},
    {"\"abc\"", "null", "null", "expected[0].digest: expected a string"},
    {"\"conv\"", "\"\"", "\"\"", "layers[0].name"},
    {"\"offset_bytes\": 0", "\"offset_bytes\": 4096", "4096", "layers[0].offset_bytes: expected 0"},
    {"\"offset_bytes\": 8192", "\"offset_bytes\": 4096", "4096", "expected 8192, where the segment before it ends"},
    {"\"offset_bytes\": 8192", "\"offset_bytes\": 12288", "12288", "layers[1].offset_bytes: expected 8192"},
    {"\"stored_bytes\": 8192", "\"stored_bytes\": 8000", "8000", "a multiple of alignment_bytes"},
    {"\"stored_bytes\": 8192", "\"stored_bytes\": 4096", "6848", "outside its layer's segment of 4096 bytes"},
    {"\"stored_bytes\": 8192", "\"stored_bytes\": 1152921504606851072", "115", "more than 2^60"},
    {"\"stored_bytes\": 8192", "\"stored_bytes\": 9223372036854775807", "922", "a multiple"},
    {"\"stored_bytes\": 8192", "\"stored_bytes\": 12288", "8192, \"stored_bytes\": 0", "layers[1].offset_bytes: expected 12288"},
    {"\"stored_bytes\": 0", "\"stored_bytes\": 4096", "[]", "no tensor in a segment of 4096 bytes"},
    {"4294967295", "4294967296", "4294967296", "below 2^32"},
    {"4294967295", "\"ffffffff\"", "\"ffffffff\"", "crc32: expected a whole number"},
    {"\"tensors\": [\n", "\"tensor\": [\n", "\"tensor\"", "did you mean 'tensors'"},
    {"\"w\"", "null", "null", "layers[0].tensors[0].name"},
    {"\"float32\"", "\"float33\"", "\"float33\"", "did you mean 'float32'"},
    {"\"float32\"", "\"complex64\"", "\"complex64\"", "unknown dtype"},
    {"\"float32\"", "\"float64\"", "1200", "expected the 2400 bytes of its dtype and shape, found 1200"},
    {"[4, 3, 5, 5]", "[4, 3, 5, 6]", "1200", "expected the 1440 bytes"},
    {"[4, 3, 5, 5]", kLongPrimes, "[", "more than 2^60 bytes"},
    {"[4, 3, 5, 5]", "[4, 3, 5.0, 5]", "5.0", "layers[0].tensors[0].shape[2]"},
    {"\"size_bytes\": 1200", "\"size_bytes\": 0", "0", "whole number > 0"},
    {"\"size_bytes\": 1200, \"slot\": 0", "\"size_bytes\": 1200", "{", "missing key \"slot\""},
    {"1216", "1217", "1217", "a multiple of 64"},
    {"1216", "1152", "1152", "expected at least 1200, where the tensor before it ends"},
    {"1216", "1408", "6848", "outside its layer's segment"},
    {"1216", "9223372036854775744", "6848", "outside its layer's segment"},
    {"\"slot\": 1", "\"slot\": 0", "", "two tensors of one layer have slot 0"},
    {"\"slot\": 1", "\"slot\": 4294967296", "4294967296", "below 2^32"},
    {"\"slot\": 1", "\"slot\": 1, \"strides\": []", "\"strides\"", "unknown key"},
};
// clang-format on

std::string where(std::string_view text, std::size_t at) {
    const std::string_view before = text.substr(0, at);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t newline = before.rfind('\n');
    return "index:" + std::to_string(line) + ":" +
           std::to_string(newline == before.npos ? at + 1 : at - newline) + ":";
}

TEST(PackIndexFile, EveryFieldIsChecked) {
    for (const Edit& edit : kEdits) {
        std::string text(kIndex);
        const std::size_t from = text.find(edit.from);
        ASSERT_NE(from, text.npos) << edit.from;
        text.replace(from, edit.from.size(), edit.to);
        SCOPED_TRACE(std::string(edit.from) + " -> " + std::string(edit.to));
        const std::string error = said_by([&] { read(text); });
        EXPECT_NE(error.find(edit.says), error.npos) << error;
        if (edit.at.empty()) continue;
        std::size_t at = text.find(edit.at, from);
        if (edit.at == "{") at = text.rfind('{', from);
        ASSERT_NE(at, text.npos);
        EXPECT_TRUE(error.starts_with(where(text, at))) << error << "\nnot at " << where(text, at);
    }
}

TEST(PackIndexFile, AnEmptyListOfLayersIsNone) {
    const std::string text =
        std::string(kIndex.substr(0, kIndex.find("\"layers\""))) + "\"layers\": []}";
    EXPECT_NE(said_by([&] { read(text); }).find("at least one layer"), std::string::npos);
}

// New on every run, printed for the run that fails; SWAPLAB_TEST_SEED repeats it.
std::uint32_t printed_seed() {
    const char* const given = std::getenv("SWAPLAB_TEST_SEED");
    const std::uint32_t seed = given != nullptr
                                   ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                                   : std::random_device{}();
    std::printf("SWAPLAB_TEST_SEED=%u\n", seed);
    return seed;
}

std::string mutated(std::mt19937& random) {
    constexpr std::array<std::string_view, 14> kPieces{
        "0",    "1",  "-1", "4096", "8192",   "9223372036854775807", "1152921504606846976", "1e3",
        "null", "[]", "{}", "\"\"", "[1, 2]", "\"float64\""};
    std::string text(kIndex);
    for (std::size_t edits = 1 + random() % 3; edits > 0; --edits) {
        const std::size_t at = random() % text.size();
        if (random() % 3 == 0) {
            text.erase(at, 1 + random() % 9);
        } else if (random() % 6 == 0) {
            text[at] = static_cast<char>(random());
        } else if (const std::size_t colon = text.find(": ", at); colon != text.npos) {
            const std::size_t end = std::min(text.find_first_of(",}]\n", colon), text.size());
            text.replace(colon + 2, end - colon - 2, kPieces[random() % kPieces.size()]);
        }
    }
    return text;
}

// Whatever reads, holds what pack.h promises.
void expect_sound(const PackIndex& index) {
    Bytes end;
    for (const PackedLayer& layer : index.layers) {
        EXPECT_EQ(layer.offset, end);
        EXPECT_EQ(layer.size.count % index.alignment.count, 0);
        end = layer.offset + layer.size;
        Bytes used;
        for (const PackedTensor& tensor : layer.tensors) {
            EXPECT_GE(tensor.offset, used);
            EXPECT_EQ(tensor.offset.count % kTensorAlignment.count, 0);
            used = tensor.offset + tensor.size;
        }
        EXPECT_LE(used, layer.size);
    }
    EXPECT_EQ(end, index.size());
}

TEST(PackIndexFile, RandomEditsReadOrThrow) {
    const std::uint32_t seed = printed_seed();
    std::mt19937 random(seed);
    int read_count = 0;
    for (int i = 0; i < 4000; ++i) {
        const std::string text = mutated(random);
        SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
        try {
            const PackIndex index = read(text);
            expect_sound(index);
            EXPECT_EQ(write_pack_index(read(write_pack_index(index))), write_pack_index(index));
            ++read_count;
        } catch (const InputError& error) {
            EXPECT_TRUE(std::string_view(error.what()).starts_with("index:")) << error.what();
        }
    }
    EXPECT_GT(read_count, 0);  // else the edits are too coarse to test anything
}

}  // namespace
}  // namespace swaplab
