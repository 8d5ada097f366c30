#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace posthorn::text {

/// One parameter of a Content-Type or Content-Disposition field.
struct Param {
  std::string name;
  std::string value;
  friend bool operator==(const Param&, const Param&) = default;
};

/// Puts continuations together (RFC 2231 §3): `x*0`, `x*1` become `x`; if any piece is
/// extended (`x*0*`) the result is one `x*` in extended form, charset'language'percent-encoded.
/// This is the form for BODYSTRUCTURE: it stays ASCII if the message was. Pieces are put in order
/// of their numbers up to the first gap; a name given twice keeps its first value.
std::vector<Param> join_params(std::vector<Param> raw);

/// The parameter's value as UTF-8: `name*` decoded by its charset (RFC 2231 §4), else `name` with
/// encoded-words decoded, which RFC 2047 forbids here and mailers do. Empty if there is none.
std::string param_text(const std::vector<Param>& joined, std::string_view name);

/// The plain value, or nullptr. Names are compared without regard to case.
const std::string* find_param(const std::vector<Param>& joined, std::string_view name);

/// charset'language'percent-encoded as UTF-8 (RFC 2231 §4).
std::string decode_extended(std::string_view value);

}  // namespace posthorn::text
