// The operators that a model may use. A TorchScript file is a program: LibTorch has operators that
// write files (aten::from_file, aten::save), talk, or reach code of other libraries. So there is no
// list of what is forbidden, only one of what models need.
#pragma once

#include <string_view>

namespace swaplab {

// By qualified name without an overload, "aten::conv2d"; also what writes its result in place
// ("aten::relu_").
bool is_known_operator(std::string_view name);

// Operators that make a tensor whose size their arguments alone say: "aten::zeros".
bool makes_a_tensor_of_any_size(std::string_view name);

}  // namespace swaplab
