#include "hw/torch/run/bindings.h"

#include <ATen/ops/empty.h>

#include <algorithm>
#include <numeric>
#include <optional>
#include <set>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr std::int64_t kPage = 4096;

// --- What the index says must be what the skeleton needs ----------------------------------------

void check_layers(const Pack& pack, const Skeleton& skeleton) {
    const PackIndex& index = pack.index();
    if (index.layers.size() != skeleton.names.size())
        throw InputError(text("{}: expected {} layers as in index.json, found {}",
                              pack.skeleton_path(), index.layers.size(), skeleton.names.size()));
    for (std::size_t i = 0; i < index.layers.size(); ++i) {
        if (index.layers[i].name != skeleton.names[i])
            throw InputError(text("{}: expected layer {} to be {} as in index.json, found {}",
                                  pack.skeleton_path(), i, in_quotes(index.layers[i].name),
                                  in_quotes(skeleton.names[i])));
    }
}

void check_tensor(const Pack& pack, const Skeleton& skeleton, const PackedTensor& tensor) {
    const auto& parameters = skeleton.program->lowered().parameters;
    const auto fail = [&](const std::string& found) {
        throw InputError(text("{}: expected parameter {} to be {} ({}) as in index.json, found {}",
                              pack.skeleton_path(), tensor.slot, in_quotes(tensor.name),
                              tensor.dtype, found));
    };
    if (tensor.slot >= parameters.size()) fail(text("{} parameters", parameters.size()));
    const LoweredParameter& found = parameters[tensor.slot];
    const std::string dtype = name_of(found.value.scalar_type());
    if (found.name != tensor.name || dtype != tensor.dtype)
        fail(text("{} ({})", in_quotes(found.name), dtype));
}

Binding binding_of(const PackedTensor& tensor, std::uint32_t layer) {
    return {layer, static_cast<std::size_t>(tensor.offset.count), tensor.shape,
            at::TensorOptions().dtype(scalar_type_named(tensor.dtype))};
}

// --- Tables that may come in by rows ------------------------------------------------------------

// The only tensor that the layer uses.
const PackedTensor& table_of(const Pack& pack, LayerId layer) {
    const PackedLayer& packed = pack.index().layers[layer.index];
    if (packed.tensors.size() + packed.shared.size() != 1)
        throw InputError(text("{}: layer {} gathers rows of a table, and uses {} tensors in {}",
                              pack.model_path(), in_quotes(packed.name),
                              packed.tensors.size() + packed.shared.size(), pack.index_path()));
    return packed.tensors.empty() ? packed.shared.front().tensor : packed.tensors.front();
}

std::set<std::int64_t> rows_in(const at::Tensor& ids, std::int64_t rows) {
    const at::Tensor numbers = ids.to(at::kLong).contiguous();
    const std::span all(numbers.data_ptr<std::int64_t>(),
                        static_cast<std::size_t>(numbers.numel()));
    for (const std::int64_t id : all)
        if (id < 0 || id >= rows)
            throw InputError(text("row {} of a table of {} is looked up", id, rows));
    return {all.begin(), all.end()};
}

// Of one layer that gathers.
class LayerThatGathers {
  public:
    LayerThatGathers(const Pack& pack, const Skeleton& skeleton, LayerId layer)
        : pack_(pack), program_(*skeleton.program), layer_(layer), tensor_(table_of(pack, layer)) {
        const std::int64_t rows = pack.model()->layer(layer).rows;
        if (tensor_.shape.size() != 2 || tensor_.shape[0] != rows)
            fail(text("of {} rows, and {} is no such table", rows, in_quotes(tensor_.name)));
        steps_ = embeddings_of(program_, skeleton.layers[layer.index], tensor_.slot);
        if (steps_.empty()) fail("and uses its table otherwise, too");
    }

    void add(const std::vector<std::vector<at::Tensor>>& inputs,
             std::map<std::size_t, GatheringStep>& all) const {
        std::vector<std::set<std::int64_t>> touched(inputs.size());
        for (const std::size_t step : steps_) {
            const std::optional<RowIds> ids = RowIds::of(program_, step);
            if (!ids) fail("and their ids are not known before it executes");
            GatheringStep& gathers = all[step];
            gathers = {pack_.model()->table_of(layer_), tensor_.slot, {}};
            for (std::size_t i = 0; i < inputs.size(); ++i) {
                gathers.ids.push_back((*ids)(inputs[i]));
                touched[i].merge(rows_in(gathers.ids.back(), tensor_.shape[0]));
            }
        }
        const std::int64_t most =
            pack_.model()->rows_touched(layer_, pack_.model()->described_tokens());
        for (const std::set<std::int64_t>& rows : touched)
            if (std::ssize(rows) > most)
                fail(text("touching at most {} in a pass, and an input touches {}", most,
                          rows.size()));
    }

