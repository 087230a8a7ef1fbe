#include "hw/torch/pack/layering.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include "hw/torch/run/piece_runner.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

using torch::jit::Node;
using torch::jit::Value;

// --- What runs where ----------------------------------------------------------------------------

std::vector<StepRange> single_steps(const Program& program) {
    std::vector<StepRange> pieces;
    for (std::size_t i = 0; i < program.size(); ++i) pieces.push_back({i, i + 1});
    return pieces;
}

// Executes step by step and notes which values are views of parameters.
class Tracer {
  public:
    Tracer(std::shared_ptr<const Program> program, const std::vector<at::Tensor>& parameters,
           const std::string& file)
        : program_(std::move(program)),
          parameters_(&parameters),
          file_(&file),
          runner_(program_, single_steps(*program_)),
          views_(program_->values()) {
        for (const at::Tensor& parameter : parameters) {
            storages_.insert(parameter.storage().unsafeGetStorageImpl());
            versions_.push_back(parameter._version());
        }
    }

    std::vector<bool> trace(std::vector<c10::IValue> inputs) {
        runner_.start(std::move(inputs));
        for (std::size_t step = 0; step < program_->size(); ++step) {
            run(step);
            check_parameters(step);
            for (const Value* output : program_->step(step).outputs()) note(output);
        }
        return std::move(views_);
    }

  private:
    [[noreturn]] void fail(std::size_t step, const std::string& reason) const {
        throw InputError(text("{}: {}: {}", *file_, described(program_->step(step)), reason));
    }

    void run(std::size_t step) {
        std::vector<at::Tensor> parameters;
        for (const std::uint32_t slot : runner_.slots(step))
            parameters.push_back((*parameters_)[slot]);
        try {
            runner_.run(step, parameters);
        } catch (const std::exception& error) {
            throw_if_out_of_memory(error, text("{}: {}", *file_, described(program_->step(step))));
            fail(step, reason_of(error));
        }
    }

    void check_parameters(std::size_t step) const {
        for (std::size_t slot = 0; slot < parameters_->size(); ++slot) {
            if ((*parameters_)[slot]._version() != versions_[slot])
                fail(step, text("writes into the parameter {}, which is read from storage again "
                                "at every request",
                                program_->lowered().parameters[slot].name));
        }
    }

    void note(const Value* output) {
        const ValueIndex index = program_->index_of(output);
        for_each_tensor(runner_.live(index), [&](const at::Tensor& tensor) {
            if (tensor.layout() != c10::kStrided)
                throw InputError(text("{}: {}: makes a tensor that is not strided", *file_,
                                      described(*output->node())));
            if (storages_.contains(tensor.storage().unsafeGetStorageImpl())) views_[index] = true;
        });
    }

    std::shared_ptr<const Program> program_;
    const std::vector<at::Tensor>* parameters_;
    const std::string* file_;
    PieceRunner runner_;
    std::set<const void*> storages_;
    std::vector<std::int64_t> versions_;
    std::vector<bool> views_;  // by value
};

// Steps that make views of parameters from parameters and constants alone.
std::vector<bool> floating_steps(const Program& program, const std::vector<bool>& views) {
    std::vector<bool> floating(program.size());
    std::set<const Value*> from_parameters;
    const auto lasting = [&](const Value* value) {
        return value->node()->kind() == c10::prim::Constant || from_parameters.contains(value) ||
               program.slot_of(program.index_of(value)).has_value();
    };
    for (std::size_t i = 0; i < program.size(); ++i) {
        const Node& step = program.step(i);
        const bool views_only = std::ranges::all_of(
            step.outputs(), [&](const Value* output) { return views[program.index_of(output)]; });
        floating[i] = views_only && !step.outputs().empty() && step.blocks().empty() &&
                      std::ranges::all_of(step.inputs(), lasting);
        if (floating[i]) from_parameters.insert(step.outputs().begin(), step.outputs().end());
    }
    return floating;
}

// --- Where layers begin -------------------------------------------------------------------------

std::string operator_name(const Node& node) {
    std::string name = node.kind().toUnqualString();
    while (name.size() > 1 && name.back() == '_') name.pop_back();
    return name;
}

