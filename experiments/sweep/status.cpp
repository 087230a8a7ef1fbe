#include "experiments/sweep/status.h"

#include <algorithm>
#include <map>

#include "experiments/text/figures.h"
#include "profiles/base/text.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

constexpr std::size_t kReasonsShown = 5;

using Reasons = std::map<std::string, std::int64_t>;

void count(StudyStatus& status, const PointState& state, const PointStates& states, Reasons& why) {
    switch (state.end) {
        case PointEnd::ran: ++status.ran; return;
        case PointEnd::infeasible: ++status.infeasible; return;
        case PointEnd::failed:
            ++status.failed;
            ++why[states.reason_of(state)];
            return;
    }
}

}  // namespace

StudyStatus status_of(const StudyFolder& folder) {
    StudyStatus status;
    status.folder = folder.path();
    IdSet points;
    folder.add_points(points);
    points.finish();
    const PointStates states = folder.states();
    Reasons why;
    std::int64_t known = 0;
    for (const PointState& state : states.all()) {
        if (!points.contains(state.id)) continue;
        ++known;
        count(status, state, states, why);
    }
    status.points = static_cast<std::int64_t>(points.size());
    status.missing = status.points - known;
    status.others = static_cast<std::int64_t>(states.all().size()) - known;
    status.failures.assign(why.begin(), why.end());
    std::ranges::stable_sort(status.failures, std::greater<>(),
                             &std::pair<std::string, std::int64_t>::second);
    return status;
}

std::string status_report(const StudyStatus& status) {
    std::string report = text("{}: {}, {} ran, {} infeasible, {} failed, {} missing\n",
                              status.folder, plural(status.points, "point"), status.ran,
                              status.infeasible, status.failed, status.missing);
    for (std::size_t i = 0; i < std::min(kReasonsShown, status.failures.size()); ++i)
        report += text("  failed: {}: {}\n", plural(status.failures[i].second, "point"),
                       status.failures[i].first);
    if (status.failures.size() > kReasonsShown)
        report += text("  and {} more reasons (--json has all)\n",
                       status.failures.size() - kReasonsShown);
    if (status.others > 0)
        report += text("  {} of the experiment as it was before: left out of merges\n",
                       plural(status.others, "more point"));
    return report;
}

std::string status_json(const StudyStatus& status) {
    JsonWriter json;
    json.begin_object().member("schema", "swaplab/status/1").member("folder", status.folder);
    json.member("points", status.points).member("ran", status.ran);
    json.member("infeasible", status.infeasible).member("failed", status.failed);
    json.member("missing", status.missing).member("others", status.others);
    json.key("failures").begin_array();
    for (const auto& [reason, points] : status.failures)
        json.begin_object().member("reason", reason).member("points", points).end_object();
    json.end_array().end_object();
    return json.str() + '\n';
}

}  // namespace swaplab
