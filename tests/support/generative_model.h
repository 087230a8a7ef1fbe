// A generative model of two layers, and a platform on which its passes are worked out by hand.
#pragma once

#include "profiles/device/platform.h"
#include "profiles/model/model.h"

namespace swaplab::testing {

// Attention over a prompt of 4 tokens (1600 FLOPs, 8 bytes of KV cache a token) and a projection of
// 1000 bytes (800 FLOPs); three tokens are generated.
ModelSpec two_layers();

// 1 ns a FLOP, 10 ns a layer, 1 ns a byte read.
Platform plain_platform();

}  // namespace swaplab::testing
