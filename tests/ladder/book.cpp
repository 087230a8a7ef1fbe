#include "tests/ladder/book.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <map>
#include <optional>
#include <string_view>

namespace swaplab::ladder {
namespace {

struct Page {
    std::string_view name;
    std::string_view path;
};
constexpr std::array<Page, 5> kPages{{
    {"SEMANTICS", "policies/SEMANTICS.md"},
    {"SYSTEMS", "policies/systems/SYSTEMS.md"},
    {"HARDWARE", "hw/HARDWARE.md"},
    {"TARGETS", "tests/TARGETS.md"},
    {"FORMATS", "profiles/FORMATS.md"},
}};

// The pages of the specification that comments cited before, each behind a number and a dash.
constexpr std::array<std::string_view, 9> kOldPages{"architecture", "contracts", "semantics",
                                                    "systems",      "hardware",  "style",
                                                    "targets",      "house",     "faults"};

constexpr std::array<std::string_view, 10> kRootFolders{
    "profiles",    "policies", "sim",       "emu",     "hw",
    "experiments", "tests",    "notebooks", ".github", ".ci"};

constexpr std::string_view kHistory = "CHANGELOG.md";  // names files as they were called then

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool is_of_path(char c) { return is_word(c) || c == '.' || c == '/' || c == '-'; }

// Calls `found(at)` wherever `what` stands in the text.
template <class Found>
void for_each_place(std::string_view text, std::string_view what, Found found) {
    for (std::size_t at = text.find(what); at != std::string_view::npos;
         at = text.find(what, at + 1))
        found(at);
}

// What is wrong, in order of the places where it is.
class Findings {
  public:
    explicit Findings(const SourceFile& file) : file_(file) {}

    void add(const Passage& passage, std::size_t at, const std::string& what) {
        const int line = passage.line_at(at);
        by_line_.emplace(line, file_.path + ":" + std::to_string(line) + ": " + what);
    }
    void move_to(std::vector<std::string>& all) {
        for (auto& [line, what] : by_line_) all.push_back(std::move(what));
    }

