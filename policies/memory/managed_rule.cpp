#include "policies/memory/managed_rule.h"

#include <algorithm>

#include "policies/port/rule_violation.h"
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

}  // namespace

ManagedRule::ManagedRule(const DeviceSetup& setup) : setup_(setup) {
    const HostAccess host = row_of(setup.platform.memory_kind).host;
    holds_ = host != HostAccess::always &&
             !setup.platform.nodes.front().memory.concurrent_managed_access;
    attaches_ = host == HostAccess::until_assembled;
}

void ManagedRule::on_start(const Action& command) {
    if (watches()) check(command);
    if (uses(command.verb)) kernels_.push_back(command);
    if (brings(command.verb)) host_writes_.push_back(command);
}

void ManagedRule::on_end(const Action& command) {
    if (uses(command.verb)) drop(kernels_, command);
    if (brings(command.verb)) drop(host_writes_, command);
}

void ManagedRule::check(const Action& command) const {
    const bool kernel = uses(command.verb);
    const std::vector<Action>& others = kernel ? host_writes_ : kernels_;
    if (others.empty() || !(kernel || brings(command.verb))) return;
    const Action& host = kernel ? others.front() : command;
    const Action& device = kernel ? command : others.front();
    throw RuleViolation(text(
        "{} touches managed memory while {} runs: {} has no concurrent managed access, so the "
        "host may touch no managed page while any kernel runs. Attach blocks to the host while "
        "they are read (-d {}:memory=managed-attach), or use memory=register or staged",
        name_of_activity(setup_, host), name_of_activity(setup_, device), setup_.platform.name,
        setup_.platform.name));
}

std::string name_of_block(const DeviceSetup& setup, JobId job, BlockId block) {
    return text("block {} of {}", block.index, setup.costs[job].model().name());
}

std::string name_of_activity(const DeviceSetup& setup, const Action& command) {
    return text("{} of {} (lane {})", name_of(command.verb),
                name_of_block(setup, command.job, command.block), name_of(command.lane));
}

}  // namespace swaplab
