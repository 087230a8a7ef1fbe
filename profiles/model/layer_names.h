// The names of a model file's layers, and what its layers read by them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "profiles/document/document.h"
#include "profiles/model/model.h"

namespace swaplab {

class LayerNames {
  public:
    // Borrows the fields' document. Fails on a layer without a name, on `input`, and on a name that
    // stands twice.
    explicit LayerNames(std::vector<Field> layers);

    const std::vector<Field>& layers() const { return layers_; }
    const std::string& name(std::uint32_t layer) const { return names_[layer]; }

    // The sources that an `inputs` list of that layer names; without a list the layer before. Fails
    // on names that are unknown, its own, or those of later layers, and says where these form a
    // cycle.
    std::vector<Source> sources(std::uint32_t layer, const std::optional<Field>& inputs) const;

    // The earlier layers whose parameters that layer shares.
    std::vector<LayerId> shared(std::uint32_t layer, const Field& shares) const;

  private:
    std::uint32_t index_of(std::uint32_t layer, const Field& name,
                           std::vector<std::string> also_known) const;
    Source source(std::uint32_t layer, const Field& input) const;
    std::vector<std::uint32_t> read_by(std::uint32_t layer) const;
    std::vector<std::uint32_t> chain(std::uint32_t from, std::uint32_t to) const;
    [[noreturn]] void fail_later(std::uint32_t layer, std::uint32_t later,
                                 const Field& input) const;

    std::vector<Field> layers_;
    std::vector<std::string> names_;
    std::unordered_map<std::string, std::uint32_t> indices_;
};

}  // namespace swaplab
