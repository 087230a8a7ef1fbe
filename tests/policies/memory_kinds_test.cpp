// What the kind of memory costs in plans and in runs: closed forms, and that nothing else changes.
#include <gtest/gtest.h>

#include "policies/registry.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"
#include "tests/support/chain.h"
#include "tests/support/simulate.h"

namespace swaplab {
namespace {

using testing::Options;
using testing::simulate;
using testing::Simulation;

// Of 10 bytes in one tensor: read 10, copy 5, assemble 2, execute 7, release 3, attach 4,
// prefetch 6.
Platform board() {
    Platform platform;
    platform.name = "board";
    Node& node = platform.nodes.emplace_back();
    node.compute = ComputeKind::gpu;
    node.memory.capacity = {1 << 20};
    node.memory.unified = true;
    node.read.cost.per_byte = 1;
    node.cost(Activity::copy).per_byte = 0.5;
    node.cost(Activity::assemble).per_tensor = 2;
    node.execute.other.per_layer = 7;
    node.cost(Activity::release).per_tensor = 3;
    node.cost(Activity::attach) = {.per_byte = 0.1, .per_block = 3, .request_bytes = {}};
    node.cost(Activity::prefetch).per_block = 6;
    return platform;
}

Platform with_kind(Platform platform, std::optional<MemoryKind> kind) {
    platform.memory_kind = kind;
    return platform;
}

Options plenty() {
    Options options;
    options.budget = Bytes{1 << 20};
    return options;
}

// "read 0 0..10, ...", in order of submission.
std::string timeline(const Simulation& simulation) {
    std::string spans;
    for (const Completion& span : simulation.record.by_ticket())
        spans += text("{}{} {} {}..{}", spans.empty() ? "" : ", ", name_of(span.command.verb),
                      span.command.block.index, count_ns(span.start), count_ns(span.end));
    return spans;
}

std::string on_demand(std::optional<MemoryKind> kind) {
    return timeline(
        simulate(with_kind(board(), kind), testing::chain("two", 2), "on-demand", plenty()));
}

TEST(MemoryKinds, TwoBlocksOneAtATime) {
    const std::string without =
        "read 0 0..10, assemble 0 10..12, execute 0 12..19, release 0 19..22, "
        "read 1 22..32, assemble 1 32..34, execute 1 34..41, release 1 41..44";
    EXPECT_EQ(on_demand(std::nullopt), without);
    EXPECT_EQ(on_demand(MemoryKind::registered), without);
    // attach = 0.1 * 10 + 3 = 4: assembly takes 2 + 4, release 3 + 4.
    EXPECT_EQ(on_demand(MemoryKind::managed_attach),
              "read 0 0..10, assemble 0 10..16, execute 0 16..23, release 0 23..30, "
              "read 1 30..40, assemble 1 40..46, execute 1 46..53, release 1 53..60");
    // prefetch = 6: assembly takes 2 + 6.
    EXPECT_EQ(on_demand(MemoryKind::managed_prefetch),
              "read 0 0..10, assemble 0 10..18, execute 0 18..25, release 0 25..28, "
              "read 1 28..38, assemble 1 38..46, execute 1 46..53, release 1 53..56");
}

// One command at a time, cold: what lies before the end of the last execution is every assembly
// and every release but the last, so that from the first arrival to the end of the last release it
// is 2 * sum(attach) longer.
TEST(MemoryKinds, OnDemandTakesTwiceTheAttachingLonger) {
    Platform platform = *builtin_device("jetson-xavier-nx");
    platform.nodes[0].cost(Activity::attach) = {
        .per_byte = 1, .per_block = 10'000, .request_bytes = {}};
    const auto model = std::make_shared<const Model>(*builtin_model("resnet101"));
    Options options;
    options.budget = Bytes{std::int64_t{1} << 30};
    const auto ends = [&](std::optional<MemoryKind> kind) {
        const Simulation run = simulate(with_kind(platform, kind), model, "on-demand", options);
        Time last = kStart;
        for (const Completion& span : run.record.spans) last = std::max(last, span.end);
        return std::pair{run.result.latency.mean, last};
    };
    Duration attaching{};
    Duration last_attach{};
    const CostModel costs(*model, platform);
    for (const BlockFacts& block : facts_of(costs, finest_blocks(*model), SwapPath::zero_copy)) {
        if (!block.has_parameters()) continue;
        last_attach = Duration{block.parameter_bytes.count + 10'000};
        attaching += last_attach;
    }
    const auto plain = ends(MemoryKind::registered);
    const auto attached = ends(MemoryKind::managed_attach);
    EXPECT_EQ(attached.second - plain.second, 2 * attaching);
    EXPECT_EQ(attached.first - plain.first, 2 * attaching - last_attach);
}

// Planners see the costs: t_in and t_out of what they cut.
TEST(MemoryKinds, PlansSeeTheCosts) {
    const ModelPtr model = testing::chain("two", 2);
    const auto facts = [&](std::optional<MemoryKind> kind) {
        const Platform platform = with_kind(board(), kind);
        return facts_of(CostModel(*model, platform), {0, 1}, SwapPath::zero_copy);
    };
    EXPECT_EQ(facts(std::nullopt).swap_in(), nanoseconds(10 + 2));
    EXPECT_EQ(facts(MemoryKind::managed_attach).swap_in(), nanoseconds(10 + 2 + 4));
    EXPECT_EQ(facts(MemoryKind::managed_attach).swap_out(), nanoseconds(3 + 4));
    EXPECT_EQ(facts(MemoryKind::managed_prefetch).swap_in(), nanoseconds(10 + 2 + 6));
    // What is in memory before the run is attached before it.
    const Platform platform = with_kind(board(), MemoryKind::managed_attach);
    EXPECT_EQ(facts_of(CostModel(*model, platform), {0, 1}, SwapPath::resident).of(Verb::assemble),
              Duration{});
    const auto closed_form = [&](std::optional<MemoryKind> kind) {
        return std::get<Deployment>(
                   testing::plan_of(with_kind(board(), kind), model, "swapnet:blocks=2", plenty()))
            .closed_form;
    };
    // in(1) + max(ex(1), in(2)) + max(ex(2), out(1)) + out(2), with in = 12 and out = 3, or 16 and
    // 7 where blocks are attached: 12 + 12 + 7 + 3 and 16 + 16 + 7 + 7.
    EXPECT_EQ(closed_form(std::nullopt), nanoseconds(34));
    EXPECT_EQ(closed_form(MemoryKind::managed_attach), nanoseconds(46));
}

std::optional<SwapPath> path_planned(std::string_view spec, std::optional<SwapPath> path,
                                     std::optional<MemoryKind> kind) {
    const ModelPtr model = testing::chain("two", 2);
    const Workload workload = testing::workload_of({model}, plenty());
    const Platform platform = with_kind(board(), kind);
    const RunRequest request{platform, workload, Bytes{1 << 20}};
    return std::get<Deployment>(plan(request, make_policy(spec, path, staging_of(platform))))
        .jobs[{0}]
        .path;
}

TEST(MemoryKinds, StagedMemoryIsCopied) {
    for (const char* spec : {"swapnet", "on-demand", "load-all", "pipeswitch"}) {
        SCOPED_TRACE(spec);
        EXPECT_EQ(path_planned(spec, {}, MemoryKind::staged), SwapPath::staged);
        EXPECT_EQ(path_planned(spec, {}, MemoryKind::registered), SwapPath::zero_copy);
        EXPECT_EQ(path_planned(spec, {}, MemoryKind::managed_attach), SwapPath::zero_copy);
        EXPECT_EQ(path_planned(spec, SwapPath::staged, MemoryKind::registered), SwapPath::staged);
    }
    const auto staged = MemoryKind::staged;
    EXPECT_EQ(path_planned("swapnet", SwapPath::standard, staged), SwapPath::standard);
    EXPECT_EQ(path_planned("standard-swap", {}, staged), SwapPath::standard);
    EXPECT_EQ(path_planned("demand-layering:pipeline=async", {}, staged), SwapPath::staged);
    EXPECT_EQ(path_planned("direct", {}, staged), SwapPath::resident);
}

// A GPU with a memory of its own: what would be zero-copy is copied, but where the memory is
// managed, or zero-copy is asked for.
TEST(MemoryKinds, AMemoryOfItsOwnIsCopiedTo) {
    Platform platform = board();
    platform.nodes[0].memory.unified = false;
    EXPECT_EQ(staging_of(platform), Staging::by_device);
    EXPECT_EQ(staging_of(with_kind(platform, MemoryKind::registered)), Staging::by_device);
    EXPECT_EQ(staging_of(with_kind(platform, MemoryKind::staged)), Staging::by_kind);
    EXPECT_EQ(staging_of(with_kind(platform, MemoryKind::managed_prefetch)), Staging::none);
    EXPECT_EQ(staging_of(board()), Staging::none);
    platform.nodes[0].compute = ComputeKind::cpu;
    EXPECT_EQ(staging_of(platform), Staging::none);

    const Workload workload = testing::workload_of({testing::chain("two", 2)}, plenty());
    const Platform unified = board();
    const RunRequest request{unified, workload, Bytes{1 << 20}};
    const auto path_of = [&](std::string_view spec, std::optional<SwapPath> path) {
        const Policy policy = make_policy(spec, path, Staging::by_device);
        return std::get<Deployment>(plan(request, policy)).jobs[{0}].path;
    };
    EXPECT_EQ(path_of("swapnet", {}), SwapPath::staged);
    EXPECT_EQ(path_of("standard-swap", {}), SwapPath::standard);
    EXPECT_EQ(path_of("direct", {}), SwapPath::resident);
    EXPECT_EQ(path_of("swapnet", SwapPath::zero_copy), SwapPath::zero_copy);
    EXPECT_EQ(path_of("pipeload", SwapPath::zero_copy), SwapPath::zero_copy);
    EXPECT_THROW(make_policy("pipeload", {}, Staging::by_device), InputError);
}

// The memory rule of managed memory, in simulation as on the emulator: swapnet reads beside
// executions, on-demand never does.
TEST(MemoryKinds, ManagedMemoryIsNotTouchedWhileAKernelRuns) {
    const auto refusal = [&](const Platform& platform, const char* spec) -> std::string {
        try {
            simulate(platform, testing::chain("net", 4), spec, plenty());
        } catch (const RefusedByDevice& error) {
            return error.what();
        }
        return "none";
    };
    Platform platform = with_kind(board(), MemoryKind::managed_prefetch);
    EXPECT_EQ(refusal(platform, "swapnet:blocks=4"),
              "policy swapnet:blocks=4: read of block 1 of net (lane storage) touches managed "
              "memory while execute of block 0 of net (lane compute) runs: board has no concurrent "
              "managed access, so the host may touch no managed page while any kernel runs. Attach "
              "blocks to the host while they are read (-d board:memory=managed-attach), or use "
              "memory=register or staged");
    EXPECT_EQ(refusal(platform, "on-demand"), "none");
    EXPECT_EQ(refusal(with_kind(board(), MemoryKind::managed_attach), "swapnet:blocks=4"), "none");
    platform.nodes[0].memory.concurrent_managed_access = true;
    EXPECT_EQ(refusal(platform, "swapnet:blocks=4"), "none");
}

std::string refusal(std::string_view spec, std::optional<SwapPath> path) {
    try {
        make_policy(spec, path, Staging::by_kind);
    } catch (const InputError& error) {
        return error.what();
    }
    return "none";
}

TEST(MemoryKinds, WhatCannotBeStagedIsRefused) {
    EXPECT_EQ(refusal("pipeload", {}),
              "memory=staged: policy pipeload does not take the swap path staged");
    EXPECT_EQ(refusal("demand-layering", {}),
              "memory=staged: demand-layering's two-stage pipeline has the zero-copy swap path, "
              "found staged");
    EXPECT_EQ(refusal("swapnet", SwapPath::zero_copy),
              "the swap path zero-copy copies nothing, memory=staged is copied");
    EXPECT_NE(refusal("pipeload:agents=x", {}).find("agents"), std::string::npos);
    EXPECT_EQ(refusal("swapnet", SwapPath::staged), "none");
}

}  // namespace
}  // namespace swaplab
