#include "profiles/document/document_tree.h"

#include <algorithm>

#include "profiles/base/text.h"

namespace swaplab {

Position LineCounter::at(std::size_t offset) {
    offset = std::min(offset, text_.size());
    for (; seen_ < offset; ++seen_) {
        if (text_[seen_] != '\n') continue;
        ++line_;
        line_start_ = seen_ + 1;
    }
    return {line_, static_cast<int>(offset - line_start_) + 1};
}

std::string member_path(const std::string& path, std::string_view key) {
    // A key may be a megabyte long or hold a line break; a message should not.
    constexpr std::size_t longest = 60;
    const bool plain =
        key.size() <= longest && !key.empty() && std::ranges::all_of(key, [](char c) {
            return static_cast<unsigned char>(c) > 0x20 && c != 0x7F;
        });
    const std::string name = plain ? std::string(key) : in_quotes(key);
    return path.empty() ? name : path + "." + name;
}

std::string item_path(const std::string& path, std::size_t index) {
    return text("{}[{}]", path, index);
}

TreeBuilder::TreeBuilder(std::string file) : file_(std::move(file)) {}

bool TreeBuilder::expects_key() const {
    return !open_.empty() && open_.back().container.kind == Value::Kind::object &&
           !open_.back().has_key;
}

void TreeBuilder::key(std::string name, Position at) {
    Frame& frame = open_.back();
    const auto [known, is_new] = frame.keys.emplace(name, at);
    if (!is_new) {
        const Position first = known->second;
        frame.key = std::move(name);
        frame.has_key = true;
        fail(at, text("duplicate key, first on line {}, column {}", first.line, first.column));
    }
    frame.key = std::move(name);
    frame.key_at = at;
    frame.has_key = true;
}

void TreeBuilder::scalar(Value::Kind kind, std::string content, Position at) {
    Value value;
    value.kind = kind;
    value.boolean = kind == Value::Kind::boolean && content == "true";
    value.scalar = std::move(content);
    add(std::move(count(value, at)));
}

void TreeBuilder::open(Value::Kind kind, Position at) {
    if (open_.size() == kDeepest) fail(at, text("nested deeper than {} levels", kDeepest));
    Frame frame;
    frame.container.kind = kind;
    count(frame.container, at);
    open_.push_back(std::move(frame));
}

void TreeBuilder::close() {
    Value closed = std::move(open_.back().container);
    open_.pop_back();
    add(std::move(closed));
}

void TreeBuilder::fail(Position at, const std::string& message) const {
    const std::string where = path();
    throw InputError(text("{}:{}:{}: {}{}{}", file_, at.line, at.column, where,
                          where.empty() ? "" : ": ", message));
}

void TreeBuilder::fail_unclosed() {
    if (open_.empty()) fail({1, 1}, "a bracket is not closed");
    const Value innermost = std::move(open_.back().container);
    open_.pop_back();
    fail(innermost.at,
         text("the {} is not closed", innermost.kind == Value::Kind::array ? "list" : "map"));
}

Document TreeBuilder::take() { return {std::move(file_), std::move(root_)}; }

Value& TreeBuilder::count(Value& value, Position at) {
    value.at = at;
    if (++values_ > kMostValues) fail(at, text("more than {} values in one file", kMostValues));
    return value;
}

void TreeBuilder::add(Value value) {
    if (open_.empty()) {
        root_ = std::move(value);
        return;
    }
    Frame& frame = open_.back();
    if (frame.container.kind == Value::Kind::array) {
        frame.container.items.push_back(std::move(value));
        return;
    }
    value.key_at = frame.key_at;
    frame.container.members.push_back({std::move(frame.key), std::move(value)});
    frame.has_key = false;
}

std::string TreeBuilder::path() const {
    constexpr std::size_t longest = 200;  // of what a message shows; keys are cut at 60 bytes
    std::string path;
    for (const Frame& frame : open_) {
        if (frame.container.kind == Value::Kind::array) {
            path = item_path(path, frame.container.items.size());
        } else if (frame.has_key) {
            path = member_path(path, frame.key);
        }
        if (path.size() > longest) return path.substr(0, longest) + "...";
    }
    return path;
}

}  // namespace swaplab
