// Small TorchScript files with fixed random weights. No LibTorch here.
#pragma once

#include <cstdint>
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

// Looks rows of a table `e` up for 12 `tokens` (below 1000) and multiplies them. The code is
// TorchScript's.
struct Lookup {
    std::int64_t rows = 1000;
    std::int64_t columns = 16;
    bool halves = false;         // the table is of float16, else of float32
    std::string ids = "tokens";  // an expression
    std::string before{};        // a statement before it,
    std::string behind{};        // and one behind it, on `x`
};
void write_lookup(const Lookup& lookup, const std::string& file);

// Without naming its inputs.
void write_torchscript_without_inputs(const std::string& name, const std::string& file);

}  // namespace swaplab::testing
