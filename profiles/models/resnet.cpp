// ResNet (He et al., arXiv 1512.03385, table 1) as torchvision builds it: the stride of a
// bottleneck lies in its 3x3 convolution ("v1.5"), the last ReLU of a block in its addition. And
// the fully convolutional network on top of it (Long et al., arXiv 1411.4038).
#include "profiles/base/text.h"
#include "profiles/models/architecture.h"
#include "profiles/models/networks.h"

namespace swaplab::networks {
namespace {

Convolution batch_normed(std::int64_t filters, std::int64_t kernel, std::int64_t stride,
                         Activation activation) {
    return {.filters = filters,
            .kernel = kernel,
            .stride = stride,
            .padding = kernel / 2,
            .batch_norm = true,
            .activation = activation};
}

Tensor bottleneck(Architecture& net, const std::string& name, const Tensor& x, std::int64_t width,
                  std::int64_t stride) {
    const std::int64_t outputs = 4 * width;
    Tensor y = net.convolution(name + ".conv1", x, batch_normed(width, 1, 1, Activation::relu));
    y = net.convolution(name + ".conv2", y, batch_normed(width, 3, stride, Activation::relu));
    y = net.convolution(name + ".conv3", y, batch_normed(outputs, 1, 1, Activation::none));
    Tensor shortcut = x;
    if (x.shape.channels != outputs) {
        shortcut = net.convolution(name + ".downsample", x,
                                   batch_normed(outputs, 1, stride, Activation::none));
    }
    return net.add(name + ".add", y, shortcut, Activation::relu);
}

struct Stage {
    std::int64_t width;
    int blocks;
};
constexpr Stage kResnet101[] = {{64, 3}, {128, 4}, {256, 23}, {512, 3}};

// The maps behind the last two stages. The first `strided` stages but one halve the resolution; the
// others dilate their convolutions instead, which costs the same per position.
struct Backbone {
    Tensor before_last, last;
};

Backbone backbone(Architecture& net, int strided) {
    Tensor x = net.convolution("conv1", net.input(), batch_normed(64, 7, 2, Activation::relu));
    x = net.max_pool("maxpool", x, {.kernel = 3, .stride = 2, .padding = 1});
    Tensor before_last;
    int stage = 0;
    for (const auto& [width, blocks] : kResnet101) {
        ++stage;
        before_last = x;
        for (int block = 0; block < blocks; ++block) {
            const bool halves = stage > 1 && stage <= strided && block == 0;
            x = bottleneck(net, text("layer{}.{}", stage, block), x, width, halves ? 2 : 1);
        }
    }
    return {before_last, x};
}

// Scores of 21 classes (VOC) at every position, interpolated to the resolution of the input.
void segmentation_head(Architecture& net, const std::string& name, const Tensor& x,
                       std::int64_t input) {
    constexpr std::int64_t classes = 21;
    const Tensor y =
        net.convolution(name + ".0", x, batch_normed(x.shape.channels / 4, 3, 1, Activation::relu));
    const Tensor scores = net.convolution(name + ".4", y, {.filters = classes});
    net.interpolate(name + ".interpolate", scores, input);
}

}  // namespace

ModelSpec resnet101(std::int64_t input) {
    Architecture net("resnet101", "torchvision resnet101", {3, input, input});
    const Tensor x = net.average_pool("avgpool", backbone(net, 4).last, 1);
    net.linear("fc", x, {.outputs = 1000});
    return std::move(net).finish();
}

ModelSpec fcn_resnet101(std::int64_t input) {
    Architecture net("fcn-resnet101", "torchvision fcn_resnet101 with its auxiliary head",
                     {3, input, input});
    const Backbone maps = backbone(net, 2);
    segmentation_head(net, "classifier", maps.last, input);
    segmentation_head(net, "aux_classifier", maps.before_last, input);
    return std::move(net).finish();
}

}  // namespace swaplab::networks
