// Feeding a recorded decision log to the policy that made it. Fed the same observations a policy
// makes the same decisions, whichever backend they came from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace swaplab {

enum class DivergenceKind : std::uint8_t {
    digest,       // the line's text is not what was written
    deployment,   // the policy plans other blocks
    observation,  // what the line says was seen cannot have happened
    decision,     // the policy asks for something else
    end,          // the log ends early, or not where it says
};
std::string_view name_of(DivergenceKind kind);

struct Divergence {
    DivergenceKind kind = DivergenceKind::decision;
    std::int64_t line = 0;
    std::string recorded;  // what the log says
    std::string found;     // what the policy does, or what is wrong
};

struct ReplayOutcome {
    std::string policy;
    std::int64_t decisions = 0;
    std::int64_t commands = 0;
    bool digested = false;
    bool complete = false;                 // the log has an end: one of an old version need not
    std::string verdict;                   // of the run; empty of an old log
    std::optional<Divergence> divergence;  // the first
};

// Throws `InputError` for a log that cannot be read, and where a model or a device is not what was
// run.
ReplayOutcome replay(const std::string& path);

}  // namespace swaplab
