#include "emu/memory/rules.h"

#include <algorithm>

#include "profiles/base/text.h"

namespace swaplab {

namespace {

bool same(const Action& a, const Action& b) {
    return a.verb == b.verb && a.job == b.job && a.block == b.block && a.copy == b.copy;
}

void drop(std::vector<Action>& actions, const Action& command) {
    const auto found =
        std::ranges::find_if(actions, [&](const Action& action) { return same(action, command); });
    if (found != actions.end()) actions.erase(found);
}

bool writes_from_host(Verb verb) { return verb == Verb::read || verb == Verb::copy; }

}  // namespace

Rules::Rules(const DeviceSetup& setup) : setup_(setup) {
    const std::optional<MemoryKind> kind = setup.platform.memory_kind;
    managed_rule_ =
        kind && is_managed(*kind) && !setup.platform.nodes.front().memory.concurrent_managed_access;
    attaches_ = kind == MemoryKind::managed_attach;
    for (std::size_t job = 0; job < setup.facts.size(); ++job) {
        blocks_.emplace_back(setup.facts[job].size());
        if (setup.deployment.jobs[job].path != SwapPath::resident) continue;
        for (BlockState& block : blocks_.back()) block.stage = Stage::assembled;
    }
}

void Rules::on_start(const Action& command) {
    switch (command.verb) {
        case Verb::read: require_idle(command, "its place would be overwritten in use"); break;
        case Verb::copy:
        case Verb::assemble: check_swap_in(command); break;
        case Verb::execute: check_use(command); break;
        case Verb::release: require_idle(command, "it frees memory that is in use"); break;
        case Verb::wake_at: return;
    }
    check_managed(command);
    BlockState& block = state(command);
    if (command.verb == Verb::read) {
        block.stage = Stage::arriving;
        block.steps = 0;
    }
    block.under.push_back(command);
    if (command.verb == Verb::execute) kernels_.push_back(command);
    if (writes_from_host(command.verb)) host_writes_.push_back(command);
}

void Rules::on_end(const Action& command) {
    if (command.verb == Verb::wake_at) return;
    BlockState& block = state(command);
    drop(block.under, command);
    if (command.verb == Verb::execute) drop(kernels_, command);
    if (writes_from_host(command.verb)) {
        drop(host_writes_, command);
        ++block.steps;
    }
    if (command.verb == Verb::assemble) block.stage = Stage::assembled;
    if (command.verb == Verb::release) block.stage = Stage::absent;
}

// Nothing else is under way on the block.
void Rules::require_idle(const Action& command, const char* why) const {
    const BlockState& block = state(command);
    if (block.under.empty()) return;
    throw RuleViolation(text("{} starts while {} is under way: {}", name_of_activity(command),
                             name_of_activity(block.under.front()), why));
}

// What stood before it in the swap-in has ended: the read, then the copies.
void Rules::check_swap_in(const Action& command) const {
    require_idle(command, "its bytes are not all there");
    const BlockState& block = state(command);
    const std::uint32_t copies = setup_.facts[command.job.index][command.block.index].copies;
    const std::uint32_t needed = command.verb == Verb::copy ? 1U + command.copy : 1U + copies;
    if (block.stage == Stage::arriving && block.steps == needed) return;
    throw RuleViolation(
        text("{} starts after {} of the {} steps that bring its bytes: they are "
             "not all there",
             name_of_activity(command), block.stage == Stage::arriving ? block.steps : 0U, needed));
}

void Rules::check_use(const Action& command) const {
    const BlockFacts& facts = setup_.facts[command.job.index][command.block.index];
    if (!facts.has_parameters()) return;
    const BlockState& block = state(command);
    if (block.stage == Stage::assembled) {
        require_idle(command, "one of them would use what the other changes");
        return;
    }
    if (block.under.empty())
        throw RuleViolation(text("{} starts, and its parameters are not {}",
                                 name_of_activity(command),
                                 block.stage == Stage::absent ? "in memory" : "assembled"));
    throw RuleViolation(text("{} starts while {} is under way: its parameters are not all there",
                             name_of_activity(command), name_of_activity(block.under.front())));
}

void Rules::check_managed(const Action& command) const {
    if (!managed_rule_ || attaches_) return;
    const bool kernel = command.verb == Verb::execute;
    const std::vector<Action>& others = kernel ? host_writes_ : kernels_;
    if (others.empty() || !(kernel || writes_from_host(command.verb))) return;
    const Action& host = kernel ? others.front() : command;
    const Action& device = kernel ? command : others.front();
    throw RuleViolation(text(
        "{} touches managed memory while {} runs: {} has no concurrent managed access, so the "
        "host may touch no managed page while any kernel runs. Attach blocks to the host while "
        "they are read (-d {}:memory=managed-attach), or use memory=register or staged",
        name_of_activity(host), name_of_activity(device), setup_.platform.name,
        setup_.platform.name));
}

bool Rules::attached_to_host(JobId job, BlockId block) const {
    return attaches_ && blocks_[job.index][block.index].stage != Stage::assembled;
}

std::string Rules::name_of_block(JobId job, BlockId block) const {
    return text("block {} of {}", block.index, setup_.costs[job.index].model().name());
}

std::string Rules::name_of_activity(const Action& command) const {
    return text("{} of {} (lane {})", name_of(command.verb),
                name_of_block(command.job, command.block), name_of(command.lane));
}

std::string Rules::running() const {
    std::string all;
    for (const auto& job : blocks_)
        for (const BlockState& block : job)
            for (const Action& action : block.under)
                all += text("{}{}", all.empty() ? "" : ", ", name_of_activity(action));
    return all.empty() ? "nothing" : all;
}

}  // namespace swaplab
