#include "tests/faults/mutants/mutate_command.h"

#include <cctype>

namespace swaplab::faults {

namespace {

using Words = std::vector<std::string>;

// One behind the name of the command, or the name if there is no other.
std::size_t some_place(const Words& command, Rng& random) {
    const auto last = std::ssize(command) - 1;
    return static_cast<std::size_t>(random.between(last > 0 ? 1 : 0, last));
}

bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

// The first digits of the word, but not of a file's name.
void another_number(std::string& word, Rng& random) {
    if (word.starts_with("@/")) return;
    std::size_t at = 0;
    while (at < word.size() && !is_digit(word[at])) ++at;
    std::size_t end = at;
    while (end < word.size() && (is_digit(word[end]) || word[end] == '.')) ++end;
    if (at == end) return;
    const std::string number = word.substr(at, end - at);
    word.replace(at, end - at,
                 random.chance(60) ? number_near(number, random) : boundary_number(random));
}

// "name:key=value": the part behind the colon goes, comes twice, or is added to.
void change_spec(std::string& word, Rng& random) {
    constexpr std::string_view kParts[] = {":mode=15W",
                                           ":weight=2",
                                           ":period=3ms",
                                           ":deadline=1us",
                                           ":tokens=3",
                                           ":batch=2",
                                           ":dtype=int8",
                                           ":memory=staged",
                                           ":blocks=2",
                                           ":buffer=min",
                                           ":agents=2",
                                           ":copies=2",
                                           ":",
                                           ",",
                                           "=",
                                           ":a=b",
                                           ":weight=1,weight=2"};
    const std::size_t colon = word.find(':');
    if (colon != std::string::npos && random.chance(40))
        word.resize(colon);
    else
        word += one_of(kParts, random);
}

void edit(Words& command, const Words& donor, Rng& random) {
    const std::size_t at = some_place(command, random);
    const auto place = command.begin() + static_cast<std::ptrdiff_t>(at);
    const std::string& other = donor[some_place(donor, random)];
    const std::int64_t which = random.between(0, 99);
    if (which < 45)
        another_number(command[at], random);
    else if (which < 60)
        command[at] = other;
    else if (which < 70)
        command.insert(place, other);
    else if (which < 80)
        change_spec(command[at], random);
    else if (which < 86)
        command.erase(place);
    else if (which < 91)
        command.insert(place, std::string(command[at]));
    else if (which < 95)
        command[at] = hostile_text(random);
    else
        damage(command[at], random);
}

}  // namespace

void mutate_command(Words& command, const Words& donor, Rng& random) {
    for (std::int64_t edits = random.between(1, 2); edits > 0; --edits)
        if (!command.empty()) edit(command, donor, random);
    // A word ends where a C string does.
    for (std::string& word : command)
        word.resize(word.find('\0') == std::string::npos ? word.size() : word.find('\0'));
}

}  // namespace swaplab::faults