  private:
    const SourceFile& file_;
    std::multimap<int, std::string> by_line_;
};

// --- Citations ----------------------------------------------------------------------------------

using Headings = std::map<std::string_view, std::vector<std::string>>;  // by name of the page

Headings headings_in(std::span<const SourceFile> files) {
    Headings all;
    for (const Page& page : kPages)
        for (const SourceFile& file : files)
            if (file.path == page.path) all[page.name] = headings_of(file);
    return all;
}

// Whether nothing of a heading can come any more.
bool heading_ends(std::string_view rest) {
    constexpr std::string_view kEnds = ").,;:`'\"]";
    return rest.empty() || kEnds.find(rest.front()) != std::string_view::npos ||
           rest.starts_with(" (") || rest.starts_with(" [") || rest.starts_with(" |");
}

std::optional<std::string> wrong_with_heading(const Page& page, std::string_view cited,
                                              const Headings& all) {
    const auto known = all.find(page.name);
    if (known == all.end()) return "there is no page " + std::string(page.path);
    const bool exists = std::ranges::any_of(known->second, [cited](const std::string& heading) {
        return cited.starts_with(heading) && heading_ends(cited.substr(heading.size()));
    });
    if (exists) return std::nullopt;
    constexpr std::size_t shown = 40;
    return std::string(page.path) + " has no heading '" + std::string(cited.substr(0, shown)) + "'";
}

void find_wrong_headings(const Passage& passage, const Headings& all, Findings& findings) {
    const std::string_view text = passage.text;
    for (const Page& page : kPages) {
        const std::string mark = std::string(page.name) + ": ";
        for_each_place(text, mark, [&](std::size_t at) {
            if (at > 0 && is_word(text[at - 1])) return;
            const std::string_view cited = text.substr(at + mark.size());
            if (cited.starts_with('<')) return;  // how to cite, not a citation
            if (const auto reason = wrong_with_heading(page, cited, all))
                findings.add(passage, at, *reason);
        });
    }
}

void find_old_pages(const Passage& passage, Findings& findings) {
    const std::string_view text = passage.text;
    for (const std::string_view name : kOldPages) {
        for_each_place(text, "-" + std::string(name), [&](std::size_t at) {
            const std::size_t end = at + 1 + name.size();
            if (at == 0 || std::isdigit(static_cast<unsigned char>(text[at - 1])) == 0) return;
            if (end < text.size() && is_word(text[end])) return;
            findings.add(passage, at,
                         "cites " + std::string(text.substr(at - 1, end - at + 1)) +
                             ", which is no page of this repository");
        });
    }
}

// --- Paths --------------------------------------------------------------------------------------

bool is_placeholder(std::string_view path) {
    return path.find("NAME") != std::string_view::npos ||
           path.find("FOLDER") != std::string_view::npos;
}

// The path that begins here; nothing where it is the begin of a pattern or has a placeholder.
std::optional<std::string> path_at(std::string_view text, std::size_t at) {
    std::size_t end = at;
    while (end < text.size() && is_of_path(text[end])) ++end;
    constexpr std::string_view kPattern = "*<{$%[";
    if (end < text.size() && kPattern.find(text[end]) != std::string_view::npos) return {};
    while (text[end - 1] == '.' || text[end - 1] == '-') --end;  // of the sentence
    const std::string_view path = text.substr(at, end - at);
    if (is_placeholder(path)) return {};
    return std::string(path);
}

void find_missing_paths(const Passage& passage, const Exists& exists, Findings& findings) {
    const std::string_view text = passage.text;
    for (const std::string_view folder : kRootFolders) {
        for_each_place(text, std::string(folder) + "/", [&](std::size_t at) {
            if (at > 0 && is_of_path(text[at - 1])) return;
            const std::optional<std::string> path = path_at(text, at);
            if (path && !exists(*path)) findings.add(passage, at, *path + " does not exist");
        });
    }
}

bool leads_elsewhere(std::string_view link) {
    return link.empty() || link.starts_with('#') || link.find(':') != std::string_view::npos;
}

void find_broken_links(const SourceFile& page, const Passage& passage, const Exists& exists,
                       Findings& findings) {
    namespace fs = std::filesystem;
    const std::string_view text = passage.text;
    for_each_place(text, "](", [&](std::size_t at) {
        const std::size_t begin = at + 2;
        const std::string_view link = text.substr(begin, text.find(')', begin) - begin);
        if (leads_elsewhere(link)) return;
        const fs::path target(link.substr(0, link.find('#')));
        const fs::path whole = (fs::path(page.path).parent_path() / target).lexically_normal();
        if (!exists(whole.generic_string()))
            findings.add(passage, at, "the link " + std::string(link) + " leads nowhere");
    });
}

// Messages of tests are made up, and commands of a build file name what lies beside it.
bool names_paths(const SourceFile& file, const Passage& passage) {
    if (file.path == kHistory) return false;
    if (file.path.starts_with("tests/") && passage.kind == Passage::Kind::message) return false;
    return passage.kind == Passage::Kind::comment || !file.path.ends_with("CMakeLists.txt");
}

}  // namespace

std::vector<std::string> wrong_citations(std::span<const SourceFile> files) {
    const Headings all = headings_in(files);
    std::vector<std::string> found;
    for (const SourceFile& file : files) {
        Findings findings(file);
        for (const Passage& passage : passages_of(file)) {
            find_wrong_headings(passage, all, findings);
            find_old_pages(passage, findings);
        }
        findings.move_to(found);
    }
    return found;
}

std::vector<std::string> wrong_paths(std::span<const SourceFile> files, const Exists& exists) {
    std::vector<std::string> found;
    for (const SourceFile& file : files) {
        Findings findings(file);
        for (const Passage& passage : passages_of(file)) {
            if (names_paths(file, passage)) find_missing_paths(passage, exists, findings);
            if (file.path.ends_with(".md")) find_broken_links(file, passage, exists, findings);
        }
        findings.move_to(found);
    }
    return found;
}

}  // namespace swaplab::ladder