  private:
    [[noreturn]] void fail(const std::string& why) const {
        throw InputError(text("{}: layer {} gathers rows of its table, {}: does {} fit?",
                              pack_.model_path(), in_quotes(pack_.model()->layer(layer_).name), why,
                              pack_.skeleton_path()));
    }

    const Pack& pack_;
    const Program& program_;
    LayerId layer_;
    const PackedTensor& tensor_;
    std::vector<std::size_t> steps_;
};

}  // namespace

void check_fit(const Pack& pack, const Skeleton& skeleton) {
    check_layers(pack, skeleton);
    for (const PackedLayer& layer : pack.index().layers) {
        for (const PackedTensor& tensor : layer.tensors) check_tensor(pack, skeleton, tensor);
        for (const SharedTensor& shared : layer.shared) check_tensor(pack, skeleton, shared.tensor);
    }
    const std::size_t inputs = skeleton.program->lowered().model_inputs;
    if (pack.index().inputs.size() != inputs)
        throw InputError(text("{}: expected {} inputs as in index.json, found {}",
                              pack.skeleton_path(), pack.index().inputs.size(), inputs));
}

std::map<std::uint32_t, Binding> bindings_of(const Pack& pack, UnitRange units) {
    std::map<std::uint32_t, Binding> bindings;
    for (const UnitId unit : units) {
        const PackedLayer& layer = pack.index().layers[unit.index];
        for (const PackedTensor& tensor : layer.tensors)
            bindings.try_emplace(tensor.slot, binding_of(tensor, unit.index));
        for (const SharedTensor& shared : layer.shared)
            bindings.try_emplace(shared.tensor.slot, binding_of(shared.tensor, shared.owner));
    }
    return bindings;
}

// Those that come in whole stand one behind the other.
Segments::Segments(const Pack& pack, UnitRange units, std::byte* at,
                   std::span<const BroughtAt> brought)
    : first_(units.first), brought_(brought) {
    for (const UnitId unit : units) {
        const bool apart = this->brought(unit.index) != nullptr;
        own_.push_back(apart ? nullptr : at);
        if (!apart) at += pack.index().layers[unit.index].size.count;
    }
}

const BroughtAt* Segments::brought(std::uint32_t layer) const {
    const auto found = std::ranges::find(brought_, LayerId{layer}, &BroughtAt::owner);
    return found == brought_.end() ? nullptr : &*found;
}

std::byte* Segments::of(std::uint32_t layer) const {
    if (layer >= first_ && layer - first_ < own_.size() && own_[layer - first_] != nullptr)
        return own_[layer - first_];
    const BroughtAt* const segment = brought(layer);
    return segment == nullptr ? nullptr : segment->at;
}

const BroughtAt* Segments::by_rows(std::uint32_t layer) const {
    const BroughtAt* const segment = brought(layer);
    return segment != nullptr && segment->by_rows() ? segment : nullptr;
}

std::map<std::size_t, GatheringStep> gathering_steps(
    const Pack& pack, const Skeleton& skeleton,
    const std::vector<std::vector<at::Tensor>>& inputs) {
    std::map<std::size_t, GatheringStep> steps;
    for (std::uint32_t l = 0; l < pack.model()->layer_count(); ++l)
        if (pack.model()->layer({l}).gathers())
            LayerThatGathers(pack, skeleton, {l}).add(inputs, steps);
    return steps;
}

RowsThatCameIn::RowsThatCameIn(const Binding& table, const BroughtAt& brought)
    : columns_(table.shape.at(1)) {
    const auto element = static_cast<std::int64_t>(table.options.dtype().itemsize());
    const std::int64_t common = std::gcd(columns_ * element, kPage);
    stride_ = common / element;
    for (const RowAt& row : brought.rows) {
        SWAPLAB_CHECK(row.at.count % common == 0, "row {} at {}, not a multiple of {}", row.row,
                      row.at.count, common);
        here_[row.row] = row.at.count / common;
        last_ = std::max(last_, row.at.count / common);
    }
}

at::Tensor RowsThatCameIn::ids_of(const at::Tensor& rows) const {
    at::Tensor ids = rows.to(at::kLong, false, true).contiguous();
    for (std::int64_t& id :
         std::span(ids.data_ptr<std::int64_t>(), static_cast<std::size_t>(ids.numel()))) {
        const auto found = here_.find(id);
        SWAPLAB_CHECK(found != here_.end(), "row {} is looked up and did not come in", id);
        id = found->second;
    }
    return ids;
}

}  // namespace swaplab
