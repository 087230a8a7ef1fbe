// A generative model as it is for a shorter prompt (SEMANTICS: Generative models).
#pragma once

#include "profiles/model/model.h"

namespace swaplab {

// FLOPs of attention by the square of the share, everything else that depends on tokens by the
// share itself, each layer rounded to whole units; parameters as they are. `prompt` > 0.
Model with_prompt(const Model& model, std::int64_t prompt);

}  // namespace swaplab
