#include "tests/hw/torch/hostile_models.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/jit/api/module.h>
#include <torch/custom_class.h>

#include <fstream>
#include <map>

namespace swaplab::testing {
namespace {

using torch::jit::Module;

// An object in C++ that does something as it is loaded.
struct Loaded final : torch::CustomClassHolder {};
void register_class() {
    static const auto registered =
        torch::class_<Loaded>("swaplab_hostile", "Loaded")
            .def(torch::init<>())
            .def_pickle([](const c10::intrusive_ptr<Loaded>&) -> std::string { return "state"; },
                        [](const std::string& path) {
                            std::ofstream(path + ".stolen") << "loaded";
                            return c10::make_intrusive<Loaded>();
                        });
}

struct Recipe {
    std::string says;
    std::string forward;
};

// VICTIM stands for the file.
const std::map<std::string, Recipe>& recipes() {
    static const std::map<std::string, Recipe> all{
        {"reads a file", {"aten::from_file", "return x + torch.from_file('VICTIM', False, 16)"}},
        {"writes a file",
         {"aten::from_file", "return x + torch.from_file('VICTIM.stolen', True, 16)"}},
        {"saves", {"aten::save", "torch.save(x, 'VICTIM.stolen')\n    return x"}},
        {"prints", {"prim::Print", "print(x)\n    return x"}},
        {"sets storage", {"aten::set_", "return x.set_(x)"}},
        {"reads beyond", {"aten::as_strided", "return torch.as_strided(x, [4], [1], 1 << 40)"}},
        {"in a branch",
         {"aten::from_file",
          "if bool(x.sum() > 0.0):\n        x = torch.from_file('VICTIM', False, 16)\n"
          "    return x"}},
        {"in a loop",
         {"aten::from_file",
          "for i in range(2):\n        x = torch.from_file('VICTIM', False, 16)\n    return x"}},
        {"never ends",
         {"prim::Loop", "while bool(x.sum() < 1e30):\n        x = x * 0.5\n    return x"}},
        {"counts for ever",
         {"prim::Loop", "for i in range(1000000000000):\n        x = x * 0.5\n    return x"}},
        {"counts as long as it likes",
         {"more than 10000 turns",
          "for i in range(x.size(0) * 1000000000):\n        x = x * 0.5\n    return x"}},
        {"loops in loops",
         {"loops within loops",
          "n = x.size(0)\n    for i in range(n):\n        for j in range(n):\n"
          "            for k in range(n):\n                x = x * 0.5\n    return x"}},
        {"zeros without end", {"aten::zeros", "return x + torch.zeros([1 << 40])"}},
        {"a range without end", {"aten::arange", "return x + torch.arange(1099511627776)[:16]"}},
    };
    return all;
}

std::string with(std::string text, const std::string& victim) {
    for (std::size_t at = text.find("VICTIM"); at != std::string::npos; at = text.find("VICTIM"))
        text.replace(at, 6, victim);
    return text;
}

Module plain(const std::string& forward) {
    Module module("Model");
    module.register_buffer("w", at::randn({4, 16}).mul(0.3));
    module.define("\ndef helper(self, x):\n    return x\n");
    module.define("\ndef forward(self, x):\n    x = x * self.w\n    " + forward + "\n");
    return module;
}

constexpr const char* kThief =
    "\ndef forward(self, x):\n    return torch.from_file('VICTIM', False, 16)\n";

// A submodule that the forward of the whole never calls.
Module in_a_submodule(const std::string& victim) {
    Module child("Child");
    child.define(with(kThief, victim));
    Module parent = plain("return x");
    parent.register_module("child", child);
    return parent;
}

Module in_a_helper(const std::string& victim) {
    Module module("Model");
    module.register_buffer("w", at::randn({4, 16}));
    module.define(
        with("\ndef helper(self, x):\n    return torch.from_file('VICTIM', False, 16)\n", victim));
    module.define("\ndef forward(self, x):\n    return x * self.w\n");
    return module;
}

// Twice as much in each: 2^40 operators when all calls are written out.
Module doubling() {
    Module module("Model");
    module.register_buffer("w", at::randn({4, 16}));
    module.define("\ndef f0(self, x):\n    return x * 0.5\n");
    for (int i = 1; i <= 40; ++i) {
        const std::string before = "self.f" + std::to_string(i - 1);
        module.define("\ndef f" + std::to_string(i) + "(self, x):\n    return " + before + "(" +
                      before + "(x))\n");
    }
    module.define("\ndef forward(self, x):\n    return self.f40(x * self.w)\n");
    return module;
}

// Runs as soon as it is loaded.
Module when_loaded(const std::string& victim) {
    Module module = plain("return x");
    module.define(
        with("\ndef __getstate__(self):\n    return 1\n"
             "\ndef __setstate__(self, state: int):\n"
             "    torch.save(state, 'VICTIM.stolen')\n",
             victim));
    return module;
}

Module with_an_object(const std::string&) {
    register_class();
    Module module = plain("return x");
    module.register_attribute("loaded", c10::getCustomClassType<c10::intrusive_ptr<Loaded>>(),
                              c10::IValue(c10::make_intrusive<Loaded>()));
    return module;
}

// 16 TiB, of which 4 bytes are stored.
Module blown_up(const std::string&) {
    Module module("Model");
    module.register_buffer("w", at::ones({1}).expand({std::int64_t{1} << 42}));
    module.define("\ndef forward(self, x):\n    return x * self.w[0]\n");
    return module;
}

const std::map<std::string, std::pair<std::string, Module (*)(const std::string&)>>& whole() {
    static const std::map<std::string, std::pair<std::string, Module (*)(const std::string&)>> all{
        {"in a submodule", {"aten::from_file", in_a_submodule}},
        {"in a method nobody calls", {"aten::from_file", in_a_helper}},
        {"doubling", {"calls written out", [](const std::string&) { return doubling(); }}},
        {"when it is loaded", {"state__ runs code of the file as it is loaded", when_loaded}},
        {"an object in C++", {"torch.classes", with_an_object}},
        {"blown up", {"of which 4 are stored", blown_up}},
    };
    return all;
}

}  // namespace

std::vector<Hostile> hostile_models() {
    std::vector<Hostile> all;
    for (const auto& [name, recipe] : recipes()) all.push_back({name, recipe.says});
    for (const auto& [name, made] : whole()) all.push_back({name, made.first});
    return all;
}

void write_hostile(const std::string& name, const std::string& victim, const std::string& file) {
    torch::jit::ExtraFilesMap extra;
    extra["swaplab.json"] = R"({"inputs": [{"shape": [4, 16]}]})";
    const auto made = whole().find(name);
    const Module module = made != whole().end() ? made->second.second(victim)
                                                : plain(with(recipes().at(name).forward, victim));
    module.save(file, extra);
}

}  // namespace swaplab::testing
