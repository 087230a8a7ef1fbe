// The networks that are built in, each for square images of `input` x `input` pixels (builtin.cpp
// says which sizes are allowed). Batch 1, float32.
#pragma once

#include <cstdint>

#include "profiles/model.h"

namespace swaplab::networks {

ModelSpec vgg19(std::int64_t input);
ModelSpec resnet101(std::int64_t input);
ModelSpec yolov3(std::int64_t input);
ModelSpec yolov4(std::int64_t input);
ModelSpec vit_base(std::int64_t input);

}  // namespace swaplab::networks
