#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace posthorn::message {

/// One field of a header block, as views into it.
struct HeaderField {
  std::string_view
      name;  ///< Without white space before the colon. Empty if the line is not a field.
  std::string_view value;  ///< Raw text after the colon, with folds but without the last line end.
  std::string_view whole;  ///< The field with its continuation lines and the last line end.
};

/// Iterates over the fields of a header block (RFC 5322 §2.2), up to the blank line or the end. A
/// bare LF counts as CRLF. A continuation line belongs to the preceding field. A line without a
/// colon (an mbox "From " line, garbage) is returned as a field with an empty name.
class HeaderIterator {
 public:
  explicit HeaderIterator(std::string_view block) : rest_(block) {}
  /// Returns false at the end, and leaves `field` unchanged then.
  bool next(HeaderField& field);
  /// After next() has returned false: the blank line, or nothing if the block has none.
  [[nodiscard]] std::string_view blank_line() const { return rest_; }

 private:
  std::string_view rest_;
};

/// Returns the raw value of the first field with that name, ignoring case.
std::optional<std::string_view> find_header(std::string_view block, std::string_view name);

/// Converts a raw value to the text that searches see: unfolded and decoded to UTF-8 (RFC 9051
/// §6.4.4).
std::string decode_header_value(std::string_view raw);

enum class HeaderFilter : unsigned char {
  fields,      ///< HEADER.FIELDS: the named fields.
  fields_not,  ///< HEADER.FIELDS.NOT: all others, including lines that are not fields.
};
/// Returns the selected fields as they stand in `block` and in its order, and the blank line if
/// `block` has one (RFC 9051 §6.4.5.1).
std::string filter_header(std::string_view block, std::span<const std::string> names,
                          HeaderFilter filter);
void append_filtered_header(std::string& out, std::string_view block,
                            std::span<const std::string> names, HeaderFilter filter);

}  // namespace posthorn::message
