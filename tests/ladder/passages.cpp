#include <algorithm>
#include <optional>
#include <sstream>
#include <string_view>

#include "tests/ladder/book.h"

namespace swaplab::ladder {
namespace {

using Kind = Passage::Kind;

bool is_page(std::string_view path) { return path.ends_with(".md"); }
bool is_code(std::string_view path) {
    return path.ends_with(".h") || path.ends_with(".cpp") || path.ends_with(".cu");
}

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlanks = " \t\r\n";
    const std::size_t first = text.find_first_not_of(kBlanks);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

void append(Passage& passage, std::string_view text, int line, std::string_view between) {
    passage.text += between;
    passage.lines.push_back({passage.text.size(), line});
    passage.text += text;
}

// --- C++ ----------------------------------------------------------------------------------------

// Finds comments and string literals, character by character.
class CodeReader {
  public:
    explicit CodeReader(std::string_view code) : code_(code) {}

    std::vector<Passage> read() {
        while (at_ < code_.size()) step();
        return std::move(passages_);
    }

  private:
    bool here(std::string_view text) const { return code_.substr(at_).starts_with(text); }
    // The text up to `end`, or to the end of the file, and moves behind it.
    std::string_view take(std::string_view end) {
        const std::size_t stop = std::min(code_.find(end, at_), code_.size());
        const std::string_view taken = code_.substr(at_, stop - at_);
        at_ = std::min(stop + end.size(), code_.size());
        return taken;
    }
    // The rest of the line; its end is left to `step`.
    std::string_view take_line() {
        const std::size_t stop = std::min(code_.find('\n', at_), code_.size());
        const std::string_view taken = code_.substr(at_, stop - at_);
        at_ = stop;
        return taken;
    }

    void step() {
        if (here("//")) return read_comment();
        if (here("/*")) return read_block_comment();
        if (here("R\"") && !after_word()) return read_raw_string();
        if (here("\"")) return read_string();
        if (here("'") && !after_word()) return skip_character();  // 1'000 has none
        if (here("#include")) return void(take_line());
        if (here("\n")) next_line();
        // Only blanks may stand between two literals of one message.
        if (!here("\n") && !here(" ")) message_open_ = false;
        ++at_;
    }
    void next_line() { ++line_; }
    bool after_word() const { return at_ > 0 && is_word(code_[at_ - 1]); }
    bool first_on_line() const {
        const std::size_t end = at_ == 0 ? std::string_view::npos : code_.rfind('\n', at_ - 1);
        const std::size_t begin = end == std::string_view::npos ? 0 : end + 1;
        return trimmed(code_.substr(begin, at_ - begin)).empty();
    }

    // A comment goes on with that of the line below, if nothing but it stands there.
    void read_comment() {
        const bool alone = first_on_line();
        at_ += 2;
        const std::string_view text = trimmed(take_line());
        const bool goes_on = alone && !text.empty() && line_ == comment_line_ + 1;
        add(Kind::comment, text, line_,
            goes_on ? std::optional<std::string_view>(" ") : std::nullopt);
        comment_line_ = text.empty() ? kNone : line_;
        message_open_ = false;
    }
    void read_block_comment() {
        at_ += 2;
        add_lines(Kind::comment, take("*/"));
    }
    void read_string() {
        const std::size_t begin = ++at_;
        while (at_ < code_.size() && code_[at_] != '"') at_ += code_[at_] == '\\' ? 2U : 1U;
        const std::string_view text = code_.substr(begin, std::min(at_, code_.size()) - begin);
        ++at_;
        add(Kind::message, text, line_,
            message_open_ ? std::optional<std::string_view>("") : std::nullopt);
        message_open_ = true;
        comment_line_ = kNone;
    }
    void read_raw_string() {
        at_ += 2;
        const std::string end = ")" + std::string(take("(")) + "\"";
        add_lines(Kind::message, take(end));
    }
    void skip_character() {
        ++at_;
        while (at_ < code_.size() && code_[at_] != '\'') at_ += code_[at_] == '\\' ? 2U : 1U;
        ++at_;
    }

