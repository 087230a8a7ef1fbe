#include "profiles/document/csv.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "profiles/base/quantity.h"
#include "profiles/base/text.h"
#include "profiles/document/document_tree.h"

namespace swaplab {
namespace {

constexpr std::size_t kLargestFile = std::size_t{256} << 20;
constexpr std::size_t kMostCells = 10'000'000;  // keeps a table below about 1 GB of memory

std::string_view without_blanks(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string plural_cells(std::size_t count) {
    return text("{} cell{}", count, count == 1 ? "" : "s");
}

class CsvParser {
  public:
    CsvParser(std::string_view content, std::string file) : content_(content), lines_(content) {
        csv_.file = std::move(file);
    }

    Csv parse() {
        while (next_ < content_.size()) {
            if (at_line_end())
                end_line();
            else if (csv_.header.empty() && content_[next_] == '#')
                note();
            else if (csv_.header.empty())
                header();
            else
                row();
        }
        if (csv_.header.empty()) fail(next_, "the file ends before the header");
        return std::move(csv_);
    }

  private:
    [[noreturn]] void fail(Position at, const std::string& message) const {
        throw InputError(text("{}:{}:{}: {}", csv_.file, at.line, at.column, message));
    }
    [[noreturn]] void fail(std::size_t offset, const std::string& message) {
        fail(lines_.at(offset), message);
    }

    bool at_line_end() const {
        return next_ == content_.size() || content_[next_] == '\n' ||
               content_.substr(next_).starts_with("\r\n");
    }
    void end_line() {
        if (next_ < content_.size()) next_ += content_[next_] == '\r' ? 2 : 1;
    }

    CsvText trimmed(std::size_t first, std::size_t last) {
        const std::string_view body = without_blanks(content_.substr(first, last - first));
        const std::size_t at =
            body.empty() ? last : static_cast<std::size_t>(body.data() - content_.data());
        return {std::string(body), lines_.at(at)};
    }

    void note() {
        const std::size_t first = next_ + 1;
        while (!at_line_end()) ++next_;
        const std::size_t colon = content_.find(':', first);
        if (colon >= next_) return;  // a comment
        CsvNote note;
        note.key = trimmed(first, colon);
        note.value = trimmed(colon + 1, next_);
        for (const CsvNote& before : csv_.notes) {
            if (before.key.text == note.key.text)
                fail(note.key.at, text("{} stands before, in line {}", in_quotes(note.key.text),
                                       before.key.at.line));
        }
        csv_.notes.push_back(std::move(note));
    }

    void header() {
        csv_.header = cells();
        for (std::size_t i = 0; i < csv_.header.size(); ++i) {
            const CsvText& name = csv_.header[i];
            if (name.text.empty()) fail(name.at, "a column without a name");
            const auto before = csv_.header.begin() + static_cast<std::ptrdiff_t>(i);
            if (std::any_of(csv_.header.begin(), before,
                            [&](const CsvText& other) { return other.text == name.text; }))
                fail(name.at, text("the column {} stands before", in_quotes(name.text)));
        }
    }

    void row() {
        CsvRow row = cells();
        if (row.size() != csv_.header.size())
            fail(row.front().at, text("expected {}, as in the header, found {}",
                                      plural_cells(csv_.header.size()), plural_cells(row.size())));
        csv_.rows.push_back(std::move(row));
    }

    CsvRow cells() {
        CsvRow cells;
        while (true) {
            if (++count_ > kMostCells)
                fail(next_, text("more than {} cells, the most that are read", kMostCells));
            cells.push_back(content_.substr(next_).starts_with('"') ? quoted() : plain());
            if (at_line_end()) break;
            ++next_;  // the comma
        }
        end_line();
        return cells;
    }

    CsvText plain() {
        CsvText cell{{}, lines_.at(next_)};
        const std::size_t first = next_;
        while (!at_line_end() && content_[next_] != ',') {
            if (content_[next_] == '"')
                fail(next_, "a quote inside a cell that does not begin with one");
            if (content_[next_] == '\r') fail(next_, "a carriage return inside a cell");
            ++next_;
        }
        cell.text = content_.substr(first, next_ - first);
        return cell;
    }

    CsvText quoted() {
        CsvText cell{{}, lines_.at(next_)};
        for (++next_; next_ < content_.size(); ++next_) {
            if (content_[next_] != '"') {
                cell.text += content_[next_];
            } else if (content_.substr(next_ + 1).starts_with('"')) {
                cell.text += content_[next_++];
            } else {
                ++next_;
                if (!at_line_end() && content_[next_] != ',')
                    fail(next_, "expected a comma or the end of the line after the closing quote");
                return cell;
            }
        }
        fail(cell.at, "the quote is never closed");
    }

    std::string_view content_;
    LineCounter lines_;
    Csv csv_;
    std::size_t next_ = 0;  // the first byte not read
    std::size_t count_ = 0;
};

}  // namespace

void CsvCell::fail(const std::string& message) const {
    throw InputError(
        text("{}:{}:{}: {}: {}", *file_, text_->at.line, text_->at.column, name_, message));
}

void CsvCell::fail_expecting(std::string_view expected) const {
    fail(text("expected {}, found {}", expected, empty() ? "nothing" : in_quotes(str())));
}

std::int64_t CsvCell::as_count() const {
    std::int64_t count = 0;
    const char* const last = str().data() + str().size();
    const auto [end, error] = std::from_chars(str().data(), last, count);
    if (error != std::errc{} || end != last || str().front() == '-')
        fail_expecting("a whole number from 0 to 2^63-1");
    return count;
}

std::int64_t CsvCell::as_positive() const {
    const std::int64_t count = as_count();
    if (count == 0) fail_expecting("a whole number above 0");
    return count;
}

double CsvCell::as_cost() const {
    const std::optional<double> number = parse_number(str());
    if (!number || !(*number >= 0) || std::signbit(*number))
        fail_expecting("a finite number that is not negative");
    return *number;
}

bool CsvCell::as_bool() const {
    if (str() != "true" && str() != "false") fail_expecting("true or false");
    return str() == "true";
}

Csv parse_csv(std::string content, std::string file) {
    const std::string checked = checked_text(std::move(content), file, "a table (CSV)");
    return CsvParser(checked, std::move(file)).parse();
}

Csv load_csv(const std::string& path) { return parse_csv(read_whole(path, kLargestFile), path); }

std::optional<std::size_t> CsvColumns::optional(std::string_view name) {
    asked_.emplace_back(name);
    const auto found = std::ranges::find(csv_->header, name, &CsvText::text);
    if (found == csv_->header.end()) return std::nullopt;
    return static_cast<std::size_t>(found - csv_->header.begin());
}

std::size_t CsvColumns::required(std::string_view name) {
    if (const auto column = optional(name)) return *column;
    const Position at = csv_->header.front().at;
    throw InputError(text("{}:{}:{}: the column {} is missing", csv_->file, at.line, at.column,
                          in_quotes(name)));
}

void CsvColumns::finish() const {
    for (const CsvText& name : csv_->header) {
        if (name.text.starts_with("x-")) continue;
        if (std::ranges::find(asked_, name.text) != asked_.end()) continue;
        throw InputError(text("{}:{}:{}: unknown column {}{}", csv_->file, name.at.line,
                              name.at.column, in_quotes(name.text), suggestion(name.text, asked_)));
    }
}

}  // namespace swaplab
