// A client reads arbitrary server output: framing, tokens and typed readers.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/imap/response/response_data.h"
#include "wire/imap/response/response_parser.h"

namespace {

using namespace posthorn::wire::imap;

// Every token is reachable exactly once.
std::size_t count(TokenList list) {
  std::size_t n = 0;
  for (auto it = list.begin(); it != list.end(); ++it) n += 1 + count(it.children());
  return n;
}

void read_all(const Response& response) {
  (void)parse_fetch_data(response);
  (void)parse_list_data(response);
  (void)parse_status_data(response, true);
  (void)parse_search_data(response);
  (void)parse_esearch_data(response);
  (void)parse_vanished_data(response);
  (void)code_number(response, "UIDNEXT");
  (void)code_uids(response);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view buffer(reinterpret_cast<const char*>(data), size);
  ResponseReceiver receiver(4096);
  Response response;
  for (;;) {
    const ResponseReceiver::Event e = receiver.next(buffer);
    if (e.kind != ResponseReceiver::Event::Kind::response) return 0;
    if (e.consumed > buffer.size()) std::abort();
    if (response.parse(e.text)) {
      if (count(response.tokens()) > e.text.size()) std::abort();
      read_all(response);
    }
    buffer.remove_prefix(e.consumed);
  }
}
