// The include ladder of 1-architecture, checked on text:
// experiments → sim, emu, hw → policies → profiles, and each third-party library in one folder.
#pragma once

#include <span>
#include <string>
#include <vector>

namespace swaplab::ladder {

// A source file: its path from the repository root, with '/', and its whole text.
struct SourceFile {
    std::string path;
    std::string text;
};

// Every #include that points upward or sideways, or that names a library outside its folder, as
// "path:line: reason". Files outside the six layer folders are not looked at.
std::vector<std::string> violations(std::span<const SourceFile> files);

}  // namespace swaplab::ladder
