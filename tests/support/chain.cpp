#include "tests/support/chain.h"

#include "profiles/base/text.h"

namespace swaplab::testing {

ModelPtr chain(const std::string& name, std::uint32_t layers) {
    ModelSpec spec;
    spec.name = name;
    for (std::uint32_t l = 0; l < layers; ++l) {
        Layer layer;
        layer.name = text("layer{}", l);
        if (l > 0) layer.inputs = {LayerId{l - 1}};
        layer.parameter_bytes = {10};
        layer.parameter_tensors = 1;
        spec.layers.push_back(std::move(layer));
    }
    return std::make_shared<const Model>(std::move(spec));
}

}  // namespace swaplab::testing
