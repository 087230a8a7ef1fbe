// A command as a row of a table: what --help says of it, its options, what runs it.
#pragma once

#include <functional>
#include <memory>
#include <string_view>

#include "experiments/shell/console.h"
#include "experiments/shell/flags.h"

namespace swaplab {

struct CommandText {
    std::string_view name;
    std::string_view summary;   // one line
    std::string_view usage;     // what follows "swaplab NAME"
    std::string_view details;   // a paragraph
    std::string_view examples;  // lines of a shell
};

class CliCommand {
  public:
    // Returns an exit code (FORMATS: Exit codes).
    using Run = std::function<int(const Console&)>;

    // `declare` says what the options are filled from, `run` does what they ask for.
    template <class Options>
    CliCommand(const CommandText& text, void (*declare)(Flags&, Options&),
               int (*run)(const Options&, const Console&))
        : text_(text), prepare_([declare, run](Flags& flags) -> Run {
              const auto options = std::make_shared<Options>();
              declare(flags, *options);
              return [run, options](const Console& console) { return run(*options, console); };
          }) {}

    const CommandText& text() const { return text_; }
    // Declares the flags. What is returned owns their targets, and may run once they are taken.
    Run prepare(Flags& flags) const { return prepare_(flags); }

  private:
    CommandText text_;
    std::function<Run(Flags&)> prepare_;
};

}  // namespace swaplab
