// A pack: a folder with a model whose parameters can be read layer by layer with direct I/O.
//
//   index.json      swaplab/pack/1: layers, tensors, where they lie, checksums
//   parameters.bin  one segment per unit, aligned to pages, tensors aligned to 64 bytes inside
//   model.json      swaplab/model/1, one unit per legal cut; its part of `stored_bytes` is the size
//                   of its segment
//   skeleton.pt     the model without its parameters (not of a synthetic pack)
//
// Segments stand in the order of the units, without gaps: a block of any cut is one contiguous
// range of the file and is laid out in memory as it is in the file, so re-cutting rewrites nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "profiles/base/id_vector.h"
#include "profiles/base/units.h"
#include "profiles/model/model.h"

namespace swaplab {

inline constexpr const char* kIndexFile = "index.json";
inline constexpr const char* kParametersFile = "parameters.bin";
inline constexpr const char* kModelFile = "model.json";
inline constexpr const char* kSkeletonFile = "skeleton.pt";

inline constexpr Bytes kTensorAlignment{64};

struct PackedTensor {
    std::string name;   // "features.0.weight"
    std::string dtype;  // "float32"
    std::vector<std::int64_t> shape;
    Bytes offset;            // from the begin of its layer's segment
    Bytes size;              // > 0
    std::uint32_t slot = 0;  // which parameter of the skeleton it is
};

// A tensor that a layer uses and an earlier one stores.
struct SharedTensor {
    std::uint32_t owner = 0;  // which layer stores it
    PackedTensor tensor;      // as the layer uses it; its offset is in the owner's segment
};

// A unit: a layer, or (of a synthetic pack) a part of one.
struct PackedLayer {
    std::string name;       // as in model.json; of a part "conv1[2/4]"
    Bytes offset;           // in parameters.bin, a multiple of the alignment
    Bytes size;             // of the segment, likewise; 0 without parameters
    std::uint32_t crc = 0;  // CRC-32 (zlib) over the segment
    std::vector<PackedTensor> tensors;
    std::vector<SharedTensor> shared;
};

struct PackedInput {
    std::string dtype;
    std::vector<std::int64_t> shape;
};

// The outputs of the unswapped model for one of its inputs, as they were when it was packed.
struct ExpectedOutput {
    std::uint64_t seed = 0;  // that the input was drawn with
    std::string digest;
};

struct PackIndex {
    std::string model;  // its name
    Bytes alignment{4096};
    std::vector<PackedLayer> layers;
    std::vector<PackedInput> inputs;  // of the skeleton; empty of a synthetic pack
    std::vector<ExpectedOutput> expected;
    std::string environment;  // what `expected` depends on: library, version, threads

    Bytes size() const;  // of parameters.bin
};

// A file range that holds the parameters of some units.
struct Extent {
    Bytes offset;
    Bytes size;
};

class Pack {
  public:
    // Throws `InputError` naming file, line, column and field: a missing or unreadable folder or
    // file, another version, segments that overlap or leave the file, a parameters.bin of another
    // size, a model.json that does not fit. Reads no parameters: see `verify`.
    explicit Pack(std::string folder);

    const std::string& folder() const { return folder_; }
    const PackIndex& index() const { return index_; }
    const ModelPtr& model() const { return model_; }
    std::string index_path() const;
    std::string model_path() const;
    std::string parameters_path() const;
    std::string skeleton_path() const;

    Extent extent(UnitRange units) const;

  private:
    std::string folder_;
    PackIndex index_;
    ModelPtr model_;
};

// Shared by all devices that read it.
using PackPtr = std::shared_ptr<const Pack>;
using JobPacks = IdVector<JobId, PackPtr>;

bool is_pack(const std::string& path);  // a folder with an index.json

// Reads all of parameters.bin and checks every segment. Throws `InputError` naming file, layer and
// offset of the first that differs from its checksum, `StorageError` if it cannot be read.
void verify(const Pack& pack);

// Throws `StorageError` where the unit's checksum is another than this, of all of its segment.
void require_checksum(const Pack& pack, UnitId unit, std::uint32_t crc);

// Checks these units as they lie in memory after reading their extent. Throws `StorageError`
// naming the first that differs.
void verify(const Pack& pack, UnitRange units, std::span<const std::byte> bytes);

}  // namespace swaplab
