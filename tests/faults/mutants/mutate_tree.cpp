#include "tests/faults/mutants/mutate_tree.h"

#include <algorithm>

#include "profiles/base/text.h"

namespace swaplab::faults {

namespace {

// An array or object with something in it, or nothing.
Node* some_container(Node& root, Rng& random) {
    std::vector<Node*> found = nodes_of(root);
    std::erase_if(found, [](const Node* node) { return node->children.empty(); });
    return found.empty() ? nullptr : one_of(found, random);
}

Node& some_node(Node& root, Rng& random) {
    const std::vector<Node*> nodes = nodes_of(root);
    return *one_of(nodes, random);
}

Node* some_scalar(Node& root, bool (*wanted)(const Node&), Rng& random) {
    std::vector<Node*> found = nodes_of(root);
    std::erase_if(found, [&](const Node* node) { return !wanted(*node); });
    return found.empty() ? nullptr : one_of(found, random);
}

// --- Edits that most readers take ---------------------------------------------------------------

void another_number(Node& root, Rng& random) {
    if (Node* node = some_scalar(root, is_number, random))
        node->text = number_near(node->text, random);
}

void exchange_numbers(Node& root, Rng& random) {
    Node* const one = some_scalar(root, is_number, random);
    Node* const other = some_scalar(root, is_number, random);
    if (one != nullptr) std::swap(one->text, other->text);
}

// A value, or a whole branch, from the same key of a donor; where the key is new here, it is added.
void splice(Node& root, const std::vector<Node>& donors, Rng& random) {
    Node donor = one_of(donors, random);
    std::vector<Node*> sources = nodes_of(donor);
    std::erase_if(sources, [](const Node* node) { return node->key.empty(); });
    if (sources.empty()) return;
    const Node& source = *one_of(sources, random);
    std::vector<Node*> places = nodes_of(root);
    std::erase_if(places, [&](const Node* node) { return node->key != source.key; });
    if (!places.empty())
        *one_of(places, random) = source;
    else if (root.kind == Node::Kind::object)
        root.children.push_back(source);
}

void add_extra(Node& root, Rng& random) {
    Node* const node = some_container(root, random);
    if (node == nullptr || node->kind != Node::Kind::object) return;
    Node extra = one_of(node->children, random);
    extra.key = json_text(text("x-{}", random.between(0, 9)));
    node->children.push_back(std::move(extra));
}

void repeat_item(Node& root, Rng& random) {
    Node* const node = some_container(root, random);
    if (node == nullptr || node->kind != Node::Kind::array) return;
    Node again = one_of(node->children, random);
    for (Node& member : again.children)  // names are to differ
        if (member.key == "\"name\"" && is_string(member))
            member.text.insert(1, text("{}-", random.between(0, 999)));
    node->children.insert(node->children.begin() + random.between(0, std::ssize(node->children)),
                          again);
}

void reorder(Node& root, Rng& random) {
    Node* const node = some_container(root, random);
    if (node != nullptr) std::swap(one_of(node->children, random), one_of(node->children, random));
}

void drop(Node& root, Rng& random) {
    Node* const node = some_container(root, random);
    if (node != nullptr)
        node->children.erase(node->children.begin() +
                             random.between(0, std::ssize(node->children) - 1));
}

// --- Edits that most readers refuse -------------------------------------------------------------

void boundary(Node& root, Rng& random) {
    if (Node* node = some_scalar(root, is_number, random)) node->text = boundary_number(random);
}

void odd_text(Node& root, Rng& random) {
    if (Node* node = some_scalar(root, is_string, random))
        node->text = random.chance(80) ? json_text(hostile_text(random)) : hostile_text(random);
}

void other_type(Node& root, Rng& random) {
    Node& node = some_node(root, random);
    const Node before = node;
    constexpr std::string_view kScalars[] = {"null", "true", "false", "\"text\"", "[]", "{}", "3"};
    node = Node{.text = std::string(one_of(kScalars, random)), .key = before.key, .children = {}};
    if (random.chance(30))
        node = Node{.kind = Node::Kind::array, .text = {}, .key = before.key, .children = {before}};
}

void key_twice(Node& root, Rng& random) {
    Node* const node = some_container(root, random);
    if (node != nullptr) node->children.push_back(one_of(node->children, random));
}

void rename_key(Node& root, Rng& random) {
    Node* const node = some_container(root, random);
    if (node == nullptr || node->kind != Node::Kind::object) return;
    Node& member = one_of(node->children, random);
    member.key =
        random.chance(50) ? json_text(hostile_text(random)) : "\"x-" + member.key.substr(1);
}

void move_branch(Node& root, Rng& random) {
    Node branch = some_node(root, random);
    Node& place = some_node(root, random);
    branch.key = place.key;
    place = branch;
}

void nest(Node& root, Rng& random) {
    Node& node = some_node(root, random);
    const std::int64_t depth = random.between(1, random.chance(20) ? 100000 : 70);
    const auto size = static_cast<std::size_t>(depth);
    node = Node{
        .text = std::string(size, '[') + std::string(size, ']'), .key = node.key, .children = {}};
}

void edit(Node& root, const std::vector<Node>& donors, Rng& random) {
    const std::int64_t which = random.between(0, 99);
    if (which < 30) return another_number(root, random);
    if (which < 38) return exchange_numbers(root, random);
    if (which < 56) return splice(root, donors, random);
    if (which < 60) return add_extra(root, random);
    if (which < 66) return repeat_item(root, random);
    if (which < 71) return reorder(root, random);
    if (which < 77) return drop(root, random);
    if (which < 87) return boundary(root, random);
    if (which < 91) return odd_text(root, random);
    if (which < 94) return other_type(root, random);
    if (which < 95) return key_twice(root, random);
    if (which < 97) return rename_key(root, random);
    if (which < 99) return move_branch(root, random);
    nest(root, random);
}

}  // namespace

void mutate_tree(Node& root, const std::vector<Node>& donors, Rng& random) {
    for (std::int64_t edits = random.between(1, 3); edits > 0; --edits) edit(root, donors, random);
}

}  // namespace swaplab::faults
