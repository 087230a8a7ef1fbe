#include "hw/storage/pack.h"

#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>

#include "hw/storage/pack_index.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"
#include "profiles/model/model_file.h"

namespace swaplab {
namespace {

namespace fs = std::filesystem;

constexpr Bytes kLargestText{256 << 20};  // of index.json and model.json

Document read_document(const Folder& folder, const char* file) {
    return parse_json(folder.read(file, kLargestText), folder.path_of(file));
}

}  // namespace

Bytes PackIndex::size() const {
    return layers.empty() ? Bytes{} : layers.back().offset + layers.back().size;
}

Pack::Pack(std::string folder) : files_(std::move(folder)) {
    index_ = read_pack_index(read_document(files_, kIndexFile));
    const Document document = read_document(files_, kModelFile);
    auto model = std::make_shared<const Model>(read_model(document));
    check_model_fits(index_, index_path(), document, *model);
    model_ = std::move(model);
    const std::string wrong = wrong_size(files_.open(kParametersFile));
    if (!wrong.empty()) throw InputError(wrong);
    if (!index_.inputs.empty()) files_.open(kSkeletonFile);  // now, not in the middle of a run
}

std::string Pack::index_path() const { return files_.path_of(kIndexFile); }
std::string Pack::model_path() const { return files_.path_of(kModelFile); }
std::string Pack::parameters_path() const { return files_.path_of(kParametersFile); }
std::string Pack::skeleton_path() const { return files_.path_of(kSkeletonFile); }

std::string Pack::wrong_size(const FileHandle& parameters) const {
    const Bytes size = size_of(parameters, parameters_path());
    if (size == index_.size()) return {};
    return text("{}: expected the {} bytes of {}, found {}: {}", parameters_path(),
                index_.size().count, index_path(), size.count,
                size < index_.size() ? "the file is truncated" : "the file is of another pack");
}

std::unique_ptr<Reader> Pack::open_parameters(const ReadOptions& options) const {
    FileHandle file = files_.open(kParametersFile);
    const std::string wrong = wrong_size(file);
    if (!wrong.empty()) throw StorageError(wrong);
    return open_reader(std::move(file), parameters_path(), options);
}

Extent Pack::extent(UnitRange units) const {
    SWAPLAB_CHECK(units.first <= units.last && units.last <= index_.layers.size(),
                  "units [{}, {}) of {}", units.first, units.last, index_.layers.size());
    if (units.first == units.last) return {};
    const PackedLayer& last = index_.layers[units.last - 1];
    const Bytes begin = index_.layers[units.first].offset;
    return {begin, last.offset + last.size - begin};
}

bool is_pack(const std::string& path) {
    std::error_code ignored;
    return fs::exists(fs::symlink_status(fs::path(path) / kIndexFile, ignored));
}

}  // namespace swaplab
