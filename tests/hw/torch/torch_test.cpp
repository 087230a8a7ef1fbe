#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "hw/torch/run/torch_executor.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "tests/hw/torch/models.h"
#include "tests/hw/torch/packed.h"
#include "tests/support/temporary_folder.h"

namespace swaplab {
namespace {

using testing::Packed;
using Cut = std::vector<UnitRange>;

// Heap memory with a limit, counted as an arena would count it.
class CountedMemory final : public ActivationMemory {
  public:
    explicit CountedMemory(Bytes limit = {std::int64_t{1} << 30}) : limit_(limit) {}
    ~CountedMemory() override { EXPECT_TRUE(sizes_.empty()); }

    void* allocate(std::size_t bytes) override {
        const Bytes size = activation_bytes_taken(bytes);
        if (in_use + size > limit_)
            throw std::runtime_error(text("no place for {} in {}", size.count, limit_.count));
        void* at = ::operator new (static_cast<std::size_t>(size.count), std::align_val_t{64});
        sizes_[at] = size;
        in_use += size;
        peak = std::max(peak, in_use);
        return at;
    }
    void free(void* at) override {
        in_use -= sizes_.at(at);
        sizes_.erase(at);
        ::operator delete (at, std::align_val_t{64});
    }

    Bytes in_use, peak;

  private:
    Bytes limit_;
    std::map<void*, Bytes> sizes_;
};

// The layers of other blocks whose tensors these use, each once.
std::vector<LayerId> owners_outside(const Pack& pack, UnitRange layers) {
    std::vector<LayerId> owners;
    for (const UnitId layer : layers)
        for (const SharedTensor& shared : pack.index().layers[layer.index].shared) {
            const LayerId owner{shared.owner};
            const bool inside = owner.index >= layers.first && owner.index < layers.last;
            if (!inside && std::ranges::count(owners, owner) == 0) owners.push_back(owner);
        }
    return owners;
}

// One block's parameters, as they lie in the file; behind them those that it brings of other
// blocks' layers.
class BlockMemory {
  public:
    BlockMemory(const Pack& pack, UnitRange layers, bool brings = true) {
        std::vector<Extent> extents{pack.extent(layers)};
        const auto owners = brings ? owners_outside(pack, layers) : std::vector<LayerId>{};
        for (const LayerId owner : owners)
            extents.push_back(pack.extent({owner.index, owner.index + 1}));
        for (const Extent& extent : extents) size_ += static_cast<std::size_t>(extent.size.count);
        at_.reset(new (std::align_val_t{4096}) std::byte[size_ + 1]);
        std::ifstream file(pack.parameters_path(), std::ios::binary);
        std::byte* to = at_.get();
        for (std::size_t i = 0; i < extents.size(); ++i) {
            if (i > 0) brought_.push_back({owners[i - 1], to});
            file.seekg(extents[i].offset.count);
            file.read(reinterpret_cast<char*>(to), extents[i].size.count);
            to += extents[i].size.count;
        }
        EXPECT_TRUE(file.good());
    }
    // Nothing of it may be looked at any more.
    ~BlockMemory() { std::memset(at_.get(), 0x5a, size_); }
    std::byte* at() const { return at_.get(); }
    const std::vector<BroughtAt>& brought() const { return brought_; }
    bool empty() const { return size_ == 0; }

