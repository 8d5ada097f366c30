#include <cstdint>
#include <cstdlib>

#include "message/address.h"
#include "message/date.h"
#include "message/header.h"
#include "message/message_id.h"
#include "message/preview.h"
#include "message/structure_format.h"
#include "message/subject.h"
#include "text/utf8.h"

// All the parsers of one field's value.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn::message;
  const std::string_view in(reinterpret_cast<const char*>(data), size);
  const auto list = parse_address_list(in);
  int group = 0;
  for (const Address& a : list) {
    if (a.kind == Address::Kind::group_start) ++group;
    if (a.kind == Address::Kind::group_end) --group;
    if (group < 0 || group > 1) std::abort();
  }
  if (group != 0) std::abort();
  if (!posthorn::text::is_valid_utf8(addresses_text(list))) std::abort();
  parse_date(in);
  for (const std::string& id : parse_message_id_list(in))
    if (id.find('@') == std::string::npos) std::abort();
  const BaseSubject base = base_subject(decode_header_value(in));
  if (base.text.size() > 3 * in.size()) std::abort();
  parse_mime_fields(in, DefaultType::text_plain);
  std::string out;
  format_string(out, in);
  strip_html(in);
  return 0;
}
