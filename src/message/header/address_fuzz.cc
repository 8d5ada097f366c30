#include <cstdint>
#include <cstdlib>

#include "message/digest/preview.h"
#include "message/header/address.h"
#include "message/header/date.h"
#include "message/header/header.h"
#include "message/header/message_id.h"
#include "message/header/subject.h"
#include "message/mime/structure_format.h"
#include "text/utf8.h"

// Runs all parsers for the value of one field.
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
