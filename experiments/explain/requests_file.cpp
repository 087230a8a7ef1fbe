#include "experiments/explain/requests_file.h"

#include <algorithm>

#include "experiments/request/traces.h"
#include "experiments/text/layout.h"
#include "profiles/base/error.h"
#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/document/csv.h"
#include "profiles/document/document.h"

namespace swaplab {

namespace {

bool is_json(const std::string& path) {
    if (path.ends_with(".json")) return true;
    if (path.ends_with(".csv")) return false;
    throw InputError(
        text("--requests-out: expected a file that ends in .csv or .json, found '{}'", path));
}

// Checks the ending before anything is opened.
const std::string& checked(const std::string& path) {
    is_json(path);
    return path;
}

int source_of(const Scenario& scenario, const RequestAccount& account) {
    const auto& sources = scenario.workload.jobs[account.job].sources;
    return sources.empty() ? 0 : sources[account.request];
}

// What every format has, in this order.
struct Figure {
    const char* name;
    std::int64_t ns;
};
std::vector<Figure> figures_of(const RequestAccount& a) {
    return {{"latency_ns", count_ns(a.latency)},
            {"turn_ns", count_ns(a.turn)},
            {"waiting_ns", count_ns(a.latency - a.turn)},
            {"compute_ns", count_ns(a.compute)},
            {"reads_ns", count_ns(a.reads)},
            {"copies_ns", count_ns(a.copies)},
            {"assemblies_ns", count_ns(a.assemblies)},
            {"blocked_ns", count_ns(a.blocked_time())},
            {"other_ns", count_ns(a.other)}};
}

// "fcn-resnet101 250-252: 241000000; vgg19: 5"
std::string blockers_field(const RequestAccount& account, const std::vector<std::string>& labels) {
    std::vector<std::string> all;
    for (const Blocker& blocker : account.blocked) {
        std::string one = labels[blocker.job.index];
        if (blocker.blocks)
            one += text(" {}-{}", blocker.blocks->first.index, blocker.blocks->second.index);
        all.push_back(text("{}: {}", one, count_ns(blocker.time)));
    }
    return join(all, "; ");
}

}  // namespace

RequestsFile::RequestsFile(const std::string& path, const Scenario& scenario,
                           const std::string& policy)
    : file_(checked(path)),
      scenario_(scenario),
      labels_(labels_of(scenario.models)),
      json_(is_json(path)) {
    if (json_) {
        JsonWriter head(JsonWriter::Style::one_line);
        head.begin_object().member("schema", "swaplab/requests/1").member("policy", policy);
        head.key("requests").begin_array().end_array().end_object();
        std::string begun = head.str();
        begun.resize(begun.rfind(']'));  // records follow, one a line
        file_.stream() << begun;
        return;
    }
    file_.stream() << "model,job,request,source,arrival_ns,start_ns,end_ns,deadline_ns,missed";
    for (const Figure& figure : figures_of({})) file_.stream() << ',' << figure.name;
    file_.stream() << ",blocked_by,prompt_tokens,output_tokens\n";
}

void RequestsFile::add(const RequestAccount& account) {
    if (json_)
        add_object(account);
    else
        add_row(account);
    first_ = false;
}

void RequestsFile::add_row(const RequestAccount& a) {
    std::string row = text("{},{},{},{},{},{},{},{},{}", csv_field(labels_[a.job.index]),
                           a.job.index, a.request.index, source_of(scenario_, a),
                           count_ns(a.arrival), count_ns(a.start), count_ns(a.end),
                           a.deadline ? text("{}", count_ns(*a.deadline)) : "",
                           a.missed ? "true" : "false");
    for (const Figure& figure : figures_of(a)) row += text(",{}", figure.ns);
    row += ',' + csv_field(blockers_field(a, labels_));
    row += a.tokens ? text(",{},{}", a.tokens->prompt, a.tokens->output) : std::string(",,");
    file_.stream() << row << '\n';
}

void RequestsFile::add_object(const RequestAccount& a) {
    JsonWriter json(JsonWriter::Style::one_line);
    json.begin_object().member("model", labels_[a.job.index]);
    json.member("job", a.job.index).member("request", a.request.index);
    json.member("source", source_of(scenario_, a)).member("arrival_ns", count_ns(a.arrival));
    json.member("start_ns", count_ns(a.start)).member("end_ns", count_ns(a.end));
    json.key("deadline_ns");
    if (a.deadline)
        json.value(count_ns(*a.deadline));
    else
        json.null();
    json.member("missed", a.missed);
    for (const Figure& figure : figures_of(a)) json.member(figure.name, figure.ns);
    json.key("blocked_by").begin_array();
    for (const Blocker& blocker : a.blocked) {
        json.begin_object().member("model", labels_[blocker.job.index]);
        json.member("job", blocker.job.index);
        if (blocker.blocks)
            json.member("first_block", blocker.blocks->first.index)
                .member("last_block", blocker.blocks->second.index);
        json.member("ns", count_ns(blocker.time)).end_object();
    }
    json.end_array();
    if (a.tokens)
        json.member("prompt_tokens", a.tokens->prompt).member("output_tokens", a.tokens->output);
    json.end_object();
    file_.stream() << (first_ ? "\n" : ",\n") << json.str();
}

void RequestsFile::commit() {
    if (json_) file_.stream() << "\n]}\n";
    file_.commit();
}

std::string missed_text(const RequestAccount& account, const std::vector<std::string>& labels) {
    constexpr std::size_t most = 3;
    std::vector<std::string> parts;
    for (const Blocker& blocker : account.blocked) {
        if (parts.size() == most) break;
        std::string by = labels[blocker.job.index];
        if (blocker.job == account.job) by = "other requests of " + by;
        if (blocker.blocks) {
            const auto [first, last] = *blocker.blocks;
            by += first == last ? text(" block {}", first.index + 1)
                                : text(" blocks {}-{}", first.index + 1, last.index + 1);
        }
        parts.push_back(text("{} blocked by {}", format_duration(blocker.time), by));
    }
    if (account.blocked.size() > most)
        parts.push_back(text("by {} more", account.blocked.size() - most));
    parts.push_back(text("own compute {}", format_duration(account.compute)));
    const auto add = [&](const char* name, Duration time) {
        if (time > Duration::zero()) parts.push_back(text("{} {}", name, format_duration(time)));
    };
    add("reads", account.reads);
    add("copies", account.copies);
    add("assemblies", account.assemblies);
    add("other waits", account.other);
    const Duration late = account.end - account.deadline.value_or(account.end);
    return text("missed by {}: {}", format_duration(late), join(parts, ", "));
}

}  // namespace swaplab
