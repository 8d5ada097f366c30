#include "wire/imap/input.h"

#include "wire/imap/chars.h"

namespace posthorn::wire::imap {

bool Input::expected(std::string_view what) {
  std::string found = "the end";
  if (!at_end() && is_8bit(peek()))
    found = "an 8-bit octet";
  else if (!at_end() && is_ctl(peek()))
    found = "a control character";
  else if (!at_end())
    found = fmt::format("'{}'", peek());
  return refuse(ErrorKind::syntax,
                fmt::format("expected {} at octet {}, found {}", what, at_ + 1, found));
}

bool Input::refuse(ErrorKind kind, std::string text) {
  if (failed_) return false;
  failed_ = true;
  error_ = Error{kind, std::move(text)};
  return false;
}

bool Input::object(Error objection) {
  if (!objection_) objection_ = std::move(objection);
  return true;
}

bool Input::object_to_filter(std::string name) {
  if (objection_) return true;
  undefined_filter_ = std::move(name);
  return object({ErrorKind::not_found, "There is no such filter, or it cannot be used"});
}

}  // namespace posthorn::wire::imap
