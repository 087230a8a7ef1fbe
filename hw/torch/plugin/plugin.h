// What the plugin gives to whoever loads it.
#pragma once

#include "hw/torch/run/torch_executor.h"

namespace swaplab {

// Plugin and loader are built together; where one is left over from another build, they refuse.
inline constexpr int kTorchPluginVersion = 3;

struct TorchPlugin {
    int version = kTorchPluginVersion;
    decltype(&make_torch_executor) make_executor = nullptr;
    decltype(&pack_torchscript) pack = nullptr;
    decltype(&run_frozen) frozen = nullptr;
    decltype(&torch_notes) notes = nullptr;
    decltype(&torch_environment) environment = nullptr;
};

using TorchPluginEntry = const TorchPlugin* (*)();
inline constexpr const char* kTorchPluginEntry = "swaplab_torch_plugin";

}  // namespace swaplab
