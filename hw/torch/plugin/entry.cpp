#include <c10/util/Exception.h>

#include <exception>
#include <new>
#include <stdexcept>
#include <type_traits>

#include "hw/torch/plugin/plugin.h"
#include "hw/torch/script/script.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

// Nothing of LibTorch's own is thrown to who loaded it.
template <auto kFunction, class Signature = std::remove_pointer_t<decltype(kFunction)>>
struct Typed;

template <auto kFunction, class Result, class... Arguments>
struct Typed<kFunction, Result(Arguments...)> {
    static Result call(Arguments... arguments) {
        try {
            return kFunction(std::forward<Arguments>(arguments)...);
        } catch (const c10::Error& error) {
            throw_if_out_of_memory(error, "LibTorch");
            throw InputError(text("LibTorch: {}", reason_of(error)));
        } catch (const std::bad_alloc& error) {
            throw_if_out_of_memory(error, "LibTorch");
            throw;
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
