#include "experiments/shell/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <deque>
#include <optional>

#include "experiments/shell/environment.h"
#include "experiments/shell/help.h"
#include "experiments/text/layout.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

const char* heading_of(FlagGroup group) {
    switch (group) {
        case FlagGroup::what: return "What is run";
        case FlagGroup::how: return "How";
        case FlagGroup::output: return "Output";
    }
    return "";
}

// The flags of one command: CLI11 keeps what was given as text until `take_all`.
class CliFlags final : public Flags {
  public:
    explicit CliFlags(CLI::App& app) : app_(app) {}

    void once(FlagGroup group, std::string_view names, std::string_view value,
              std::string_view help, Take take) override {
        Given& given = add(std::move(take));
        finish(group, app_.add_option(std::string(names), given.one, std::string(help))
                          ->type_name(std::string(value))
                          ->allow_extra_args(false));
    }
    void often(FlagGroup group, std::string_view names, std::string_view value,
               std::string_view help, Take take) override {
        Given& given = add(std::move(take));
        finish(group, app_.add_option(std::string(names), given.several, std::string(help))
                          ->type_name(std::string(value))
                          ->allow_extra_args(false));
    }
    void on(FlagGroup group, std::string_view names, std::string_view help, bool& target) override {
        finish(group, app_.add_flag(std::string(names), target, std::string(help)));
    }
    void argument(std::string_view name, Take take) override {
        Given& given = add(std::move(take));
        app_.add_option(std::string(name), given.one);
    }
    void arguments(std::string_view name, Take take) override {
        Given& given = add(std::move(take));
        app_.add_option(std::string(name), given.several);
    }

    void take_all() const {
        for (const Given& given : given_) {
            if (given.one) given.take(*given.one);
            for (const std::string& text : given.several) given.take(text);
        }
    }

  private:
    struct Given {
        Take take;
        std::optional<std::string> one;
        std::vector<std::string> several;
    };

    Given& add(Take take) { return given_.emplace_back(Given{std::move(take), {}, {}}); }
    static void finish(FlagGroup group, CLI::Option* option) { option->group(heading_of(group)); }

    CLI::App& app_;
    std::deque<Given> given_;  // CLI11 keeps their addresses
};

void declare_output(Flags& flags, OutputOptions& options) {
    constexpr FlagGroup output = FlagGroup::output;
    flags.on(output, "--json", "write JSON to standard output", options.json);
    flags.on(output, "-q,--quiet", "no notes and no progress", options.quiet);
    flags.on(output, "-v,--verbose", "progress as plain lines, too", options.verbose);
    flags.on(output, "--no-color", "no escape codes (so does NO_COLOR)", options.no_color);
}

// A command with its part of the parser. Each has options of its own: what the environment says to
// one that was not given is not for the one that was, above whose flags it would stand.
struct Declared {
    const CliCommand& command;
    CLI::App& app;
    CliFlags flags;
    OutputOptions output;
    CliCommand::Run run;

    Declared(const CliCommand& declared, CLI::App& part)
        : command(declared), app(part), flags(part), run(declared.prepare(flags)) {
        declare_output(flags, output);
    }
};

std::string shown_names(const CLI::Option& option) {
    std::string names = option.get_name(false, true);
    if (const std::size_t comma = names.find(','); comma != std::string::npos)
        names.insert(comma + 1, " ");
    if (option.get_items_expected_max() > 0 && !option.get_type_name().empty())
        names += ' ' + option.get_type_name();
    return names;
}

// The options of a command by group, in the order in which a reader needs them.
std::vector<OptionGroup> groups_of(const CLI::App& app) {
    std::vector<OptionGroup> groups;
    for (const FlagGroup each : {FlagGroup::what, FlagGroup::how, FlagGroup::output}) {
        OptionGroup group{heading_of(each), {}};
        for (const CLI::Option* option : app.get_options())
            if (option->get_group() == group.title)
                group.options.push_back({shown_names(*option), option->get_description()});
        if (!group.options.empty()) groups.push_back(std::move(group));
    }
    groups.back().options.push_back({"-h, --help", "this text"});
    return groups;
}

