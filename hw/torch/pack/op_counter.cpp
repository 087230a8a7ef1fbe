#include "hw/torch/pack/op_counter.h"

#include <ATen/core/Tensor.h>
#include <ATen/core/function_schema.h>
#include <ATen/record_function.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

// What an operator costs, as far as its inputs tell.
struct Work {
    std::int64_t macs_per_output = 0;
    std::int64_t macs = 0;
    std::int64_t ops_per_output = 0;
    std::int64_t ops = 0;
    OpClass op = OpClass::elementwise;
};

struct OpCounter::State {
    at::CallbackHandle handle{};
    int inside = 0;  // of how many operators that are counted as a whole
    std::int64_t most_macs = -1;
    OpCount count;
};

namespace {

thread_local OpCounter::State* active = nullptr;

using Inputs = c10::ArrayRef<const c10::IValue>;

Inputs last(Inputs values, std::size_t count) {
    return values.slice(values.size() - std::min(count, values.size()));
}

bool has_tensor(Inputs inputs, std::size_t i) {
    return i < inputs.size() && inputs[i].isTensor() && inputs[i].toTensor().defined() &&
           inputs[i].toTensor().dim() > 0;
}
const at::Tensor& tensor(Inputs inputs, std::size_t i) { return inputs[i].toTensor(); }

// --- Formulas -----------------------------------------------------------------------------------
// As the built-in models count (profiles/models), so that both can be compared.

constexpr std::int64_t kSoftmaxOps = 6;
constexpr std::int64_t kNormOps = 8;
constexpr std::int64_t kBatchNormOps = 2;
constexpr std::int64_t kSigmoidOps = 4;
constexpr std::int64_t kGeluOps = 5;

std::optional<Work> convolution(Inputs inputs, bool transposed) {
    if (!has_tensor(inputs, 0) || !has_tensor(inputs, 1)) return std::nullopt;
    const at::Tensor& weight = tensor(inputs, 1);
    const std::int64_t window = weight.numel() / std::max<std::int64_t>(1, weight.size(0));
    if (transposed) return Work{.macs = tensor(inputs, 0).numel() * window, .op = OpClass::conv2d};
    const bool depthwise = weight.dim() > 2 && weight.size(1) == 1 && weight.size(0) > 1;
    return Work{.macs_per_output = window, .op = depthwise ? OpClass::depthwise : OpClass::conv2d};
}

std::optional<Work> product(Inputs inputs, std::size_t left, OpClass op) {
    if (!has_tensor(inputs, left)) return std::nullopt;
    return Work{.macs_per_output = tensor(inputs, left).size(-1), .op = op};
}

std::optional<Work> attention(Inputs inputs) {
    if (!has_tensor(inputs, 0) || !has_tensor(inputs, 1)) return std::nullopt;
    const std::int64_t keys = tensor(inputs, 1).size(-2);
    const at::Tensor& query = tensor(inputs, 0);
    const std::int64_t scores = query.numel() / std::max<std::int64_t>(1, query.size(-1)) * keys;
    return Work{.macs_per_output = keys,
                .macs = query.numel() * keys,
                .ops = kSoftmaxOps * scores,
                .op = OpClass::attention};
}

std::optional<Work> window_pool(Inputs inputs) {
    std::int64_t window = 1;
    if (inputs.size() > 1 && inputs[1].isIntList()) {
        for (const std::int64_t size : inputs[1].toIntVector()) window *= size;
    }
    return Work{.ops_per_output = window, .op = OpClass::pool};
}

std::optional<Work> whole_pool(Inputs inputs) {
    if (!has_tensor(inputs, 0)) return std::nullopt;
    return Work{.ops = tensor(inputs, 0).numel(), .op = OpClass::pool};
}

std::optional<Work> per_output(std::int64_t ops, OpClass op) {
    return Work{.ops_per_output = ops, .op = op};
}

using Formula = std::optional<Work> (*)(Inputs);

Formula formula_of(std::string_view name) {
    static const std::map<std::string_view, Formula> kFormulas{
        {"convolution", [](Inputs i) { return convolution(i, i.size() > 6 && i[6].toBool()); }},
        {"_convolution", [](Inputs i) { return convolution(i, i.size() > 6 && i[6].toBool()); }},
        {"conv1d", [](Inputs i) { return convolution(i, false); }},
        {"conv2d", [](Inputs i) { return convolution(i, false); }},
        {"conv3d", [](Inputs i) { return convolution(i, false); }},
        {"conv_transpose1d", [](Inputs i) { return convolution(i, true); }},
        {"conv_transpose2d", [](Inputs i) { return convolution(i, true); }},
        {"conv_transpose3d", [](Inputs i) { return convolution(i, true); }},
        {"linear", [](Inputs i) { return product(i, 0, OpClass::linear); }},
        {"addmm", [](Inputs i) { return product(i, 1, OpClass::linear); }},
        {"addmv", [](Inputs i) { return product(i, 1, OpClass::linear); }},
        {"matmul", [](Inputs i) { return product(i, 0, OpClass::matmul); }},
        {"mm", [](Inputs i) { return product(i, 0, OpClass::matmul); }},
        {"mv", [](Inputs i) { return product(i, 0, OpClass::matmul); }},
        {"bmm", [](Inputs i) { return product(i, 0, OpClass::matmul); }},
        {"baddbmm", [](Inputs i) { return product(i, 1, OpClass::matmul); }},
        {"scaled_dot_product_attention", attention},
        {"softmax", [](Inputs) { return per_output(kSoftmaxOps, OpClass::elementwise); }},
        {"log_softmax", [](Inputs) { return per_output(kSoftmaxOps, OpClass::elementwise); }},
        {"sigmoid", [](Inputs) { return per_output(kSigmoidOps, OpClass::elementwise); }},
        {"gelu", [](Inputs) { return per_output(kGeluOps, OpClass::elementwise); }},
        {"mish", [](Inputs) { return per_output(kGeluOps, OpClass::elementwise); }},
        {"silu", [](Inputs) { return per_output(kSigmoidOps + 1, OpClass::elementwise); }},
        {"layer_norm", [](Inputs) { return per_output(kNormOps, OpClass::norm); }},
        {"group_norm", [](Inputs) { return per_output(kNormOps, OpClass::norm); }},
        {"instance_norm", [](Inputs) { return per_output(kNormOps, OpClass::norm); }},
        {"batch_norm", [](Inputs) { return per_output(kBatchNormOps, OpClass::elementwise); }},
        {"embedding", [](Inputs) { return per_output(0, OpClass::embedding); }},
        {"embedding_bag", [](Inputs) { return per_output(0, OpClass::embedding); }},
        {"max_pool1d", window_pool},
        {"max_pool2d", window_pool},
        {"max_pool3d", window_pool},
        {"avg_pool1d", window_pool},
        {"avg_pool2d", window_pool},
        {"avg_pool3d", window_pool},
        {"adaptive_avg_pool1d", whole_pool},
        {"adaptive_avg_pool2d", whole_pool},
        {"adaptive_max_pool2d", whole_pool},
    };
    const auto found = kFormulas.find(name);
    return found == kFormulas.end() ? nullptr : found->second;
}

// Operators that move bytes and compute nothing.
bool only_moves(std::string_view name) {
    static const std::set<std::string_view> kMoves{
        "cat",  "stack", "contiguous", "clone", "copy_", "to",    "_to_copy",   "empty",
        "full", "zeros", "ones",       "pad",   "roll",  "fill_", "zeros_like", "repeat"};
    return kMoves.contains(name);
}

// --- Observing ----------------------------------------------------------------------------------

struct Call final : at::ObserverContext {
    std::optional<Work> whole;  // counted as a whole: what it calls is not
    std::int64_t counted_before = 0;
    std::set<const void*> input_storages;
    std::size_t outputs = 0;
    bool in_place = false;
    bool moves = false;
};

const void* storage_of(const at::Tensor& tensor) {
    return tensor.defined() && tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl()
                                                    : nullptr;
}

std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function) {
    auto call = std::make_unique<Call>();
    OpCounter::State* state = active;
    if (state == nullptr) return call;
    std::string_view name = function.name();
    name.remove_prefix(std::min(name.find("::"), name.size() - 2) + 2);
    call->in_place = name.ends_with('_');
    call->moves = only_moves(name);
    call->counted_before = state->count.macs + state->count.other_ops;
    // Called from a graph, an operator's inputs and outputs are the end of the whole stack.
    const auto schema = function.operator_schema();
    if (!schema) return call;
    call->outputs = schema->returns().size();
    const Inputs inputs = last(function.inputs(), schema->arguments().size());
    if (const Formula formula = formula_of(name)) call->whole = formula(inputs);
    if (call->whole) ++state->inside;
    for (const c10::IValue& input : inputs) {
        if (input.isTensor()) call->input_storages.insert(storage_of(input.toTensor()));
    }
    return call;
}

