// What is valid to begin with: the files of tests/frozen, documents drawn from the formats, and
// what commands write.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "tests/faults/mutants/tree.h"

namespace swaplab::faults {

using Files = std::map<std::string, std::string>;  // content by name below some folder

struct Seeds {
    std::vector<Node> models;   // of at most 30 layers or so
    std::vector<Node> devices;  // all that are frozen or built in, and random ones
    std::vector<Node> experiments;
    std::vector<std::string> measurements, arrivals, budget_traces, mode_traces;  // CSV
    std::vector<std::vector<Node>> logs;                                          // line by line
    std::vector<Files> packs;                                                     // synthetic
    std::vector<std::vector<std::string>> commands;  // files as "@/models/groups.json"
};

// `scratch` is an empty folder in which logs and packs are made. The same on every machine.
Seeds make_seeds(const std::string& scratch);

// The two models that arrivals are of, called "one" and "two", and a device with modes; written
// as JSON.
std::string plain_model(const std::string& name);
std::string plain_device();

}  // namespace swaplab::faults
