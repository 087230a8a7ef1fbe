#include <caffe2/serialize/inline_container.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "hw/torch/script/script_check.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

constexpr std::size_t kMostCode = std::size_t{64} << 20;  // of one part

[[noreturn]] void refuse(const std::string& file, const std::string& part, const std::string& why) {
    throw InputError(text("{}: {}: {}", file, part, why));
}

// LibTorch looks names up without regard to case.
std::string lower_case(std::string name) {
    for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return name;
}

// The parser and the compiler call themselves for what is in or behind one another.
class Nesting {
  public:
    // False where a line goes too deep.
    bool add(std::string_view line) {
        if (brackets_ == 0) chained_ = 0;
        const std::size_t indented = line.find_first_not_of(' ');
        if (indented != std::string_view::npos && indented > kDeepest) return false;
        char before = ' ';
        for (const char c : line) {
            brackets_ += is(c, "([{") ? 1 : 0;
            brackets_ -= is(c, ")]}") ? 1 : 0;
            chained_ += chains(c, before) ? 1 : 0;
            if (brackets_ > static_cast<std::int64_t>(kDeepest) || chained_ > kLongest)
                return false;
            if (c != ' ') before = c;
        }
        return true;
    }

  private:
    static constexpr std::size_t kDeepest = 200;
    static constexpr int kLongest = 2000;  // operators of one statement

    static bool is(char c, std::string_view one_of) {
        return one_of.find(c) != std::string_view::npos;
    }
    // Signs and points of numbers chain nothing.
    static bool chains(char c, char before) {
        if (c == '-') return !is(before, ",([=");
        if (c == '.') return std::isdigit(static_cast<unsigned char>(before)) == 0;
        if (is(c, "([")) return is(before, ")]");
        return is(c, "+*/%@|&^<>~") || (c == ' ' && is(before, "dfrt"));  // and, if, or, not
    }

    std::int64_t brackets_ = 0;
    int chained_ = 0;
};

// What runs when it is loaded or written, before any graph of it can be looked at.
void check_code(std::string_view code, const std::string& part, const std::string& file) {
    constexpr std::string_view kHooks[] = {"__setstate__", "__getstate__", "torch.classes"};
    Nesting nesting;
    for (int line = 1; !code.empty(); ++line) {
        const std::string_view one = code.substr(0, code.find('\n'));
        code.remove_prefix(std::min(one.size() + 1, code.size()));
        const std::string place = text("{}:{}", part, line);
        for (const std::string_view hook : kHooks)
            if (one.find(hook) != std::string_view::npos)
                refuse(file, place,
                       text("{} runs code of the file as it is loaded: not taken", hook));
        if (!nesting.add(one)) refuse(file, place, "too much within one another");
    }
}

// The name of a class in C++ may be split over two lines there.
void check_pickle(std::string content, const std::string& part, const std::string& file) {
    std::ranges::replace(content, '\n', '.');
    if (content.find("torch.classes") != std::string::npos)
        refuse(file, part, "an object of a class in C++ (torch.classes): not taken");
}

}  // namespace

void check_archive(const std::shared_ptr<caffe2::serialize::ReadAdapterInterface>& bytes,
                   const std::string& file) {
    caffe2::serialize::PyTorchStreamReader archive(bytes);
    std::set<std::string> names;
    for (const std::string& part : archive.getAllRecords()) {
        const std::string name = lower_case(part);
        if (!names.insert(name).second) refuse(file, part, "is there twice");
        if (name == "model.json")
            refuse(file, part, "an archive of LibTorch before 1.4: not taken");
        const bool tensor = name.starts_with("data/") || name.starts_with("constants/");
        if (tensor || name.starts_with("extra/")) continue;
        const auto [data, size] = archive.getRecord(part);
        if (size > kMostCode) refuse(file, part, "more than 64 MiB of code");
        const std::string_view content(static_cast<const char*>(data.get()), size);
        if (name.ends_with(".py")) check_code(content, part, file);
        if (name.ends_with(".pkl")) check_pickle(std::string(content), part, file);
    }
}

}  // namespace swaplab
