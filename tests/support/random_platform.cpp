#include "tests/support/random_platform.h"

#include <array>
#include <string>

namespace swaplab::testing {
namespace {

class Generator {
  public:
    Generator(std::uint64_t seed, const PlatformShape& shape) : rng_(seed), shape_(shape) {}

    Platform platform(std::uint64_t seed) {
        Platform platform;
        platform.name = "platform-" + std::to_string(seed);
        platform.nodes.push_back(node());
        if (shape_.mode) {
            Mode mode;
            mode.name = "scaled";
            mode.read_scale = 0.5 + 2 * rng_.unit();
            mode.copy_scale = 0.5 + 2 * rng_.unit();
            mode.execute_scale = 0.5 + 2 * rng_.unit();
            platform.nodes[0].modes.push_back(mode);
            platform.mode = mode.name;
        }
        return platform;
    }

  private:
    // A coefficient up to `most`, 0 in a fifth of the cases.
    double coefficient(std::int64_t most) {
        if (rng_.chance(20)) return 0;
        if (shape_.fractional) return rng_.unit() * static_cast<double>(most);
        return static_cast<double>(rng_.between(0, most));
    }
    double constant() {
        if (shape_.positive) return static_cast<double>(rng_.between(1, 50));
        return shape_.per_block ? coefficient(shape_.scale / 4) : 0;
    }

    Node node() {
        Node node;
        node.name = "node";
        node.compute = rng_.chance(50) ? ComputeKind::gpu : ComputeKind::cpu;
        node.memory.capacity = {std::int64_t{1} << 40};
        node.memory.unified = true;
        node.memory.alignment = {rng_.between(1, shape_.most_alignment)};
        if (rng_.chance(30)) node.memory.reserved = {rng_.between(0, shape_.scale)};
        costs(node);
        if (shape_.concurrency) concurrency(node);
        if (shape_.contention) contention(node);
        if (shape_.after_idle) {
            node.read.after_idle = AfterIdle{nanoseconds(rng_.between(1, shape_.scale)),
                                             nanoseconds(rng_.between(1, shape_.scale))};
        }
        if (shape_.read_table && rng_.chance(60)) read_table(node.read);
        if (shape_.fresh && rng_.chance(60)) node.memory.fresh_ns_per_byte = coefficient(2);
        if (shape_.host_time)
            node.host_per_command = nanoseconds(rng_.between(1, shape_.scale / 16 + 1));
        return node;
    }

    void costs(Node& node) {
        node.read.cost.per_byte = coefficient(3);
        node.read.cost.per_block = constant();
        node.read.cost.per_request = coefficient(shape_.scale / 8);
        if (shape_.requests && rng_.chance(50))
            node.read.cost.request_bytes = Bytes{rng_.between(1, shape_.scale)};
        node.cost(Activity::copy).per_byte = coefficient(2);
        node.cost(Activity::copy).per_block = constant();
        node.cost(Activity::instantiate).per_byte = coefficient(1);
        node.cost(Activity::instantiate).per_tensor = coefficient(shape_.scale / 8);
        node.execute.other = execution(true);
        if (rng_.chance(50))
            node.execute.by_op[static_cast<std::size_t>(OpClass::linear)] = execution(false);
        node.assemble_lanes =
            static_cast<std::uint32_t>(rng_.between(1, shape_.most_assemble_lanes));
        if (shape_.free_hand_offs) return;
        node.cost(Activity::assemble).per_tensor = coefficient(shape_.scale / 8);
        node.cost(Activity::assemble).per_byte = coefficient(1);
        node.cost(Activity::release).per_tensor = coefficient(shape_.scale / 8);
        node.cost(Activity::assemble).per_block = constant();
        node.cost(Activity::release).per_block = constant();
    }

    LinearCost execution(bool block) {
        LinearCost cost;
        cost.per_flop = coefficient(2);
        cost.per_layer = coefficient(shape_.scale / 2);
        if (rng_.chance(30)) cost.per_byte = coefficient(1);
        if (rng_.chance(30)) cost.per_activation_byte = coefficient(1);
        if (block) cost.per_block = constant();
        return cost;
    }

    // Instead of what the line says of bytes, requests and blocks.
    void read_table(ReadSpec& read) {
        read.cost.per_byte = read.cost.per_request = read.cost.per_block = 0;
        ReadPoint point{Bytes{rng_.between(1, shape_.scale / 64 + 1)},
                        static_cast<double>(rng_.between(0, shape_.scale / 4))};
        for (std::int64_t points = rng_.between(2, 6); points > 0; --points) {
            read.table.push_back(point);
            point.bytes += Bytes{rng_.between(1, shape_.scale / 8 + 1)};
            point.ns += shape_.fractional ? 0.25 + rng_.unit() * static_cast<double>(shape_.scale)
                                          : static_cast<double>(rng_.between(1, shape_.scale));
        }
        if (rng_.chance(50)) read.cost.per_tensor = coefficient(shape_.scale / 8);
    }

    void concurrency(Node& node) {
        const std::int64_t most = rng_.between(0, shape_.most_parallel - 1);
        double speed = 1;
        for (std::int64_t k = 0; k < most; ++k) {
            speed += rng_.unit() * 0.9 - 0.1;
            node.read.concurrency.push_back(speed);
        }
    }

    void contention(Node& node) {
        constexpr std::array kinds{Activity::read, Activity::copy, Activity::assemble,
                                   Activity::execute, Activity::release};
        for (const Activity a : kinds)
            for (const Activity b : kinds) {
                if (a == b || rng_.chance(40)) continue;
                const bool faster = shape_.speed_ups && rng_.chance(25);
                const bool crawls = shape_.scale < 100 && rng_.chance(3);  // a rate of 1
                node.contention[static_cast<std::size_t>(a)][static_cast<std::size_t>(b)] =
                    crawls   ? 3e6
                    : faster ? 0.5 + rng_.unit() * 0.5
                             : 1.0 + rng_.unit() * 2.0;
            }
    }

    Rng rng_;
    PlatformShape shape_;
};

}  // namespace

Platform random_platform(std::uint64_t seed, const PlatformShape& shape) {
    return Generator(seed, shape).platform(seed);
}

Platform with_noise(Platform platform, double read_cv, double execute_cv) {
    platform.nodes[0].noise.cv[index_of(Activity::read)] = read_cv;
    platform.nodes[0].noise.cv[index_of(Activity::execute)] = execute_cv;
    return platform;
}

PowerSpec idle_and_execute(double idle_w, double execute_w) {
    PowerSpec power{.idle_w = idle_w};
    power.active_w[index_of(Activity::execute)] = execute_w;
    return power;
}

}  // namespace swaplab::testing
