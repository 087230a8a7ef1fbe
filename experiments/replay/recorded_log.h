// A decision log read back, one line at a time (replay/decision_log.h says what stands in it).
#pragma once

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "experiments/request/backends.h"
#include "experiments/request/catalog.h"
#include "policies/metrics/observer.h"
#include "policies/registry.h"
#include "policies/schedule/dispatcher.h"
#include "profiles/document/document.h"

namespace swaplab {

// What was run, and with what: the line "start".
struct RecordedOrigin {
    struct RecordedModel {
        ModelChoice choice;
        std::string hash;  // when it was recorded
    };
    const Backend* backend = nullptr;
    std::vector<RecordedModel> models;
    DeviceChoice device;
    std::string device_hash;
    PolicyChoice policy;
    std::optional<SwapPath> swap_path;
    Account account = Account::all;
    Dispatch dispatch;
    Overrun overrun;
    std::optional<Bytes> budget;
    bool has_end =
        true;  // `swaplab/decisions/1` had none: whether such a log is whole is not known
    bool budget_may_change = false;
    bool mode_may_change = false;  // of logs that do not say so, too
    std::string deployment;        // as `write_deployment` has it, on one line
};

// A command, or the wish to take one back.
struct RecordedMove {
    Ticket ticket;
    std::optional<Command> command;  // absent: a cancellation
    bool cancelled = false;          // of a cancellation: the command had not started
};

// One scheduler call.
struct RecordedDecision {
    Time at{};
    std::string event;
    std::vector<Arrival> arrivals;
    std::vector<Completion> completions;
    MemoryReport memory;
    std::optional<Bytes> budget;
    std::optional<std::string> mode;
    std::vector<RequestRef> expired;
    std::vector<RecordedMove> moves;
};

// The last line.
struct RecordedEnd {
    std::int64_t decisions = 0;
    std::int64_t commands = 0;
    std::string verdict;
};

class RecordedLog {
  public:
    // Opens the file and reads its first line. Throws `InputError`, which names line, column and
    // field, here and everywhere below.
    explicit RecordedLog(const std::string& path);

    const RecordedOrigin& origin() const { return origin_; }
    // The next scheduler call; nothing at the end of the log, or where it was cut.
    std::optional<RecordedDecision> next();
    // What the line behind the last call says; nothing if there is none, or none that is whole.
    const std::optional<RecordedEnd>& end() const { return end_; }
    bool goes_on();  // whether there is a line behind the end

    std::int64_t line() const { return line_; }  // of what was read last, from 1
    // Whether the lines carry digests; and what is wrong with that of the line read last, if
    // anything.
    bool digested() const { return digested_; }
    const std::optional<std::string>& tampering() const { return tampering_; }

  private:
    template <class Read>
    bool read_line(Read read);
    bool cut_here();
    void read_end(Fields& fields);
    void check_digest(const std::string& line, bool has_digest);

    std::string path_;
    std::ifstream stream_;
    std::int64_t line_ = 0;
    bool digested_ = false;
    std::string digest_;  // of the line before
    std::optional<std::string> tampering_;
    RecordedOrigin origin_;
    std::optional<RecordedEnd> end_;
    MemoryReport memory_;  // as far as it has been told
};

}  // namespace swaplab
