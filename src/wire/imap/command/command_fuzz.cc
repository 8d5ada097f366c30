// No input crashes the parser, and every accepted command has a name and a tag.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "wire/imap/command/command.h"
#include "wire/imap/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace posthorn::wire::imap;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const bool utf8 : {false, true}) {
    const ParseOptions options{
        .utf8 = utf8, .search_depth = 20, .search_keys = 200, .list_items = 50};
    const auto command = parse_command(text, options);
    if (command && (command->tag.empty() || name_of(command->body).empty())) std::abort();
    if (!command && command.error().text.empty()) std::abort();
    if (!command) continue;
    if (const auto* append = std::get_if<AppendCommand>(&command->body)) {
      (void)parse_append_next(text, append->first.place, options);
      for (const AppendItem& item : append->first.items) (void)parse_message_url(item.url);
    }
  }
  return 0;
}
