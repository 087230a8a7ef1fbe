#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <fstream>

#include "experiments/request/traces.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"
#include "profiles/document/csv.h"
#include "profiles/document/document.h"
#include "profiles/model/model.h"

namespace swaplab {

std::vector<std::string> labels_of(const std::vector<ModelChoice>& models) {
    std::vector<std::string> labels;
    for (std::size_t i = 0; i < models.size(); ++i) {
        const std::string& name = models[i].model->name();
        const auto same = [&](const ModelChoice& other) { return other.model->name() == name; };
        const auto here = models.begin() + static_cast<std::ptrdiff_t>(i);
        if (std::count_if(models.begin(), models.end(), same) == 1)
            labels.push_back(name);
        else
            labels.push_back(text("{}#{}", name, std::count_if(models.begin(), here, same) + 1));
    }
    return labels;
}

namespace {

std::size_t model_named(const CsvCell& cell, const std::vector<std::string>& labels) {
    const auto found = std::find(labels.begin(), labels.end(), cell.str());
    if (found == labels.end())
        cell.fail(text("expected one of the -m, found '{}'{}", cell.str(),
                       suggestion(cell.str(), labels)));
    return static_cast<std::size_t>(found - labels.begin());
}

// Leaves room for what happens afterwards.
constexpr std::int64_t kLatest = std::int64_t{1} << 61;

TokenCounts most_tokens(const Model& model) {
    return {model.described_tokens(), std::max<std::int64_t>(1, model.spec().tokens)};
}

// A cell or a field with tokens: at most what plans are made for.
template <class At>
std::int64_t checked_tokens(const At& at, std::int64_t tokens, const char* option,
                            const Model& model, std::int64_t most) {
    if (tokens > most)
        at.fail(text("expected at most {}, which plans are made for (of {}, {}), found {}", most,
                     model.name(), option, tokens));
    return tokens;
}

// A column of tokens: what is not said is the model's own, which is also the most.
std::int64_t read_tokens(const Csv& csv, const CsvRow& row, std::optional<std::size_t> column,
                         const char* option, const Model& model, std::int64_t most) {
    if (!column || csv.cell(row, *column).empty()) return most;
    const CsvCell cell = csv.cell(row, *column);
    if (model.spec().tokens == 0) cell.fail(text("{} generates no tokens", model.name()));
    return checked_tokens(cell, cell.as_positive(), option, model, most);
}

// Requests that are all as their model has them are no others.
void forget_plain_tokens(std::vector<ListedRequests>& listed,
                         const std::vector<ModelChoice>& models) {
    for (std::size_t i = 0; i < listed.size(); ++i)
        if (std::ranges::count(listed[i].tokens, most_tokens(*models[i].model)) ==
            std::ssize(listed[i].tokens))
            listed[i].tokens.clear();
}

// A file of arrivals under way: what has been read, and what every row is checked by.
class Reading {
  public:
    Reading(const std::vector<ModelChoice>& models, std::optional<Duration> until)
        : models_(models), until_(until), listed_(models.size()) {}

    const Model& model(std::size_t number) const { return *models_[number].model; }
    // `at` is where the arrival stands. Rows that come too late are checked and left out.
    template <class At>
    void add(const At& at, std::size_t number, std::int64_t arrival,
             std::optional<Duration> deadline, TokenCounts tokens) {
        if (arrival < before_)
            at.fail(text("expected {} or later, found {}: arrivals are sorted", before_, arrival));
        if (arrival > kLatest) at.fail_expecting("at most 2^61 ns");
        before_ = arrival;
        if (until_ && Duration{arrival} >= *until_) return;
        ListedRequests& requests = listed_[number];
        requests.arrivals.push_back(at_ns(arrival));
        requests.deadlines.push_back(deadline);
        requests.tokens.push_back(tokens);
    }
    std::vector<ListedRequests> finish(const std::string& file) {
        forget_plain_tokens(listed_, models_);
        const std::vector<std::string> labels = labels_of(models_);
        for (std::size_t i = 0; i < listed_.size(); ++i)
            if (listed_[i].arrivals.empty())
                throw InputError(
                    text("{}: expected at least one request of each -m, found none of {}", file,
                         labels[i]));
        return std::move(listed_);
    }

