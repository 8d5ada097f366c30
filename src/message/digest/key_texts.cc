#include "message/digest/key_texts.h"

#include <vector>

#include "text/rfc2047.h"

namespace posthorn::message {
namespace {

std::string first_mailbox(const std::vector<Address>& list) {
  return list.empty() ? std::string() : text::decode_words(list.front().mailbox);
}

// RFC 5957 §3.
std::string display_name(const std::vector<Address>& list) {
  if (list.empty()) return {};
  const Address& a = list.front();
  std::string name = text::decode_words(a.name);
  if (!name.empty()) return name;
  std::string address = text::decode_words(a.mailbox);
  return a.host.empty() ? address : address + "@" + text::decode_words(a.host);
}

}  // namespace

std::string KeyTexts::subject() const { return text::decode_words(e_.subject.value_or("")); }
BaseSubject KeyTexts::base_subject() const { return message::base_subject(subject()); }
std::string KeyTexts::sort_from() const { return first_mailbox(e_.from); }
std::string KeyTexts::sort_to() const { return first_mailbox(e_.to); }
std::string KeyTexts::sort_cc() const { return first_mailbox(e_.cc); }
std::string KeyTexts::display_from() const { return display_name(e_.from); }
std::string KeyTexts::display_to() const { return display_name(e_.to); }

}  // namespace posthorn::message
