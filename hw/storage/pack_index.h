// index.json of a pack, swaplab/pack/1:
//
//   {"schema": "swaplab/pack/1", "model": "vgg19", "alignment_bytes": 4096,
//    "environment": "LibTorch 1.13.1, 2 threads",
//    "inputs": [{"dtype": "float32", "shape": [1, 3, 224, 224]}],
//    "expected": [{"seed": 1, "digest": "3b1f…"}],
//    "layers": [{"name": "conv1_1", "offset_bytes": 0, "stored_bytes": 8192, "crc32": 3053227,
//                "tensors": [{"name": "features.0.weight", "dtype": "float32",
//                             "shape": [64, 3, 3, 3], "offset_bytes": 0, "size_bytes": 6912,
//                             "slot": 0}]}]}
//
// A layer that uses tensors of earlier ones has `"shared": [{"layer": "wte", "tensor": {…}}]`, the
// tensor as it uses it, its offset in the owner's segment.
//
// Segments follow each other without gaps; in a segment, tensors stand in the order of their
// offsets. `inputs`, `expected` and `environment` may be missing.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hw/storage/pack.h"
#include "profiles/document/document.h"

namespace swaplab {

// Throws `InputError` with file, line, column and field at the first thing that does not hold.
PackIndex read_pack_index(const Document& document);

// What reads back to the same index.
std::string write_pack_index(const PackIndex& index);

// Fails, at its place in model.json, at the first layer that the index does not agree with.
void check_model_fits(const PackIndex& index, const std::string& index_path,
                      const Document& model_document, const Model& model);

// Bytes of one element; nullopt for a type that packs do not know.
std::optional<std::int64_t> element_size(std::string_view dtype);

}  // namespace swaplab
