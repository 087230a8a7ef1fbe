#include "hw/storage/pack_writer.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "hw/storage/crc.h"
#include "hw/storage/pack_index.h"
#include "hw/storage/storage_error.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/model/model_file.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;

std::string without_trailing_slash(std::string folder) {
    while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
    return folder;
}

std::string parent_of(const std::string& folder) {
    const fs::path parent = fs::path(folder).parent_path();
    return parent.empty() ? "." : parent.string();
}

void check_target(const std::string& folder) {
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_empty(folder, error))
        throw InputError(text("{}: exists already, and a pack replaces nothing", folder));
    if (!fs::is_directory(parent_of(folder), error))
        throw InputError(text("{}: {} is not a folder", folder, parent_of(folder)));
}

// Beside the target, so that it is on the same file system and can be renamed to it.
std::string make_temporary(const std::string& folder) {
    for (int attempt = 0;; ++attempt) {
        std::string temporary = text("{}.partial-{}-{}", folder, ::getpid(), attempt);
        if (::mkdir(temporary.c_str(), 0777) == 0) return temporary;
        if (errno != EEXIST)
            throw StorageError(text("{}: cannot be made: {}", folder, errno_text(errno)));
    }
}

}  // namespace

PackWriter::PackWriter(const std::string& folder, std::string model, Bytes alignment,
                       WriteFunction write)
    : folder_(without_trailing_slash(folder)), write_(write) {
    index_.model = std::move(model);
    index_.alignment = alignment;
    check_target(folder_);
    temporary_ = make_temporary(folder_);
    try {
        parameters_.emplace(text("{}/{}", temporary_, kParametersFile), shown(kParametersFile),
                            write_);
    } catch (...) {
        remove_temporary();
        throw;
    }
}

PackWriter::~PackWriter() { remove_temporary(); }

void PackWriter::remove_temporary() noexcept {
    std::error_code ignored;
    if (!temporary_.empty()) fs::remove_all(temporary_, ignored);
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
    StoredFile file(text("{}/{}", temporary_, name), shown(name), write_);
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
    const Pack readable(temporary_);
    sync_folder(temporary_, folder_);
    if (std::rename(temporary_.c_str(), folder_.c_str()) != 0)
        throw StorageError(text("{}: cannot take its name: {}", folder_, errno_text(errno)));
    temporary_.clear();
    sync_folder(parent_of(folder_), folder_);
}

void PackWriter::add_text(const std::string& name, const std::string& content) {
    add_file(name, std::as_bytes(std::span(content)));
}

}  // namespace swaplab
