// VGG (Simonyan & Zisserman, arXiv 1409.1556, table 1) as torchvision builds it: an average pool to
// 7x7 before the classifier (it changes nothing at 224), dropout left out.
#include "profiles/base/text.h"
#include "profiles/models/architecture.h"
#include "profiles/models/networks.h"

namespace swaplab::networks {
namespace {

struct Stage {
    std::int64_t filters;
    int convolutions;
};
constexpr Stage kVgg19[] = {{64, 2}, {128, 2}, {256, 4}, {512, 4}, {512, 4}};

}  // namespace

ModelSpec vgg19(std::int64_t input) {
    Architecture net("vgg19", "torchvision vgg19", {3, input, input});
    Tensor x = net.input();
    int stage = 0;
    for (const auto& [filters, convolutions] : kVgg19) {
        ++stage;
        for (int i = 1; i <= convolutions; ++i) {
            x = net.convolution(
                text("conv{}_{}", stage, i), x,
                {.filters = filters, .kernel = 3, .padding = 1, .activation = Activation::relu});
        }
        x = net.max_pool(text("pool{}", stage), x, {.kernel = 2, .stride = 2});
    }
    x = flattened(net.average_pool("avgpool", x, 7));
    x = net.linear("fc6", x, {.outputs = 4096, .activation = Activation::relu});
    x = net.linear("fc7", x, {.outputs = 4096, .activation = Activation::relu});
    net.linear("fc8", x, {.outputs = 1000});
    return std::move(net).finish();
}

}  // namespace swaplab::networks
