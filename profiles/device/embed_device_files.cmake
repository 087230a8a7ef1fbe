# Writes OUTPUT, the source of embedded_device_files(), from the files named in LIST, one per line.
# Bytes are written as character literals: no limit on length, no escaping, any encoding.
file(STRINGS "${LIST}" paths ENCODING UTF-8)
string(REPEAT "." 32 sixteen_bytes)

set(arrays "")
set(entries "")
set(count 0)
foreach(path IN LISTS paths)
    get_filename_component(name "${path}" NAME_WLE)
    file(READ "${path}" bytes HEX)
    string(REGEX REPLACE "(${sixteen_bytes})" "\\1\n    " bytes "${bytes}")
    string(REGEX REPLACE "([0-9a-f][0-9a-f])" "'\\\\x\\1'," bytes "${bytes}")
    string(APPEND arrays "constexpr char kText${count}[] = {\n    ${bytes}'\\0'};\n")
    string(APPEND entries "    {\"${name}\", {kText${count}, sizeof(kText${count}) - 1}},\n")
    math(EXPR count "${count} + 1")
endforeach()

file(WRITE "${OUTPUT}" "// Generated from profiles/devices/*.json; do not edit.
#include \"profiles/device/embedded_device_files.h\"

#include <array>

namespace swaplab {
namespace {

${arrays}
constexpr std::array<EmbeddedFile, ${count}> kFiles{{\n${entries}}};

}  // namespace

std::span<const EmbeddedFile> embedded_device_files() { return kFiles; }

}  // namespace swaplab
")
