#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <tuple>

#include "wire/lex/line_reader.h"
#include "wire/smtp/parse_command.h"

using namespace posthorn::wire::smtp;

namespace {

/// A parsed command, when formatted, parses to the same command.
void check(std::string_view line, Dialect dialect, Utf8 utf8) {
  const auto command = parse_command(line, dialect, utf8);
  if (!command) {
    const std::string reply = format_reply(command.error());
    if (reply.find("\r\n") != reply.size() - 2) std::abort();
    return;
  }
  std::string written = format_command(*command);
  written.resize(written.size() - 2);
  const auto again = parse_command(written, dialect, utf8);
  if (!again || format_command(*again) != written + "\r\n") std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view input(reinterpret_cast<const char*>(data), size);
  posthorn::wire::lex::LineReader reader(1000);
  while (const auto line = reader.take(input)) {
    for (const Dialect dialect : {Dialect::smtp, Dialect::lmtp}) {
      for (const Utf8 utf8 : {Utf8::not_asked, Utf8::asked}) check(line->text, dialect, utf8);
    }
  }
  ReplyReader replies;
  input = {reinterpret_cast<const char*>(data), size};
  while (const auto reply = replies.take(input)) {
    if (!*reply) break;
    std::ignore = format_reply(**reply);
  }
  return 0;
}
