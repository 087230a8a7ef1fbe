#include "tests/hw/torch/models.h"

#include <ATen/Context.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randn.h>
#include <torch/csrc/jit/api/module.h>

#include <map>

namespace swaplab::testing {
namespace {

struct Recipe {
    std::vector<std::pair<std::string, std::vector<std::int64_t>>> parameters;
    std::string forward;
    std::string inputs = R"([{"shape": [1, 3, 16, 16]}])";
    bool cuts = true;
    std::string message{};       // of one that cannot be cut
    std::int64_t positions = 0;  // so many are a buffer of the module
};

const char* const kTokens = R"([{"shape": [1, 12], "dtype": "int64"}])";

// Sixteen layers of 64 KiB, so that budgets are about parameters.
Recipe wide() {
    Recipe recipe{{}, "\ndef forward(self, x):\n", R"([{"shape": [4, 128]}])"};
    for (int i = 0; i < 16; ++i) {
        std::string name = "w";
        name += std::to_string(i);
        recipe.parameters.push_back({name, {128, 128}});
        recipe.forward += "    x = torch.relu(torch.matmul(x, self.";
        recipe.forward += name;
        recipe.forward += "))\n";
    }
    recipe.forward += "    return x\n";
    return recipe;
}

const std::map<std::string, Recipe>& recipes() {
    static const std::map<std::string, Recipe> kRecipes{
        // A residual, batch norm, activations in place, a pool, a flattened head.
        {"cnn",
         {{{"c1", {8, 3, 3, 3}},
           {"c2", {8, 8, 3, 3}},
           {"c3", {8, 8, 1, 1}},
           {"m", {8}},
           {"v", {8}},
           {"g", {8}},
           {"fc", {10, 512}},
           {"b", {10}}},
          R"(
def forward(self, x):
    y = torch.conv2d(x, self.c1, None, [1, 1], [1, 1], [1, 1], 1)
    y = torch.batch_norm(y, self.g, None, self.m, self.v, False, 0.1, 1e-5, True)
    y = torch.relu_(y)
    z = torch.conv2d(y, self.c2, None, [1, 1], [1, 1], [1, 1], 1)
    z = torch.relu_(z)
    z = torch.conv2d(z, self.c3, None, [1, 1], [0, 0], [1, 1], 1)
    y = torch.relu_(y.add_(z))
    y = torch.max_pool2d(y, [2, 2], [2, 2], [0, 0], [1, 1], False)
    return torch.addmm(self.b, y.flatten(1), self.fc.t())
)"}},
        // Embedding, attention with a chunk alive across cuts, two layer norms, two outputs.
        {"transformer",
         {{{"e", {1000, 16}},
           {"p", {16, 16}},
           {"qkv", {48, 16}},
           {"o", {16, 16}},
           {"n1", {16}},
           {"b1", {16}},
           {"n2", {16}},
           {"b2", {16}},
           {"f1", {64, 16}},
           {"f2", {16, 64}}},
          R"(
def forward(self, tokens):
    x = torch.embedding(self.e, tokens) + self.p[:12]
    y = torch.layer_norm(x, [16], self.n1, self.b1)
    parts = torch.matmul(y, self.qkv.t()).chunk(3, 2)
    q, k, v = parts[0], parts[1], parts[2]
    scores = torch.softmax(torch.matmul(q, k.transpose(1, 2)) / 4.0, 2)
    x = x + torch.matmul(torch.matmul(scores, v), self.o)
    y = torch.layer_norm(x, [16], self.n2, self.b2)
    y = torch.matmul(torch.gelu(torch.matmul(y, self.f1.t())), self.f2.t())
    return x + y, y.mean(2)
)",
          kTokens}},
        // The head shares the matrix of the embedding; a list and a dictionary live across cuts.
        {"tied",
         {{{"e", {1000, 16}}, {"w", {16, 16}}},
          R"(
def forward(self, tokens):
    x = torch.embedding(self.e, tokens)
    kept = [x, torch.matmul(x, self.w)]
    kept.append(torch.matmul(kept[1], self.w))
    named = {"last": kept[2]}
    y = torch.matmul(named["last"] + kept[0], self.w)
    return torch.matmul(y, self.e.t())
)",
          kTokens}},
        // A block of GPT-2: words and positions are looked up, the head shares the words' table. A
        // row crosses pages.
        {"gpt",
         {{{"wte", {1000, 260}},
           {"wpe", {256, 260}},
           {"n1", {260}},
           {"b1", {260}},
           {"qkv", {260, 780}},
           {"o", {260, 260}},
           {"n2", {260}},
           {"b2", {260}}},
          R"(
def forward(self, tokens):
    x = torch.embedding(self.wte, tokens) + torch.embedding(self.wpe, self.positions)
    y = torch.layer_norm(x, [260], self.n1, self.b1)
    parts = torch.matmul(y, self.qkv).chunk(3, 2)
    scores = torch.softmax(torch.matmul(parts[0], parts[1].transpose(1, 2)) / 16.0, 2)
    x = x + torch.matmul(torch.matmul(scores, parts[2]), self.o)
    x = torch.layer_norm(x, [260], self.n2, self.b2)
    return torch.matmul(x[:, -1:], self.wte.t())
)",
          kTokens,
          true,
          {},
          12}},
        {"wide", wide()},
        // A branch on a value and a loop, each with products inside, and a number across a cut.
        {"branch",
         {{{"a", {16, 16}}, {"b", {16, 16}}},
          R"(
def forward(self, x):
    y = torch.matmul(x, self.a)
    size = y.size(0)
    if bool(y.sum() > 0.0):
        y = torch.matmul(y, self.b)
    else:
        y = torch.matmul(y, self.a) - 1.0
    for i in range(size):
        y = torch.matmul(y, self.b) / 4.0
    return torch.matmul(y, self.a) * float(size)
)",
          R"([{"shape": [4, 16]}])"}},
        {"training",
         {{{"m", {3}}, {"v", {3}}},
          R"(
def forward(self, x):
    return torch.batch_norm(x, None, None, self.m, self.v, True, 0.1, 1e-5, True)
)",
          R"([{"shape": [1, 3, 16, 16]}])",
          false,
          "training mode"}},
        {"random",
         {{{"w", {16, 16}}},
          R"(
def forward(self, x):
    return torch.matmul(x, self.w) + torch.rand_like(x)
)",
          R"([{"shape": [4, 16]}])",
          false,
          "aten::rand_like"}},
        {"writes",
         {{{"w", {16, 16}}},
          R"(
def forward(self, x):
    y = torch.matmul(x, self.w)
    self.w[0].add_(1.0)
    return y
)",
          R"([{"shape": [4, 16]}])",
          false,
          "writes into the parameter w"}},
        {"state",
         {{{"w", {16, 16}}},
          R"(
def forward(self, x):
    self.w = self.w + 1.0
    return torch.matmul(x, self.w)
)",
          R"([{"shape": [4, 16]}])",
          false,
          "prim::SetAttr"}},
        {"returns",
         {{{"w", {16, 16}}},
          R"(
def forward(self, x):
    return torch.matmul(x, self.w), self.w.t()
)",
          R"([{"shape": [4, 16]}])",
          false,
          "parameter"}},
        {"fails",
         {{{"w", {16, 16}}},
          R"(
def forward(self, x):
    return torch.matmul(x, self.w)
)",
          R"([{"shape": [4, 5]}])",
          false,
          "forward fails with the given inputs"}},
    };
    return kRecipes;
}

