#include "hw/torch/script/script_check.h"

#include <torch/csrc/jit/api/function_impl.h>
#include <torch/csrc/jit/ir/constants.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "hw/torch/script/operators.h"
#include "hw/torch/script/script.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

using torch::jit::Function;
using torch::jit::Graph;
using torch::jit::Node;
using torch::jit::Value;
namespace prim = c10::prim;

constexpr double kMostSteps = 1e10;    // of a whole request, each loop as often as it may run
constexpr double kMostNodes = 1e6;     // after all calls are written out
constexpr std::size_t kDeepest = 500;  // functions that call functions
constexpr std::int64_t kMostElements = std::int64_t{1} << 30;  // of a tensor made of constants
constexpr std::size_t kMostExpanded = std::size_t{64} << 20;

constexpr const char* kTooManyTurns = "a loop of more than 10000 turns";

class ProgramCheck {
  public:
    explicit ProgramCheck(const std::string& file) : file_(&file) {}

    void add(Function& function) { cost_of(function); }

  private:
    // Of one call of a function.
    struct Cost {
        double steps = 0;
        double nodes = 0;
    };

    [[noreturn]] void fail(const Node& node, const std::string& reason) const {
        throw InputError(text("{}: {}: {}: {}", *file_, function_->qualname().qualifiedName(),
                              described(node), reason));
    }

    // Looks at each function once.
    Cost cost_of(Function& function) {
        const auto known = costs_.find(&function);
        if (known != costs_.end()) return known->second;
        auto* const scripted = torch::jit::tryToGraphFunction(function);
        if (scripted == nullptr)
            throw InputError(
                text("{}: {}: a function in C++", *file_, function.qualname().qualifiedName()));
        if (!open_.insert(&function).second || open_.size() > kDeepest)
            throw InputError(text("{}: {}: calls itself, or more than {} functions call each other",
                                  *file_, function.qualname().qualifiedName(), kDeepest));
        const Function* const caller = std::exchange(function_, &function);
        const std::shared_ptr<Graph> graph = scripted->graph();
        const Cost cost = look_at(*graph->block());
        function_ = caller;
        open_.erase(&function);
        costs_[&function] = cost;
        return cost;
    }

    Cost look_at(torch::jit::Block& block) {
        Cost all;
        // Guards are put in front of loops on the way; what would be said to the terminal is not.
        const std::vector<Node*> nodes(block.nodes().begin(), block.nodes().end());
        for (Node* node : nodes) {
            if (node->kind() == c10::aten::warn) {
                node->destroy();
                continue;
            }
            const Cost one = look_at(*node);
            all.steps += one.steps;
            all.nodes += one.nodes;
            if (all.nodes > kMostNodes)
                fail(*node, text("more than {:.0e} operators, calls written out", kMostNodes));
            if (all.steps > kMostSteps)
                fail(*node, text("more than {:.0e} steps, loops within loops as often as they may "
                                 "run",
                                 kMostSteps));
        }
        return all;
    }

    Cost look_at(Node& node) {
        const std::string name = node.kind().toQualString();
        if (!is_known_operator(name))
            fail(node,
                 "no operator that a model may use: a TorchScript file is a program, and what "
                 "this one does is not known to be harmless");
        if (node.kind() == prim::Constant) check_constant(node);
        if (makes_a_tensor_of_any_size(name)) check_size(node);
        Cost cost{1, 1};
        if (Function* const callee = callee_of(node)) {
            const Cost called = cost_of(*callee);
            cost = {cost.steps + called.steps, cost.nodes + called.nodes};
        }
        const double turns = node.kind() == prim::Loop ? turns_of(node) : 1;
        for (torch::jit::Block* inner : node.blocks()) {
            const Cost body = look_at(*inner);
            cost = {cost.steps + turns * body.steps, cost.nodes + body.nodes};
        }
        return cost;
    }

    Function* callee_of(const Node& node) const {
        if (node.kind() == prim::CallFunction)
            if (const auto type = node.input(0)->type()->cast<c10::FunctionType>())
                return type->function();
        if (node.kind() == prim::CallMethod) {
            const auto type = node.input(0)->type()->cast<c10::ClassType>();
            Function* const found = type ? type->findMethod(node.s(c10::attr::name)) : nullptr;
            if (found == nullptr) fail(node, "calls what is known only when it runs");
            return found;
        }
        if (node.kind() == prim::CallFunction) fail(node, "calls what is known only when it runs");
        return nullptr;
    }

