// Writes a pack: complete, or not at all.
#pragma once

#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hw/storage/pack.h"
#include "hw/storage/stored_file.h"
#include "profiles/model/model.h"

namespace swaplab {

struct TensorToPack {
    std::string name;
    std::string dtype;
    std::vector<std::int64_t> shape;
    std::uint32_t slot = 0;
    std::span<const std::byte> bytes;  // as many as dtype and shape say
};

// What the index says besides the layers.
struct PackFacts {
    std::vector<PackedInput> inputs;
    std::vector<ExpectedOutput> expected;
    std::string environment;
};

// Layers are written one after the other, in the model's order, into a temporary folder beside the
// target ("DIR.partial-PID-N"), which takes the target's name when all is on the storage. A writer
// that ends without `finish`, after whatever error, leaves nothing. Holds no more than a MiB.
//
// Throws `InputError` if the target exists already (an empty folder excepted) or its parent does
// not, `StorageError` naming the file and why if it cannot be written: a full disk, first of all.
class PackWriter {
  public:
    PackWriter(const std::string& folder, std::string model, Bytes alignment = Bytes{4096},
               WriteFunction write = ::write);
    PackWriter(const PackWriter&) = delete;
    PackWriter& operator=(const PackWriter&) = delete;
    ~PackWriter();

    // The next layer, `least` as of `end_layer`. What comes back says where it lies, and its stored
    // bytes.
    const PackedLayer& add_layer(std::string name, std::span<const TensorToPack> tensors,
                                 Bytes least = {});

    // The same in pieces, for parameters that do not fit into memory. A tensor's offset is set
    // here; exactly its `size`, which is what dtype and shape say, must be appended before the
    // next.
    void begin_layer(std::string name);
    void begin_tensor(PackedTensor tensor);
    void append(std::span<const std::byte> bytes);
    // At the next page; at the earliest where so many bytes from its begin would end.
    const PackedLayer& end_layer(Bytes least = {});
    // The layer that was added last uses a tensor of an earlier one.
    void share(std::uint32_t owner, PackedTensor tensor);

    // Another file in the pack: the skeleton.
    void add_file(const std::string& name, std::span<const std::byte> bytes);

    // `model` has the units that were added; `stored_bytes` of its layers are set here. The pack is
    // opened once before it takes its name, so that what is written can be read.
    void finish(PackFacts facts, ModelSpec model);

  private:
    std::string shown(const std::string& file) const;
    void put(std::span<const std::byte> bytes);
    void put_zeros(Bytes size);
    void add_text(const std::string& name, const std::string& content);
    void remove_temporary() noexcept;

    std::string folder_;
    std::string temporary_;  // empty once it has been renamed
    WriteFunction write_;
    PackIndex index_;
    std::optional<StoredFile> parameters_;
    bool in_layer_ = false;
    Bytes end_;      // of the layer so far, from its begin
    Bytes missing_;  // bytes of the tensor that are still to come
};

// A pack without a skeleton that has the sizes of the model's layers, with pseudo-random bytes: the
// same for the same seed. What it stores are the parameters, so the pack's model has the segments'
// sizes as its `stored_bytes`, whatever the model says, and as many tensors per unit as there are
// (at least one, at most one per byte, together not above 100,000, else `InputError`); a table that
// is gathered by rows is one tensor. The parts of a divided layer have segments of one size.
// `progress` hears how many of how many bytes are written; what it throws ends the writing without
// a trace.
using PackProgress = std::function<void(std::int64_t done, std::int64_t total)>;
void write_synthetic_pack(const Model& model, const std::string& folder, std::uint64_t seed,
                          WriteFunction write = ::write, const PackProgress& progress = nullptr);

}  // namespace swaplab
