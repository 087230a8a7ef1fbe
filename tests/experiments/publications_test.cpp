// Every publication is reproduced, its gates hold, and nothing that was assumed is hidden.
#include "experiments/reproduce/publication.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "profiles/document/document.h"
#include "tests/experiments/fixtures.h"

namespace swaplab {
namespace {

using testing::cli;

// Each is run once for all tests.
const Reproduction& reproduced(std::string_view name) {
    static std::map<std::string_view, Reproduction> done;
    const auto found = done.find(name);
    if (found != done.end()) return found->second;
    const auto publication = std::ranges::find(publications(), name, &Publication::name);
    return done.emplace(name, publication->reproduce()).first->second;
}

const Figure& figure_of(std::string_view name, const std::string& what) {
    const Reproduction& reproduction = reproduced(name);
    const auto found = std::ranges::find(reproduction.figures, what, &Figure::what);
    if (found != reproduction.figures.end()) return *found;
    ADD_FAILURE() << name << " has no figure '" << what << "'";
    static const Figure none;
    return none;
}

TEST(Publications, GatesHold) {
    for (const Publication& publication : publications()) {
        const Reproduction& reproduction = reproduced(publication.name);
        for (const Figure& figure : reproduction.figures)
            EXPECT_FALSE(figure.fails()) << figure.what << ": " << figure.simulated;
        EXPECT_TRUE(reproduction.holds()) << publication.name;
        EXPECT_TRUE(std::ranges::any_of(reproduction.figures, &Figure::gated));
    }
}

TEST(Publications, GatedFiguresHaveBandsAndFiguresAreNumbers) {
    for (const Publication& publication : publications())
        for (const Figure& figure : reproduced(publication.name).figures) {
            EXPECT_TRUE(std::isfinite(figure.simulated)) << figure.what;
            EXPECT_FALSE(figure.unit.empty()) << figure.what;
            EXPECT_TRUE(figure.band || !figure.gated) << figure.what;
        }
}

TEST(Publications, AssumptionsAreListedWithTheirOrigin) {
    const auto lists = [](std::string_view name, std::string_view what, Origin origin) {
        return std::ranges::any_of(reproduced(name).assumptions, [&](const Assumption& a) {
            return a.what.find(what) != std::string::npos && a.origin == origin;
        });
    };
    EXPECT_TRUE(lists("demand-layering", "preloading delay of YOLOv4", Origin::paper));
    EXPECT_TRUE(lists("demand-layering", "read rate", Origin::ours));
    EXPECT_TRUE(lists("demand-layering", "constant per layer", Origin::ours));
    EXPECT_TRUE(lists("swapnet", "execution of vgg19", Origin::secondary));
    EXPECT_TRUE(lists("swapnet", "execution of fcn-resnet101", Origin::ours));
    EXPECT_TRUE(lists("swapnet", "budget of the UAV", Origin::ours));
    EXPECT_TRUE(lists("swapnet", "read rate", Origin::ours));
    EXPECT_TRUE(lists("hermes", "BERT-Large: a layer's load", Origin::ours));
    EXPECT_TRUE(lists("hermes", "embeddings", Origin::ours));
}

// N = 24 equal layers, m = 6 agents, loads stretched by c = 1.3:
//   load everything: 24 (0.618 + 0.044) = 15.888 s; one loader beside execution: 24 * 0.618 + 0.044
//   = 14.876 s; six agents: 24 / 6 * 0.618 * 1.3 + 6 * 0.044 = 3.4776 s.
TEST(Publications, HermesIsItsClosedForms) {
    const auto seconds = [](const std::string& what) {
        return figure_of("hermes", what).simulated;
    };
    EXPECT_NEAR(seconds("BERT-Large: load all, then execute"), 15.888, 1e-6);
    EXPECT_NEAR(seconds("BERT-Large: pipeswitch"), 14.876, 1e-6);
    EXPECT_NEAR(seconds("BERT-Large: six agents"), 3.4776, 1e-6);
    EXPECT_NEAR(seconds("ViT-Large: the least this model allows"), 0.0575, 1e-6);
    // The constants of the GPT rows are solved for both times.
    EXPECT_NEAR(seconds("GPT-J: six agents"), 29.64, 1e-6);
    EXPECT_EQ(verdict_of(figure_of("hermes", "ViT-Large: the least this model allows")),
              "does not reproduce");
}

TEST(Publications, VerdictsSayWhatHolds) {
    Figure figure{"x", "%", FigureRange{1, 2}};
    figure.simulated = 5;
    EXPECT_EQ(verdict_of(figure), "no gate");
    figure.band = FigureRange{0, 4};
    EXPECT_EQ(verdict_of(figure), "does not reproduce");
    figure.gated = true;
    EXPECT_EQ(verdict_of(figure), "OUTSIDE");
    EXPECT_FALSE((Reproduction{{figure}, {}, {}}.holds()));
    figure.simulated = 4;
    EXPECT_EQ(verdict_of(figure), "in band");
    figure.simulated = 1.5;
    EXPECT_EQ(verdict_of(figure), "holds");
    EXPECT_TRUE((Reproduction{{figure}, {}, {}}.holds()));
    EXPECT_EQ((FigureRange{1, 2}.distance(5)), 3);
    EXPECT_EQ((FigureRange{1, 2}.distance(0)), -1);
    EXPECT_EQ((FigureRange{1, 2}.distance(1.5)), 0);
}

TEST(Reproduce, ListsAndReports) {
    const auto list = cli({"reproduce"});
    EXPECT_EQ(list.code, 0);
    for (const Publication& publication : publications())
        EXPECT_NE(list.out.find(publication.name), std::string::npos);
    const auto report = cli({"reproduce", "hermes"});
    EXPECT_EQ(report.code, 0) << report.err;
    EXPECT_NE(report.out.find("does not reproduce"), std::string::npos);
    EXPECT_NE(report.out.find("below this model's minimum of 57 ms"), std::string::npos);
    EXPECT_NE(report.out.find("Assumed constants"), std::string::npos);
    EXPECT_EQ(cli({"reproduce", "hermse"}).code, 2);
    EXPECT_NE(cli({"reproduce", "hermse"}).err.find("did you mean 'hermes'"), std::string::npos);
}

TEST(Reproduce, WritesJson) {
    const auto result = cli({"reproduce", "hermes", "--json"});
    EXPECT_EQ(result.code, 0);
    const Document document = parse_json(result.out, "out");
    Fields root(Field::root(document));
    const std::vector<Field> all = root.required("publications").as_array();
    ASSERT_EQ(all.size(), 1U);
    Fields publication(all[0]);
    EXPECT_EQ(publication.required("name").as_string(), "hermes");
    EXPECT_TRUE(publication.required("holds").as_bool());
    EXPECT_EQ(publication.required("figures").as_array().size(),
              reproduced("hermes").figures.size());
    for (const Field& assumption : publication.required("assumptions").as_array())
        EXPECT_FALSE(Fields(assumption).required("origin").as_string().empty());
}

}  // namespace
}  // namespace swaplab