    // --- Loops that end -------------------------------------------------------------------------

    double turns_of(Node& loop) const {
        const auto most = torch::jit::toIValue(loop.input(0));
        if (!most) {
            guard(loop);
            return static_cast<double>(kMostTurns);
        }
        if (most->isInt() && most->toInt() <= kMostTurns)
            return static_cast<double>(std::max<std::int64_t>(most->toInt(), 0));
        fail(loop,
             text("a loop that may never end: expected `for` with at most {} turns", kMostTurns));
    }

    // Stands in front of the loop already, in what was packed.
    static bool is_guarded(const Node& loop) {
        for (const torch::jit::Use& use : loop.input(0)->uses()) {
            if (use.user->kind() != c10::aten::gt) continue;
            for (const torch::jit::Use& condition : use.user->output()->uses())
                if (condition.user->kind() == prim::If && raises(*condition.user)) return true;
        }
        return false;
    }

    static bool raises(const Node& branch) {
        return std::ranges::any_of(branch.blocks()[0]->nodes(), [](const Node* node) {
            if (node->kind() != prim::RaiseException) return false;
            const auto message = torch::jit::toIValue(node->input(0));
            return message && message->isString() && message->toStringRef() == kTooManyTurns;
        });
    }

    // if turns > kMostTurns: raise
    static void guard(Node& loop) {
        if (is_guarded(loop)) return;
        Graph& graph = *loop.owningGraph();
        const torch::jit::WithInsertPoint before(&loop);
        Value* const more =
            graph.insert(c10::aten::gt, {loop.input(0), kMostTurns}, {}, loop.sourceRange());
        Node* const branch = graph.insertNode(graph.create(prim::If, {more}, 0));
        branch->copyMetadata(&loop);
        torch::jit::Block* const then = branch->addBlock();
        branch->addBlock();
        const torch::jit::WithInsertPoint inside(then);
        graph.insert(prim::RaiseException, {std::string(kTooManyTurns)}, {}, loop.sourceRange());
    }

    // --- Sizes ----------------------------------------------------------------------------------

    void check_constant(const Node& node) const {
        const auto value = torch::jit::toIValue(node.output());
        if (!value) return;
        if (value->isObject()) fail(node, "an object");
        for_each_tensor(*value, [&](const at::Tensor& tensor) {
            if (is_blown_up(tensor))
                fail(node, text("a tensor of {} bytes of which {} are stored", tensor.nbytes(),
                                tensor.storage().nbytes()));
        });
    }

    void check_size(const Node& node) const {
        for (const Value* input : node.inputs())
            if (elements_of(*input) > kMostElements)
                fail(node, text("a tensor of more than {} elements", kMostElements));
    }

    // As far as they are constant: a size that is not counts as one.
    static std::int64_t elements_of(const Value& size) {
        std::int64_t elements = 1;
        const auto add = [&](std::int64_t extent) {
            const bool too_many = extent > 0 && elements > kMostElements / extent;
            elements = too_many ? kMostElements + 1 : elements * extent;
        };
        if (size.node()->kind() == prim::ListConstruct)
            for (const Value* extent : size.node()->inputs()) add(elements_of(*extent));
        const auto value = torch::jit::toIValue(&size);
        if (value && value->isInt()) add(value->toInt());
        if (value && value->isIntList())
            for (const std::int64_t extent : value->toIntVector()) add(extent);
        return elements;
    }

    static bool is_blown_up(const at::Tensor& tensor) {
        return tensor.has_storage() && tensor.nbytes() > kMostExpanded &&
               tensor.nbytes() > tensor.storage().nbytes();
    }

    const std::string* file_;
    const Function* function_ = nullptr;
    std::map<const Function*, Cost> costs_;
    std::set<const Function*> open_;  // whose look is not at its end: who is met again calls itself
};

}  // namespace

void check_program(const torch::jit::Module& module, const std::string& file) {
    ProgramCheck check(file);
    for (Function* function : module._ivalue()->compilation_unit()->get_functions())
        check.add(*function);
    for (const torch::jit::Module& part : module.modules())
        for (const torch::jit::Method& method : part.get_methods()) check.add(method.function());
}

}  // namespace swaplab
