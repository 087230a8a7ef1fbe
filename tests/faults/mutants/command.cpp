#include "tests/faults/mutants/command.h"

#include <cctype>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "experiments/cli.h"
#include "tests/support/temporary_folder.h"

namespace swaplab::faults {

namespace fs = std::filesystem;

Ended run_command(const std::vector<std::string>& words) {
    std::vector<const char*> arguments{"swaplab"};
    for (const std::string& word : words) arguments.push_back(word.c_str());
    std::ostringstream out, err;
    const int code = run_cli(static_cast<int>(arguments.size()), arguments.data(), out, err);
    return {code, out.str(), err.str()};
}

std::vector<std::string> words(const std::string& line) {
    std::vector<std::string> words;
    std::istringstream stream(line);
    for (std::string word; stream >> word;) words.push_back(word);
    return words;
}

std::vector<std::string> placed(std::vector<std::string> words, const std::string& folder) {
    for (std::string& word : words)
        for (std::size_t at = word.find("@/"); at != std::string::npos;
             at = word.find("@/", at + folder.size()))
            word.replace(at, 1, folder);
    return words;
}

namespace {

constexpr std::size_t kLongestName = 255;  // of a frozen input: mutants have longer ones

// Where a name's letters, digits, - and `more` end. (std::regex takes a stack frame for each byte.)
std::size_t end_of(const std::string& word, std::size_t at, std::string_view more) {
    while (at < word.size() && (std::isalnum(static_cast<unsigned char>(word[at])) != 0 ||
                                word[at] == '-' || more.find(word[at]) != std::string_view::npos))
        ++at;
    return at;
}

// "SIGNname" becomes "FOLDERnameENDING".
std::string with_folder(std::string word, std::string_view sign, std::string_view folder,
                        std::string_view ending) {
    for (std::size_t at = word.find(sign); at != std::string::npos;
         at = word.find(sign, at + folder.size())) {
        word.replace(at, sign.size(), folder);
        const std::size_t end = end_of(word, at + folder.size(), "");
        if (end > at + folder.size()) word.insert(end, ending);
    }
    return word;
}

}  // namespace

std::string with_frozen_paths(const std::string& word) {
    std::string path = with_folder(word, "@m/", "@/models/", ".json");
    path = with_folder(path, "@d/", "@/devices/", ".json");
    path = with_folder(path, "@f/", "@/", "");
    return path.starts_with("out/") ? "@/" + path.substr(4) : path;
}

Files frozen_inputs(const std::vector<std::string>& words) {
    const fs::path frozen = fs::path(SWAPLAB_SOURCE_DIR) / "tests/frozen";
    Files inputs;
    for (const std::string& word : words) {
        const std::size_t sign = word.find("@/");
        if (sign == std::string::npos) continue;
        const std::size_t begin = sign + 2, end = end_of(word, begin, "_./");
        const std::string path = word.substr(begin, end - begin);
        if (path.size() < kLongestName && fs::is_regular_file(frozen / path))
            inputs[path] = testing::read_file(frozen / path);
    }
    return inputs;
}

}  // namespace swaplab::faults
