// Which of the files of a command may not be one.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace swaplab {

// A file with what it is to the command: a flag, or "the model 'm.json'".
using NamedFile = std::pair<std::string, std::string>;

// Throws `InputError` for an output that cannot be written, that is an input, another output, or
// what standard output and standard error go to. Empty paths are none.
void require_separate(const std::vector<NamedFile>& inputs, const std::vector<NamedFile>& outputs);

// Throws `InputError` where the name ends in what the file will not be: `ending` is ".svg". A name
// without an ending, and a stream, may hold anything.
void require_ending(const NamedFile& output, const std::string& ending);

}  // namespace swaplab
