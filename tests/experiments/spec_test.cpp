#include "experiments/text/spec.h"

#include <gtest/gtest.h>

#include "experiments/request/budget.h"
#include "experiments/request/catalog.h"
#include "experiments/request/scenario.h"
#include "profiles/base/error.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

using namespace literals;
using ::swaplab::testing::TemporaryFolder;

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const InputError& error) {
        return error.what();
    }
    return "nothing was thrown";
}

bool refuses_budget(const std::string& budget) {
    try {
        resolve(parse_budget(budget), 1000_B);
    } catch (const InputError&) {
        return true;
    }
    return false;
}

TEST(Spec, SplitsNameAndOptions) {
    const Spec spec = parse_spec("vgg19:period=33ms,weight=2", "model");
    EXPECT_EQ(spec.name, "vgg19");
    const std::vector<std::pair<std::string, std::string>> options{{"period", "33ms"},
                                                                   {"weight", "2"}};
    EXPECT_EQ(spec.options, options);
    EXPECT_TRUE(parse_spec("vgg19", "model").options.empty());
}

TEST(Spec, RefusesWhatIsNoSpec) {
    for (const char* text : {"", ":a=b", "x:", "x:a", "x:=b", "x:a=1,", "x:a=1,a=2"})
        EXPECT_THROW(parse_spec(text, "model"), InputError) << text;
    EXPECT_EQ(parse_spec("x:a=", "model").options.front().second, "");
}

TEST(Budget, SizesSharesAndMin) {
    EXPECT_EQ(resolve(parse_budget("843MiB"), 1_B), Bytes{843 << 20});
    EXPECT_EQ(resolve(parse_budget("1.5GiB"), 1_B), Bytes{3LL << 29});
    EXPECT_EQ(resolve(parse_budget("1000"), 1_B), 1000_B);
    EXPECT_EQ(resolve(parse_budget("0.4x"), 1000_B), 400_B);
    EXPECT_EQ(resolve(parse_budget("0.3333x"), 1000_B), 333_B);  // rounded down
    EXPECT_EQ(resolve(parse_budget("2x"), 1000_B), 2000_B);
    EXPECT_EQ(resolve(parse_budget("min"), 1000_B), std::nullopt);
}

TEST(Budget, RefusesWhatIsNotPositive) {
    for (const char* text : {"0", "-1", "-1MiB", "0MiB", "0x", "-0.5x", "0.0001x", "0.4B"})
        EXPECT_TRUE(refuses_budget(text)) << text;
}

TEST(Budget, RefusesWhatIsNoBudget) {
    for (const char* text : {"", "x", "foo", "1e30", "1e30x", "nanx", "infx", "5 MiB ", "5MiBx",
                             "0.4X", "max", "9223372036854775808", "1,2"})
        EXPECT_TRUE(refuses_budget(text)) << text;
}

TEST(Budget, ListsKeepTheirOrderAndDropWhatComesTwice) {
    std::vector<BudgetChoice> budgets;
    add_budgets(budgets, "min,0.5x");
    add_budgets(budgets, "1MiB,0.5x");
    ASSERT_EQ(budgets.size(), 3U);
    EXPECT_EQ(budgets[0].text, "min");
    EXPECT_EQ(budgets[1].text, "0.5x");
    EXPECT_EQ(budgets[2].text, "1MiB");
    EXPECT_THROW(add_budgets(budgets, "1MiB,"), InputError);
    ASSERT_EQ(default_budgets().size(), 9U);
    EXPECT_EQ(default_budgets().front().text, "0.2x");
    EXPECT_EQ(default_budgets().back().text, "1.0x");
}

TEST(Catalog, FindsBuiltInModelsWithOptions) {
    const ModelChoice choice = choose_model("vgg19:period=33ms,deadline=50ms,weight=2");
    EXPECT_TRUE(choice.builtin);
    EXPECT_EQ(choice.model->name(), "vgg19");
    EXPECT_EQ(choice.period(), Duration{33'000'000});
    EXPECT_EQ(choice.deadline, Duration{50'000'000});
    EXPECT_EQ(choice.weight, 2);
    const auto at = [](const char* spec) { return choose_model(spec).model->flops(); };
    EXPECT_LT(at("yolov3:input=416"), at("yolov3"));
    EXPECT_EQ(at("vgg19:batch=4"), 4 * at("vgg19"));
    const ModelChoice gpt = choose_model("gpt2-medium:dtype=float16,input=32,tokens=5");
    EXPECT_EQ(gpt.model->spec().dtype, "float16");
    EXPECT_EQ(gpt.model->spec().prompt_tokens, 32);
    EXPECT_EQ(gpt.model->passes(), 5);
}

