#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "hw/storage/pack_writer.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/model/sharing.h"

namespace swaplab {
namespace {

constexpr std::int64_t kMostTensors = 100'000;

// SplitMix64: a step of the state and a mixing function.
class PseudoRandom {
  public:
    explicit PseudoRandom(std::uint64_t seed) : state_(seed) {}

    void fill(std::span<std::byte> bytes) {
        for (std::size_t at = 0; at < bytes.size(); at += sizeof(std::uint64_t)) {
            const std::uint64_t number = next();
            std::memcpy(&bytes[at], &number, std::min(sizeof number, bytes.size() - at));
        }
    }

  private:
    std::uint64_t next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15U;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }

    std::uint64_t state_;
};

// How many tensors each unit of the layer can have: none is empty, and a table is one.
std::int64_t tensors_of(const Layer& layer, bool table) {
    if (table) return 1;
    const std::int64_t fewest_bytes = layer.parameter_bytes.count / layer.units;
    return std::min(fewest_bytes, std::max<std::int64_t>(layer.parameter_tensors, 1));
}

// As equal as whole bytes allow.
std::int64_t tensor_bytes(Bytes unit, std::int64_t tensors, std::int64_t tensor) {
    return unit.count / tensors + (tensor < unit.count % tensors ? 1 : 0);
}

// Where the tensors of the layer's largest unit end.
Bytes largest_end(const Layer& layer, std::int64_t tensors) {
    if (layer.units == 1) return {};
    const Bytes largest{(layer.parameter_bytes.count + layer.units - 1) / layer.units};
    Bytes end;
    for (std::int64_t i = 0; i < tensors; ++i)
        end = align_up(end, kTensorAlignment) + Bytes{tensor_bytes(largest, tensors, i)};
    return end;
}

// How far the writing is.
class Written {
  public:
    Written(const Model& model, const PackProgress& progress)
        : total_(model.parameter_bytes().count), progress_(progress) {}
    void add(std::size_t bytes) {
        done_ += static_cast<std::int64_t>(bytes);
        if (progress_) progress_(done_, total_);
    }

  private:
    std::int64_t total_;
    std::int64_t done_ = 0;
    const PackProgress& progress_;
};

void write_tensor(PackWriter& writer, PackedTensor tensor, PseudoRandom& random, Written& written) {
    std::array<std::byte, 1 << 16> piece;
    const auto size = static_cast<std::size_t>(tensor.size.count);
    writer.begin_tensor(std::move(tensor));
    for (std::size_t at = 0; at < size; at += piece.size()) {
        const std::span<std::byte> part(piece.data(), std::min(piece.size(), size - at));
        random.fill(part);
        writer.append(part);
        written.add(part.size());
    }
}

// `window`: of a row, where the layer is a table that is gathered by rows.
void write_unit(PackWriter& writer, const Model& model, UnitId id, Bytes window,
                std::uint32_t& slot, PseudoRandom& random, Written& written) {
    const Unit unit = model.unit(id);
    const Layer& layer = model.layer(unit.layer);
    const std::string name = model.name_of(id);
    const std::int64_t tensors = tensors_of(layer, window.count > 0);
    writer.begin_layer(name);
    for (std::int64_t i = 0; i < tensors; ++i) {
        const std::int64_t size = tensor_bytes(unit.parameter_bytes, tensors, i);
        write_tensor(writer,
                     {text("{}.{}", name, i), "uint8", {size}, Bytes{}, Bytes{size}, slot++},
                     random, written);
    }
    writer.end_layer(std::max(window, largest_end(layer, tensors)));
}

}  // namespace

void write_synthetic_pack(const Model& model, const std::string& folder, std::uint64_t seed,
                          WriteFunction write, const PackProgress& progress) {
    ModelSpec spec = model.spec();
    const IdVector<LayerId, Bytes> windows = windows_of_tables(model);
    std::int64_t tensors = 0;
    for (const LayerId id : windows.ids()) {
        Layer& layer = spec.layers[id.index];
        layer.parameter_tensors = tensors_of(layer, windows[id].count > 0);
        tensors += layer.parameter_tensors * layer.units;
        if (tensors > kMostTensors) {
            throw InputError(text("{}: more than {} tensors, the most of a synthetic pack",
                                  model.name(), kMostTensors));
        }
    }
    PackWriter writer(folder, model.name(), Bytes{4096}, write);
    PseudoRandom random(seed);
    Written written(model, progress);
    std::uint32_t slot = 0;
    for (const UnitId unit : model.whole())
        write_unit(writer, model, unit, windows[model.layer_of(unit)], slot, random, written);
    writer.finish({{}, {}, "synthetic"}, std::move(spec));
}

}  // namespace swaplab
