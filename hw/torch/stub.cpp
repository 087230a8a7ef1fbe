#include "hw/torch/torch_executor.h"
#include "profiles/error.h"
namespace swaplab {
std::unique_ptr<Executor> make_torch_executor(const Pack&, std::span<const LayerRange>, const TorchOptions&, ActivationMemory&) { throw UnsupportedError("no LibTorch"); }
}
namespace swaplab {
std::vector<std::string> pack_torchscript(const std::string&, const std::string&, const PackOptions&) { throw UnsupportedError("no LibTorch"); }
}
