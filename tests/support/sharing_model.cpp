#include "tests/support/sharing_model.h"

#include <string>

#include "tests/support/random_model.h"

namespace swaplab::testing {
namespace {

// Row sizes around a page, and tiny ones.
void make_table(Layer& layer, Rng& rng) {
    layer.rows = rng.between(1, 40);
    const std::int64_t row = rng.chance(40) ? 1024 * rng.between(1, 12) : rng.between(1, 9000);
    layer.parameter_bytes = Bytes{layer.rows * row};
    layer.parameter_tensors = rng.between(1, 2);
    layer.stored_bytes.reset();
    layer.op = OpClass::embedding;
    if (rng.chance(50)) layer.rows_touched = rng.between(1, layer.rows);
}

// Of the earlier layers that may be shared some, each once.
void make_sharer(ModelSpec& spec, std::size_t index, Rng& rng) {
    Layer& layer = spec.layers[index];
    for (std::uint32_t owner = 0; owner < index; ++owner) {
        const Layer& candidate = spec.layers[owner];
        if (candidate.parameter_bytes.count > 0 && candidate.shares.empty() && rng.chance(40))
            layer.shares.push_back({owner});
    }
    if (layer.shares.size() != 1 || !rng.chance(40)) return;
    const Layer& table = spec.layers[layer.shares[0].index];
    if (!table.gathers()) return;
    layer.rows = table.rows;
    layer.parameter_bytes = {};
    layer.parameter_tensors = 0;
    layer.stored_bytes.reset();
    if (rng.chance(50)) layer.rows_touched = rng.between(1, layer.rows);
}

// Groups are of neighbours, so a second one gets a name of its own.
void name_groups(std::vector<Layer>& layers) {
    int runs = 0;
    for (std::size_t l = 0; l < layers.size(); ++l) {
        if (layers[l].group.empty()) continue;
        const bool goes_on = l > 0 && !layers[l - 1].group.empty();
        if (!goes_on) ++runs;
        layers[l].group = "group" + std::to_string(runs);
    }
}

}  // namespace

ModelPtr sharing_model(std::uint64_t seed, std::int64_t tokens) {
    Rng rng(seed ^ 0x5a1eULL);
    ModelShape shape;
    shape.scale = 1 << 16;
    shape.percent_stored = rng.chance(30) ? 40 : 0;
    shape.percent_grouped = rng.chance(20) ? 30 : 0;
    ModelSpec spec = random_model(seed, shape)->spec();
    name_groups(spec.layers);
    spec.tokens = tokens;
    spec.prompt_tokens = tokens > 0 || rng.chance(50) ? rng.between(1, 9) : 0;
    for (std::size_t l = 0; l < spec.layers.size(); ++l) {
        if (rng.chance(30))
            make_table(spec.layers[l], rng);
        else if (rng.chance(40))
            make_sharer(spec, l, rng);
        else if (spec.layers[l].parameter_bytes.count > 0 && rng.chance(20))
            spec.layers[l].touched_bytes = Bytes{rng.between(0, 1 << 16)};
    }
    return std::make_shared<const Model>(std::move(spec));
}

}  // namespace swaplab::testing
