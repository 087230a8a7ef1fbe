#include "experiments/cli/help.h"

#include <array>

#include "experiments/cli/console.h"
#include "profiles/base/text.h"

namespace swaplab {

namespace {

constexpr std::size_t kWidth = 80;
constexpr std::size_t kTextColumn = 26;

constexpr std::array<CommandHelp, 11> kCommands{{
    {CommandKind::list, "list", "what is built in, one line each", "[models|devices|policies]",
     "Without an argument, all three.",
     "swaplab list\n"
     "swaplab list policies\n"
     "swaplab list models --json"},
    {CommandKind::show, "show", "everything known about one model, device or policy",
     "model|device|policy NAME|FILE",
     "With --json a model or a device is written as the file it could have been read from: save "
     "it, edit it, and pass it back by its path.",
     "swaplab show model vgg19\n"
     "swaplab show device jetson-xavier-nx\n"
     "swaplab show policy demand-layering\n"
     "swaplab show model vgg19 --json > mine.json"},
    {CommandKind::plan, "plan", "the deployment only: blocks, peak, predicted latency",
     "-m MODEL... -d DEVICE -p POLICY -b BUDGET",
     "Shows the blocks that the policy cuts, and what one cold request would take.",
     "swaplab plan -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x\n"
     "swaplab plan -m yolov3 -d jetson-xavier-nx -p swapnet --table"},
    {CommandKind::run, "run", "one configuration, simulated or real: latency, memory, stalls",
     "-m MODEL... -d DEVICE -p POLICY -b BUDGET",
     "A budget that is too small ends with exit code 3 and names the smallest that would do. With "
     "--backend emu the device is emulated in real time: real reads, real memory, the device's "
     "pace "
     "and rules; a model that is no pack gets one of its sizes. Ctrl-C ends such a run, and one on "
     "cpu, with what was measured until then (exit code 130); twice, at once.",
     "swaplab run -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x\n"
     "swaplab run -m resnet101 -d jetson-xavier-nx -p demand-layering -b min --json\n"
     "swaplab run -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x --trace t.svg\n"
     "swaplab run -m resnet101 -m yolov3 -d jetson-orin-nano -p on-demand -b 250MiB\n"
     "swaplab run -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x --backend emu\n"
     "swaplab run -m vgg19/ -d here.json -p swapnet -b 0.5x --backend cpu --frozen"},
    {CommandKind::compare, "compare", "policies x budgets: a table, a CSV file, a plot",
     "-m MODEL... -d DEVICE [-p POLICY]... [-b B1,B2,...]",
     "Without -p all policies, without -b the budgets 0.2x, 0.3x ... 1.0x. The policy direct needs "
     "no budget and is shown as the full-memory line.",
     "swaplab compare -m vgg19 -d jetson-xavier-nx\n"
     "swaplab compare -m resnet101 -d jetson-xavier-nx -p swapnet -p load-all \\\n"
     "    -b min,0.3x,0.5x --csv resnet101.csv --plot resnet101.svg"},
    {CommandKind::reproduce, "reproduce", "published results: published, simulated, difference",
     "[NAME|all]",
     "Without an argument, what there is. Lists every assumed constant and whose it is. Exit code "
     "4 if a gated figure lies outside its band.",
     "swaplab reproduce\n"
     "swaplab reproduce demand-layering\n"
     "swaplab reproduce all --json"},
    {CommandKind::fit, "fit", "from measurements (CSV) to a device file",
     "MEASUREMENTS.csv [-o DEVICE.json] [--anchor MODEL.json]",
     "Fits a line per activity, and per op class for execute, by non-negative least squares, and "
     "reports R2, the leave-one-out error and what each line leaves out. Rows of a mode or of a "
     "dtype get tables of their own. The columns: activity, op, label, parameter_bytes, tensors, "
     "layers, flops, activation_bytes, requests, request_bytes, depth, state, beside, memory_kind, "
     "mode, dtype, duration_ns, cpu_ns, run; only activity and duration_ns are needed. Lines "
     "'# name: myboard', '# compute: gpu', '# capacity_bytes: 8589934592' and '# unified: true' "
     "before the header describe the board.",
     "swaplab fit measurements.csv\n"
     "swaplab fit measurements.csv -o board.json\n"
     "swaplab fit measurements.csv -o board.json --own-mode MAXN --anchor vgg19.json\n"
     "swaplab fit measurements.csv -o board.json --layers packs/vgg19"},
    {CommandKind::pack, "pack", "from a TorchScript file to a folder that can be swapped",
     "MODEL.pt -o DIR [--input SHAPE]... [--name NAME] | MODEL --synthetic -o DIR",
     "The pack holds the model's skeleton, its parameters layer by layer as direct reads want "
     "them, an index with checksums, and a model file with one layer per legal cut; -m DIR then "
     "works on "
     "every backend.",
     "swaplab pack vgg19.pt -o packs/vgg19 --input 1x3x224x224\n"
     "swaplab pack bert.pt -o packs/bert --input 1x128:int64 --verify\n"
     "swaplab pack vgg19 --synthetic -o packs/vgg19-sizes"},
    {CommandKind::profile, "profile", "measure this machine with this model",
     "-m DIR [-o FILE.csv] [--time-limit TIME]",
     "Runs schedules of the packed model through the ordinary runner and writes what every "
     "activity took, one row per sample: reads back to back, after pauses and in parallel, "
     "assembly, execution of every layer and of blocks, release, hand-offs, each alone and beside "
     "others. `swaplab fit` makes a device of it.",
     "swaplab profile -m packs/vgg19\n"
     "swaplab profile -m packs/vgg19 -o vgg19.csv --time-limit 60s -b 200MiB\n"
     "swaplab fit vgg19.csv -o here.json --layers packs/vgg19"},
    {CommandKind::validate, "validate",
     "simulation against emulation or measurement: errors, gates",
     "-m MODEL... -d DEVICE -p POLICY... -b B1,B2,... | EXPERIMENT.yaml",
     "Simulates every configuration once and measures it several times with --against, "
     "interleaved, with direct beside it as the reference. Prints per configuration what was "
     "predicted and measured, and over all of them the errors, whether policies rank alike, and "
     "what each modelled effect contributes. Exit code 4 if a gate that was asked for is missed. "
     "Against emu, whose bytes and decisions have to be those of the simulation, it says whether "
     "they are; a run that was late is done again, five times at most, and slower where no "
     "--time-scale is given (column pace).",
     "swaplab validate -m vit/ -d machine.json -p swapnet -p on-demand \\\n"
     "    -b 0.3x,0.5x,1.0x --against cpu --repeats 7 \\\n"
     "    --gate median=3%,p95=7%,tau=0.95 --plot vit.svg\n"
     "swaplab validate experiments/emulation.yaml --against emu \\\n"
     "    --gate worst=1%,bytes=1,order=1\n"
     "swaplab validate study.yaml --against cpu --csv study.csv --json"},
    {CommandKind::replay, "replay", "a decision log through its policy again", "DECISIONS.jsonl",
     "Makes the plan and the scheduler of a recorded run again, feeds it what was observed, and "
     "compares every command. Exit code 1 at the first line that was changed, cannot have "
     "happened, or on which the policy decides otherwise.",
     "swaplab replay decisions.jsonl\n"
     "swaplab replay decisions.jsonl --json"},
}};

void paragraph(std::string& help, std::string_view text) {
    if (!text.empty()) help += '\n' + wrap(text, kWidth) + '\n';
}

void examples(std::string& help, std::string_view lines) {
    help += "\nExamples\n  ";
    for (const char c : lines) {
        help += c;
        if (c == '\n') help += "  ";
    }
    help += '\n';
}

}  // namespace

std::span<const CommandHelp> commands() { return kCommands; }

std::string help_of(const CommandHelp& command, const std::vector<OptionGroup>& groups) {
    std::string help = text("swaplab {}: {}\n", command.name, command.summary);
    help += text("\nusage: {}\n",
                 wrap(text("swaplab {} {} [options]", command.name, command.usage), kWidth - 7, 9));
    paragraph(help, command.details);
    for (const OptionGroup& group : groups) {
        help += '\n' + group.title + '\n';
        for (const OptionHelp& option : group.options)
            help += definition(option.names, option.text, kTextColumn, kWidth);
    }
    paragraph(help,
              "Every flag can also come from the environment, as SWAPLAB_<FLAG> "
              "(SWAPLAB_DEVICE, SWAPLAB_SWAP_PATH, ...); flags stand above it.");
    examples(help, command.examples);
    return help;
}

std::string general_help() {
    std::string help = "swaplab: running DNNs in less memory than their parameters need\n";
    help += "\nusage: swaplab COMMAND [options]\n";
    paragraph(help,
              "Given a memory budget smaller than the models: in what blocks, in what order and "
              "when should their parameters be swapped in, executed and swapped out?");
    help += "\nCommands\n";
    for (const CommandHelp& command : kCommands)
        help += definition(command.name, command.summary, kTextColumn, kWidth);
    help += "\nOptions\n";
    help += definition("-h, --help", "this text; `swaplab COMMAND --help` for one command",
                       kTextColumn, kWidth);
    help += definition("--version", "print the version", kTextColumn, kWidth);
    paragraph(help,
              "Exit codes: 0 ok, 1 the run failed, got stuck or was emulated too late, 2 usage or "
              "bad input, 3 infeasible, "
              "4 a gate failed, 77 not supported here, 130 interrupted.");
    examples(help,
             "swaplab list\n"
             "swaplab run -m vgg19 -d jetson-xavier-nx -p swapnet -b 0.9x\n"
             "swaplab compare -m resnet101 -d jetson-xavier-nx --plot resnet101.svg");
    return help;
}

}  // namespace swaplab
