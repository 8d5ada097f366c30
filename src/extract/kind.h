#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace posthorn::extract {

/// The kinds of documents whose text is extracted.
enum class Kind : std::uint8_t {
  office,  ///< DOCX, XLSX, PPTX (ECMA-376), ODT, ODS, ODP (ISO 26300): XML files in a ZIP archive.
  rtf,     ///< Rich Text Format 1.9.
  pdf,     ///< ISO 32000.
};

/// Number of octets that kind_of() needs.
inline constexpr std::size_t kKindOctets = 1024;

/// Tells the kind by how a document begins, since the media type that a sender declares is often
/// that of nothing in particular. None if the text of such a document is not extracted.
std::optional<Kind> kind_of(std::string_view beginning);

/// The name of the kind as an argument of the program.
const char* name_of(Kind kind);
std::optional<Kind> kind_named(std::string_view name);

}  // namespace posthorn::extract