  private:
    const std::vector<ModelChoice>& models_;
    std::optional<Duration> until_;
    std::vector<ListedRequests> listed_;
    std::int64_t before_ = 0;
};

// --- Ours ---------------------------------------------------------------------------------------

std::vector<ListedRequests> read_ours(const Csv& csv, const std::vector<ModelChoice>& models,
                                      std::optional<Duration> until) {
    CsvColumns columns(csv);
    const std::optional<std::size_t> model =
        models.size() == 1 ? columns.optional("model") : columns.required("model");
    const std::size_t arrival = columns.required("arrival_ns");
    const std::optional<std::size_t> deadline = columns.optional("deadline_ns");
    const std::optional<std::size_t> prompt = columns.optional("prompt_tokens");
    const std::optional<std::size_t> output = columns.optional("output_tokens");
    columns.finish();
    const std::vector<std::string> labels = labels_of(models);
    Reading reading(models, until);
    for (const CsvRow& row : csv.rows) {
        const std::size_t number = model ? model_named(csv.cell(row, *model), labels) : 0;
        const Model& of = reading.model(number);
        std::optional<Duration> due;
        if (deadline && !csv.cell(row, *deadline).empty())
            due = nanoseconds(csv.cell(row, *deadline).as_positive());
        const TokenCounts most = most_tokens(of);
        reading.add(csv.cell(row, arrival), number, csv.cell(row, arrival).as_count(), due,
                    {read_tokens(csv, row, prompt, "prompt=", of, most.prompt),
                     read_tokens(csv, row, output, "tokens=", of, most.output)});
    }
    return reading.finish(csv.file);
}

// --- Azure's ------------------------------------------------------------------------------------

// Digits from `from` on, exactly `count` of them.
std::optional<int> digits(std::string_view all, std::size_t from, std::size_t count) {
    int value = 0;
    if (from + count > all.size()) return std::nullopt;
    const char* end = all.data() + from + count;
    const auto [stopped, error] = std::from_chars(all.data() + from, end, value);
    if (error != std::errc{} || stopped != end || all[from] == '-') return std::nullopt;
    return value;
}

// What follows the seconds: `.6805900`, then nothing or `+00:00`.
std::optional<std::int64_t> fraction_ns(std::string_view rest) {
    if (rest.ends_with("+00:00")) rest.remove_suffix(6);
    if (rest.empty()) return 0;
    constexpr std::size_t most = 9;
    if (rest.front() != '.' || rest.size() < 2 || rest.size() > most + 1) return std::nullopt;
    std::string padded(rest.substr(1));
    padded.resize(most, '0');
    const std::optional<int> ns = digits(padded, 0, most);
    return ns ? std::optional<std::int64_t>(*ns) : std::nullopt;
}

// `2023-11-16 18:15:46.6805900` in ns since 1970.
std::optional<std::int64_t> timestamp_ns(std::string_view given) {
    constexpr std::size_t until_seconds = 19;
    if (given.size() < until_seconds || given[4] != '-' || given[7] != '-' ||
        (given[10] != ' ' && given[10] != 'T') || given[13] != ':' || given[16] != ':')
        return std::nullopt;
    const auto year = digits(given, 0, 4), month = digits(given, 5, 2), day = digits(given, 8, 2),
               hour = digits(given, 11, 2), minute = digits(given, 14, 2),
               second = digits(given, 17, 2);
    const auto fraction = fraction_ns(given.substr(until_seconds));
    if (!year || !month || !day || !hour || !minute || !second || !fraction) return std::nullopt;
    const std::chrono::year_month_day date{std::chrono::year{*year},
                                           std::chrono::month(static_cast<unsigned>(*month)),
                                           std::chrono::day(static_cast<unsigned>(*day))};
    if (!date.ok() || *year < 1970 || *year > 2200 || *hour > 23 || *minute > 59 || *second > 59)
        return std::nullopt;
    const std::chrono::nanoseconds since = std::chrono::sys_days(date).time_since_epoch() +
                                           std::chrono::hours(*hour) +
                                           std::chrono::minutes(*minute) +
                                           std::chrono::seconds(*second);
    return since.count() + *fraction;
}

void require_one_generative(const std::string& file, const std::vector<ModelChoice>& models) {
    if (models.size() > 1)
        throw InputError(text("{}: a trace that names no model needs a single -m, found {}", file,
                              models.size()));
    const Model& model = *models.front().model;
    if (model.spec().tokens == 0)
        throw InputError(text("{}: a trace with token counts needs a model that generates tokens, "
                              "found {}",
                              file, model.name()));
}

std::vector<ListedRequests> read_azure(const Csv& csv, const std::vector<ModelChoice>& models,
                                       std::optional<Duration> until) {
    CsvColumns columns(csv);
    const std::size_t time = columns.required("TIMESTAMP");
    const std::size_t prompt = columns.required("ContextTokens");
    const std::size_t output = columns.required("GeneratedTokens");
    columns.finish();
    require_one_generative(csv.file, models);
    Reading reading(models, until);
    const TokenCounts most = most_tokens(reading.model(0));
    std::optional<std::int64_t> first;
    for (const CsvRow& row : csv.rows) {
        const CsvCell cell = csv.cell(row, time);
        const std::optional<std::int64_t> at = timestamp_ns(cell.str());
        if (!at) cell.fail_expecting("a time such as 2023-11-16 18:15:46.6805900");
        if (!first) first = at;
        reading.add(cell, 0, *at - *first, {},
                    {read_tokens(csv, row, prompt, "prompt=", reading.model(0), most.prompt),
                     read_tokens(csv, row, output, "tokens=", reading.model(0), most.output)});
    }
    return reading.finish(csv.file);
}

// --- Mooncake's ---------------------------------------------------------------------------------

// Milliseconds in ns.
std::int64_t arrival_of(const Field& timestamp) {
    constexpr std::int64_t ns_per_ms = 1'000'000;
    const std::int64_t ms = timestamp.as_count();
    if (ms > kLatest / ns_per_ms) timestamp.fail_expecting("at most 2^61 ns");
    return ms * ns_per_ms;
}

// A line is a document of its own, whose messages name line 1: they get the line in the file.
template <class Read>
void read_line(const std::string& line, const std::string& path, int number, Read read) {
    try {
        const Document document = parse_json(line, path);
        Fields fields(Field::root(document));
        read(fields);
        fields.finish();
    } catch (const InputError& error) {
        const std::string message = error.what();
        const std::string one = path + ":1:";
        if (!message.starts_with(one)) throw InputError(text("{}:{}: {}", path, number, message));
        throw InputError(text("{}:{}:{}", path, number, message.substr(one.size())));
    }
}

std::vector<ListedRequests> read_mooncake(const std::string& path,
                                          const std::vector<ModelChoice>& models,
                                          std::optional<Duration> until) {
    require_one_generative(path, models);
    Reading reading(models, until);
    const Model& model = reading.model(0);
    const TokenCounts most = most_tokens(model);
    std::optional<std::int64_t> first;
    std::ifstream file(path);
    std::string line;
    for (int number = 1; std::getline(file, line); ++number) {
        if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
        read_line(line, path, number, [&](Fields& fields) {
            const Field time = fields.required("timestamp");
            const Field prompt = fields.required("input_length");
            const Field output = fields.required("output_length");
            // Which blocks of 512 tokens it has in common with others: nothing is made of them yet.
            if (const auto hashes = fields.optional("hash_ids"))
                for (const Field& hash : hashes->as_array()) static_cast<void>(hash.as_count());
            const std::int64_t at = arrival_of(time);
            if (!first) first = at;
            reading.add(
                time, 0, at - *first, {},
                {checked_tokens(prompt, prompt.as_positive(), "prompt=", model, most.prompt),
                 checked_tokens(output, output.as_positive(), "tokens=", model, most.output)});
        });
    }
    return reading.finish(path);
}

bool begins_with_brace(const std::string& path) {
    std::ifstream file(path);
    char first = 0;
    return file >> first && first == '{';
}

}  // namespace

std::vector<ListedRequests> load_arrivals(const std::string& path,
                                          const std::vector<ModelChoice>& models,
                                          std::optional<Duration> until) {
    if (begins_with_brace(path)) return read_mooncake(path, models, until);
    const Csv csv = load_csv(path);
    const bool azure = std::ranges::any_of(
        csv.header, [](const CsvText& name) { return name.text == "TIMESTAMP"; });
    return azure ? read_azure(csv, models, until) : read_ours(csv, models, until);
}

}  // namespace swaplab
