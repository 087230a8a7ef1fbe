// A GPT-2 of one block, tied and with tables that come in by rows: simulated, emulated and executed
// here it brings in the same bytes, from the same budget on, and has the outputs of the whole
// model.
#include <string>
#include <vector>

#include "tests/experiments/hardware.h"

namespace swaplab::testing {
namespace {

using Arguments = std::vector<std::string>;

TEST_F(Hardware, GatheredRowsTakeTheSameBytesOnEveryBackend) {
    using Case = std::pair<std::string, std::string>;
    for (const auto& [policy, budget] :
         {Case{"on-demand", "min"}, Case{"swapnet", "min"}, Case{"demand-layering", "min"},
          Case{"pipeload", "min"}, Case{"on-demand:keep=auto", "1.1x"},
          Case{"swapnet:keep=auto", "1.1x"}, Case{"demand-layering:keep=auto", "1.1x"},
          Case{"pipeload:keep=auto", "1.1x"}}) {
        SCOPED_TRACE(policy);
        const auto result = [&](const Arguments& backend) {
            Arguments arguments{"-p", policy, "-b", budget, "--requests", "2", "--json"};
            arguments.insert(arguments.end(), backend.begin(), backend.end());
            const CliResult run_of_it = run("gpt", arguments);
            EXPECT_EQ(run_of_it.code, 0) << run_of_it.err << run_of_it.out;
            return Json(run_of_it.out);
        };
        const Json simulated = result({"--backend", "sim"});
        const Json measured = result({"--backend", "cpu", "--verify"});
        for (const Json& real :
             {result({"--backend", "emu", "--lateness", "100s"}),
              result({"--backend", "emu", "--lateness", "100s", "--execute", "torch"})}) {
            EXPECT_EQ(real.count("swapped_in_bytes"), simulated.count("swapped_in_bytes"));
            EXPECT_EQ(real.count("peak_bytes"), simulated.count("peak_bytes"));
        }
        EXPECT_EQ(measured.count("swapped_in_bytes"), simulated.count("swapped_in_bytes"));
        EXPECT_EQ(measured.count("budget_bytes"), simulated.count("budget_bytes"));
        EXPECT_LE(measured.count("evidence.committed_peak_bytes"), measured.count("budget_bytes"));
        EXPECT_TRUE(measured.at("evidence.outputs_equal").as_bool());
        if (policy.starts_with("on-demand")) {  // others overlap as time has it
            EXPECT_EQ(measured.count("peak_bytes"), simulated.count("peak_bytes"));
        }
        if (measured.string("certificate.conditions.storage").find(", direct,") !=
            std::string::npos) {
            EXPECT_EQ(measured.count("evidence.read_from_storage_bytes"),
                      simulated.count("swapped_in_bytes"));
        }
    }
}

// Two tables by 12 windows of two pages each, and the words' once more, whole, for the head.
TEST_F(Hardware, OfGatheredTablesOnlyWindowsComeIn) {
    const CliResult whole = run("gpt", {"-p", "direct", "--json"});
    ASSERT_EQ(whole.code, 0) << whole.err;
    const CliResult by_layers = run("gpt", {"-p", "on-demand", "-b", "min", "--json"});
    ASSERT_EQ(by_layers.code, 0) << by_layers.err;
    const Json model(read_file(file("gpt/model.json")));
    std::int64_t others = 0;
    std::int64_t words = 0;
    for (const Field& item : model.at("layers").as_array()) {
        Fields layer(item);
        const auto stored = layer.optional("stored_bytes");
        const std::int64_t bytes =
            stored ? stored->as_count() : layer.required("parameter_bytes").as_count();
        if (!layer.optional("rows")) others += bytes;
        if (words == 0) words = bytes;
    }
    EXPECT_EQ(Json(by_layers.out).count("swapped_in_bytes"), others + words + 2 * 12 * 8192);
}

}  // namespace
}  // namespace swaplab::testing
