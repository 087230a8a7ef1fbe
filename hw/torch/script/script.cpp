#include "hw/torch/script/script.h"

#include <torch/csrc/jit/runtime/graph_executor.h>
#include <torch/csrc/jit/serialization/import.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <memory>
#include <new>
#include <utility>

#include "hw/torch/script/script_check.h"
#include "profiles/base/error.h"
#include "profiles/base/text.h"

namespace swaplab {
namespace {

using torch::jit::Node;

// --- Loading ------------------------------------------------------------------------------------

using Archive = caffe2::serialize::ReadAdapterInterface;

// What is checked is what is loaded: one open file for both.
class OpenFile final : public Archive {
  public:
    OpenFile(FileHandle file, const std::string& shown_as)
        : file_(std::move(file)), size_(static_cast<std::size_t>(size_of(file_, shown_as).count)) {}
    std::size_t size() const override { return size_; }
    std::size_t read(std::uint64_t at, void* to, std::size_t size, const char*) const override {
        std::size_t got = 0;
        while (got < size) {
            const ssize_t more = ::pread(file_.get(), static_cast<char*>(to) + got, size - got,
                                         static_cast<off_t>(at + got));
            if (more < 0 && errno == EINTR) continue;
            if (more <= 0) break;
            got += static_cast<std::size_t>(more);
        }
        return got;
    }

  private:
    FileHandle file_;
    std::size_t size_;
};

class BytesInMemory final : public Archive {
  public:
    explicit BytesInMemory(std::string bytes) : bytes_(std::move(bytes)) {}
    std::size_t size() const override { return bytes_.size(); }
    std::size_t read(std::uint64_t at, void* to, std::size_t size, const char*) const override {
        if (at >= bytes_.size()) return 0;
        return bytes_.copy(static_cast<char*>(to), size, at);
    }

  private:
    std::string bytes_;
};

torch::jit::Module load(const std::shared_ptr<Archive>& bytes, const std::string& file,
                        torch::jit::ExtraFilesMap& extra) {
    // Its first runs would be slower and its later ones differently fused.
    torch::jit::getProfilingMode() = false;
    try {
        check_archive(bytes, file);
        torch::jit::Module module = torch::jit::load(bytes, c10::Device(c10::kCPU), extra);
        check_program(module, file);
        module.eval();
        if (!module.find_method("forward"))
            throw InputError(text("{}: the module has no method forward", file));
        return module;
    } catch (const InputError&) {
        throw;
    } catch (const std::exception& error) {
        throw_if_out_of_memory(error, file);
        throw InputError(
            text("{}: not a TorchScript file ({}); expected what torch.jit.trace or "
                 "torch.jit.script made and torch.jit.save wrote",
                 file, reason_of(error)));
    }
}

}  // namespace

void for_each_node(torch::jit::Block& block, const std::function<void(Node&)>& visit) {
    for (Node* node : block.nodes()) {
        visit(*node);
        for (torch::jit::Block* inner : node->blocks()) for_each_node(*inner, visit);
    }
}

std::string described(const Node& node) {
    const auto place = node.sourceRange().file_line_col();
    const std::string kind = node.kind().toQualString();
    if (!place) return kind;
    const auto& [source, line, column] = *place;
    return text("{} ({}:{})", kind, std::filesystem::path(source).filename().string(), line);
}

std::string reason_of(const std::exception& error) {
    const auto* from_torch = dynamic_cast<const c10::Error*>(&error);
    std::string what = from_torch ? from_torch->what_without_backtrace() : error.what();
    constexpr std::string_view kMark = "Error: ";  // "RuntimeError: " ends an interpreter's trace
    if (const std::size_t last = what.rfind(kMark); last != std::string::npos)
        what = what.substr(last + kMark.size());
    what = what.substr(0, what.find("\nException raised from"));
    while (!what.empty() && what.back() == '\n') what.pop_back();
    return what.substr(0, what.find('\n'));
}

void for_each_tensor(const c10::IValue& value,
                     const std::function<void(const at::Tensor&)>& visit) {
    value.visit([&](const c10::IValue& inner) {
        if (inner.isTensor() && inner.toTensor().defined()) visit(inner.toTensor());
        return false;
    });
}

bool is_out_of_memory(const std::exception& error) {
    if (dynamic_cast<const std::bad_alloc*>(&error) != nullptr) return true;
    const std::string what = error.what();  // the interpreter wraps what an operator throws
    for (const char* said : {"can't allocate memory", "std::bad_alloc", "not enough memory",
                             "could not create a primitive"})  // oneDNN's, for its code
        if (what.find(said) != std::string::npos) return true;
    return false;
}

void throw_if_out_of_memory(const std::exception& error, const std::string& what) {
    if (!is_out_of_memory(error)) return;
    const std::string reason = reason_of(error);
    const bool says_more = reason.find("bad_alloc") == std::string::npos;
    throw UnsupportedError(text("{}: there is not enough memory for it here{}; a limit of this "
                                "process (`ulimit -v`, a cgroup) or of the machine",
                                what, says_more ? text(" ({})", reason) : ""));
}

torch::jit::Module load_torchscript(FileHandle file, const std::string& shown_as,
                                    torch::jit::ExtraFilesMap& extra) {
    return load(std::make_shared<OpenFile>(std::move(file), shown_as), shown_as, extra);
}

torch::jit::Module load_torchscript(std::string bytes, const std::string& shown_as) {
    torch::jit::ExtraFilesMap no_extra;
    return load(std::make_shared<BytesInMemory>(std::move(bytes)), shown_as, no_extra);
}

}  // namespace swaplab
