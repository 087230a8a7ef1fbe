// A TorchScript file: opened, looked at, loaded; and words about what is in it.
#pragma once

#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/ir/ir.h>

#include <exception>
#include <functional>
#include <string>

#include "hw/storage/file.h"

namespace swaplab {

// Ready for inference, and looked at (script_check.h): nothing of it has been run. Extra files
// named in `extra` are filled in; `shown_as` is what messages call it. Throws `InputError`,
// `UnsupportedError` where memory does not suffice.
torch::jit::Module load_torchscript(FileHandle file, const std::string& shown_as,
                                    torch::jit::ExtraFilesMap& extra);
torch::jit::Module load_torchscript(std::string bytes, const std::string& shown_as);

// Every node, those inside of branches and loops included.
void for_each_node(torch::jit::Block& block, const std::function<void(torch::jit::Node&)>& visit);

// "aten::conv2d (model.py:12)".
std::string described(const torch::jit::Node& node);

// The part of LibTorch's long messages that says what is wrong.
std::string reason_of(const std::exception& error);

// Whether it says that the machine, or a limit of the process, gives no more memory: LibTorch has
// no type for that.
bool is_out_of_memory(const std::exception& error);
// Throws `UnsupportedError` where it does, naming `what`; else returns.
void throw_if_out_of_memory(const std::exception& error, const std::string& what);

// Every tensor inside of a value: of lists, tuples, dictionaries.
void for_each_tensor(const c10::IValue& value, const std::function<void(const at::Tensor&)>& visit);

}  // namespace swaplab