bool is_worth_a_layer(const Node& node) {
    static const std::set<std::string, std::less<>> kKinds{"conv1d",
                                                           "conv2d",
                                                           "conv3d",
                                                           "convolution",
                                                           "_convolution",
                                                           "conv_transpose1d",
                                                           "linear",
                                                           "addmm",
                                                           "conv_transpose2d",
                                                           "matmul",
                                                           "mm",
                                                           "conv_transpose3d",
                                                           "bmm",
                                                           "baddbmm",
                                                           "einsum",
                                                           "embedding",
                                                           "embedding_bag",
                                                           "scaled_dot_product_attention",
                                                           "layer_norm",
                                                           "group_norm",
                                                           "_native_multi_head_attention",
                                                           "lstm",
                                                           "gru",
                                                           "_transformer_encoder_layer_fwd",
                                                           "cat"};
    if (kKinds.contains(operator_name(node))) return true;
    for (const torch::jit::Block* block : node.blocks()) {
        for (const Node* inner : block->nodes()) {
            if (is_worth_a_layer(*inner)) return true;
        }
    }
    return false;
}

// By step: a view of a parameter would be alive across a cut before it.
std::vector<bool> forbidden_cuts(const Program& program, const std::vector<bool>& views,
                                 const std::string& file) {
    std::vector<bool> forbidden(program.size() + 1);
    for (std::size_t i = 0; i < program.size(); ++i) {
        if (program.floating(i)) continue;
        for (const Value* output : program.step(i).outputs()) {
            const ValueIndex index = program.index_of(output);
            if (!views[index]) continue;
            const std::size_t last = program.last_use(index);
            if (last == program.size())
                throw InputError(text("{}: {}: an output of the model is a view of a parameter",
                                      file, described(program.step(i))));
            for (std::size_t cut = i + 1; cut <= last; ++cut) forbidden[cut] = true;
        }
    }
    return forbidden;
}

std::vector<StepRange> layers_of(const Program& program, const std::vector<bool>& forbidden) {
    std::vector<StepRange> layers{{0, program.size()}};
    bool worth = false;
    for (std::size_t i = 0; i < program.size(); ++i) {
        if (program.floating(i) || !is_worth_a_layer(program.step(i))) continue;
        if (worth && !forbidden[i]) {
            layers.back().last = i;
            layers.push_back({i, program.size()});
        }
        worth = true;
    }
    return layers;
}

// --- Names --------------------------------------------------------------------------------------

std::string parent_of(const std::string& path) {
    const std::size_t dot = path.rfind('.');
    return dot == std::string::npos ? "" : path.substr(0, dot);
}

// Of the module that the first parameter of the step belongs to, if it has one.
std::string module_of(const Program& program, const Node& step) {
    for (const Value* input : step.inputs()) {
        if (input->node()->kind() != c10::prim::Param) continue;
        if (const auto slot = program.slot_of(program.index_of(input)))
            return parent_of(program.lowered().parameters[*slot].name);
    }
    return "";
}

std::string name_of(const Program& program, StepRange layer, std::string& module) {
    for (std::size_t i = layer.first; i < layer.last; ++i) {
        const Node& step = program.step(i);
        if (program.floating(i) || !is_worth_a_layer(step)) continue;
        if (const std::string found = module_of(program, step); !found.empty())
            return module = found;
        const std::string parent = parent_of(module);
        return parent.empty() ? operator_name(step) : parent + "." + operator_name(step);
    }
    return operator_name(program.step(layer.first));
}

std::vector<std::string> names_of(const Program& program, const std::vector<StepRange>& layers) {
    std::vector<std::string> names;
    std::set<std::string> taken{"input"};  // reserved in model files
    std::map<std::string, int> used;
    std::string module;
    for (const StepRange& layer : layers) {
        std::string name = name_of(program, layer, module);
        std::ranges::replace(name, '/', '.');
        std::string unique = name;
        while (!taken.insert(unique).second) unique = text("{}_{}", name, ++used[name] + 1);
        names.push_back(unique);
    }
    return names;
}

}  // namespace

Skeleton cut_into_layers(const Lowered& lowered, const std::vector<at::Tensor>& parameters,
                         std::vector<c10::IValue> inputs, const std::string& file) {
    const auto plain = std::make_shared<const Program>(lowered, std::vector<bool>{});
    if (plain->size() == 0) throw InputError(text("{}: the model does nothing", file));
    const std::vector<bool> views = Tracer(plain, parameters, file).trace(std::move(inputs));
    Skeleton skeleton;
    skeleton.program = std::make_shared<const Program>(lowered, floating_steps(*plain, views));
    const Program& program = *skeleton.program;
    skeleton.layers = layers_of(program, forbidden_cuts(program, views, file));
    skeleton.names = names_of(program, skeleton.layers);
    return skeleton;
}

}  // namespace swaplab
