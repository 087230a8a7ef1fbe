// The built-in devices: complete, traceable, and consistent with what they are calibrated on.
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "profiles/base/error.h"
#include "profiles/cost/cost.h"
#include "profiles/device/builtin_devices.h"
#include "profiles/models/builtin_models.h"

namespace swaplab {
namespace {

Platform device_named(std::string_view name) {
    auto platform = builtin_device(name);
    if (!platform) throw std::out_of_range("no such device");
    return *std::move(platform);
}

// The keys of a device file whose values are not the defaults.
class UsedKeys {
  public:
    explicit UsedKeys(const Node& node) {
        keys_.push_back("memory.capacity_bytes");
        add("memory.fresh_ns_per_byte", node.memory.fresh_ns_per_byte != 0);
        add("memory.reserved_bytes", node.memory.reserved.count != 0);
        add("memory.alignment_bytes", node.memory.alignment.count != 1);
        add("host.cores", node.host_cores != 0);
        add("host.ns_per_command", node.host_per_command.count() != 0);
        add_costs(node);
        add_factors(node);
        for (const Mode& mode : node.modes) keys_.push_back("modes." + mode.name);
    }
    const std::vector<std::string>& keys() const { return keys_; }

  private:
    void add(const std::string& key, bool is_used) {
        if (is_used) keys_.push_back(key);
    }
    void add(const std::string& section, const LinearCost& cost) {
        add(section + ".ns_per_byte", cost.per_byte != 0);
        add(section + ".ns_per_tensor", cost.per_tensor != 0);
        add(section + ".ns_per_layer", cost.per_layer != 0);
        add(section + ".ns_per_flop", cost.per_flop != 0);
        add(section + ".ns_per_activation_byte", cost.per_activation_byte != 0);
        add(section + ".ns_per_block", cost.per_block != 0);
        add(section + ".ns_per_request", cost.per_request != 0);
        add(section + ".request_bytes", cost.request_bytes.has_value());
    }
    void add_costs(const Node& node) {
        add("read", node.read.cost);
        keys_.push_back("read.concurrency");  // also why it is 1
        add("read.after_idle.gap_ns", node.read.after_idle.has_value());
        add("read.after_idle.ns", node.read.after_idle.has_value());
        add("copy", node.cost(Activity::copy));
        add("instantiate", node.cost(Activity::instantiate));
        add("assemble", node.cost(Activity::assemble));
        add("assemble.lanes", node.assemble_lanes != 1);
        add("release", node.cost(Activity::release));
        add("attach", node.cost(Activity::attach));
        add("prefetch", node.cost(Activity::prefetch));
        add("execute.*", node.execute.other);
        for (std::size_t op = 0; op < kOpClasses; ++op) {
            const auto& row = node.execute.by_op[op];
            if (row) add("execute." + std::string(name_of(static_cast<OpClass>(op))), *row);
        }
        for (const auto& [dtype, table] : node.execute_by_dtype)
            keys_.push_back("execute_by_dtype." + dtype);
    }
    void add_factors(const Node& node) {
        for (std::size_t a = 0; a < kActivities; ++a) {
            const std::string name(name_of(static_cast<Activity>(a)));
            add("noise." + name + "_cv", node.noise.cv[a] != 0);
            for (std::size_t b = 0; b < kActivities; ++b) {
                const std::string other(name_of(static_cast<Activity>(b)));
                add("contention." + name + "." + other, node.contention[a][b] != 1);
            }
        }
        if (!node.power) return;
        add("power.idle_w", node.power->idle_w != 0);
        for (const ActivityRow& row : kActivityTable)
            add("power." + std::string(row.name) + "_w",
                node.power->active_w[index_of(row.activity)] != 0);
        add("power.read_j_per_byte", node.power->read_j_per_byte != 0);
        add("power.dram_j_per_byte", node.power->dram_j_per_byte != 0);
    }

