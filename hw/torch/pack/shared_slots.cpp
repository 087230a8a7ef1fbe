#include "hw/torch/pack/shared_slots.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "profiles/base/text.h"

namespace swaplab {
namespace {

using Tensors = std::vector<at::Tensor>;

// The same bytes, whatever they are called and however they are shaped.
using Content = std::pair<const void*, std::size_t>;
Content content_of(const Tensors& parameters, std::uint32_t slot) {
    return {parameters[slot].data_ptr(), parameters[slot].nbytes()};
}

}  // namespace

std::vector<LayerSlots> share_out(const std::vector<std::vector<std::uint32_t>>& slots,
                                  const Tensors& parameters) {
    std::vector<LayerSlots> layers;
    for (const std::vector<std::uint32_t>& uses : slots) {
        LayerSlots layer{uses, {}, {}};
        for (std::uint32_t owner = 0; owner < layers.size(); ++owner) {
            const LayerSlots& earlier = layers[owner];
            if (earlier.stored.empty() || !earlier.owners.empty()) continue;
            std::map<Content, std::uint32_t> there;
            for (const std::uint32_t slot : earlier.stored)
                there.emplace(content_of(parameters, slot), slot);
            std::set<Content> here;
            for (const std::uint32_t slot : layer.stored) here.insert(content_of(parameters, slot));
            const auto used = [&](const auto& tensor) { return here.contains(tensor.first); };
            if (!std::ranges::all_of(there, used)) continue;
            layer.owners.push_back({owner});
            std::erase_if(layer.stored, [&](std::uint32_t slot) {
                const auto found = there.find(content_of(parameters, slot));
                if (found == there.end()) return false;
                layer.shared.push_back({slot, owner, found->second});
                return true;
            });
        }
        layers.push_back(std::move(layer));
    }
    return layers;
}

void note_ties(const Skeleton& skeleton, const Tensors& parameters,
               const std::vector<std::vector<std::uint32_t>>& slots,
               const std::vector<LayerSlots>& layers, std::vector<std::string>& notes) {
    struct Users {
        std::string name;
        std::set<std::size_t> layers, storing;
    };
    std::map<Content, Users> all;
    for (std::size_t layer = 0; layer < slots.size(); ++layer) {
        for (const std::uint32_t slot : slots[layer]) {
            Users& users = all[content_of(parameters, slot)];
            if (users.name.empty()) users.name = skeleton.program->lowered().parameters[slot].name;
            users.layers.insert(layer);
        }
        for (const std::uint32_t slot : layers[layer].stored)
            all[content_of(parameters, slot)].storing.insert(layer);
    }
    for (const auto& [content, users] : all) {
        if (users.layers.size() == 1) continue;
        const std::string where =
            users.storing.size() == 1
                ? text("once, with {}", skeleton.names[*users.storing.begin()])
                : text("with {} of them", users.storing.size());
        notes.push_back(
            text("{} is used by {} layers and stored {}", users.name, users.layers.size(), where));
    }
}

}  // namespace swaplab
