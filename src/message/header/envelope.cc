#include "message/header/header.h"
#include "message/mime/part.h"
#include "text/ascii.h"
#include "text/rfc2047.h"

namespace posthorn::message {
namespace {

struct AddressField {
  std::string_view name;
  std::vector<Address> Envelope::* list;
};
constexpr AddressField kAddressFields[] = {
    {"from", &Envelope::from},         {"sender", &Envelope::sender}, {"to", &Envelope::to},
    {"reply-to", &Envelope::reply_to}, {"cc", &Envelope::cc},         {"bcc", &Envelope::bcc}};

struct TextField {
  std::string_view name;
  std::optional<std::string> Envelope::* value;
};
constexpr TextField kTextFields[] = {{"date", &Envelope::date},
                                     {"subject", &Envelope::subject},
                                     {"in-reply-to", &Envelope::in_reply_to},
                                     {"message-id", &Envelope::message_id}};

void take_field(Envelope& envelope, const HeaderField& field) {
  for (const AddressField& known : kAddressFields) {
    if (text::iequals(field.name, known.name))
      return append_address_list(envelope.*known.list, field.value);
  }
  for (const TextField& known : kTextFields) {
    if (text::iequals(field.name, known.name)) {
      if (!(envelope.*known.value)) envelope.*known.value = text::unfold(field.value);
      return;
    }
  }
}

}  // namespace

Envelope parse_envelope(std::string_view block) {
  Envelope envelope;
  HeaderIterator fields(block);
  for (HeaderField field; fields.next(field);)
    if (field.name.size() <= 11) take_field(envelope, field);  // "in-reply-to" is the longest.
  return envelope;
}

}  // namespace posthorn::message