    std::vector<std::string> keys_;
};

double milliseconds(const Model& model, const Platform& platform) {
    return CostModel(model, platform).ns(Activity::execute, model.whole()) / 1e6;
}

TEST(Activity, NamesRoundTrip) {
    for (std::size_t i = 0; i < kActivities; ++i) {
        const auto activity = static_cast<Activity>(i);
        EXPECT_EQ(activity_named(name_of(activity)), activity);
    }
    EXPECT_EQ(name_of(Activity::prefetch), "prefetch");
    EXPECT_EQ(activity_named("write"), std::nullopt);
}

TEST(BuiltinDevices, AreThere) {
    const std::vector<std::string> names = builtin_device_names();
    for (const char* name :
         {"cpu-server", "jetson-agx-orin", "jetson-agx-xavier", "jetson-nano", "jetson-orin-nano",
          "jetson-orin-nx", "jetson-tx2", "jetson-xavier-nx", "raspberry-pi-5"}) {
        EXPECT_NE(std::ranges::find(names, name), names.end()) << name;
    }
    EXPECT_TRUE(std::ranges::is_sorted(names));
    EXPECT_FALSE(builtin_device("jetson-tk1").has_value());
}

class EveryDevice : public ::testing::TestWithParam<std::string> {};

TEST_P(EveryDevice, HasItsName) {
    const Platform platform = device_named(GetParam());
    EXPECT_EQ(platform.name, GetParam());
    ASSERT_EQ(platform.nodes.size(), 1U);
    EXPECT_GT(platform.nodes[0].memory.capacity.count, 0);
    EXPECT_TRUE(platform.mode.empty());
}

// None was profiled by this project, so that results are stamped `unvalidated`.
TEST_P(EveryDevice, SaysWhereEachCoefficientIsFrom) {
    const Platform platform = device_named(GetParam());
    EXPECT_FALSE(platform.provenance.source.empty());
    EXPECT_FALSE(platform.provenance.measured);
    const std::vector<std::string> used = UsedKeys(platform.nodes[0]).keys();
    const auto& origins = platform.provenance.coefficients;
    for (const std::string& key : used) {
        EXPECT_TRUE(origins.contains(key)) << key << " has no line in provenance.coefficients";
    }
    for (const auto& [key, origin] : origins) {
        EXPECT_FALSE(origin.empty()) << key;
        EXPECT_NE(std::ranges::find(used, key), used.end())
            << key << " is no coefficient of the device";
    }
}

TEST_P(EveryDevice, ExecutesEveryModelInEveryMode) {
    Platform platform = device_named(GetParam());
    std::vector<std::string> modes{""};
    for (const Mode& mode : platform.nodes[0].modes) modes.push_back(mode.name);
    for (const BuiltinModel& builtin : builtin_models()) {
        const Model model = *builtin_model(builtin.name);
        for (const std::string& mode : modes) {
            platform.mode = mode;
            EXPECT_GT(milliseconds(model, platform), 1) << builtin.name << " " << mode;
            EXPECT_LT(milliseconds(model, platform), 10'000) << builtin.name << " " << mode;
        }
    }
}

// The payload, in bytes per ns, of what the storage of a device hangs on.
double link_of(const std::string& device) {
    if (device == "jetson-nano") return 0.104;              // microSD, UHS-I
    if (device == "jetson-tx2") return 0.4;                 // eMMC 5.1, HS400
    if (device == "raspberry-pi-5") return 0.88;            // PCIe 3.0 x1
    if (device.starts_with("jetson-orin-nx")) return 7.0;   // PCIe 4.0 x4
    if (device.starts_with("jetson-agx-orin")) return 7.0;  // PCIe 4.0 x4
    return 3.51;                                            // PCIe 3.0 x4
}

// Parallel reads never exceed what the link carries.
TEST_P(EveryDevice, ReadsStayBelowTheLink) {
    const ReadSpec read = device_named(GetParam()).nodes[0].read;
    const double request =
        read.cost.request_bytes ? static_cast<double>(read.cost.request_bytes->count) : 1e9;
    const double one =
        request / (request * read.cost.per_byte + read.cost.per_request);  // bytes per ns
    EXPECT_LE(one * *std::ranges::max_element(read.concurrency), link_of(GetParam()));
    EXPECT_TRUE(std::ranges::is_sorted(read.concurrency));
}

// "10W_4CORE" -> 10; nullopt where the name says nothing of watts.
std::optional<double> watts_in(const std::string& mode) {
    const std::size_t digits = mode.find_first_not_of("0123456789");
    if (digits == 0 || digits == std::string::npos || mode[digits] != 'W') return std::nullopt;
    return std::stod(mode.substr(0, digits));
}

TEST_P(EveryDevice, HasModesWithDistinctPlainNames) {
    std::vector<std::string> names;
    const Platform platform = device_named(GetParam());
    for (const Mode& mode : platform.nodes[0].modes) {
        EXPECT_EQ(mode.name.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"),
                  std::string::npos)
            << mode.name;
        names.push_back(mode.name);
    }
    std::ranges::sort(names);
    EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

// A device file describes its fastest mode, which is one of those it names.
TEST_P(EveryDevice, IsDescribedInItsFastestMode) {
    const std::vector<Mode> modes = device_named(GetParam()).nodes[0].modes;
    if (modes.empty()) return;
    const auto plain = [](const Mode& mode) {
        return mode.execute_scale == 1 && mode.copy_scale == 1 && !mode.power &&
               !mode.power_unknown;
    };
    EXPECT_TRUE(std::ranges::any_of(modes, plain));
    for (const Mode& mode : modes) {
        EXPECT_GE(mode.execute_scale, 1) << mode.name;
    }
}

// More watts never execute more slowly.
TEST_P(EveryDevice, GetsWhatItsWattsPayFor) {
    const std::vector<Mode> modes = device_named(GetParam()).nodes[0].modes;
    for (const Mode& less : modes)
        for (const Mode& more : modes) {
            const std::optional<double> a = watts_in(less.name);
            const std::optional<double> b = watts_in(more.name);
            if (!a || !b) continue;
            if (*a < *b) {
                EXPECT_GE(less.execute_scale, more.execute_scale) << less.name << " " << more.name;
            }
        }
}

// Nominal watts are ceilings: a mode that is not the device's own has power that somebody measured
// in it, or says that nobody did. Idling does not depend on the mode.
TEST_P(EveryDevice, HasPowerInAModeOnlyWhereItWasMeasured) {
    const Platform platform = device_named(GetParam());
    const Node& node = platform.nodes[0];
    for (const Mode& mode : node.modes) {
        SCOPED_TRACE(mode.name);
        EXPECT_EQ(mode.power_scale, 1);
        std::string origin = platform.provenance.coefficients.at("modes." + mode.name);
        if (origin.starts_with("as ")) {  // a short name
            const std::string same = origin.substr(3, origin.find(';') - 3);
            EXPECT_EQ(mode.power, node.mode_named(same)->power);
            EXPECT_EQ(mode.power_unknown, node.mode_named(same)->power_unknown);
            continue;
        }
        const auto says = [&](const char* what) { return origin.find(what) != std::string::npos; };
        EXPECT_EQ(mode.power_unknown, says("no power: ")) << origin;
        EXPECT_EQ(mode.power.has_value(), says("power measured by others")) << origin;
        if (!mode.power) continue;
        EXPECT_EQ(mode.power->idle_w, node.power->idle_w);
        EXPECT_LT(mode.power->active_w[index_of(Activity::execute)],
                  node.power->active_w[index_of(Activity::execute)]);
    }
}

// Published for eight language models on this board: 25W gives 1.08 to 1.35 times the tokens per
// joule of MAXN_SUPER (smolhub, Jetson Orin Nano). Power in both modes was measured by others with
// other loads. In 15W, which 25W beats at 1.03 to 1.26 times the tokens per joule, and in 7W nobody
// measured the power, so there is none.
TEST(OrinNano, GetsMoreTokensPerJouleFrom25W) {
    Platform platform = device_named("jetson-orin-nano");
    const Node& node = platform.nodes[0];
    const Model model = *builtin_model("gpt2-medium", {.tokens = 32});
    // All in memory: it executes and idles at the same time, from begin to end.
    const auto joules = [&](const char* mode) {
        platform.mode = mode;
        const PowerSpec power = node.power_in(mode).value();
        return milliseconds(model, platform) *
               (power.idle_w + power.active_w[index_of(Activity::execute)]);
    };
    const double gain = joules("MAXN_SUPER") / joules("25W");
    EXPECT_GT(gain, 1.08);
    EXPECT_LT(gain, 1.35);
    EXPECT_FALSE(node.power_in("15W"));
    EXPECT_FALSE(node.power_in("7W"));
}

TEST_P(EveryDevice, ExecutesFasterInAFasterMode) {
    Platform platform = device_named(GetParam());
    std::vector<Mode> modes = platform.nodes[0].modes;
    std::ranges::sort(modes, {}, &Mode::execute_scale);
    const Mode* const least_power =
        modes.empty() ? nullptr : &*std::ranges::min_element(modes, {}, [](const Mode& mode) {
            return watts_in(mode.name).value_or(1000);
        });
    for (const BuiltinModel& builtin : builtin_models()) {
        const Model model = *builtin_model(builtin.name);
        platform.mode.clear();
        const double fastest = milliseconds(model, platform);
        double before = 0;
        for (const Mode& mode : modes) {
            platform.mode = mode.name;
            if (mode.execute) {
                // Tables of their own are as measured: neighbouring modes may swap places (the
                // clocks were not locked), the one of least power is the slowest by far.
                if (&mode == least_power) {
                    EXPECT_GT(milliseconds(model, platform), 2 * fastest) << mode.name;
                }
                continue;
            }
            EXPECT_NEAR(milliseconds(model, platform), mode.execute_scale * fastest,
                        1e-9 * fastest);
            EXPECT_GE(milliseconds(model, platform), before) << mode.name;
            before = milliseconds(model, platform);
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Builtin, EveryDevice, ::testing::ValuesIn(builtin_device_names()),
                         [](const auto& test) {
                             std::string name = test.param;
                             std::ranges::replace(name, '-', '_');
                             return name;
                         });

// Demand Layering's preloading delay of YOLOv4, 160.8 ms, which calibrates the AGX Xavier.
TEST(JetsonAgxXavier, IsCalibratedOnYolov4) {
    EXPECT_NEAR(milliseconds(*builtin_model("yolov4"), device_named("jetson-agx-xavier")), 160.8,
                0.01);
}

// The bare wattages are short names of ours.
TEST(JetsonXaviers, HaveModesByWattage) {
    const auto same = [](std::string_view device, std::string_view name, std::string_view meant) {
        const Platform platform = device_named(device);
        const Mode* const a = platform.nodes[0].mode_named(name);
        const Mode* const b = platform.nodes[0].mode_named(meant);
        ASSERT_TRUE(a != nullptr && b != nullptr) << name << " " << meant;
        Mode renamed = *a;
        renamed.name = b->name;
        EXPECT_EQ(renamed, *b);
    };
    same("jetson-xavier-nx", "10W", "10W_4CORE");
    same("jetson-xavier-nx", "15W", "15W_6CORE");
    same("jetson-xavier-nx", "20W", "20W_6CORE");
    same("jetson-agx-xavier", "30W", "30W_ALL");
}

// Measured fp32 matrix products, in GFLOPS, by mode (branes-ai/graphs; throttled runs left out).
TEST(JetsonOrinNx, MultipliesAsMeasured) {
    const Node node = device_named("jetson-orin-nx").nodes[0];
    const std::pair<const char*, double> rates[] = {
        {"MAXN", (897.0 + 912.8) / 2}, {"25W", 478.0}, {"15W", (374.9 + 375.6) / 2}};
    for (const auto& [name, gflops] : rates)
        EXPECT_NEAR(1 / (node.execute.other.per_flop * node.mode_named(name)->execute_scale),
                    gflops, 0.001 * gflops)
            << name;
}

// SwapNet's 300 ms of YOLOv3 (a survey's figure) are met within 5 %; the 500 ms of VGG-19 are not,
// as the device says: they need an anchor in the model.
TEST(JetsonXavierNx, ComparedWithSwapNet) {
    const Platform platform = device_named("jetson-xavier-nx");
    EXPECT_NEAR(milliseconds(*builtin_model("yolov3"), platform), 300, 15);
    EXPECT_LT(milliseconds(*builtin_model("vgg19"), platform), 100);
    ModelSpec spec = builtin_model("vgg19")->spec();
    spec.anchors["jetson-xavier-nx"] = nanoseconds(500'000'000);
    EXPECT_NEAR(milliseconds(Model(spec), platform), 500, 1e-6);
}

// Sub-graphs of the data that the AGX Orin is fitted to (branes-ai/graphs, MIT; MAXN but for the
// last), at the mean of groups of the same FLOPs and bytes: FLOPs, bytes, measured ns. The lines
// reproduce them to within 25 %.
TEST(JetsonAgxOrin, ReproducesGroupsOfItsData) {
    const Platform platform = device_named("jetson-agx-orin");
    const Node& node = platform.nodes[0];
    struct Group {
        const char* what;
        LinearCost line;
        Features sub_graph;
        double measured_ns;
    };
    const auto sub_graph = [](std::int64_t flops, std::int64_t bytes) {
        return Features{{}, 0, 1, flops, {bytes}};
    };
    const Mode* slow = node.mode_named("15W");
    const Group groups[] = {
        {"conv2d, 16 sub-graphs", node.execute.of(OpClass::conv2d),
         sub_graph(231'211'008, 1'753'600), 585'355},
        {"linear, 24 sub-graphs", node.execute.of(OpClass::linear),
         sub_graph(1'814'622'160, 18'415'616), 1'951'209},
        {"other, 26 sub-graphs", node.execute.of(OpClass::other), sub_graph(0, 307'200), 61'522},
        {"conv2d in 15W, 41 sub-graphs", slow->execute->of(OpClass::conv2d),
         sub_graph(231'211'008, 2'762'752), 2'060'846},
    };
    for (const Group& group : groups) {
        const double fitted = cost_ns(group.line, group.sub_graph);
        EXPECT_NEAR(fitted / group.measured_ns, 1, 0.25) << group.what;
    }
}

// fp16 is another table, and a slower mode costs more in both.
TEST(JetsonAgxOrin, ModesAndDtypesDiffer) {
    Platform platform = device_named("jetson-agx-orin");
    ModelSpec spec = builtin_model("vit-base")->spec();
    const double full = milliseconds(Model(spec), platform);
    spec.dtype = "float16";
    const double half = milliseconds(Model(spec), platform);
    EXPECT_LT(half, full);
    platform.mode = "15W";
    EXPECT_GT(milliseconds(Model(spec), platform), half);
    EXPECT_EQ(platform.nodes[0].modes.size(), 4U);
}

}  // namespace
}  // namespace swaplab
