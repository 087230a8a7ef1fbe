#include "profiles/device/faster_device.h"

#include <cmath>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

void divide(LinearCost& cost, double factor) {
    for (double* coefficient : {&cost.per_byte, &cost.per_tensor, &cost.per_layer, &cost.per_flop,
                                &cost.per_activation_byte, &cost.per_block, &cost.per_request})
        *coefficient /= factor;
}

void divide(ExecuteSpec& execute, double factor) {
    divide(execute.other, factor);
    for (auto& line : execute.by_op)
        if (line) divide(*line, factor);
}

void divide(ExecuteByDtype& tables, double factor) {
    for (auto& [dtype, table] : tables) divide(table, factor);
}

Duration divided(Duration time, double factor) {
    return Duration{std::llround(static_cast<double>(count_ns(time)) / factor)};
}

void divide_reads(ReadSpec& read, double factor) {
    divide(read.cost, factor);
    for (ReadPoint& point : read.table) point.ns /= factor;
    if (read.after_idle)
        read.after_idle->extra =
            Duration{std::llround(static_cast<double>(count_ns(read.after_idle->extra)) / factor)};
}

void divide_executions(Node& node, double factor) {
    divide(node.execute, factor);
    divide(node.execute_by_dtype, factor);
    for (Mode& mode : node.modes) {
        if (mode.execute) divide(*mode.execute, factor);
        divide(mode.execute_by_dtype, factor);
    }
}

}  // namespace

void make_faster(Platform& platform, Activity activity, double factor) {
    SWAPLAB_CHECK(factor > 0, "{} times as fast is no speed", factor);
    for (Node& node : platform.nodes) {
        if (activity == Activity::read)
            divide_reads(node.read, factor);
        else if (activity == Activity::execute)
            divide_executions(node, factor);
        else
            divide(node.costs[index_of(activity)], factor);
    }
    platform.provenance.measured = false;
}

ModelPtr with_faster_execution(const Model& model, const std::string& device, double factor) {
    ModelSpec spec = model.spec();
    bool any = false;
    for (auto& [where, time] : spec.anchors) {
        if (where != device && !where.starts_with(device + ":")) continue;
        time = divided(time, factor);
        any = true;
    }
    for (Layer& layer : spec.layers) {
        if (!layer.execute || spec.measured_on != device) continue;
        layer.execute = divided(*layer.execute, factor);
        any = true;
    }
    return any ? std::make_shared<const Model>(std::move(spec)) : nullptr;
}

}  // namespace swaplab
