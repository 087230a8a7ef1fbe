// A document that may be wrong: keys may come twice and scalars are what somebody wrote.
#pragma once

#include <string>
#include <vector>

#include "profiles/document/document.h"

namespace swaplab::faults {

struct Node {
    enum class Kind { scalar, array, object };

    Kind kind = Kind::scalar;
    std::string text;            // of a scalar, as it stands in JSON: 1e3, null, "name"
    std::string key;             // of a member, likewise, quotes included
    std::vector<Node> children;  // of an array or an object, in order
};

Node tree_of(const Value& value);
// A string as it stands in JSON.
std::string json_text(std::string_view content);
// Whether the scalar is a number, and whether it is a string.
bool is_number(const Node& node);
bool is_string(const Node& node);

std::string to_json(const Node& root);  // on one line
std::string to_yaml(const Node& root);  // in blocks, scalars as in JSON

// All nodes, the root first. The pointers hold until the tree changes.
std::vector<Node*> nodes_of(Node& root);

}  // namespace swaplab::faults
