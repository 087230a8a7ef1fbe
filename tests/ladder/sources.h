// The sources of the repository as text, for tests about what includes what.
#pragma once

#include <string>
#include <vector>

namespace swaplab::ladder {

// A source file: its path from the repository root, with '/', and its whole text.
struct SourceFile {
    std::string path;
    std::string text;
};

// One #include. Preprocessor spacing ("#  include") is understood.
struct Include {
    int line = 0;  // from 1
    bool quoted = false;
    std::string target;
};
std::vector<Include> includes_of(const SourceFile& file);

// The first group of every match of a regular expression, in order. Line by line: `^` and `$` are
// the ends of a line.
std::vector<std::string> matches(const std::string& text, const std::string& expression);

// The six layers: which folders lie at the top of the repository, each with '/'.
const std::vector<std::string>& layer_folders();

// Every file of the layers, by its path from the repository root, sorted.
std::vector<std::string> paths_of_the_layers();
// Those that are compiled or included.
std::vector<SourceFile> sources_of_the_layers();

}  // namespace swaplab::ladder
