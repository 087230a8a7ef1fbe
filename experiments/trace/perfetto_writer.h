// Writes a timeline as a Perfetto trace (.pftrace), to be opened with ui.perfetto.dev or queried
// with its trace_processor. One packet sequence, timestamps in ns, interned names.
//
// What is the same in every event of a name or lane is encoded once; an event copies it and fills
// in its times, flow, request and pass (tests/bench/trace_bench.cpp says what that costs).
#pragma once

#include <array>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "experiments/trace/block_buffer.h"
#include "experiments/trace/perfetto_format.h"
#include "experiments/trace/timeline.h"

namespace swaplab {

class PerfettoWriter final : public Timeline {
  public:
    // Borrows the stream.
    explicit PerfettoWriter(std::ostream& out);

    ProcessId add_process(const std::string& name) override;
    LaneId add_lane(const LaneSpec& lane) override;
    CountersId add_counters(const CountersSpec& counters) override;
    NameId add_name(const NameSpec& name) override;
    void slice(const Slice& slice) override;
    void instant(const Instant& instant) override;
    void sample(const CounterSample& sample) override;
    void limit(CountersId counters, Time at, Bytes limit) override;
    void finish() override { buffer_.flush(); }

  private:
    // Encoded once. Copied as a whole, which is faster than copying just `size`.
    template <std::size_t Capacity>
    struct Code {
        std::array<char, Capacity> bytes{};
        std::uint8_t size = 0;
    };
    // An event is its time, the lane's code, the name's code, its flow, its request and pass.
    struct LaneCode {
        Code<16> begin;
        Code<16> end;  // all of the end of a slice but its time
    };
    using NameCode = Code<31>;
    using SeriesCode = Code<16>;
    // One counter; its track is made when it first is not 0.
    struct Series {
        std::string name;
        std::optional<SeriesCode> code;
        Bytes last;
    };
    struct Counters {
        std::uint64_t parent = 0;
        std::string share_key;
        std::vector<Series> series;  // the sum, the limit, the categories
    };

    std::uint64_t add_track(std::uint64_t parent, const std::string& name, std::int32_t rank,
                            const std::string* counter_key = nullptr);
    void write_packet(const std::string& packet);
    std::uint32_t annotation_iid(const std::string& name);
    void put_value(Counters& counters, std::size_t index, Time at, Bytes value);
    char* put_time(char* to, Time at);
    char* put_event(char* to, const Slice& slice);
    void encode_whose(RequestId request, std::optional<std::uint32_t> pass);
    void make_series(Counters& counters, std::size_t index);

    BlockBuffer buffer_;
    std::uint64_t tracks_ = 0;
    std::vector<std::uint64_t> processes_;  // uuids
    std::vector<LaneCode> lanes_;
    std::vector<NameCode> names_;
    std::vector<Counters> counters_;
    std::vector<std::string> annotations_;  // by iid - 1
    std::uint64_t request_iid_ = 0;
    std::uint64_t pass_iid_ = 0;
    // Whose annotations are in `whose_code_`.
    RequestId request_;
    std::optional<std::uint32_t> pass_;
    Code<31> whose_code_;
    perfetto::VarintColumn times_, values_;
};

}  // namespace swaplab
