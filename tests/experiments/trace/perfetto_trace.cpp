#include "tests/experiments/trace/perfetto_trace.h"

#include <optional>
#include <protozero/pbf_reader.hpp>
#include <stdexcept>

namespace swaplab::testing {
namespace {

using protozero::pbf_reader;

void require(bool holds, const std::string& what) {
    if (!holds) throw std::runtime_error(what);
}

struct Track {
    std::string name;
    std::uint64_t parent = 0;
    bool counter = false;
    std::optional<TracedSlice> open;
    std::int64_t last = 0;  // the end of the last slice
};

class Reader {
  public:
    PerfettoTrace read(const std::string& bytes) {
        pbf_reader trace(bytes);
        while (trace.next(1)) packet(trace.get_message());
        for (const auto& [uuid, track] : tracks_)
            require(!track.open, "a slice on " + track.name + " never ends");
        return std::move(trace_);
    }

  private:
    void packet(pbf_reader packet) {
        std::int64_t time = -1;
        std::uint32_t sequence = 0;
        std::uint32_t flags = 0;
        std::optional<pbf_reader> event;
        while (packet.next()) {
            switch (packet.tag()) {
                case 8: time = static_cast<std::int64_t>(packet.get_uint64()); break;
                case 10: sequence = packet.get_uint32(); break;
                case 11: event = packet.get_message(); break;
                case 12: interned(packet.get_message()); break;
                case 13: flags = packet.get_uint32(); break;
                case 60: descriptor(packet.get_message()); break;
                default: packet.skip();
            }
        }
        require(sequence == 1, "a packet without its sequence");
        require(cleared_ || (flags & 1U) != 0, "the first packet does not clear the state");
        cleared_ = true;
        if (!event) return;
        require(time >= 0, "an event without a time");
        this->event(*event, time, (flags & 2U) != 0);
    }

    void interned(pbf_reader data) {
        while (data.next()) {
            auto& table = names_[data.tag()];
            pbf_reader entry = data.get_message();
            std::uint64_t iid = 0;
            std::string name;
            while (entry.next()) {
                if (entry.tag() == 1)
                    iid = entry.get_uint64();
                else
                    name = entry.get_string();
            }
            require(iid != 0 && table.emplace(iid, name).second, "an iid of 0, or given twice");
        }
    }

    void descriptor(pbf_reader message) {
        std::uint64_t uuid = 0;
        Track track;
        while (message.next()) {
            switch (message.tag()) {
                case 1: uuid = message.get_uint64(); break;
                case 2: track.name = message.get_string(); break;
                case 3: process(message.get_message()); break;
                case 5: track.parent = message.get_uint64(); break;
                case 8: {
                    track.counter = true;
                    message.skip();
                    break;
                }
                default: message.skip();
            }
        }
        require(track.parent == 0 || tracks_.contains(track.parent), "an unknown parent");
        require(uuid != 0 && tracks_.emplace(uuid, track).second, "a uuid of 0, or given twice");
    }

    void process(pbf_reader message) {
        while (message.next()) {
            if (message.tag() == 6)
                trace_.processes.push_back(message.get_string());
            else
                message.skip();
        }
    }

    void event(pbf_reader message, std::int64_t time, bool needs_state) {
        TracedSlice slice;
        slice.from = slice.to = time;
        std::int32_t type = 0;
        std::uint64_t track = 0;
        std::int64_t value = 0;
        bool interned = false;
        while (message.next()) {
            switch (message.tag()) {
                case 3: slice.category = name(1, message.get_uint64()); break;
                case 4: annotation(message.get_message(), slice); break;
                case 9: type = message.get_int32(); break;
                case 10:
                    slice.name = name(2, message.get_uint64());
                    interned = true;
                    break;
                case 11: track = message.get_uint64(); break;
                case 30: value = message.get_int64(); break;
                case 48: slice.ends_flow = true; [[fallthrough]];
                case 47: slice.flow = message.get_fixed64(); break;
                default: throw std::runtime_error("an unexpected field of an event");
            }
        }
        require(needs_state || !interned, "interned names without the flag that says so");
        require(tracks_.contains(track), "an event on an unknown track");
        place(tracks_[track], type, std::move(slice), value);
    }

    void place(Track& track, std::int32_t type, TracedSlice slice, std::int64_t value) {
        slice.lane = track.name;
        require((type == 4) == track.counter, "an event of the wrong kind on " + track.name);
        switch (type) {
            case 1:
                require(!track.open && slice.from >= track.last, "slices overlap on " + track.name);
                track.open = std::move(slice);
                break;
            case 2:
                require(track.open && slice.from >= track.open->from, "an end on " + track.name);
                track.open->to = track.last = slice.from;
                trace_.slices.push_back(*std::exchange(track.open, std::nullopt));
                break;
            case 3: trace_.instants.push_back(std::move(slice)); break;
            case 4: trace_.counters[track.name].push_back({slice.from, value}); break;
            default: throw std::runtime_error("an event without a type");
        }
    }

    void annotation(pbf_reader message, TracedSlice& slice) {
        std::string key;
        std::int64_t value = 0;
        while (message.next()) {
            if (message.tag() == 1)
                key = name(3, message.get_uint64());
            else
                value = message.get_int64();
        }
        slice.arguments[key] = value;
    }

    const std::string& name(std::uint32_t table, std::uint64_t iid) const {
        const auto names = names_.find(table);
        require(names != names_.end() && names->second.contains(iid), "an unknown name");
        return names->second.at(iid);
    }

    PerfettoTrace trace_;
    std::map<std::uint64_t, Track> tracks_;
    std::map<std::uint32_t, std::map<std::uint64_t, std::string>> names_;
    bool cleared_ = false;
};

}  // namespace

PerfettoTrace read_perfetto(const std::string& bytes) { return Reader().read(bytes); }

}  // namespace swaplab::testing
