// What a TorchScript file may contain: looked at before anything of it is run.
#pragma once

#include <caffe2/serialize/read_adapter_interface.h>
#include <torch/csrc/jit/api/module.h>

#include <memory>
#include <string>

namespace swaplab {

// The archive, before LibTorch's importer sees it: that one runs `__setstate__` of what it loads,
// and makes objects of classes that are written in C++. Throws `InputError` naming `file`, the part
// of the archive and the line.
void check_archive(const std::shared_ptr<caffe2::serialize::ReadAdapterInterface>& bytes,
                   const std::string& file);

// All functions of the module and of its submodules, in branches and loops and in what they call:
// known operators only (operators.h), loops that end, tensors that are as large as what is stored
// of them. Throws `InputError` naming `file`, the function, the operator and its line.
//
// Loops that run as often as the data says get a guard: more than `kMostTurns` fail. Warnings are
// taken out: a file says nothing on the terminal. Run nothing before.
void check_program(const torch::jit::Module& module, const std::string& file);

constexpr std::int64_t kMostTurns = 10'000;

}  // namespace swaplab
