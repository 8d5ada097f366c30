#include "extract/kind.h"

#include <array>

namespace posthorn::extract {
namespace {

constexpr std::array kKinds = {Kind::office, Kind::rtf, Kind::pdf};

}  // namespace

std::optional<Kind> kind_of(std::string_view beginning) {
  if (beginning.starts_with("PK\x03\x04")) return Kind::office;
  if (beginning.starts_with("{\\rtf")) return Kind::rtf;
  // Readers of PDF accept other octets before the header, and senders rely on it.
  if (beginning.substr(0, kKindOctets).contains("%PDF-")) return Kind::pdf;
  return std::nullopt;
}

const char* name_of(Kind kind) {
  switch (kind) {
    case Kind::office: return "office";
    case Kind::rtf: return "rtf";
    case Kind::pdf: return "pdf";
  }
  return "";
}

std::optional<Kind> kind_named(std::string_view name) {
  for (const Kind kind : kKinds)
    if (name == name_of(kind)) return kind;
  return std::nullopt;
}

}  // namespace posthorn::extract
