#include <torch/csrc/jit/api/module.h>
#include <torch/csrc/jit/runtime/jit_exception.h>

#include <exception>
#include <stdexcept>
#include <type_traits>
#include <typeinfo>

#include "hw/torch/plugin/plugin.h"
#include "hw/torch/script/script.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

// All of ours derive from `std::runtime_error`, which LibTorch's interpreter throws itself, and
// libraries below LibTorch (oneDNN) have types of their own.
bool is_ours(const std::exception& error) {
    return dynamic_cast<const std::runtime_error*>(&error) != nullptr &&
           typeid(error) != typeid(std::runtime_error) &&
           dynamic_cast<const torch::jit::JITException*>(&error) == nullptr;
}

// Nothing of LibTorch's own is thrown to who loaded it.
template <auto kFunction, class Signature = std::remove_pointer_t<decltype(kFunction)>>
struct Typed;

template <auto kFunction, class Result, class... Arguments>
struct Typed<kFunction, Result(Arguments...)> {
    static Result call(Arguments... arguments) {
        try {
            return kFunction(std::forward<Arguments>(arguments)...);
        } catch (const std::exception& error) {
            if (is_ours(error)) throw;
            throw_if_out_of_memory(error, "LibTorch");
            throw InputError(text("LibTorch: {}", reason_of(error)));
        }
    }
};

}  // namespace
}  // namespace swaplab

extern "C" __attribute__((visibility("default"))) const swaplab::TorchPlugin*
swaplab_torch_plugin() {
    using namespace swaplab;
    static constexpr TorchPlugin kPlugin{kTorchPluginVersion,
                                         Typed<&make_torch_executor>::call,
                                         Typed<&pack_torchscript>::call,
                                         Typed<&run_frozen>::call,
                                         Typed<&torch_notes>::call,
                                         Typed<&torch_environment>::call};
    return &kPlugin;
}