// Elements of the outputs that are no views of the inputs.
std::int64_t computed_elements(const at::RecordFunction& function, const Call& call) {
    std::int64_t elements = 0;
    const std::vector<c10::IValue>& outputs = function.outputs();
    for (const c10::IValue& output : last(Inputs(outputs.data(), outputs.size()), call.outputs)) {
        if (!output.isTensor() || !output.toTensor().defined()) continue;
        const bool view = call.input_storages.contains(storage_of(output.toTensor()));
        if (!view || call.in_place) elements += output.toTensor().numel();
    }
    return elements;
}

void add(OpCounter::State& state, const Work& work, std::int64_t elements) {
    const std::int64_t macs = work.macs + work.macs_per_output * elements;
    state.count.macs += macs;
    state.count.other_ops += work.ops + work.ops_per_output * elements;
    const bool plain = work.op == OpClass::elementwise;
    if (macs > state.most_macs && (macs > 0 || !plain)) {
        state.most_macs = macs;
        state.count.main = work.op;
    }
}

void end(const at::RecordFunction& function, at::ObserverContext* context) {
    OpCounter::State* state = active;
    if (state == nullptr || context == nullptr) return;
    const Call& call = *static_cast<const Call*>(context);
    if (call.whole) --state->inside;
    if (state->inside > 0) return;
    const std::int64_t elements = computed_elements(function, call);
    if (call.whole) {
        add(*state, *call.whole, elements);
    } else if (!call.moves && call.counted_before == state->count.macs + state->count.other_ops) {
        add(*state, {.ops_per_output = 1}, elements);
    }
}

}  // namespace

OpCounter::OpCounter() : state_(std::make_unique<State>()) {
    SWAPLAB_CHECK(active == nullptr, "two counters in one thread");
    active = state_.get();
    state_->handle = at::addThreadLocalCallback(at::RecordFunctionCallback(&begin, &end)
                                                    .needsInputs(true)
                                                    .needsOutputs(true)
                                                    .scopes({at::RecordScope::FUNCTION}));
}

OpCounter::~OpCounter() {
    at::removeCallback(state_->handle);
    active = nullptr;
}

OpCount OpCounter::take() {
    state_->most_macs = -1;
    return std::exchange(state_->count, {});
}

}  // namespace swaplab
