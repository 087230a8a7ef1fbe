// The book: the pages that the project's contract stands on, and whoever cites them, checked on
// text.
//
// A citation is the name of a page, a colon and one of its headings, word for word, in a comment, a
// message or another page; several are separated by semicolons, each with its page. It may be split
// over the lines of a comment. Behind the heading the sentence, the bracket or the comment ends.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "tests/ladder/ladder.h"

namespace swaplab::ladder {

// What people read in a file, in pieces that may not be torn apart: the lines of one comment joined
// by blanks, neighbouring string literals put together, paragraphs of a page. `#include` is none.
struct Passage {
    enum class Kind : std::uint8_t { comment, message, text };
    // Where a line of the file begins in `text`.
    struct Line {
        std::size_t at;
        int number;
    };

    Kind kind = Kind::text;
    std::string text;
    std::vector<Line> lines;

    int line_at(std::size_t at) const;
};
std::vector<Passage> passages_of(const SourceFile& file);

// The headings of a page, of any level, in order; code blocks have none.
std::vector<std::string> headings_of(const SourceFile& page);

// Every citation of a page that is not among `files`, or of a heading that the page does not have,
// and of the specification by which comments went before there were pages, as "path:line: reason".
std::vector<std::string> wrong_citations(std::span<const SourceFile> files);

// Whether the repository has this file, or (with '/' at its end) this folder.
using Exists = std::function<bool(const std::string& path)>;

// Every path from the root that a comment, a message or a page names and that does not exist, and
// every relative link of a page that leads nowhere, likewise. Patterns (`tests/*_test.cpp`),
// placeholders (`profiles/devices/NAME.json`, `profiles/<device>.json`) and what tests make up in
// their code are left alone.
std::vector<std::string> wrong_paths(std::span<const SourceFile> files, const Exists& exists);

}  // namespace swaplab::ladder
