#include "hw/torch/run/model_inputs.h"

#include <ATen/ops/from_blob.h>

#include "hw/torch/run/input_values.h"
#include "hw/torch/run/skeleton.h"

namespace swaplab {
namespace {

template <class T>
at::Tensor tensor_of(std::vector<T> values, const PackedInput& input, at::ScalarType from) {
    return at::from_blob(values.data(), input.shape, at::dtype(from))
        .to(scalar_type_named(input.dtype), false, true);
}

}  // namespace

std::vector<at::Tensor> model_inputs(const std::vector<PackedInput>& inputs, std::uint64_t seed) {
    InputValues values(seed);
    std::vector<at::Tensor> tensors;
    for (const PackedInput& input : inputs) {
        const std::int64_t count = element_count(input);
        const bool floating = at::isFloatingType(scalar_type_named(input.dtype));
        tensors.push_back(floating ? tensor_of(values.normal(count), input, at::kFloat)
                                   : tensor_of(values.tokens(count), input, at::kLong));
    }
    return tensors;
}

}  // namespace swaplab
