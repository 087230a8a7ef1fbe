#include "hw/torch/plugin/plugin.h"

extern "C" __attribute__((visibility("default"))) const swaplab::TorchPlugin*
swaplab_torch_plugin() {
    static constexpr swaplab::TorchPlugin kPlugin{
        swaplab::kTorchPluginVersion, swaplab::make_torch_executor, swaplab::pack_torchscript,
        swaplab::run_frozen,          swaplab::torch_notes,         swaplab::torch_environment};
    return &kPlugin;
}