torch::jit::Module build(const Recipe& recipe) {
    at::manual_seed(7);
    torch::jit::Module module("Model");
    for (const auto& [name, shape] : recipe.parameters) {
        const bool variance = name == "v";  // a variance is positive
        module.register_buffer(name,
                               variance ? at::rand(shape).add(0.5) : at::randn(shape).mul(0.3));
    }
    if (recipe.positions > 0)
        module.register_buffer("positions", at::arange(recipe.positions, at::kLong).unsqueeze(0));
    module.define(recipe.forward);
    return module;
}

// Two modules of one child: its weights are used twice under one name, and it has attributes that
// are no tensors.
torch::jit::Module shared() {
    torch::jit::Module child("Child");
    child.register_parameter("weight", at::randn({16, 16}).mul(0.3), false);
    child.register_attribute("scale", c10::FloatType::get(), 0.5);
    child.register_attribute("training", c10::BoolType::get(), false);
    child.define(R"(
def forward(self, x):
    if self.training:
        x = x + torch.rand_like(x)
    return torch.relu(torch.matmul(x, self.weight)) * self.scale
)");
    torch::jit::Module parent("Parent");
    parent.register_module("first", child);
    parent.register_module("second", child);
    parent.register_parameter("weight", at::randn({16, 16}).mul(0.3), false);
    parent.define(R"(
def forward(self, x):
    return self.second.forward(torch.matmul(self.first.forward(x), self.weight)) + x
)");
    return parent;
}

void write(const std::string& name, const std::string& file, bool with_inputs) {
    const bool is_shared = name == "shared";
    const std::string inputs = is_shared ? R"([{"shape": [4, 16]}])" : recipes().at(name).inputs;
    torch::jit::ExtraFilesMap extra;
    if (with_inputs) extra["swaplab.json"] = R"({"inputs": )" + inputs + "}";
    (is_shared ? shared() : build(recipes().at(name))).save(file, extra);
}

}  // namespace

void write_torchscript(const std::string& name, const std::string& file) {
    write(name, file, true);
}

void write_torchscript_without_inputs(const std::string& name, const std::string& file) {
    write(name, file, false);
}

void write_lookup(const Lookup& lookup, const std::string& file) {
    Recipe recipe{{{"e", {lookup.rows, lookup.columns}}, {"w", {lookup.columns, 8}}},
                  "\ndef forward(self, tokens):\n"};
    for (const std::string& line :
         {lookup.before, "x = torch.embedding(self.e, " + lookup.ids + ")", lookup.behind,
          std::string("return torch.matmul(x.float(), self.w)")})
        if (!line.empty()) recipe.forward += "    " + line + "\n";
    torch::jit::Module module = build(recipe);
    if (lookup.halves) module.setattr("e", module.attr("e").toTensor().to(at::kHalf));
    module.save(file, {{"swaplab.json", std::string(R"({"inputs": )") + kTokens + "}"}});
}

std::vector<std::string> good_torchscript() {
    std::vector<std::string> names{"shared"};
    for (const auto& [name, recipe] : recipes()) {
        if (recipe.cuts) names.push_back(name);
    }
    return names;
}

std::vector<BadTorchscript> bad_torchscript() {
    std::vector<BadTorchscript> bad;
    for (const auto& [name, recipe] : recipes()) {
        if (!recipe.cuts) bad.push_back({name, recipe.message});
    }
    return bad;
}

}  // namespace swaplab::testing
