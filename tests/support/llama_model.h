// A model of the size of Llama-3.2-1B, from its published configuration (meta-llama/Llama-3.2-1B,
// config.json): 16 blocks of width 2048, feed-forward 8192, 32 heads of which 8 have keys and
// values, 128256 words, the head tied to the embedding, float16.
#pragma once

#include <cstdint>

#include "profiles/model/model.h"

namespace swaplab::testing {

ModelSpec llama_1b(std::int64_t prompt, std::int64_t tokens);

}  // namespace swaplab::testing
