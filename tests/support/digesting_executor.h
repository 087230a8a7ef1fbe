// An executor that only looks at its bytes, and a pack for it.
#pragma once

#include <array>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "hw/storage/pack_writer.h"
#include "policies/port/executor.h"
#include "profiles/base/error.h"
#include "profiles/base/hash.h"
#include "profiles/base/text.h"

namespace swaplab::testing {

// Layers of different sizes, one without parameters.
inline std::shared_ptr<const Pack> uneven_pack(const std::string& folder) {
    ModelSpec spec;
    spec.name = "uneven";
    const std::array<std::int64_t, 7> kilobytes{40, 300, 0, 12, 700, 64, 200};
    for (std::size_t l = 0; l < kilobytes.size(); ++l) {
        Layer layer;
        layer.name = text("layer{}", l);
        layer.inputs = {l == 0 ? Source() : Source(LayerId{static_cast<std::uint32_t>(l - 1)})};
        layer.parameter_bytes = {kilobytes[l] * 1000};
        layer.parameter_tensors = kilobytes[l] > 0 ? 2 : 0;
        layer.output_bytes = {4096};
        spec.layers.push_back(layer);
    }
    write_synthetic_pack(Model(spec), folder, 1);
    return std::make_shared<const Pack>(folder);
}

// Digests what every layer finds in memory, as it executes; activations are real, too.
class DigestingExecutor final : public Executor {
  public:
    DigestingExecutor(const Pack& pack, std::span<const UnitRange> blocks,
                      ActivationMemory& activations)
        : pack_(pack), blocks_(blocks.begin(), blocks.end()), activations_(activations) {
        at_.resize(blocks_.size());
        // A real one cuts the model where its blocks meet.
        std::uint32_t next = 0;
        for (const UnitRange block : blocks_) {
            if (next == pack.model()->layer_count()) next = 0;  // another variant
            SWAPLAB_CHECK(block.first == next, "a block begins at {}, expected {}", block.first,
                          next);
            next = block.last;
        }
        SWAPLAB_CHECK(next == pack.model()->layer_count(), "blocks up to {} of {}", next,
                      pack.model()->layer_count());
    }

    void bind(BlockId block, std::byte* at) override { at_[block.index] = at; }
    void unbind(BlockId block) override { at_[block.index] = nullptr; }
    void execute(RequestId request, std::uint32_t, BlockId block) override {
        if (request.index >= outputs_.size()) outputs_.resize(request.index + 1);
        void* const scratch = activations_.allocate(512);
        std::memset(scratch, 1, 512);
        const UnitRange layers = blocks_[block.index];
        const Extent whole = pack_.extent(layers);
        for (std::uint32_t l = layers.first; l < layers.last; ++l) {
            const Extent extent = pack_.extent({l, l + 1});
            if (extent.size.count == 0) continue;
            const std::byte* const at = at_[block.index] + (extent.offset - whole.offset).count;
            outputs_[request.index] = hex_digest(
                outputs_[request.index] + std::string(reinterpret_cast<const char*>(at),
                                                      static_cast<std::size_t>(extent.size.count)));
        }
        activations_.free(scratch);
    }
    std::optional<std::string> output_digest(RequestId request) const override {
        if (request.index >= outputs_.size() || outputs_[request.index].empty())
            return std::nullopt;
        return outputs_[request.index];
    }

  private:
    const Pack& pack_;
    std::vector<UnitRange> blocks_;
    ActivationMemory& activations_;
    std::vector<std::byte*> at_;
    std::vector<std::string> outputs_;
};

// What executing all layers in order digests to, straight from the file.
inline std::string digest_of_file(const Pack& pack) {
    std::ifstream file(pack.parameters_path(), std::ios::binary);
    std::string digest;
    for (std::uint32_t l = 0; l < pack.index().layers.size(); ++l) {
        const Extent extent = pack.extent({l, l + 1});
        if (extent.size.count == 0) continue;
        std::string bytes(static_cast<std::size_t>(extent.size.count), '\0');
        file.seekg(extent.offset.count);
        file.read(bytes.data(), extent.size.count);
        digest = hex_digest(digest + bytes);
    }
    return digest;
}

}  // namespace swaplab::testing
