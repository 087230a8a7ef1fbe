#include "hw/storage/pack_writer.h"

#include <algorithm>
#include <utility>

#include "hw/storage/crc.h"
#include "hw/storage/pack_index.h"
#include "hw/storage/storage_error.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/model/model_file.h"

namespace swaplab {
namespace {

std::string without_trailing_slash(std::string folder) {
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    return folder;
}

std::string checked(std::string folder) {
    require_free_name(folder);
    return folder;
}

}  // namespace

PackWriter::PackWriter(const std::string& folder, std::string model, Bytes alignment,
                       WriteFunction write, PartialListener listener)
    : folder_(checked(without_trailing_slash(folder))),
      write_(write),
      partial_(folder_, std::move(listener)) {
    index_.model = std::move(model);
    index_.alignment = alignment;
    parameters_.emplace(text("{}/{}", partial_.path(), kParametersFile), shown(kParametersFile),
                        write_);
}

std::string PackWriter::shown(const std::string& file) const {
    return text("{}/{}", folder_, file);
}

const PackedLayer& PackWriter::add_layer(std::string name, std::span<const TensorToPack> tensors,
                                         Bytes least) {
    begin_layer(std::move(name));
    for (const TensorToPack& tensor : tensors) {
        const Bytes size{static_cast<std::int64_t>(tensor.bytes.size())};
        begin_tensor({tensor.name, tensor.dtype, tensor.shape, Bytes{}, size, tensor.slot});
        append(tensor.bytes);
    }
    return end_layer(least);
}

void PackWriter::begin_layer(std::string name) {
    SWAPLAB_CHECK(!in_layer_, "layer {} begins within another", name);
    PackedLayer layer;
    layer.name = std::move(name);
    layer.offset = index_.size();
    index_.layers.push_back(std::move(layer));
    in_layer_ = true;
    end_ = {};
}

void PackWriter::begin_tensor(PackedTensor tensor) {
    SWAPLAB_CHECK(in_layer_ && missing_.count == 0, "tensor {}: {} bytes of another are missing",
                  tensor.name, missing_.count);
    put_zeros(align_up(end_, kTensorAlignment) - end_);
    tensor.offset = end_;
    missing_ = tensor.size;
    index_.layers.back().tensors.push_back(std::move(tensor));
}

void PackWriter::append(std::span<const std::byte> bytes) {
    const Bytes size{static_cast<std::int64_t>(bytes.size())};
    SWAPLAB_CHECK(size <= missing_, "{} bytes, but {} are missing", size.count, missing_.count);
    put(bytes);
    missing_ -= size;
}

const PackedLayer& PackWriter::end_layer(Bytes least) {
    SWAPLAB_CHECK(in_layer_ && missing_.count == 0, "{} bytes are missing", missing_.count);
    put_zeros(align_up(std::max(end_, least), index_.alignment) - end_);
    PackedLayer& layer = index_.layers.back();
    layer.size = end_;
    in_layer_ = false;
    return layer;
}

void PackWriter::share(std::uint32_t owner, PackedTensor tensor) {
    SWAPLAB_CHECK(!in_layer_ && owner + 1 < index_.layers.size(), "a tensor of layer {} of {}",
                  owner, index_.layers.size());
    index_.layers.back().shared.push_back({owner, std::move(tensor)});
}

void PackWriter::put(std::span<const std::byte> bytes) {
    PackedLayer& layer = index_.layers.back();
    layer.crc = crc_after(layer.crc, bytes);
    parameters_->append(bytes);
    end_ += Bytes{static_cast<std::int64_t>(bytes.size())};
}

void PackWriter::put_zeros(Bytes size) {
    static constexpr std::byte kZeros[4096]{};
    for (auto left = static_cast<std::size_t>(size.count); left > 0;) {
        const std::size_t piece = std::min(left, sizeof kZeros);
        put({kZeros, piece});
        left -= piece;
    }
}

void PackWriter::add_file(const std::string& name, std::span<const std::byte> bytes) {
    StoredFile file(text("{}/{}", partial_.path(), name), shown(name), write_);
    file.append(bytes);
    file.finish();
}

void PackWriter::finish(PackFacts facts, ModelSpec spec) {
    SWAPLAB_CHECK(!in_layer_ && parameters_, "a layer is open, or finished before");
    std::size_t units = 0;
    for (Layer& layer : spec.layers) {
        Bytes stored;
        for (std::int64_t part = 0; part < layer.units && units < index_.layers.size(); ++part)
            stored += index_.layers[units++].size;
        layer.stored_bytes = stored;
    }
    SWAPLAB_CHECK(units == index_.layers.size(), "{} units were added, the model has {}",
                  index_.layers.size(), units);
    index_.inputs = std::move(facts.inputs);
    index_.expected = std::move(facts.expected);
    index_.environment = std::move(facts.environment);
    parameters_->finish();
    parameters_.reset();
    add_text(kModelFile, write_model(Model(std::move(spec))) + "\n");
    add_text(kIndexFile, write_pack_index(index_) + "\n");
    const Pack readable(partial_.path());
    partial_.take_name();
}

void PackWriter::add_text(const std::string& name, const std::string& content) {
    add_file(name, std::as_bytes(std::span(content)));
}

}  // namespace swaplab
