#include "profiles/base/error.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "profiles/base/printable.h"
#include "profiles/base/text.h"
#include "profiles/base/utf8.h"

namespace swaplab {
namespace {

constexpr std::size_t kLongestListed = 12;   // known names that a message lists
constexpr std::size_t kLongestGuessed = 64;  // bytes of a name worth comparing
constexpr std::size_t kLongestQuoted = 60;   // bytes of a found text that a message repeats

// People mistype case and the separator more than anything else, so these differences are free.
char folded(char c) {
    if (c >= 'A' && c <= 'Z') return static_cast<char>(c - 'A' + 'a');
    return c == '_' || c == '.' || c == ' ' ? '-' : c;
}

// Edits (insert, delete, replace, swap of neighbours) between the two, after folding.
std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> before(b.size() + 1), last(b.size() + 1), row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        row[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = folded(a[i - 1]) == folded(b[j - 1]);
            row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && folded(a[i - 1]) == folded(b[j - 2]) &&
                                 folded(a[i - 2]) == folded(b[j - 1]);
            if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, row);
    }
    return last[b.size()];
}

std::string listed(const std::vector<std::string>& known) {
    std::string list;
    const std::size_t shown = std::min(known.size(), kLongestListed);
    for (std::size_t i = 0; i < shown; ++i) list += (i == 0 ? "" : ", ") + known[i];
    if (shown < known.size()) list += text(" and {} more", known.size() - shown);
    return list;
}

}  // namespace

std::string suggestion(std::string_view unknown, const std::vector<std::string>& known) {
    if (known.empty()) return "";
    const std::string* nearest = nullptr;
    std::size_t least = 0;
    if (unknown.size() <= kLongestGuessed) {
        for (const std::string& name : known) {
            if (name.size() > kLongestGuessed) continue;
            const std::size_t distance = edit_distance(unknown, name);
            // Further than a third of the name and it is another word, not a slip.
            if (distance > std::max<std::size_t>(1, std::max(unknown.size(), name.size()) / 3))
                continue;
            if (nearest == nullptr || distance < least) {
                nearest = &name;
                least = distance;
            }
        }
    }
    if (nearest != nullptr) return text(" (did you mean '{}'?)", *nearest);
    return text(" (known: {})", listed(known));
}

std::string in_quotes(std::string_view content) {
    std::string result = "\"";
    std::size_t i = 0;
    while (i < content.size() && i < kLongestQuoted) {
        const auto byte = static_cast<unsigned char>(content[i]);
        const std::size_t size = byte < 0x20 || byte == 0x7F ? 0 : utf8_size(content, i);
        result += size == 0 ? text("\\x{:02x}", byte) : std::string(content.substr(i, size));
        i += std::max<std::size_t>(size, 1);
    }
    return result + (i < content.size() ? "...\"" : "\"");
}

void check_failed(const char* file, int line, const char* condition, const std::string& message) {
    const std::string report =
        text("{}:{}: check failed: {}: {}\n", file, line, condition, printable(message));
    static_cast<void>(std::fputs(report.c_str(), stderr));
    static_cast<void>(std::fflush(stderr));
    std::abort();
}

}  // namespace swaplab
