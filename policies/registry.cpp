#include "policies/registry.h"

#include <algorithm>
#include <array>

#include "policies/schedule/keep_parameter.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

// The systems, each in its own file or folder under policies/systems/, which nobody else names.
// `path` is one that the table below lists for the system.
Policy make_direct(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_load_all(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_on_demand(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_standard_swap(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_swapnet(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_demand_layering(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_pipeload(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_pipeswitch(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_lru(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_belady(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_oom_free(const PolicyParameters& parameters, std::optional<SwapPath> path);
Policy make_flexinfer(const PolicyParameters& parameters, std::optional<SwapPath> path);

namespace {

constexpr SwapPath kZeroCopyFirst[] = {SwapPath::zero_copy, SwapPath::staged, SwapPath::standard};
constexpr SwapPath kStandardFirst[] = {SwapPath::standard, SwapPath::zero_copy, SwapPath::staged};
constexpr SwapPath kZeroCopyOrStaged[] = {SwapPath::zero_copy, SwapPath::staged};
constexpr SwapPath kZeroCopyOnly[] = {SwapPath::zero_copy};
constexpr SwapPath kResident[] = {SwapPath::resident};

constexpr ParameterInfo kDirect[] = {
    {"copies", "auto|1|2", "auto", "copies of the parameters in memory; auto: 2 on gpu, 1 on cpu"}};
constexpr ParameterInfo kOnDemand[] = {kKeepParameter};
constexpr ParameterInfo kStandardSwap[] = {
    {"blocks", "auto|N", "auto", "how many blocks; auto: the least time, then the fewest"}};
constexpr ParameterInfo kSwapnet[] = {
    {"delta", "0..1", "0", "share of the budget that is kept free (below 1)"},
    {"blocks", "auto|N", "auto",
     "how many blocks; auto: the number with the least closed form, an upper bound"},
    {"allocator", "score|ratio|minmax", "score",
     "how several DNNs share the budget: by size, by size times slowdown, or for the least largest "
     "slowdown (by weight=)"},
    kKeepParameter};
constexpr ParameterInfo kDemandLayering[] = {
    {"pipeline", "two-stage|sequential|sync|async", "two-stage", "which stages overlap, and how"},
    {"buffer", "auto|min|BYTES", "auto",
     "size of one ring; min: the largest layer; auto: swept by 1 MiB up to the budget"},
    {"overhead", "DURATION", "1ms", "buffer=auto stops at the first overhead below this"},
    kKeepParameter};

constexpr ParameterInfo kPipeload[] = {
    {"agents", "auto|N", "auto",
     "how many layers are read at once; auto: the number with the least predicted time"},
    kKeepParameter};
constexpr ParameterInfo kPipeswitch[] = {
    {"group", "auto|N", "auto", "units in a group; auto: the groups with the least latency"}};

constexpr ParameterInfo kFlexinfer[] = {
    {"threads", "auto|N", "auto",
     "how many tensors are read at once; auto: of 1 to 8 the number with the least predicted time"}};

// Name, one line, source, what is inferred, parameters, swap paths (the default first), factory.
constexpr auto kPolicies = std::to_array<PolicyInfo>({
    {"direct",
     "everything resident before the run, without a budget: the reference",
     "in-memory execution as frameworks do it",
     {},
     kDirect,
     kResident,
     make_direct},
    {"load-all",
     "read everything, then execute",
     "the plain baseline of Hermes (ICCD 2024)",
     {},
     {},
     kZeroCopyFirst,
     make_load_all},
    {"standard-swap", "naive swapping: a block at a time through page cache, copies, dummy model",
     "the baseline of SwapNet (IEEE TMC 2024)",
     "that its copies are all reserved when the read starts; how many blocks there are",
     kStandardSwap, kStandardFirst, make_standard_swap},
    {"on-demand",
     "layer by layer, no look-ahead",
     "the least memory without slicing",
     "what keep= keeps",
     kOnDemand,
     kZeroCopyFirst,
     make_on_demand},
    {"swapnet", "two blocks in memory, exact partition, the next comes in while one executes",
     "Wang, Cao, Zhou, Li: SwapNet, IEEE TMC 23(9) 2024",
     "the form of the delays with four coefficients, the condition that two neighbouring blocks "
     "fit, "
     "the closed form that is minimised, the three allocators (the paper's score was not "
     "available), what keep= keeps",
     kSwapnet, kZeroCopyFirst, make_swapnet},
    {"demand-layering", "layers streamed through rings or slots, in four pipelines",
     "Ji et al.: Demand Layering, RTSS 2022",
     "that assembly belongs to the step of the copy, release to that of the execution; what keep= "
     "keeps",
     kDemandLayering, kZeroCopyOrStaged, make_demand_layering},
    {"pipeload", "several agents read layers in parallel, each is freed after use",
     "Han et al.: Hermes, ICCD 2024",
     "that layer k belongs to agent k mod m, that m agents hold at most m + 1 layers, how many "
     "agents a budget allows, what keep= keeps",
     kPipeload, kZeroCopyOnly, make_pipeload},
    {"pipeswitch", "groups of layers, the next comes in while one executes, nothing is freed",
     "Bai et al.: PipeSwitch, OSDI 2020",
     "that the one loader finishes a group, assembly included, before it reads the next; the exact "
     "search for the groups, where the paper prunes",
     kPipeswitch, kZeroCopyOrStaged, make_pipeswitch},
    {"lru",
     "layers stay until others need their place: the least recently used goes first",
     "what page caches do to mapped weights, layer by layer",
     "one command at a time, releases included",
     {},
     kZeroCopyOrStaged,
     make_lru},
    {"belady",
     "layers stay until others need their place: the one needed farthest from now goes first (offline)",
     "Belady: A study of replacement algorithms, IBM Systems Journal 5(2) 1966",
     "one command at a time, releases included; that it knows no more of the future than the order of "
     "its own layers",
     {},
     kZeroCopyOrStaged,
     make_belady},
    {"oom-free",
     "as many layers stay as fit, evenly interleaved; the others pass through two buffers",
     "OOM-free double buffering with evenly interleaved resident layers, RTCSA 2026",
     "with layers of several sizes: that the buffers are as large as the largest that is streamed, "
     "and that as many layers stay as fit beside them",
     {},
     kZeroCopyOnly,
     make_oom_free},
    {"flexinfer",
     "several tensors are read ahead in parallel, others are locked in memory, type by type",
     "FlexInfer, arXiv 2503.03777",
     "what a type is, that the largest tensors are locked first, within a type evenly interleaved, "
     "and that one tensor more than there are threads is read or used at once",
     kFlexinfer,
     kZeroCopyOnly,
     make_flexinfer},
});

const PolicyInfo& find(std::string_view name) {
    std::vector<std::string> known;
    for (const PolicyInfo& info : kPolicies) {
        if (info.name == name) return info;
        known.emplace_back(info.name);
    }
    throw InputError(text("unknown policy '{}'{}", name, suggestion(name, known)));
}

void check_path(const PolicyInfo& info, SwapPath path) {
    if (std::find(info.swap_paths.begin(), info.swap_paths.end(), path) != info.swap_paths.end())
        return;
    throw InputError(text("policy {} does not take the swap path {}", info.name, name_of(path)));
}

// A policy copies that would copy nothing. Its parameters are known to be good, so what it refuses
// is the path.
void take_staged(Policy& policy, const PolicyInfo& info, const PolicyParameters& parameters,
                 std::optional<SwapPath> asked, Staging staging) {
    const bool by_kind = staging == Staging::by_kind;
    if (asked == SwapPath::zero_copy && by_kind)
        throw InputError("the swap path zero-copy copies nothing, memory=staged is copied");
    if (asked || info.swap_paths.front() != SwapPath::zero_copy) return;
    try {
        check_path(info, SwapPath::staged);
        policy = info.make(parameters, SwapPath::staged);
    } catch (const InputError& error) {
        if (by_kind) throw InputError(text("memory=staged: {}", error.what()));
        throw InputError(
            text("the GPU has a memory of its own (memory.unified is false), into which blocks are "
                 "copied: {}; --swap-path zero-copy leaves them in the host's",
                 error.what()));
    }
}

}  // namespace

std::span<const PolicyInfo> registry() { return kPolicies; }

std::vector<std::pair<std::string_view, std::string>> PolicyChoice::all_parameters() const {
    std::vector<std::pair<std::string_view, std::string>> all;
    for (const ParameterInfo& parameter : info->parameters) {
        const auto given = parameters.find(parameter.name);
        all.emplace_back(parameter.name, given == parameters.end()
                                             ? std::string(parameter.default_value)
                                             : given->second);
    }
    return all;
}

PolicyChoice choose_policy(std::string_view spec) {
    PolicyChoice choice;
    choice.info = &find(spec.substr(0, spec.find(':')));
    choice.parameters =
        read_parameters(text("policy {}", choice.info->name), spec, choice.info->parameters);
    choice.spec = spec;
    choice.needs_budget = choice.info->make(choice.parameters, std::nullopt).needs_budget;
    return choice;
}

const PolicyChoice& direct_policy() {
    static const PolicyChoice direct = choose_policy("direct");
    return direct;
}

Staging staging_of(const Platform& platform) {
    const MemoryKindRow& kind = row_of(platform.memory_kind);
    if (kind.staged) return Staging::by_kind;
    // Managed memory comes to the device by itself, for what its kind adds.
    const bool managed = kind.host != HostAccess::always;
    const bool apart = std::ranges::any_of(platform.nodes, [](const Node& node) {
        return node.compute == ComputeKind::gpu && !node.memory.unified;
    });
    return apart && !managed ? Staging::by_device : Staging::none;
}

Policy make_policy(const PolicyChoice& choice, std::optional<SwapPath> path, Staging staging) {
    const PolicyInfo& info = *choice.info;
    if (path) check_path(info, *path);
    Policy policy = info.make(choice.parameters, path);
    if (staging != Staging::none) take_staged(policy, info, choice.parameters, path, staging);
    policy.name = info.name;
    policy.spec = choice.spec;
    return policy;
}

Policy make_policy(std::string_view spec, std::optional<SwapPath> path, Staging staging) {
    return make_policy(choose_policy(spec), path, staging);
}

}  // namespace swaplab
