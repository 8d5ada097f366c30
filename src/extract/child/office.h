#pragma once

#include <string_view>

#include "extract/child/text_output.h"

namespace posthorn::extract {

/// What is read of one document at most, so that a small file cannot make much work.
struct OfficeLimits {
  std::size_t octets = 64 << 20;  ///< Of unpacked XML, all files together.
  std::size_t entries = 10'000;   ///< Files in the archive.
  std::size_t depth = 500;        ///< Elements within each other.
};

/// Extracts the text of a document of ECMA-376 (DOCX, XLSX, PPTX) or OpenDocument (ODT, ODS, ODP).
/// A document type declaration ends the XML file that has it, so that no entity is ever defined.
/// Returns false if something cannot be read, or is beyond the limits; the text before that has
/// been put out.
bool extract_office(std::string_view document, TextOutput& out, const OfficeLimits& limits = {});

/// The two forms of XML.
enum class Markup : unsigned char { none, open_xml, open_document };
/// The form of a file in the archive, by its name; `none` if it has no text.
Markup markup_of(std::string_view path);

/// Reads one XML file that comes in portions.
class XmlText {
 public:
  XmlText(Markup markup, TextOutput& out, std::size_t depth = OfficeLimits{}.depth);
  ~XmlText();
  XmlText(const XmlText&) = delete;
  XmlText& operator=(const XmlText&) = delete;
  /// Returns false if nothing of what follows can be read.
  bool feed(std::string_view octets);
  bool finish();

 private:
  struct State;
  State* state_;
};

}  // namespace posthorn::extract
