#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn::server::autoconfig {

/// Writes an XML 1.0 document that is well-formed for all values: they are escaped, and what XML
/// cannot represent (control characters, octets that are not UTF-8) becomes U+FFFD. The names of
/// elements and attributes come from the program and are written unchanged.
class XmlWriter {
 public:
  struct Attribute {
    std::string_view name;
    std::string_view value;
  };

  /// `doctype`: the text between "<!DOCTYPE " and ">"; empty if there is none.
  explicit XmlWriter(std::string_view doctype = {});

  void open(std::string_view name, std::initializer_list<Attribute> attributes = {});
  /// Requires: an element is open.
  void close();
  /// Writes an element that contains only text.
  void leaf(std::string_view name, std::string_view text);
  void empty(std::string_view name);
  /// Requires: every element has been closed.
  [[nodiscard]] std::string finish() &&;

 private:
  void indent();
  void write_text(std::string_view text);

  std::string out_;
  std::vector<std::string> open_;
};

}  // namespace posthorn::server::autoconfig
