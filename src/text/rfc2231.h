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

/// Joins continued parameters (RFC 2231 §3): `x*0`, `x*1` become `x`; if any piece is extended
/// (`x*0*`), the result is one `x*` in extended form, charset'language'percent-encoded.
/// BODYSTRUCTURE uses this form, which stays ASCII if the message was. Pieces are ordered by their
/// numbers, up to the first gap. If a name occurs twice, the first value counts.
std::vector<Param> join_params(std::vector<Param> raw);

/// Returns the parameter's value in UTF-8: `name*` decoded from its charset (RFC 2231 §4),
/// otherwise `name` with encoded-words decoded, which RFC 2047 forbids here but mailers use. Empty
/// if there is none.
std::string param_text(const std::vector<Param>& joined, std::string_view name);

/// Returns the plain value, or nullptr. Names are compared ignoring case.
const std::string* find_param(const std::vector<Param>& joined, std::string_view name);

/// Decodes charset'language'percent-encoded to UTF-8 (RFC 2231 §4).
std::string decode_extended(std::string_view value);

}  // namespace posthorn::text
