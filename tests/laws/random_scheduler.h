// A scheduler that asks for everything that is legal, in an order of its own.
#pragma once

#include <set>
#include <utility>
#include <vector>

#include "policies/port/block.h"
#include "policies/port/deployment.h"
#include "policies/port/workload.h"
#include "policies/schedule/scheduler.h"
#include "tests/support/random.h"

namespace swaplab::laws {

// Submits everything in waves: legal commands of all jobs, in a random order that respects what
// each must wait for, each with further random waits for what was submitted before.
class RandomScheduler : public Scheduler {
  public:
    RandomScheduler(std::uint64_t seed, const Workload& workload, const Deployment& deployment,
                    const AllFacts& facts)
        : rng_(seed) {
        for (std::uint32_t j = 0; j < workload.jobs.size(); ++j)
            for (std::uint32_t b = 0; b < deployment.jobs[{j}].blocks.size(); ++b)
                add_block(j, b, facts[{j}][{b}], deployment.jobs[{j}].path);
    }

    void decide(const View& view, Moves& moves) override {
        for (const Arrival& arrival : view.arrivals) arrived_.insert(arrival.job.index);
        std::size_t wave = static_cast<std::size_t>(rng_.between(1, 12));
        while (wave-- > 0 && submit_one(moves)) {
        }
    }

  private:
    struct Todo {
        Command command;
        std::vector<std::size_t> after;  // todos
        bool done = false;
        Ticket ticket;
    };

    void add_block(std::uint32_t job, std::uint32_t block, const BlockFacts& facts, SwapPath path) {
        Command c;
        c.job = {job};
        c.block = {block};
        std::vector<std::size_t> chain;
        const auto add = [&](Verb verb, std::uint8_t copy, std::vector<std::size_t> after) {
            c.verb = verb;
            c.lane = lane_of(verb);
            c.copy = copy;
            todos_.push_back({c, std::move(after), false, {}});
            return todos_.size() - 1;
        };
        if (facts.has_parameters()) {
            chain = {add(Verb::read, 0, {})};
            for (std::uint8_t k = 0; k < facts.copies(); ++k) chain = {add(Verb::copy, k, chain)};
            chain = {add(Verb::assemble, 0, chain)};
        }
        if (block > 0) chain.push_back(last_execute_);
        last_execute_ = add(Verb::execute, 0, chain);
        if (facts.has_parameters() && path != SwapPath::resident)
            add(Verb::release, 0, {last_execute_});
    }

    bool submit_one(Moves& moves) {
        std::vector<std::size_t> open;
        for (std::size_t i = 0; i < todos_.size(); ++i) {
            if (todos_[i].done || !arrived_.contains(todos_[i].command.job.index)) continue;
            if (std::ranges::all_of(todos_[i].after, [&](std::size_t a) { return todos_[a].done; }))
                open.push_back(i);
        }
        if (open.empty()) return false;
        Todo& todo = todos_[open[static_cast<std::size_t>(
            rng_.between(0, static_cast<std::int64_t>(open.size()) - 1))]];
        Command c = todo.command;
        for (const std::size_t a : todo.after) c.after.add(todos_[a].ticket);
        if (!submitted_.empty() && rng_.chance(30))
            c.after.add(submitted_[static_cast<std::size_t>(
                rng_.between(0, static_cast<std::int64_t>(submitted_.size()) - 1))]);
        todo.ticket = moves.submit(c);
        todo.done = true;
        submitted_.push_back(todo.ticket);
        return true;
    }

    testing::Rng rng_;
    std::vector<Todo> todos_;
    std::size_t last_execute_ = 0;
    std::set<std::uint32_t> arrived_;
    std::vector<Ticket> submitted_;
};

}  // namespace swaplab::laws
