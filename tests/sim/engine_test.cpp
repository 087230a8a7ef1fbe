// The event engine against a plain sorted container.
#include "sim/engine.h"

#include <gtest/gtest.h>

#include <map>
#include <tuple>

#include "tests/support/random.h"

namespace swaplab {
namespace {

using testing::Rng;

TEST(Engine, NothingIsPendingAtFirst) {
    Engine engine;
    EXPECT_EQ(engine.now(), kStart);
    EXPECT_FALSE(engine.next());
    EXPECT_FALSE(engine.step(Time::max()));
    EXPECT_EQ(engine.now(), kStart);  // Time::max() is no instant to go to
    EXPECT_FALSE(engine.step(at_ns(70)));
    EXPECT_EQ(engine.now(), at_ns(70));
}

TEST(Engine, OneInstantIsOrderedByPhaseThenBySetting) {
    Engine engine;
    const auto timer = engine.add_slot(Phase::timer);
    const auto second = engine.add_slot(Phase::completion);
    const auto first = engine.add_slot(Phase::completion);
    for (const auto slot : {timer, first, second}) engine.set(slot, at_ns(5));
    for (const auto slot : {first, second, timer}) EXPECT_EQ(engine.step(Time::max()), slot);
    EXPECT_FALSE(engine.next());
}

TEST(Engine, SettingAgainMovesTheEvent) {
    Engine engine;
    const auto a = engine.add_slot(Phase::completion);
    const auto b = engine.add_slot(Phase::completion);
    engine.set(a, at_ns(10));
    engine.set(b, at_ns(20));
    engine.set(a, at_ns(30));
    EXPECT_EQ(engine.when(a), at_ns(30));
    EXPECT_EQ(engine.step(Time::max()), b);
    engine.clear(a);
    EXPECT_FALSE(engine.when(a));
    EXPECT_FALSE(engine.step(Time::max()));
    EXPECT_EQ(engine.now(), at_ns(20));
}

TEST(Engine, StepsNoFurtherThanAsked) {
    Engine engine;
    const auto slot = engine.add_slot(Phase::completion);
    engine.set(slot, at_ns(100));
    EXPECT_FALSE(engine.step(at_ns(99)));
    EXPECT_EQ(engine.now(), at_ns(99));
    EXPECT_EQ(engine.step(at_ns(100)), slot);
}

TEST(EngineDeathTest, ThePastStopsTheProgramWithBothValues) {
    Engine engine;
    const auto slot = engine.add_slot(Phase::completion);
    engine.step(at_ns(50));
    EXPECT_DEATH(engine.set(slot, at_ns(49)), "event at 49 ns, now 50 ns");
    EXPECT_DEATH(engine.step(at_ns(49)), "stepping to 49 ns, now 50 ns");
}

// A map from (time, phase, sequence) to slot is the same engine, slowly. Slots are added on the
// way, so the tree grows while events are pending.
TEST(Engine, EqualsASortedMap) {
    for (std::uint64_t seed = 1; seed <= 60; ++seed) {
        SCOPED_TRACE(::testing::Message() << "seed " << seed);
        Rng rng(seed);
        Engine engine;
        std::map<std::tuple<Time, Phase, std::uint64_t>, Engine::Slot> pending;
        std::map<Engine::Slot, std::tuple<Time, Phase, std::uint64_t>> set;
        std::vector<Phase> phase_of;
        const auto forget = [&](Engine::Slot slot) {
            if (const auto old = set.find(slot); old != set.end()) {
                pending.erase(old->second);
                set.erase(old);
            }
        };
        for (std::uint64_t sequence = 0; sequence < 2000; ++sequence) {
            const auto kind = rng.between(0, 9);
            if (phase_of.empty() || (kind == 0 && phase_of.size() < 40)) {
                phase_of.push_back(static_cast<Phase>(rng.between(0, 3)));
                EXPECT_EQ(engine.add_slot(phase_of.back()), phase_of.size() - 1);
            } else if (kind <= 5) {
                const auto slot = static_cast<Engine::Slot>(
                    rng.between(0, static_cast<std::int64_t>(phase_of.size()) - 1));
                const Time at = engine.now() + Duration{rng.between(0, 20)};
                forget(slot);
                set[slot] = {at, phase_of[slot], sequence};
                pending[set[slot]] = slot;
                engine.set(slot, at);
            } else if (kind == 6) {
                const auto slot = static_cast<Engine::Slot>(
                    rng.between(0, static_cast<std::int64_t>(phase_of.size()) - 1));
                forget(slot);
                engine.clear(slot);
            } else {
                const Time until = engine.now() + Duration{rng.between(0, 15)};
                const auto stepped = engine.step(until);
                if (pending.empty() || std::get<0>(pending.begin()->first) > until) {
                    EXPECT_FALSE(stepped);
                    EXPECT_EQ(engine.now(), until);
                } else {
                    EXPECT_EQ(stepped, pending.begin()->second);
                    EXPECT_EQ(engine.now(), std::get<0>(pending.begin()->first));
                    forget(pending.begin()->second);
                }
            }
            if (HasFailure()) return;
        }
    }
}

}  // namespace
}  // namespace swaplab