    // `between`: joined so to the passage before; absent: a passage of its own.
    void add(Kind kind, std::string_view text, int line, std::optional<std::string_view> between) {
        if (!between) passages_.push_back({kind, {}, {}});
        append(passages_.back(), text, line, between.value_or(""));
    }
    void add_lines(Kind kind, std::string_view text) {
        passages_.push_back({kind, {}, {}});
        comment_line_ = kNone;
        message_open_ = false;
        for (std::size_t from = 0; from <= text.size();) {
            const std::size_t end = std::min(text.find('\n', from), text.size());
            append(passages_.back(), trimmed(text.substr(from, end - from)), line_,
                   from == 0 ? "" : " ");
            if (end < text.size()) next_line();
            from = end + 1;
        }
    }

    static constexpr int kNone = -1;

    std::string_view code_;
    std::size_t at_ = 0;
    int line_ = 1;
    int comment_line_ = kNone;   // of the comment that may go on
    bool message_open_ = false;  // another literal would belong to the last passage
    std::vector<Passage> passages_;
};

// --- Pages and scripts --------------------------------------------------------------------------

// Whether a line of a page stands for itself: a heading, a row of a table, code.
bool stands_alone(std::string_view line, bool in_code) {
    return in_code || line.starts_with('#') || line.starts_with('|') || line.starts_with("```");
}
bool begins_item(std::string_view line) { return line.starts_with("- ") || line.starts_with("* "); }

std::vector<Passage> paragraphs_of(const std::string& text) {
    std::vector<Passage> passages;
    std::istringstream lines(text);
    std::string whole;
    bool in_code = false;
    bool open = false;
    for (int number = 1; std::getline(lines, whole); ++number) {
        const std::string_view line = trimmed(whole);
        const bool alone = stands_alone(line, in_code);
        if (line.starts_with("```")) in_code = !in_code;
        const bool goes_on = open && !alone && !line.empty() && !begins_item(line);
        if (!goes_on) passages.push_back({Kind::text, {}, {}});
        append(passages.back(), line, number, goes_on ? " " : "");
        open = !alone && !line.empty();
    }
    return passages;
}

// A comment's text without its marks; nothing if the line is none.
std::optional<std::string_view> script_comment(std::string_view line) {
    if (!line.starts_with('#')) return std::nullopt;
    return trimmed(line.substr(std::min(line.find_first_not_of('#'), line.size())));
}

// Of scripts and build files: comments, and what stands between them. A comment behind code ends
// what is said.
std::vector<Passage> script_passages_of(const std::string& text) {
    std::vector<Passage> passages;
    std::istringstream lines(text);
    std::string whole;
    bool open = false;
    for (int number = 1; std::getline(lines, whole); ++number) {
        const std::optional<std::string_view> comment = script_comment(trimmed(whole));
        const std::string_view line = comment.value_or(trimmed(whole));
        const Kind kind = comment ? Kind::comment : Kind::text;
        const bool goes_on = open && !line.empty() && passages.back().kind == kind;
        if (!goes_on) passages.push_back({kind, {}, {}});
        append(passages.back(), line, number, goes_on ? " " : "");
        open = !line.empty() && (comment || line.find(" # ") == std::string_view::npos);
    }
    return passages;
}

}  // namespace

int Passage::line_at(std::size_t at) const {
    int number = lines.empty() ? 1 : lines.front().number;
    for (const Line& line : lines)
        if (line.at <= at) number = line.number;
    return number;
}

std::vector<Passage> passages_of(const SourceFile& file) {
    if (is_code(file.path)) return CodeReader(file.text).read();
    return is_page(file.path) ? paragraphs_of(file.text) : script_passages_of(file.text);
}

std::vector<std::string> headings_of(const SourceFile& page) {
    std::vector<std::string> headings;
    std::istringstream lines(page.text);
    std::string line;
    bool in_code = false;
    while (std::getline(lines, line)) {
        if (line.starts_with("```")) in_code = !in_code;
        const std::size_t text = line.find_first_not_of('#');
        if (in_code || text == 0 || text == std::string::npos || line[text] != ' ') continue;
        headings.emplace_back(trimmed(line.substr(text)));
    }
    return headings;
}

}  // namespace swaplab::ladder
