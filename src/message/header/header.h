#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace posthorn::message {

/// One field of a header block, as views into it.
struct HeaderField {
  std::string_view name;   ///< Without blanks before the colon. Empty: the line is no field.
  std::string_view value;  ///< Raw, after the colon: folds are still there, the last line end not.
  std::string_view whole;  ///< With continuation lines and the last line end.
};

/// Walks over a header block (RFC 5322 §2.2) and stops at the blank line or the end. Takes
/// bare LF for CRLF; a continuation line belongs to the field before it; a line without a colon (an
/// mbox "From ", rubbish) comes as a field with an empty name.
class HeaderIterator {
 public:
  explicit HeaderIterator(std::string_view block) : rest_(block) {}
  /// False at the end; `field` is then untouched.
  bool next(HeaderField& field);
  /// After `next` said false: the blank line, or nothing if the block has none.
  [[nodiscard]] std::string_view blank_line() const { return rest_; }

 private:
  std::string_view rest_;
};

/// The raw value of the first field of that name (any case).
std::optional<std::string_view> find_header(std::string_view block, std::string_view name);

/// A raw value as a search sees it: unfolded, decoded to UTF-8 (RFC 9051 §6.4.4).
std::string decode_header_value(std::string_view raw);

enum class HeaderFilter : unsigned char {
  fields,      ///< HEADER.FIELDS: the fields named.
  fields_not,  ///< HEADER.FIELDS.NOT: the others, lines that are no fields included.
};
/// RFC 9051 §6.4.5.1: the fields as they stand in `block`, in its order, and the blank line
/// if `block` has one.
std::string filter_header(std::string_view block, std::span<const std::string> names,
                          HeaderFilter filter);
void append_filtered_header(std::string& out, std::string_view block,
                            std::span<const std::string> names, HeaderFilter filter);

}  // namespace posthorn::message
