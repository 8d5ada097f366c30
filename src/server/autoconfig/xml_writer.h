#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace posthorn::server::autoconfig {

/// Writes an XML 1.0 document. Whatever the values are, the document is well-formed: they are
/// escaped, and what XML cannot say (control characters, octets that are not UTF-8) is U+FFFD.
/// Names of elements and attributes are the program's own and are written as they are.
class XmlWriter {
 public:
  struct Attribute {
    std::string_view name;
    std::string_view value;
  };

  /// `doctype`: what stands between "<!DOCTYPE " and ">"; empty: none.
  explicit XmlWriter(std::string_view doctype = {});

  void open(std::string_view name, std::initializer_list<Attribute> attributes = {});
  /// Requires: an element is open.
  void close();
  /// An element with nothing but text in it.
  void leaf(std::string_view name, std::string_view text);
  void empty(std::string_view name);
  /// Requires: every element was closed.
  [[nodiscard]] std::string finish() &&;

 private:
  void indent();
  void write_text(std::string_view text);

  std::string out_;
  std::vector<std::string> open_;
};

}  // namespace posthorn::server::autoconfig
