#include "experiments/request/words.h"

#include "experiments/text/spec.h"

namespace swaplab {

ArrivalMode parse_arrival_mode(std::string_view word) {
    require_known("mode", word, {"cold", "stream"});
    return word == "cold" ? ArrivalMode::cold : ArrivalMode::stream;
}

Account parse_account(std::string_view word) {
    require_known("account", word, {"all", "parameters"});
    return word == "all" ? Account::all : Account::parameters;
}

SwapPath parse_swap_path(std::string_view word) {
    require_known("swap path", word, {"zero-copy", "staged", "standard"});
    return *swap_path_named(word);
}

}  // namespace swaplab