std::vector<std::string> flags_of(const CLI::App& app) {
    std::vector<std::string> flags;
    for (const CLI::Option* option : app.get_options())
        for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
    return flags;
}

[[noreturn]] void refuse(const std::string& command, const std::string& message) {
    const std::string name = command.empty() ? "swaplab" : "swaplab " + command;
    throw InputError(text("{}; see `{} --help`", message, name));
}

// What the option is called in the environment; nothing for arguments, and for --help.
std::optional<std::string> variable_of(const CLI::App& app, const CLI::Option* option) {
    if (option->get_lnames().empty() || option == app.get_help_ptr()) return std::nullopt;
    return environment_name(option->get_lnames().front());
}

std::vector<std::string> variables_of(const CLI::App& app) {
    std::vector<std::string> names;
    for (const CLI::Option* option : app.get_options())
        if (const auto name = variable_of(app, option)) names.push_back(*name);
    return names;
}

// Those of the environment that say what no flag did.
std::vector<Variable> variables_for(const CLI::App& app, const std::vector<Variable>& all) {
    std::vector<Variable> applied;
    for (const CLI::Option* option : app.get_options()) {
        const auto name = variable_of(app, option);
        for (const Variable& variable : all)
            if (option->count() == 0 && variable.first == name) applied.push_back(variable);
    }
    return applied;
}

// The flag that says the same.
std::string as_flag(const Variable& variable) {
    std::string flag = "--";
    for (const char c : variable.first.substr(environment_name("").size()))
        flag += c == '_' ? '-' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return flag + '=' + variable.second;
}

// What CLI11 says about a wrong number of values, in words.
std::string mismatch(const CLI::ArgumentMismatch& error) {
    const std::string message = error.what();
    const std::string flag = message.substr(0, message.find(':'));
    if (message.find("missing") != std::string::npos) return flag + " needs a value";
    if (message.find("received") != std::string::npos) return flag + " may be given once only";
    return message;
}

bool negative_number(const std::string& argument) {
    return argument.size() > 1 && argument[0] == '-' &&
           std::isdigit(static_cast<unsigned char>(argument[1])) != 0;
}

// Two spellings that CLI11 does not take for what people mean: "-b -5", where it sees a flag
// instead of a value whose own message ("must be positive") helps more; and "-b=0.4x".
std::vector<std::string> respelled(const std::vector<std::string>& arguments) {
    std::vector<std::string> respelled;
    for (std::string argument : arguments) {
        const bool short_flag = argument.size() > 2 && argument[0] == '-' && argument[1] != '-';
        if (short_flag && argument[2] == '=') argument.erase(2, 1);
        const bool after_flag = !respelled.empty() && respelled.back().starts_with('-') &&
                                respelled.back().find('=') == std::string::npos;
        if (!negative_number(argument) || !after_flag)
            respelled.push_back(std::move(argument));
        else if (respelled.back().starts_with("--"))
            respelled.back() += '=' + argument;
        else
            respelled.back() += argument;
    }
    return respelled;
}

class Parser {
  public:
    // Flags are declared of the commands that are named somewhere: most of a start would go to
    // those of the others.
    Parser(std::span<const CliCommand> commands, std::vector<std::string> given)
        : commands_(commands), given_(std::move(given)), app_("swaplab") {
        app_.allow_extras()->require_subcommand(0, 1);
        app_.set_version_flag("--version", std::string("swaplab ") + SWAPLAB_VERSION + "\n");
        for (const CliCommand& command : commands) {
            if (std::ranges::find(given_, command.text().name) == given_.end()) continue;
            CLI::App& sub = *app_.add_subcommand(std::string(command.text().name));
            sub.allow_extras();
            declared_.emplace_back(command, sub);
        }
    }

