// What both formats ask of a file before a parser sees it.
#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <system_error>

#include "profiles/base/text.h"
#include "profiles/base/utf8.h"
#include "profiles/document/document.h"
#include "profiles/document/document_tree.h"

namespace swaplab {
namespace {

bool is_control(unsigned char byte) {
    return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7F;
}

std::size_t limit_of(bool yaml) { return std::size_t{yaml ? 16U : 256U} << 20; }

[[noreturn]] void fail_on_file(const std::string& path, const std::string& why) {
    throw InputError(text("{}: {}", path, why));
}

}  // namespace

std::string read_whole(const std::string& path, std::size_t limit) {
    const auto reason = [] { return "cannot be read: " + std::generic_category().message(errno); };
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored))
        fail_on_file(path, "is a directory, expected a file");
    struct Closer {
        void operator()(std::FILE* file) const { static_cast<void>(std::fclose(file)); }
    };
    const std::unique_ptr<std::FILE, Closer> file(std::fopen(path.c_str(), "rb"));
    if (file == nullptr) fail_on_file(path, reason());
    std::string content;
    char chunk[1 << 16];
    while (const std::size_t got = std::fread(chunk, 1, sizeof chunk, file.get())) {
        content.append(chunk, got);
        if (content.size() > limit) {
            fail_on_file(path, text("is larger than {} MiB, the most that is read", limit >> 20));
        }
    }
    if (std::ferror(file.get()) != 0) fail_on_file(path, reason());
    return content;
}

std::string checked_text(std::string content, const std::string& file, std::string_view format) {
    if (content.starts_with("\xEF\xBB\xBF")) content.erase(0, 3);
    if (content.find_first_not_of(" \t\r\n") == std::string::npos) {
        throw InputError(text("{}:1:1: the file is empty, expected {}", file, format));
    }
    for (std::size_t i = 0; i < content.size();) {
        const std::size_t size = utf8_size(content, i);
        const auto byte = static_cast<unsigned char>(content[i]);
        if (size == 0 || is_control(byte)) {
            const Position at = LineCounter(content).at(i);
            throw InputError(
                text("{}:{}:{}: expected {}, found {} 0x{:02x}: is this a binary file?", file,
                     at.line, at.column, format,
                     size == 0 ? "text that is not UTF-8, byte" : "the control character", byte));
        }
        i += size;
    }
    return content;
}

Document load_document(const std::string& path) {
    const bool yaml = path.ends_with(".yaml") || path.ends_with(".yml");
    std::string content = read_whole(path, limit_of(yaml));
    return yaml ? parse_yaml(std::move(content), path) : parse_json(std::move(content), path);
}

}  // namespace swaplab