  private:
    std::vector<BroughtAt> brought_;
    struct Free {
        void operator()(std::byte* at) const { ::operator delete[](at, std::align_val_t{4096}); }
    };
    std::size_t size_ = 0;
    std::unique_ptr<std::byte, Free> at_;
};

Cut single_layers(const Model& model) {
    Cut cut;
    for (std::uint32_t i = 0; i < model.layer_count(); ++i) cut.push_back({i, i + 1});
    return cut;
}

Cut random_cut(const Model& model, std::uint32_t seed) {
    std::mt19937 random(seed);
    Cut cut{{0, 1}};
    for (std::uint32_t i = 1; i < model.layer_count(); ++i) {
        if (random() % 2 == 0) cut.push_back({i, i});
        cut.back().last = i + 1;
    }
    return cut;
}

// Executes a request block by block, `change` applied to each block's parameters before.
std::string digest_of(Executor& executor, const Pack& pack, const Cut& cut, std::uint32_t request,
                      const std::function<void(std::uint32_t, std::byte*)>& change = {}) {
    for (std::uint32_t i = 0; i < cut.size(); ++i) {
        const BlockMemory parameters(pack, cut[i]);
        if (change) change(i, parameters.at());
        executor.bind_with({i}, parameters.at(), parameters.brought());
        executor.execute({request}, 0, {i});
        executor.unbind({i});
    }
    return executor.output_digest({request}).value_or("none");
}

void expect_outputs_of_forward(const Packed& packed, const Cut& cut) {
    CountedMemory memory;
    const auto executor = make_torch_executor(*packed.pack, cut, {}, memory);
    const auto& expected = packed.pack->index().expected;
    for (std::uint32_t request = 0; request < 4; ++request) {
        EXPECT_EQ(executor->output_digest({request}), std::nullopt);
        EXPECT_EQ(digest_of(*executor, *packed.pack, cut, request), expected[request % 2].digest);
        EXPECT_EQ(memory.in_use, Bytes{});
    }
}

TEST(Torch, EveryCutHasTheOutputsOfForward) {
    for (const std::string& name : testing::good_torchscript()) {
        SCOPED_TRACE(name);
        const Packed packed(name);
        EXPECT_GT(packed.model().layer_count(), 2U);
        EXPECT_NE(packed.pack->index().expected[0].digest, packed.pack->index().expected[1].digest);
        expect_outputs_of_forward(packed, single_layers(packed.model()));
        expect_outputs_of_forward(packed, {packed.model().whole()});
        for (std::uint32_t seed = 1; seed <= 4; ++seed) {
            SCOPED_TRACE(text("seed {}", seed));
            expect_outputs_of_forward(packed, random_cut(packed.model(), seed));
        }
    }
}

TEST(Torch, MemoryNeverExceedsThePlan) {
    for (const std::string& name : testing::good_torchscript()) {
        const Packed packed(name);
        const Model& model = packed.model();
        for (const Cut& cut : {single_layers(model), random_cut(model, 5), Cut{model.whole()}}) {
            CountedMemory memory;
            const auto executor = make_torch_executor(*packed.pack, cut, {}, memory);
            for (std::uint32_t i = 0; i < cut.size(); ++i) {
                SCOPED_TRACE(text("{}, block of layers {} to {}", name, cut[i].first, cut[i].last));
                const BlockMemory parameters(*packed.pack, cut[i]);
                executor->bind_with({i}, parameters.at(), parameters.brought());
                memory.peak = memory.in_use;
                executor->execute({0}, 0, {i});
                executor->unbind({i});
                EXPECT_LE(memory.peak, model.activation_peak(cut[i]).total());
                EXPECT_LE(memory.in_use, model.live_across(cut[i].last));
            }
        }
    }
}

TEST(Torch, AFlippedByteInAnyBlockShows) {
    const Packed packed("cnn");
    const Cut cut = single_layers(packed.model());
    for (std::uint32_t block = 0; block < cut.size(); ++block) {
        const PackedLayer& layer = packed.pack->index().layers[block];
        if (layer.tensors.empty()) continue;
        const PackedTensor& tensor = layer.tensors.front();
        CountedMemory memory;
        const auto executor = make_torch_executor(*packed.pack, cut, {}, memory);
        const std::string digest =
            digest_of(*executor, *packed.pack, cut, 0, [&](std::uint32_t i, std::byte* at) {
                // The sign and the exponent of the first number.
                if (i == block) at[tensor.offset.count + 3] ^= std::byte{0x81};
            });
        EXPECT_NE(digest, packed.pack->index().expected[0].digest) << layer.name;
    }
}

TEST(Torch, LayersAreNamedAndCountedAsTheModelHasThem) {
    const Packed packed("cnn", {.name = "small", .inputs = {{"float32", {1, 3, 16, 16}}}});
    const Model& model = packed.model();
    EXPECT_EQ(model.name(), "small");
    ASSERT_EQ(model.layer_count(), 4U);
    const Layer& first = model.layer({0});
    EXPECT_EQ(first.op, OpClass::conv2d);
    EXPECT_EQ(first.macs, 8 * 16 * 16 * 3 * 3 * 3);
    EXPECT_EQ(first.other_ops, (2 + 1) * 8 * 16 * 16);  // batch norm and activation
    EXPECT_EQ(first.output_bytes, activation_bytes_taken(4 * 8 * 16 * 16));
    EXPECT_EQ(first.parameter_bytes, Bytes{4 * (8 * 27 + 3 * 8)});
    EXPECT_EQ(first.parameter_tensors, 4);
    EXPECT_EQ(model.layer({2}).inputs, (std::vector<Source>{LayerId{0}, LayerId{1}}));
    EXPECT_EQ(model.layer({3}).op, OpClass::linear);
    EXPECT_EQ(model.layer({3}).macs, 512 * 10);
    EXPECT_EQ(model.spec().input_bytes, activation_bytes_taken(4 * 3 * 16 * 16));
}

// The table of 1000 rows of 16 numbers, once; the matrix of three layers, once.
TEST(Torch, ATiedParameterIsStoredOnceAndSaidSo) {
    const Packed packed("tied");
    EXPECT_TRUE(std::ranges::any_of(packed.notes, [](const std::string& note) {
        return note.find("e is used by 2 layers and stored once") != std::string::npos;
    }));
    const Model& model = packed.model();
    EXPECT_EQ(model.parameter_bytes(), Bytes{4 * 16 * (1000 + 16)});
    const LayerId head{model.layer_count() - 1};
    EXPECT_EQ(model.layer(head).parameter_bytes, Bytes{});
    EXPECT_EQ(model.layer(head).shares, std::vector<LayerId>{LayerId{0}});
    const PackedLayer& packed_head = packed.pack->index().layers.back();
    ASSERT_EQ(packed_head.shared.size(), 1U);
    EXPECT_EQ(packed_head.shared[0].owner, 0U);
    EXPECT_EQ(packed_head.shared[0].tensor.shape, (std::vector<std::int64_t>{1000, 16}));
}

// Blocks that own parameters stay; the others have none of their own, bring nothing, and use what
// is there.
TEST(Torch, ATiedParameterIsUsedInABlockThatStays) {
    const Packed packed("tied");
    const Cut cut = single_layers(packed.model());
    CountedMemory memory;
    const auto executor = make_torch_executor(*packed.pack, cut, {}, memory);
    std::vector<std::unique_ptr<BlockMemory>> blocks;
    for (std::uint32_t i = 0; i < cut.size(); ++i) {
        blocks.push_back(std::make_unique<BlockMemory>(*packed.pack, cut[i], false));
        if (!blocks[i]->empty()) executor->bind({i}, blocks[i]->at());
    }
    EXPECT_TRUE(blocks.back()->empty());
    for (std::uint32_t request = 0; request < 2; ++request) {
        for (std::uint32_t i = 0; i < cut.size(); ++i) executor->execute({request}, 0, {i});
        EXPECT_EQ(executor->output_digest({request}),
                  packed.pack->index().expected[request].digest);
    }
    for (std::uint32_t i = 0; i < cut.size(); ++i) executor->unbind({i});
}

TEST(Torch, TheSkeletonHasNoWeights) {
    const Packed packed("transformer");
    EXPECT_LT(std::filesystem::file_size(packed.pack->skeleton_path()), 20'000U);
    EXPECT_GT(packed.model().parameter_bytes(), Bytes{64'000});
}

void expect_input_error(const std::function<void()>& act, const std::string& message) {
    try {
        act();
        ADD_FAILURE() << "no error that says " << message;
    } catch (const InputError& error) {
        EXPECT_NE(std::string(error.what()).find(message), std::string::npos) << error.what();
    }
}

TEST(Torch, WhatCannotBeCutIsRefusedByName) {
    for (const auto& [name, message] : testing::bad_torchscript()) {
        SCOPED_TRACE(name);
        const testing::TemporaryFolder folder;
        testing::write_torchscript(name, folder.file("model.pt"));
        expect_input_error(
            [&] { pack_torchscript(folder.file("model.pt"), folder.file("pack"), {}); }, message);
        EXPECT_EQ(folder.names(), std::vector<std::string>{"model.pt"});
    }
}

TEST(Torch, FilesThatAreNoModelsAndInputsThatAreNotKnown) {
    const testing::TemporaryFolder folder;
    const auto pack = [&](const PackOptions& options) {
        pack_torchscript(folder.file("model.pt"), folder.file("pack"), options);
    };
    expect_input_error([&] { pack({}); }, "No such file");
    testing::write_file(folder.file("model.pt"), "weights");
    expect_input_error([&] { pack({}); }, "not a TorchScript file");
    testing::write_torchscript_without_inputs("cnn", folder.file("model.pt"));
    expect_input_error([&] { pack({}); }, "--input");
    std::filesystem::create_directories(folder.file("pack/inside"));
    expect_input_error([&] { pack({.inputs = {{"float32", {1, 3, 16, 16}}}}); }, "pack");
}

TEST(Torch, ASkeletonOfAnotherModelDoesNotFit) {
    const Packed packed("cnn");
    const Packed other("branch");
    CountedMemory memory;
    const auto make = [&] {
        make_torch_executor(*packed.pack, single_layers(packed.model()), {}, memory);
    };
    std::filesystem::copy_file(other.pack->skeleton_path(), packed.pack->skeleton_path(),
                               std::filesystem::copy_options::overwrite_existing);
    expect_input_error(make, "as in index.json, found");
    testing::write_torchscript("cnn", packed.pack->skeleton_path());
    expect_input_error(make, "expected a skeleton that swaplab wrote");
    testing::write_file(packed.pack->skeleton_path(), "");
    expect_input_error(make, "not a TorchScript file");
}

TEST(Torch, WithoutPlaceForActivationsTheBlockIsNamed) {
    const Packed packed("cnn");
    CountedMemory memory({4096});
    const Cut cut = single_layers(packed.model());
    const auto executor = make_torch_executor(*packed.pack, cut, {}, memory);
    try {
        digest_of(*executor, *packed.pack, cut, 0);
        ADD_FAILURE() << "executed in 4096 bytes";
    } catch (const std::runtime_error& error) {
        const std::string what = error.what();
        EXPECT_NE(what.find("block 0"), std::string::npos) << what;
        EXPECT_NE(what.find("in 4096"), std::string::npos) << what;
    }
    EXPECT_EQ(memory.in_use, Bytes{});
}

TEST(Torch, TheEnvironmentNamesVersionAndThreads) {
    EXPECT_TRUE(torch_environment(1).starts_with("LibTorch "));
    EXPECT_NE(torch_environment(1).find("(threads: 1)"), std::string::npos);
}

}  // namespace
}  // namespace swaplab
