// TorchScript files that do what no model does. No LibTorch here.
#pragma once

#include <string>
#include <vector>

namespace swaplab::testing {

struct Hostile {
    std::string name;
    std::string says;  // what the error names
};

// `victim` is a file that the first of them would read, and make a copy of, "VICTIM.stolen".
std::vector<Hostile> hostile_models();
void write_hostile(const std::string& name, const std::string& victim, const std::string& file);

}  // namespace swaplab::testing
