#include "emu/memory/rules.h"

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

Rules::Rules(const DeviceSetup& setup) : setup_(setup), managed_(setup) {
    for (const auto& job : setup.facts) {
        blocks_.emplace_back();
        for (const BlockFacts& facts : job) blocks_.back().push_back({BlockLife(facts.steps), {}});
    }
}

void Rules::check(const Action& command) const {
    const BlockLife& life = state(command).life;
    switch (row_of(command.verb).stage) {
        case Stage::swap_in:
            if (life.begins_with(step_of(command)))
                return require_idle(command, "its place would be overwritten in use");
            return check_swap_in(command);
        case Stage::use: return check_use(command);
        case Stage::swap_out: return require_idle(command, "it frees memory that is in use");
        case Stage::none: return;
    }
}

void Rules::on_start(const Action& command) {
    if (!takes_time(command.verb)) return;
    check(command);
    managed_.on_start(command);
    BlockState& block = state(command);
    if (block.life.begins_with(step_of(command))) block.life.leave();
    block.under.push_back(command);
}

void Rules::on_end(const Action& command) {
    if (!takes_time(command.verb)) return;
    BlockState& block = state(command);
    drop(block.under, command);
    managed_.on_end(command);
    if (swaps_in(command.verb)) block.life.advance();
    if (swaps_out(command.verb)) block.life.leave();
}

// Nothing else is under way on the block.
void Rules::require_idle(const Action& command, const char* why) const {
    const BlockState& block = state(command);
    if (block.under.empty()) return;
    throw RuleViolation(text("{} starts while {} is under way: {}", name_of_activity(command),
                             name_of_activity(block.under.front()), why));
}

// What stood before it in the swap-in has ended.
void Rules::check_swap_in(const Action& command) const {
    require_idle(command, "its bytes are not all there");
    const BlockLife& life = state(command).life;
    if (life.is_next(step_of(command))) return;
    const auto needed = std::ranges::find(life.steps(), step_of(command)) - life.steps().begin();
    throw RuleViolation(
        text("{} starts after {} of the {} steps that bring its bytes: they are "
             "not all there",
             name_of_activity(command), life.done(), needed));
}

void Rules::check_use(const Action& command) const {
    const BlockState& block = state(command);
    if (!block.life.swaps() && !setup_.facts[command.job][command.block].has_parameters()) return;
    if (block.life.in_place()) {
        require_idle(command, "one of them would use what the other changes");
        return;
    }
    if (block.under.empty())
        throw RuleViolation(text("{} starts, and its parameters are not {}",
                                 name_of_activity(command),
                                 block.life.absent() ? "in memory" : "assembled"));
    throw RuleViolation(text("{} starts while {} is under way: its parameters are not all there",
                             name_of_activity(command), name_of_activity(block.under.front())));
}

bool Rules::attached_to_host(JobId job, BlockId block) const {
    return managed_.attaches() && !blocks_[job][block].life.in_place();
}

std::string Rules::name_of_block(JobId job, BlockId block) const {
    return swaplab::name_of_block(setup_, job, block);
}

std::string Rules::name_of_activity(const Action& command) const {
    return swaplab::name_of_activity(setup_, command);
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
