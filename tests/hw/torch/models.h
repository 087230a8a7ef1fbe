// Small TorchScript files with fixed random weights. No LibTorch here.
#pragma once

#include <string>
#include <vector>

namespace swaplab::testing {

// Writes the model of that name to `file` ("cnn", ..., see the .cpp), with the inputs it takes.
void write_torchscript(const std::string& name, const std::string& file);

// Models that can be executed in pieces, and those that cannot.
std::vector<std::string> good_torchscript();
struct BadTorchscript {
    std::string name;
    std::string message;  // a part of what the error says
};
std::vector<BadTorchscript> bad_torchscript();

// Without naming its inputs.
void write_torchscript_without_inputs(const std::string& name, const std::string& file);

}  // namespace swaplab::testing
