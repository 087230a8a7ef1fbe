#include <yaml-cpp/anchor.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <sstream>
#include <string>

#include "profiles/base/text.h"
#include "profiles/document/document.h"
#include "profiles/document/document_tree.h"

namespace swaplab {
namespace {

Position position_of(const YAML::Mark& mark) { return {mark.line + 1, mark.column + 1}; }

// True for what JSON calls a number: -12, 0.5, 1e-9.
bool is_json_number(std::string_view text) {
    const auto digits = [&text] {
        std::size_t size = 0;
        while (size < text.size() && text[size] >= '0' && text[size] <= '9') ++size;
        text.remove_prefix(size);
        return size;
    };
    if (text.starts_with('-')) text.remove_prefix(1);
    const bool zero = text.starts_with('0');
    const std::size_t whole = digits();
    if (whole == 0 || (zero && whole > 1)) return false;
    if (text.starts_with('.')) {
        text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    if (text.starts_with('e') || text.starts_with('E')) {
        text.remove_prefix(1);
        if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
        if (digits() == 0) return false;
    }
    return text.empty();
}

Value::Kind kind_of_plain(std::string_view content) {
    if (content == "true" || content == "false") return Value::Kind::boolean;
    return is_json_number(content) ? Value::Kind::number : Value::Kind::string;
}

// The parser calls plain scalars "?", quoted ones "!", collections "?" or nothing; all else is a
// tag that a person wrote.
bool is_tag(const std::string& tag) { return !tag.empty() && tag != "?" && tag != "!"; }

// Refuses what has no place in a file that JSON could hold, at its first event: nothing is ever
// expanded, so that aliases cannot multiply.
class YamlHandler : public YAML::EventHandler {
  public:
    explicit YamlHandler(TreeBuilder& tree) : tree_(tree) {}

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) fail(mark, "a second document begins here, expected one");
    }
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse(mark, "", anchor);
        if (tree_.expects_key()) fail(mark, "expected a key, found null");
        tree_.scalar(Value::Kind::null, "null", position_of(mark));
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        fail(mark, "aliases (*name) are not supported");
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& content) override {
        refuse(mark, tag, anchor);
        if (tree_.expects_key()) {
            tree_.key(content, position_of(mark));
        } else {
            const bool plain = tag == "?";
            tree_.scalar(plain ? kind_of_plain(content) : Value::Kind::string, content,
                         position_of(mark));
        }
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(Value::Kind::array, mark, tag, anchor);
    }
    void OnSequenceEnd() override { tree_.close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(Value::Kind::object, mark, tag, anchor);
    }
    void OnMapEnd() override { tree_.close(); }

    int documents() const { return documents_; }

  private:
    [[noreturn]] void fail(const YAML::Mark& mark, const std::string& message) const {
        tree_.fail(position_of(mark), message);
    }
    void refuse(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) const {
        if (anchor != YAML::NullAnchor) fail(mark, "anchors (&name) are not supported");
        if (is_tag(tag)) fail(mark, text("tags are not supported, found {}", in_quotes(tag)));
    }
    void open(Value::Kind kind, const YAML::Mark& mark, const std::string& tag,
              YAML::anchor_t anchor) {
        refuse(mark, tag, anchor);
        if (tree_.expects_key()) {
            fail(mark, "expected a key, found a list or a map: is a bracket not closed?");
        }
        tree_.open(kind, position_of(mark));
    }

    TreeBuilder& tree_;
    int documents_ = 0;
};

// The library's errors in words that say what to do.
[[noreturn]] void fail(const YAML::Exception& error, TreeBuilder& tree) {
    const std::string_view message = error.msg;
    const auto is = [message](const char* known) { return message.starts_with(known); };
    // The library reports these at the end of the file, or at its beginning.
    if (is(YAML::ErrorMsg::END_OF_SEQ_FLOW) || is(YAML::ErrorMsg::END_OF_MAP_FLOW))
        tree.fail_unclosed();
    std::string hint;
    if (is(YAML::ErrorMsg::MAP_VALUE))
        hint = " (indent with spaces, quote a text that contains ': ')";
    const bool alias = is(YAML::ErrorMsg::UNKNOWN_ANCHOR);
    const Position at = error.mark.is_null() ? Position{1, 1} : position_of(error.mark);
    tree.fail(at, alias ? "aliases (*name) are not supported"
                        : text("not valid YAML: {}{}", message, hint));
}

}  // namespace

Document parse_yaml(std::string source, std::string file) {
    std::istringstream content(checked_text(std::move(source), file, "YAML"));
    TreeBuilder tree(file);
    YamlHandler handler(tree);
    try {
        YAML::Parser parser(content);
        while (parser.HandleNextDocument(handler)) {
        }
    } catch (const YAML::Exception& error) {
        fail(error, tree);
    }
    if (handler.documents() == 0)
        throw InputError(text("{}:1:1: the file is empty, expected YAML", file));
    return tree.take();
}

}  // namespace swaplab
