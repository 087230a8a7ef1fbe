// Random documents and random edits of good ones: each reads or throws `InputError`, and what reads
// can be written and read again. Sanitizers watch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include "profiles/device/device_file.h"
#include "profiles/model/model_file.h"
#include "tests/profiles/samples.h"

namespace swaplab {
namespace {

// clang-format off
constexpr std::string_view kTokens[] = {
    "{", "}", "[", "]", ",", ":", "\"", "\\u0000", "\\ud800", "null", "true", "-1", "1e3", "5.0", "NaN", "0",
    "9223372036854775807", "9223372036854775808", "1e308", "1e-320", "\xff", "\xef\xbb\xbf", "é", "\r\n", "\t",
    "input", "stem", "norm", "*", "&a ", "*a", "!!str ", "---\n", "- ", "? ", "# ", "|\n", "x-", "''",
    "\"name\": \"norm\",", "\"inputs\": [\"join\"],", "[[[[[[[[[["};
constexpr std::string_view kScalars[] = {
    "0", "1", "7", "-1", "1.5", "4398046511104", "9223372036854775807", "1e-9", "1e300", "true", "null", "\"\"",
    "\"input\"", "\"stem\"", "\"norm\"", "\"15W\"", "[]", "{}", "[1, 2, 3]", "{\"x-a\": [1]}"};
constexpr std::string_view kYamlTokens[] = {
    "a", "b: ", "- ", "? ", ": ", "[", "]", "{", "}", ", ", "\n", "\n  ", "\n    ", "\"", "'", "|", ">", "#", "&a ",
    "*a", "!", "!!int ", "%", "---", "...", "~", "\t", "é", "0", "\\"};
// clang-format on

// New on every run, printed for the run that fails; SWAPLAB_TEST_SEED repeats it.
std::uint32_t printed_seed() {
    const char* const given = std::getenv("SWAPLAB_TEST_SEED");
    const std::uint32_t seed = given != nullptr
                                   ? static_cast<std::uint32_t>(std::strtoul(given, nullptr, 10))
                                   : std::random_device{}();
    std::printf("SWAPLAB_TEST_SEED=%u\n", seed);
    return seed;
}

// Edits text as a fuzzer does: bytes and whole pieces deleted, doubled, swapped, replaced by tokens
// that mean something.
class Mutator {
  public:
    explicit Mutator(std::uint32_t seed) : random_(seed) {}

    std::string mutate(std::string text) {
        const std::size_t edits = 1 + below(3);
        for (std::size_t i = 0; i < edits && !text.empty(); ++i) edit(text);
        return text;
    }

  private:
    std::size_t below(std::size_t limit) { return random_() % limit; }

    void edit(std::string& text) {
        const std::size_t at = below(text.size());
        const std::size_t size =
            1 + below(std::min<std::size_t>(text.size() - at, below(8) == 0 ? 200 : 8));
        switch (below(10)) {
            case 0: text.erase(at, size); break;
            case 1: text.insert(below(text.size()), text.substr(at, size)); break;
            case 2: text[at] = static_cast<char>(below(256)); break;
            case 3: text.insert(at, kTokens[below(std::size(kTokens))]); break;
            case 4: text.replace(at, size, kTokens[below(std::size(kTokens))]); break;
            case 5: text.resize(below(4) == 0 ? at : text.size()); break;
            default: replace_scalar(text, at); break;
        }
    }

    // What stands after the next colon becomes another value, so that the text stays well-formed
    // and the readers behind the parser are reached.
    void replace_scalar(std::string& text, std::size_t at) {
        const std::size_t start = text.find(": ", at);
        if (start == std::string::npos) return;
        const std::size_t end = text.find_first_of(",}]", start);
        if (end == std::string::npos) return;
        text.replace(start + 2, end - start - 2, kScalars[below(std::size(kScalars))]);
    }

    std::mt19937 random_;
};

// Everything that may be called on what reads, must be: a second life shows broken invariants.
template <class Read, class Write>
int accepted(std::string_view sample, Mutator& mutator, int rounds, Read read, Write write) {
    int count = 0;
    for (int i = 0; i < rounds; ++i) {
        const std::string text = mutator.mutate(std::string(sample));
        SCOPED_TRACE(text);
        for (const auto parse : {parse_json, parse_yaml}) {
            try {
                const auto result = read(parse(text, "f"));
                const std::string written = write(result);
                EXPECT_EQ(write(read(parse_json(written, "written"))), written);
                ++count;
            } catch (const InputError& error) {
                EXPECT_TRUE(std::string_view(error.what()).starts_with("f:")) << error.what();
            }
        }
    }
    return count;
}

TEST(MalformedAtRandom, ReadsOrThrows) {
    const std::uint32_t seed = printed_seed();
    SCOPED_TRACE("seed " + std::to_string(seed));
    Mutator mutator(seed);
    const int models = accepted(kModelSample, mutator, 1500, read_model, write_model);
    const int devices = accepted(kDeviceSample, mutator, 1500, read_device, write_device);
    std::printf("%d of 3000 mutated models and %d of 3000 mutated devices still read\n", models,
                devices);
    EXPECT_GT(models + devices, 0);  // else the mutations were too coarse to test anything
}

TEST(MalformedAtRandom, YamlOfNoShapeReadsOrThrows) {
    const std::uint32_t seed = printed_seed();
    std::mt19937 random(seed);
    for (int i = 0; i < 5000; ++i) {
        std::string text;
        for (std::size_t parts = 1 + random() % 24; parts > 0; --parts)
            text += kYamlTokens[random() % std::size(kYamlTokens)];
        SCOPED_TRACE("seed " + std::to_string(seed) + ": " + text);
        const std::string error = error_of([&] { parse_yaml(text, "f"); });
        EXPECT_TRUE(error == "no error" || error.starts_with("f:")) << error;
    }
}

}  // namespace
}  // namespace swaplab
