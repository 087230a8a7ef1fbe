#include "profiles/builtin.h"

#include <algorithm>
#include <array>

#include "profiles/device_file.h"
#include "profiles/embedded_device_files.h"
#include "profiles/error.h"
#include "profiles/models/networks.h"
#include "profiles/text.h"

namespace swaplab {
namespace {

constexpr std::array kModels{
    BuiltinModel{"resnet101", "ResNet-101, torchvision, 1x3x224x224", 224, 32, networks::resnet101},
    BuiltinModel{"vgg19", "VGG-19, torchvision, 1x3x224x224", 224, 32, networks::vgg19},
    BuiltinModel{"vit-base", "ViT-B/16, torchvision, 1x3x224x224", 224, 16, networks::vit_base},
    BuiltinModel{"yolov3", "YOLOv3, Darknet, 1x3x608x608", 608, 32, networks::yolov3},
    BuiltinModel{"yolov4", "YOLOv4, Darknet, 1x3x608x608", 608, 32, networks::yolov4},
};

// Keeps every product of the generators within 64 bits; sums are checked by `Model`.
constexpr std::int64_t kLargestInput = 65536;

}  // namespace

std::span<const BuiltinModel> builtin_models() { return kModels; }

std::vector<std::string> builtin_device_names() {
    std::vector<std::string> names;
    for (const EmbeddedFile& file : embedded_device_files()) names.emplace_back(file.name);
    return names;
}

std::optional<Model> builtin_model(std::string_view name, std::optional<std::int64_t> input) {
    const auto model = std::ranges::find(kModels, name, &BuiltinModel::name);
    if (model == kModels.end()) return std::nullopt;
    const std::int64_t pixels = input.value_or(model->default_input);
    if (pixels <= 0 || pixels > kLargestInput || pixels % model->input_multiple != 0) {
        throw InputError(text("{}: input: expected a positive multiple of {} up to {}, found {}",
                              name, model->input_multiple, kLargestInput, pixels));
    }
    return Model(model->generate(pixels));
}

std::optional<Platform> builtin_device(std::string_view name) {
    const auto files = embedded_device_files();
    const auto file = std::ranges::find(files, name, &EmbeddedFile::name);
    if (file == files.end()) return std::nullopt;
    return read_device(parse_json(std::string(file->text), text("devices/{}.json", name)));
}

}  // namespace swaplab
