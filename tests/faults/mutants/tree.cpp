#include "tests/faults/mutants/tree.h"

#include <cctype>

namespace swaplab::faults {

namespace {

Node scalar(std::string text) { return {.text = std::move(text), .key = {}, .children = {}}; }

void write_json(const Node& node, std::string& out) {
    if (node.kind == Node::Kind::scalar) {
        out += node.text;
        return;
    }
    const bool object = node.kind == Node::Kind::object;
    out += object ? '{' : '[';
    for (const Node& child : node.children) {
        if (&child != &node.children.front()) out += ", ";
        if (object) out += child.key + ": ";
        write_json(child, out);
    }
    out += object ? '}' : ']';
}

void write_yaml(const Node& node, std::size_t indent, std::string& out) {
    if (node.kind == Node::Kind::scalar || node.children.empty()) {
        write_json(node, out);
        out += '\n';
        return;
    }
    out += '\n';
    for (const Node& child : node.children) {
        out += std::string(indent, ' ');
        out += node.kind == Node::Kind::object ? child.key + ": " : "- ";
        write_yaml(child, indent + 2, out);
    }
}

void collect(Node& node, std::vector<Node*>& nodes) {
    nodes.push_back(&node);
    for (Node& child : node.children) collect(child, nodes);
}

}  // namespace

std::string json_text(std::string_view content) {
    JsonWriter writer(JsonWriter::Style::one_line);
    writer.value(content);
    return writer.str();
}

Node tree_of(const Value& value) {
    switch (value.kind) {
        case Value::Kind::null: return scalar("null");
        case Value::Kind::boolean:
        case Value::Kind::number: return scalar(value.scalar);
        case Value::Kind::string: return scalar(json_text(value.scalar));
        case Value::Kind::array:
        case Value::Kind::object: break;
    }
    Node node;
    node.kind = value.kind == Value::Kind::array ? Node::Kind::array : Node::Kind::object;
    for (const Value& item : value.items) node.children.push_back(tree_of(item));
    for (const Value::Member& member : value.members) {
        node.children.push_back(tree_of(member.second));
        node.children.back().key = json_text(member.first);
    }
    return node;
}

bool is_string(const Node& node) {
    return node.kind == Node::Kind::scalar && node.text.starts_with('"');
}

bool is_number(const Node& node) {
    if (node.kind != Node::Kind::scalar || node.text.empty()) return false;
    const auto first = static_cast<unsigned char>(node.text.front());
    return first == '-' || std::isdigit(first) != 0;
}

std::string to_json(const Node& root) {
    std::string out;
    write_json(root, out);
    return out;
}

std::string to_yaml(const Node& root) {
    std::string out;
    write_yaml(root, 0, out);
    return out;
}

std::vector<Node*> nodes_of(Node& root) {
    std::vector<Node*> nodes;
    collect(root, nodes);
    return nodes;
}

}  // namespace swaplab::faults
