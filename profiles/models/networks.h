// The networks that are built in, in float32 and for batch 1. `input` is the side of a square image
// in pixels, `tokens` and `prompt` the length of a sequence (builtin_models.cpp says which are allowed).
#pragma once

#include <cstdint>

#include "profiles/model/model.h"

namespace swaplab::networks {

ModelSpec vgg19(std::int64_t input);
ModelSpec resnet101(std::int64_t input);
ModelSpec fcn_resnet101(std::int64_t input);
ModelSpec resnet152(std::int64_t input);
ModelSpec densenet201(std::int64_t input);
ModelSpec yolov3(std::int64_t input);
ModelSpec yolov4(std::int64_t input);
ModelSpec yolov4_p6(std::int64_t input);
ModelSpec vit_base(std::int64_t input);
ModelSpec vit_large(std::int64_t input);
ModelSpec bert_large(std::int64_t tokens);
ModelSpec gpt2_medium(std::int64_t prompt);
ModelSpec gpt_j_6b(std::int64_t prompt);

}  // namespace swaplab::networks
