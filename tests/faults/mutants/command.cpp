#include "tests/faults/mutants/command.h"

#include <filesystem>
#include <regex>
#include <sstream>

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

std::string with_frozen_paths(const std::string& word) {
    static const std::regex model("@m/([a-z0-9-]+)"), device("@d/([a-z0-9-]+)"), file("@f/");
    std::string path = std::regex_replace(word, model, "@/models/$1.json");
    path = std::regex_replace(path, device, "@/devices/$1.json");
    path = std::regex_replace(path, file, "@/");
    return path.starts_with("out/") ? "@/" + path.substr(4) : path;
}

Files frozen_inputs(const std::vector<std::string>& words) {
    static const std::regex path("@/([a-z]+/[A-Za-z0-9_.-]+)");
    const fs::path frozen = fs::path(SWAPLAB_SOURCE_DIR) / "tests/frozen";
    Files inputs;
    for (const std::string& word : words) {
        std::smatch match;
        if (!std::regex_search(word, match, path)) continue;
        if (fs::is_regular_file(frozen / match[1].str()))
            inputs[match[1]] = testing::read_file(frozen / match[1].str());
    }
    return inputs;
}

}  // namespace swaplab::faults
