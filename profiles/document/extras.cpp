#include "profiles/document/extras.h"

#include <algorithm>
#include <span>

#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {
namespace {

void collect(const Value& value, std::vector<std::string>& path, Extras& extras) {
    for (const auto& [key, member] : value.members) {
        path.push_back(key);
        if (key.starts_with("x-")) {
            JsonWriter writer(JsonWriter::Style::one_line);
            extras.push_back({path, writer.value(member).str()});
        } else {
            collect(member, path, extras);
        }
        path.pop_back();
    }
    for (std::size_t i = 0; i < value.items.size(); ++i) {
        path.push_back(text("{}", i));
        collect(value.items[i], path, extras);
        path.pop_back();
    }
}

// The object that a path leads to, null if it leads nowhere.
Value* object_at(Value& root, std::span<const std::string> path) {
    Value* value = &root;
    for (const std::string& step : path) {
        if (value->kind == Value::Kind::array) {
            const std::optional<double> index = parse_number(step);
            if (!index || *index >= static_cast<double>(value->items.size())) return nullptr;
            value = &value->items[static_cast<std::size_t>(*index)];
            continue;
        }
        if (value->kind != Value::Kind::object) return nullptr;
        auto member = std::ranges::find(value->members, step, &Value::Member::first);
        if (member == value->members.end()) {
            Value empty;
            empty.kind = Value::Kind::object;
            member = value->members.insert(member, {step, std::move(empty)});
        }
        value = &member->second;
    }
    return value->kind == Value::Kind::object ? value : nullptr;
}

}  // namespace

Extras extras_of(const Value& root) {
    Extras extras;
    std::vector<std::string> path;
    collect(root, path, extras);
    std::ranges::sort(extras);
    return extras;
}

std::string with_extras(const std::string& json, const Extras& extras) {
    if (extras.empty()) return json;
    Document document = parse_json(json, "the document being written");
    for (const Extra& extra : extras) {
        const std::span<const std::string> path(extra.path);
        Value* const object = object_at(document.root, path.first(path.size() - 1));
        if (object == nullptr) continue;
        Value value = parse_json(extra.json, "an x- member").root;
        object->members.push_back({extra.path.back(), std::move(value)});
    }
    return JsonWriter().value(document.root).str();
}

}  // namespace swaplab
