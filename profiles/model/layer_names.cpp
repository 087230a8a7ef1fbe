#include "profiles/model/layer_names.h"

#include <algorithm>

#include "profiles/base/text.h"
#include "profiles/document/file_values.h"

namespace swaplab {
namespace {

constexpr std::string_view kModelInput = "input";

const Value* member_of(const Value& object, std::string_view key) {
    const auto found = std::ranges::find(object.members, key, &Value::Member::first);
    return found == object.members.end() ? nullptr : &found->second;
}

}  // namespace

LayerNames::LayerNames(std::vector<Field> layers) : layers_(std::move(layers)) {
    for (const Field& layer : layers_) {
        const Field field = Fields(layer).required("name");
        std::string name = read_name(field);
        if (name == kModelInput)
            field.fail("'input' is the input of the model, not a layer's name");
        const auto [known, is_new] =
            indices_.emplace(name, static_cast<std::uint32_t>(names_.size()));
        if (!is_new) {
            const Value* const first = member_of(layers_[known->second].value(), "name");
            field.fail(text("a layer named {} stands on line {} already", in_quotes(name),
                            first->at.line));
        }
        names_.push_back(std::move(name));
    }
}

std::vector<Source> LayerNames::sources(std::uint32_t layer,
                                        const std::optional<Field>& inputs) const {
    if (!inputs) {
        if (layer == 0) return {std::nullopt};
        return {LayerId{layer - 1}};
    }
    std::vector<Source> sources;
    for (const Field& input : inputs->as_array()) sources.push_back(source(layer, input));
    return sources;
}

Source LayerNames::source(std::uint32_t layer, const Field& input) const {
    const std::string name = input.as_string();
    if (name == kModelInput) return std::nullopt;
    const std::uint32_t found = index_of(layer, input, {std::string(kModelInput)});
    if (found == layer) input.fail(text("layer {} reads itself", in_quotes(name)));
    if (found > layer) fail_later(layer, found, input);
    return LayerId{found};
}

std::uint32_t LayerNames::index_of(std::uint32_t layer, const Field& field,
                                   std::vector<std::string> known) const {
    const std::string name = field.as_string();
    const auto found = indices_.find(name);
    if (found != indices_.end()) return found->second;
    known.insert(known.end(), names_.begin(), names_.begin() + layer);
    field.fail(text("unknown layer {}{}", in_quotes(name), suggestion(name, known)));
}

std::vector<LayerId> LayerNames::shared(std::uint32_t layer, const Field& shares) const {
    std::vector<LayerId> owners;
    for (const Field& owner : shares.as_array()) {
        const LayerId id{index_of(layer, owner, {})};
        if (id.index >= layer)
            owner.fail(
                text("{} is not an earlier layer: a layer shares the parameters of earlier "
                     "ones",
                     in_quotes(owner.as_string())));
        owners.push_back(id);
    }
    return owners;
}

void LayerNames::fail_later(std::uint32_t layer, std::uint32_t later, const Field& input) const {
    std::string message =
        text("reads the later layer {}: layers stand in execution order", in_quotes(names_[later]));
    const std::vector<std::uint32_t> back = chain(later, layer);
    if (!back.empty()) {
        constexpr std::size_t longest = 8;  // layers of a cycle that a message names
        message += text("; they form a cycle: {}", in_quotes(names_[layer]));
        const std::size_t shown = std::min(back.size(), longest);
        for (std::size_t i = 0; i < shown; ++i) message += " reads " + in_quotes(names_[back[i]]);
        if (shown < back.size()) message += text(" ... reads {}", in_quotes(names_[layer]));
    }
    input.fail(message);
}

// What a layer reads as far as the file says it intelligibly: this serves a message about another
// error, and must not stumble over what the reader has not reached.
std::vector<std::uint32_t> LayerNames::read_by(std::uint32_t layer) const {
    const Value* const inputs = member_of(layers_[layer].value(), "inputs");
    if (inputs == nullptr)
        return layer == 0 ? std::vector<std::uint32_t>{} : std::vector{layer - 1};
    std::vector<std::uint32_t> read;
    for (const Value& input : inputs->items) {
        const auto found = indices_.find(input.scalar);
        if (input.kind == Value::Kind::string && found != indices_.end())
            read.push_back(found->second);
    }
    return read;
}

// The shortest way from one layer to another along what each reads, both ends included; empty if
// there is none.
std::vector<std::uint32_t> LayerNames::chain(std::uint32_t from, std::uint32_t to) const {
    std::vector<std::uint32_t> reached{from};
    std::unordered_map<std::uint32_t, std::uint32_t> reader_of{{from, from}};
    for (std::size_t i = 0; i < reached.size(); ++i) {
        for (const std::uint32_t read : read_by(reached[i])) {
            if (reader_of.emplace(read, reached[i]).second) reached.push_back(read);
        }
    }
    std::vector<std::uint32_t> way;
    if (!reader_of.contains(to)) return way;
    for (std::uint32_t layer = to; layer != from; layer = reader_of.at(layer)) way.push_back(layer);
    way.push_back(from);
    std::ranges::reverse(way);
    return way;
}

}  // namespace swaplab
