#include "tests/support/generative_model.h"

namespace swaplab::testing {

ModelSpec two_layers() {
    ModelSpec spec;
    spec.name = "two";
    spec.tokens = 3;
    spec.prompt_tokens = 4;
    spec.input_bytes = Bytes{40};
    Layer attention;
    attention.name = "attention";
    attention.op = OpClass::attention;
    attention.inputs = {std::nullopt};
    attention.macs = 800;
    attention.output_bytes = Bytes{40};
    attention.kv_bytes_per_token = Bytes{8};
    Layer projection;
    projection.name = "projection";
    projection.op = OpClass::linear;
    projection.inputs = {LayerId{0}};
    projection.macs = 400;
    projection.parameter_bytes = Bytes{1000};
    projection.parameter_tensors = 1;
    projection.output_bytes = Bytes{40};
    spec.layers = {attention, projection};
    return spec;
}

Platform plain_platform() {
    Platform platform;
    platform.name = "plain";
    Node& node = platform.nodes.emplace_back();
    node.memory.capacity = Bytes{1 << 30};
    node.read.cost.per_byte = 1;
    node.execute.other.per_flop = 1;
    node.execute.other.per_layer = 10;
    return platform;
}

}  // namespace swaplab::testing
