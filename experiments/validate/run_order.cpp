#include "experiments/validate/run_order.h"

#include <initializer_list>

namespace swaplab {

namespace {

// A step of SplitMix64 over the digest so far and one more number.
std::uint64_t mixed(std::uint64_t digest, std::uint64_t number) {
    std::uint64_t z = digest + number + 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
}

std::uint64_t mixed(std::uint64_t digest, std::initializer_list<std::uint64_t> numbers) {
    for (const std::uint64_t number : numbers) digest = mixed(digest, number);
    return digest;
}

std::uint64_t mixed(std::uint64_t digest, const Action& action) {
    return mixed(digest,
                 {static_cast<std::uint64_t>(action.verb), static_cast<std::uint64_t>(action.lane),
                  action.job.index, action.request.index, action.pass, action.block.index,
                  static_cast<std::uint64_t>(action.copy), action.node.index});
}

}  // namespace

void OrderRecorder::on_span(const Completion& span) {
    order_.completions = mixed(mixed(order_.completions, span.ticket.index), span.command);
}

void OrderRecorder::on_decision(const Decision& decision) {
    auto cancelled = decision.cancellations.begin();
    for (std::size_t i = 0; i <= decision.commands.size(); ++i) {
        for (; cancelled != decision.cancellations.end() && cancelled->before_it == i; ++cancelled)
            order_.commands =
                mixed(order_.commands, {cancelled->ticket.index, cancelled->done ? 2U : 1U});
        if (i == decision.commands.size()) break;
        const Command& command = decision.commands[i];
        order_.commands = mixed(order_.commands, command);
        for (const Ticket after : command.after)
            order_.commands = mixed(order_.commands, after.index);
    }
}

}  // namespace swaplab
