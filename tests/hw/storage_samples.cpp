#include "tests/hw/storage_samples.h"

#include <string_view>

#include "tests/support/random.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::testing {
namespace {

TensorToPack tensor(const char* name, const char* dtype, std::vector<std::int64_t> shape,
                    std::uint32_t slot, std::span<const std::byte> bytes) {
    return {name, dtype, std::move(shape), slot, bytes};
}

}  // namespace

std::vector<std::byte> some_bytes(std::size_t size, std::uint64_t seed) {
    Rng rng(seed);
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(rng.between(0, 255));
    return bytes;
}

std::vector<std::byte> make_file(const std::string& path, std::size_t size, std::uint64_t seed) {
    std::vector<std::byte> bytes = some_bytes(size, seed);
    write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    return bytes;
}

ModelSpec sample_model() {
    ModelSpec spec;
    spec.name = "sample";
    for (const char* name : {"conv", "relu", "fc"}) {
        Layer layer;
        layer.name = name;
        if (!spec.layers.empty())
            layer.inputs = {LayerId{static_cast<std::uint32_t>(spec.layers.size() - 1)}};
        else
            layer.inputs = {Source{}};
        spec.layers.push_back(layer);
    }
    spec.layers[0].parameter_bytes = {1200 + 16};
    spec.layers[0].parameter_tensors = 2;
    spec.layers[2].parameter_bytes = {12000 + 8};
    spec.layers[2].parameter_tensors = 2;
    return spec;
}

void write_sample_pack(const std::string& folder, WriteFunction write) {
    const std::vector<std::byte> bytes = some_bytes(12000, 1);
    const std::span<const std::byte> all(bytes);
    PackWriter writer(folder, "sample", Bytes{4096}, write);
    const TensorToPack conv[] = {tensor("conv.weight", "float32", {4, 3, 5, 5}, 0, all.first(1200)),
                                 tensor("conv.bias", "float32", {4}, 1, all.last(16))};
    writer.add_layer("conv", conv);
    writer.add_layer("relu", {});
    const TensorToPack fc[] = {tensor("fc.weight", "float16", {3000, 2}, 2, all),
                               tensor("fc.steps", "int64", {}, 3, all.first(8))};
    writer.add_layer("fc", fc);
    writer.add_file(kSkeletonFile, std::as_bytes(std::span(std::string_view("no skeleton"))));
    writer.finish({{{"float32", {1, 3, 8, 8}}}, {{1, "one"}, {2, "two"}}, "made up"},
                  sample_model());
}

}  // namespace swaplab::testing
