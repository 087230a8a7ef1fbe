// What tests of emulation share: a small model that does not come in pages, a silent console.
#pragma once

#include <sstream>
#include <string>

#include "experiments/shell/console.h"
#include "profiles/model/model.h"

namespace swaplab::testing {

// Six layers of 1 MiB and some bytes, so that no block is a number of pages.
inline Model small_model() {
    ModelSpec spec;
    spec.name = "six/layers";
    for (int i = 0; i < 6; ++i) {
        Layer layer;
        layer.name = "layer" + std::to_string(i);
        if (i > 0) layer.inputs = {LayerId{static_cast<std::uint32_t>(i - 1)}};
        layer.parameter_bytes = Bytes{(1 << 20) + 100 * i};
        layer.parameter_tensors = 2;
        layer.macs = 1'000'000;
        spec.layers.push_back(layer);
    }
    return Model(std::move(spec));
}

// Where notes go; nothing is a terminal.
struct Quiet {
    std::ostringstream out, err;
    Console console{.out = out, .err = err, .terminal = {}};
};

}  // namespace swaplab::testing
