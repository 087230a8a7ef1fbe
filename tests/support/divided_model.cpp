#include "tests/support/divided_model.h"

#include "profiles/base/text.h"
#include "tests/support/random.h"

namespace swaplab::testing {
namespace {

// One part.
Layer random_part(Rng& rng, std::int64_t scale, bool embeds) {
    static constexpr OpClass kOps[] = {OpClass::conv2d, OpClass::linear, OpClass::attention};
    Layer part;
    part.op = embeds ? OpClass::embedding : kOps[rng.between(0, 2)];
    part.macs = rng.between(0, scale);
    part.other_ops = rng.between(0, scale);
    if (rng.chance(20) && !embeds) return part;
    part.parameter_bytes = {rng.between(1, scale)};
    part.parameter_tensors = rng.between(1, 4);
    if (rng.chance(30)) part.stored_bytes = Bytes{rng.between(1, scale)};
    return part;
}

Layer whole_of(Layer part) {
    part.units = kParts;
    part.macs *= kParts;
    part.other_ops *= kParts;
    part.parameter_bytes = kParts * part.parameter_bytes;
    if (part.stored_bytes) part.stored_bytes = kParts * *part.stored_bytes;
    return part;
}

}  // namespace

DividedModel divided_model(std::uint64_t seed, std::uint32_t layers, std::int64_t scale,
                           std::int64_t tokens) {
    Rng rng(seed);
    ModelSpec divided, written_out;
    divided.name = written_out.name = text("divided-{}", seed);
    divided.tokens = written_out.tokens = tokens;
    divided.prompt_tokens = written_out.prompt_tokens = tokens > 0 ? 5 : 0;
    for (std::uint32_t l = 0; l < layers; ++l) {
        Layer part = random_part(rng, scale, tokens > 0 && l == 0);
        for (std::int64_t p = 1; p <= kParts; ++p) {
            part.name = text("layer{}[{}/{}]", l, p, kParts);
            written_out.layers.push_back(part);
        }
        part.name = text("layer{}", l);
        divided.layers.push_back(whole_of(part));
    }
    return {std::make_shared<const Model>(std::move(divided)),
            std::make_shared<const Model>(std::move(written_out))};
}

}  // namespace swaplab::testing
