#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "hw/storage/pack_writer.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

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

// How many tensors there can be: none is empty.
std::int64_t tensors_of(const Layer& layer) {
    const std::int64_t bytes = layer.parameter_bytes.count;
    return std::min(bytes, std::max<std::int64_t>(layer.parameter_tensors, 1));
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

// As equal as whole bytes allow.
void write_layer(PackWriter& writer, const Layer& layer, std::uint32_t& slot, PseudoRandom& random,
                 Written& written) {
    const std::int64_t tensors = tensors_of(layer);
    writer.begin_layer(layer.name);
    for (std::int64_t i = 0; i < tensors; ++i) {
        const std::int64_t size = layer.parameter_bytes.count / tensors +
                                  (i < layer.parameter_bytes.count % tensors ? 1 : 0);
        write_tensor(writer,
                     {text("{}.{}", layer.name, i), "uint8", {size}, Bytes{}, Bytes{size}, slot++},
                     random, written);
    }
    writer.end_layer();
}

}  // namespace

void write_synthetic_pack(const Model& model, const std::string& folder, std::uint64_t seed,
                          WriteFunction write, const PackProgress& progress) {
    ModelSpec spec = model.spec();
    std::int64_t tensors = 0;
    for (Layer& layer : spec.layers) {
        layer.parameter_tensors = tensors_of(layer);
        tensors += layer.parameter_tensors;
        if (tensors > kMostTensors) {
            throw InputError(text("{}: more than {} tensors, the most of a synthetic pack",
                                  model.name(), kMostTensors));
        }
    }
    PackWriter writer(folder, model.name(), Bytes{4096}, write);
    PseudoRandom random(seed);
    Written written(model, progress);
    std::uint32_t slot = 0;
    for (const Layer& layer : spec.layers) write_layer(writer, layer, slot, random, written);
    writer.finish({{}, {}, "synthetic"}, std::move(spec));
}

}  // namespace swaplab
