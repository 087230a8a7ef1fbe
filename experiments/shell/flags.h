// What a command takes: flags and arguments with their help, and what becomes of the text that was
// given for them. Strings end here: a command's options are of the types that it works with.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace swaplab {

// Under which heading --help tells of a flag.
enum class FlagGroup : std::uint8_t { what, how, output };

// What becomes of the text given for a flag. Throws `InputError` for what it cannot be.
using Take = std::function<void(const std::string& given)>;

// Targets must outlive the parsing. Flags are taken in the order in which they were declared, after
// the whole command line was split; what was not given leaves its target alone.
class Flags {
  public:
    virtual ~Flags() = default;

    // `names` is "-d,--device", `value` what --help calls the value.
    virtual void once(FlagGroup group, std::string_view names, std::string_view value,
                      std::string_view help, Take take) = 0;
    // May be given several times: taken once for each, in the order given.
    virtual void often(FlagGroup group, std::string_view names, std::string_view value,
                       std::string_view help, Take take) = 0;
    virtual void on(FlagGroup group, std::string_view names, std::string_view help,
                    bool& target) = 0;
    // Without a flag, by its place; `name` is for messages.
    virtual void argument(std::string_view name, Take take) = 0;
    // All that stand there: taken once for each, in the order given.
    virtual void arguments(std::string_view name, Take take) = 0;
};

// The text itself: a name or a path.
inline Take into(std::string& target) {
    return [&target](const std::string& given) { target = given; };
}
// What `parse` makes of the text.
template <class Target, class Parse>
Take into(Target& target, Parse parse) {
    return [&target, parse = std::move(parse)](const std::string& given) { target = parse(given); };
}
// One more for every time.
template <class Target, class Parse>
Take one_more_of(std::vector<Target>& targets, Parse parse) {
    return [&targets, parse = std::move(parse)](const std::string& given) {
        targets.push_back(parse(given));
    };
}

}  // namespace swaplab
