#include "server/autoconfig/xml_writer.h"

#include <cassert>

#include "text/utf8.h"

namespace posthorn::server::autoconfig {
namespace {

/// XML 1.0, production 2 (Char).
bool is_xml_character(char32_t c) {
  return c == 0x9 || c == 0xA || c == 0xD || (c >= 0x20 && c <= 0xD7FF) ||
         (c >= 0xE000 && c <= 0xFFFD) || (c >= 0x10000 && c <= 0x10FFFF);
}

}  // namespace

XmlWriter::XmlWriter(std::string_view doctype) {
  out_ = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";
  if (!doctype.empty()) out_.append("<!DOCTYPE ").append(doctype).append(">\n");
}

void XmlWriter::indent() { out_.append(2 * open_.size(), ' '); }

void XmlWriter::open(std::string_view name, std::initializer_list<Attribute> attributes) {
  indent();
  out_.append("<").append(name);
  for (const Attribute& attribute : attributes) {
    out_.append(" ").append(attribute.name).append("=\"");
    write_text(attribute.value);
    out_ += '"';
  }
  out_ += ">\n";
  open_.emplace_back(name);
}

void XmlWriter::close() {
  assert(!open_.empty());
  const std::string name = std::move(open_.back());
  open_.pop_back();
  indent();
  out_.append("</").append(name).append(">\n");
}

void XmlWriter::leaf(std::string_view name, std::string_view text) {
  indent();
  out_.append("<").append(name).append(">");
  write_text(text);
  out_.append("</").append(name).append(">\n");
}

void XmlWriter::empty(std::string_view name) {
  indent();
  out_.append("<").append(name).append("/>\n");
}

void XmlWriter::write_text(std::string_view text) {
  while (!text.empty()) {
    const char32_t c = text::next_code_point(text);
    switch (c) {
      case '&': out_ += "&amp;"; break;
      case '<': out_ += "&lt;"; break;
      case '>': out_ += "&gt;"; break;
      case '"': out_ += "&quot;"; break;
      // Escaped, because parsers convert these characters to spaces in attributes and at line ends.
      case '\t': out_ += "&#9;"; break;
      case '\n': out_ += "&#10;"; break;
      case '\r': out_ += "&#13;"; break;
      default:
        if (is_xml_character(c)) {
          text::append_utf8(out_, c);
        } else {
          out_ += text::kReplacement;
        }
    }
  }
}

std::string XmlWriter::finish() && {
  assert(open_.empty());
  return std::move(out_);
}

}  // namespace posthorn::server::autoconfig