    std::variant<Parsed, std::string> parse() {
        if (auto text = take(respelled(given_))) return *text;
        const std::vector<Variable> all = swaplab_variables();
        if (!all.empty()) require_known_variables(all, every_variable());
        const std::vector<Variable> applied = variables_for(chosen_command().app, all);
        if (!applied.empty()) take(with_flags(applied));
        Declared& command = chosen_command();
        command.flags.take_all();
        return Parsed{std::move(command.run), command.output, line_of(applied, given_)};
    }

  private:
    // Leaves the arguments to CLI11. A text to print, if that is what was asked for.
    std::optional<std::string> take(std::vector<std::string> arguments) {
        std::reverse(arguments.begin(), arguments.end());  // CLI11 parses from the back
        try {
            app_.parse(arguments);
        } catch (const CLI::CallForVersion& version) {
            return std::string(version.what());
        } catch (const CLI::CallForHelp&) {
            return help();
        } catch (const CLI::ArgumentMismatch& error) {
            refuse(name(), mismatch(error));
        } catch (const CLI::ParseError& error) {
            refuse(name(), error.what());
        }
        return std::nullopt;
    }
    std::vector<std::string> with_flags(const std::vector<Variable>& applied) const {
        std::vector<std::string> arguments = respelled(given_);
        auto at = std::ranges::find(arguments, "--");  // behind it nothing is a flag
        for (const Variable& variable : applied) at = arguments.insert(at, as_flag(variable)) + 1;
        return arguments;
    }
    // Of all commands: what is another's is known, and does nothing here.
    std::vector<std::string> every_variable() const {
        std::vector<std::string> names;
        for (const CliCommand& command : commands_) {
            CLI::App app;
            const Declared declared(command, app);
            for (std::string& name : variables_of(app)) names.push_back(std::move(name));
        }
        return names;
    }
    Declared* chosen() {
        for (Declared& declared : declared_)
            if (app_.got_subcommand(&declared.app)) return &declared;
        return nullptr;
    }
    std::string name() {
        return chosen() == nullptr ? std::string() : std::string(chosen()->command.text().name);
    }
    std::vector<std::string> names() const {
        std::vector<std::string> names;
        for (const CliCommand& command : commands_) names.emplace_back(command.text().name);
        return names;
    }
    std::string help() {
        if (const Declared* command = chosen())
            return help_of(command->command.text(), groups_of(command->app));
        std::vector<CommandText> texts;
        for (const CliCommand& command : commands_) texts.push_back(command.text());
        return general_help(texts);
    }
    // The one that was given, with nothing left over.
    Declared& chosen_command() {
        if (const auto left = app_.remaining(); !left.empty()) refuse_leftover(app_, left.front());
        Declared* const command = chosen();
        if (command == nullptr)
            refuse("", text("a command is needed: {}", alternatives(names(), ", ")));
        if (const auto left = command->app.remaining(); !left.empty())
            refuse_leftover(command->app, left.front());
        return *command;
    }
    void refuse_leftover(const CLI::App& app, const std::string& argument) const {
        const bool of_command = app.get_parent() != nullptr;
        const std::string command = of_command ? app.get_name() : "";
        if (argument.size() > 1 && argument.front() == '-') {
            const std::string flag = argument.substr(0, argument.find('='));
            refuse(command, text("unknown flag '{}'{}", flag, suggestion(flag, flags_of(app))));
        }
        if (of_command) refuse(command, text("unexpected argument '{}'", argument));
        refuse("", text("unknown command '{}'{}", argument, suggestion(argument, names())));
    }

    std::span<const CliCommand> commands_;
    std::vector<std::string> given_;
    CLI::App app_;
    std::deque<Declared> declared_;  // the parser keeps addresses
};

}  // namespace

std::variant<Parsed, std::string> parse_command_line(std::span<const CliCommand> commands, int argc,
                                                     const char* const* argv) {
    return Parser(commands, std::vector<std::string>(argv + std::min(argc, 1), argv + argc))
        .parse();
}

}  // namespace swaplab
