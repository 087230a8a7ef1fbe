#include "profiles/model/scaled.h"

#include <utility>

#include "profiles/model/sharing.h"

namespace swaplab {
namespace {

// amount * part / whole, to nearest.
std::int64_t share_to_nearest(std::int64_t amount, std::int64_t part, std::int64_t whole) {
    __extension__ using Wide = __int128;
    return static_cast<std::int64_t>((2 * static_cast<Wide>(amount) * part + whole) / (2 * whole));
}

}  // namespace

Model with_prompt(const Model& model, std::int64_t prompt) {
    const std::int64_t described = model.described_tokens();
    ModelSpec spec = model.spec();
    const auto scaled = [&](std::int64_t amount) {
        return share_to_nearest(amount, prompt, described);
    };
    spec.prompt_tokens = prompt;
    spec.input_bytes = {scaled(spec.input_bytes.count)};
    for (Layer& layer : spec.layers) {
        if (layer.gathers())
            layer.rows_touched =
                std::max<std::int64_t>(1, scaled(rows_described(layer, model.spec())));
        // FLOPs are rounded once, not by kind of operation.
        layer.other_ops =
            layer.op == OpClass::attention
                ? share_to_nearest(layer.flops(), prompt * prompt, described * described)
                : scaled(layer.flops());
        layer.macs = 0;
        layer.output_bytes = {scaled(layer.output_bytes.count)};
        layer.workspace_bytes = {scaled(layer.workspace_bytes.count)};
    }
    return Model(std::move(spec));
}

}  // namespace swaplab