TEST(Catalog, SuggestsAndListsNames) {
    const std::string model = message_of([] { choose_model("vgg9"); });
    EXPECT_NE(model.find("did you mean 'vgg19'"), std::string::npos) << model;
    EXPECT_NE(model.find("resnet101"), std::string::npos) << model;
    const std::string device = message_of([] { choose_device("jetson-xavier"); });
    EXPECT_NE(device.find("jetson-xavier-nx"), std::string::npos) << device;
    const std::string key = message_of([] { choose_model("vgg19:perod=1ms"); });
    EXPECT_NE(key.find("did you mean 'period'"), std::string::npos) << key;
}

TEST(Catalog, RefusesOptionsThatDoNotFit) {
    for (const char* spec :
         {"yolov3:input=417", "yolov3:input=0", "yolov3:input=-32", "vgg19:period=0",
          "vgg19:deadline=-1ms", "vgg19:weight=0", "vgg19:weight=x", "vgg19:dtype=int9",
          "vgg19:batch=0", "vgg19:batch=1.5", "vgg19:tokens=3", "gpt2-medium:tokens=0",
          "gpt2-medium:input=1025", "vit-large:input=65536,batch=65536"})
        EXPECT_THROW(choose_model(spec), InputError) << spec;
    EXPECT_THROW(choose_device("jetson-xavier-nx:mode=1W"), InputError);
    EXPECT_THROW(choose_device("jetson-xavier-nx:speed=2"), InputError);
}

TEST(Catalog, ADeviceHasAModeAndAKindOfMemory) {
    EXPECT_EQ(choose_device("jetson-xavier-nx").platform.memory_kind, std::nullopt);
    for (const std::string& name : memory_kind_names())
        EXPECT_EQ(choose_device("jetson-xavier-nx:memory=" + name).platform.memory_kind,
                  memory_kind_named(name));
    Scenario scenario;
    scenario.device = choose_device("jetson-xavier-nx:memory=managed-attach,mode=15W");
    EXPECT_EQ(scenario.device.platform.mode, "15W");
    EXPECT_EQ(scenario.device_text(), "jetson-xavier-nx:mode=15W,memory=managed-attach");
    const std::string kind = message_of([] { choose_device("jetson-nano:memory=manged-attach"); });
    EXPECT_NE(kind.find("did you mean 'managed-attach'"), std::string::npos) << kind;
    const std::string key = message_of([] { choose_device("jetson-nano:memroy=staged"); });
    EXPECT_NE(key.find("did you mean 'memory'"), std::string::npos) << key;
    const std::string cpu = message_of([] { choose_device("cpu-server:memory=register"); });
    EXPECT_NE(cpu.find("has no kinds of memory"), std::string::npos) << cpu;
}

TEST(Catalog, FilesGoByTheirPath) {
    const TemporaryFolder folder;
    const std::string path = folder.file("my:model.json");
    testing::write_file(path, R"({"schema": "swaplab/model/1", "name": "mine",
                                  "layers": [{"name": "a", "parameter_bytes": 8}]})");
    const ModelChoice choice = choose_model(path);
    EXPECT_FALSE(choice.builtin);
    EXPECT_EQ(choice.model->name(), "mine");
    EXPECT_THROW(choose_model(folder.file("none.json")), InputError);
    EXPECT_THROW(choose_model(folder.path().string()), InputError);
}

// A file says itself what it is.
TEST(Catalog, FilesTakeNoOptionsOfBuiltInModels) {
    const TemporaryFolder folder;
    const std::string path = folder.file("model.json");
    testing::write_file(path, R"({"schema": "swaplab/model/1", "name": "mine",
                                  "layers": [{"name": "a", "parameter_bytes": 8}]})");
    EXPECT_EQ(choose_model(path + ":weight=2").weight, 2);
    for (const char* option : {"input=32", "dtype=float16", "batch=2", "tokens=2"}) {
        const std::string message = message_of([&] { choose_model(path + ":" + option); });
        EXPECT_NE(message.find("is for built-in models only"), std::string::npos) << message;
    }
}

}  // namespace
}  // namespace swaplab
