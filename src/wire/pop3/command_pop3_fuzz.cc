#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "wire/lex/dot_stuffer.h"
#include "wire/pop3/parse_command.h"
#include "wire/pop3/response.h"

using posthorn::wire::lex::DotStuffer;
namespace pop3 = posthorn::wire::pop3;

namespace {

/// Every reply is one short line.
void check_reply(const pop3::Reply& reply) {
  const std::string line = pop3::format_reply(reply);
  if (line.size() > 512 || line.find("\r\n") != line.size() - 2 || line.find('\0') < line.size())
    std::abort();
}

/// No piece of text can be mistaken for its end.
void check_stuffing(std::string_view text) {
  DotStuffer dots;
  std::string out;
  dots.add(text.substr(0, text.size() / 2), out);
  dots.add(text.substr(text.size() / 2), out);
  dots.finish(out);
  if (!out.ends_with(".\r\n")) std::abort();
  if (out.starts_with(".\r\n") && out.size() > 3) std::abort();
  const std::size_t end = out.find("\n.\r\n");
  if (end != std::string::npos && end + 4 != out.size()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_stuffing(input);
  check_reply(pop3::Reply::ok(std::string(input)));
  for (std::string_view rest = input; !rest.empty();) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    const auto command = pop3::parse_command(line);
    if (!command) {
      check_reply(pop3::Reply::err(command.error().text));
    } else if (const auto* retr = std::get_if<pop3::Retr>(&*command)) {
      if (retr->message == 0) std::abort();
    }
  }
  return 0;
}
