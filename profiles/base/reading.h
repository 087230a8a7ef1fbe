// Streams of files, read so that the end of a file and a storage that fails are told apart: by
// themselves they take both for the end, and want of memory, too.
#pragma once

#include <istream>
#include <string>

#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

// What `read()` makes of the stream. Throws InputError with the file's name where the system fails
// to read it.
template <class Read>
auto reading(std::istream& stream, const std::string& path, Read read) {
    try {
        stream.exceptions(std::ios::badbit);
        return read();
    } catch (const std::ios_base::failure& error) {
        throw InputError(text("cannot read '{}': {}", path, error.code().message()));
    }
}

// False at the end of the file.
inline bool next_line(std::istream& stream, std::string& line, const std::string& path) {
    return reading(stream, path, [&] { return static_cast<bool>(std::getline(stream, line)); });
}

}  // namespace swaplab
