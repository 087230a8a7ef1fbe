// Field numbers of Perfetto's trace format, as far as timelines need it, and the encoding of the
// numbers that every event carries.
//
// Source: perfetto, protos/perfetto/trace/{trace_packet,interned_data/interned_data}.proto and
// track_event/{track_descriptor,track_event,counter_descriptor,debug_annotation}.proto.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab::perfetto {

enum class Trace : std::uint32_t { packet = 1 };
enum class Packet : std::uint32_t {
    timestamp = 8,  // ns
    sequence_id = 10,
    track_event = 11,
    interned_data = 12,
    sequence_flags = 13,
    previous_packet_dropped = 42,
    track_descriptor = 60,
    first_on_sequence = 87
};
enum class Interned : std::uint32_t { categories = 1, event_names = 2, annotation_names = 3 };
enum class InternedName : std::uint32_t { iid = 1, name = 2 };
enum class Descriptor : std::uint32_t {
    uuid = 1,
    name = 2,
    process = 3,
    parent_uuid = 5,
    counter = 8,
    child_ordering = 11,
    sibling_rank = 12
};
enum class Process : std::uint32_t { pid = 1, name = 6 };
enum class Counter : std::uint32_t { unit = 3, y_axis_share_key = 7 };
enum class Event : std::uint32_t {
    category_iids = 3,
    annotations = 4,
    type = 9,
    name_iid = 10,
    track_uuid = 11,
    counter_value = 30,
    flow_ids = 47,             // fixed64
    terminating_flow_ids = 48  // fixed64
};
enum class Annotation : std::uint32_t { name_iid = 1, int_value = 4 };

inline constexpr std::int32_t kSliceBegin = 1;
inline constexpr std::int32_t kSliceEnd = 2;
inline constexpr std::int32_t kInstant = 3;
inline constexpr std::int32_t kCounter = 4;

inline constexpr std::uint32_t kStateCleared = 1;  // sequence flags
inline constexpr std::uint32_t kNeedsState = 2;
inline constexpr std::int32_t kExplicitOrder = 3;
inline constexpr std::int32_t kSizeInBytes = 3;

// Wire types of protocol buffers, for the few tags that are written by hand.
enum class Wire : std::uint32_t { varint = 0, fixed64 = 1, length = 2 };

// A tag of one byte (fields up to 15), and of two (up to 2047).
template <class Field>
constexpr char tag(Field field, Wire wire) {
    return static_cast<char>(static_cast<std::uint32_t>(field) << 3U |
                             static_cast<std::uint32_t>(wire));
}
template <class Field>
constexpr std::uint16_t wide_tag(Field field, Wire wire) {
    const std::uint32_t value =
        static_cast<std::uint32_t>(field) << 3U | static_cast<std::uint32_t>(wire);
    return static_cast<std::uint16_t>((value & 0x7FU) | 0x80U | value >> 7U << 8U);
}

static_assert(std::endian::native == std::endian::little,
              "numbers are copied as they lie in memory");

// Writes numbers as varints of one length: that of the largest so far. Varints may be padded with
// zeros, and where each field of an event lies then depends on no number, which lets a processor
// write several at once; nor is there a loop or a branch.
class VarintColumn {
  public:
    // Returns where the number ends; 8 bytes are touched. Numbers are below 2^56 (two years in ns).
    char* put(char* to, std::uint64_t number) {
        if (number >= limit_) [[unlikely]]
            widen(number);
        std::uint64_t x = (number & 0x0FFFFFFFU) | (number & 0xFFFFFFF0000000U) << 4U;
        x = (x & 0x00003FFF00003FFFU) | (x & 0x0FFFC0000FFFC000U) << 2U;
        x = (x & 0x007F007F007F007FU) | (x & 0x3F803F803F803F80U) << 1U | more_;
        std::memcpy(to, &x, sizeof x);
        return to + bytes_;
    }

    std::size_t size() const { return bytes_; }  // of the last number

  private:
    void widen(std::uint64_t number) {
        while (number >= limit_ && bytes_ < sizeof number) {
            more_ |= std::uint64_t{0x80} << 8U * (bytes_ - 1);
            ++bytes_;
            limit_ <<= 7U;
        }
        SWAPLAB_CHECK(number < limit_, "{} has more than 56 bits", number);
    }

    std::uint64_t bytes_ = 1;
    std::uint64_t limit_ = 0x80;
    std::uint64_t more_ = 0;  // the bits that say that another byte follows
};

}  // namespace swaplab::perfetto
