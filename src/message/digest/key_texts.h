#pragma once

#include <string>
#include <string_view>

#include "message/header/subject.h"
#include "message/mime/part.h"

namespace posthorn::message {

/// The texts of a message by which it is found and sorted, in UTF-8, decoded and not folded. A
/// digest keeps them folded (KeysView); for comparators that do not fold they are computed from the
/// header.
class KeyTexts {
 public:
  explicit KeyTexts(Envelope envelope) : e_(std::move(envelope)) {}
  explicit KeyTexts(std::string_view header) : KeyTexts(parse_envelope(header)) {}

  /// The texts in which FROM, TO, CC, BCC and SUBJECT search.
  [[nodiscard]] std::string from() const { return addresses_text(e_.from); }
  [[nodiscard]] std::string to() const { return addresses_text(e_.to); }
  [[nodiscard]] std::string cc() const { return addresses_text(e_.cc); }
  [[nodiscard]] std::string bcc() const { return addresses_text(e_.bcc); }
  [[nodiscard]] std::string subject() const;
  [[nodiscard]] BaseSubject base_subject() const;
  /// The addr-mailbox of the first address (RFC 5256 §3).
  [[nodiscard]] std::string sort_from() const;
  [[nodiscard]] std::string sort_to() const;
  [[nodiscard]] std::string sort_cc() const;
  /// RFC 5957 §3.
  [[nodiscard]] std::string display_from() const;
  [[nodiscard]] std::string display_to() const;

  [[nodiscard]] const Envelope& envelope() const { return e_; }

 private:
  Envelope e_;
};

}  // namespace posthorn::message
