// The same octets in one piece and in small ones must give the same events, and only octets that
// exist may be consumed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "wire/imap/receiver.h"

namespace {

using namespace posthorn::wire::imap;
using Kind = ReceiverEvent::Kind;

std::string drive(std::string_view input, std::size_t step) {
  Receiver receiver({.line = 200, .literal = 100, .literals = 5, .command = 400, .discard = 2000});
  std::string buffer;
  std::string log;
  std::uint64_t message = 0;  // Octets of an APPEND's message still to be taken.
  bool refuse = false;
  while (!input.empty()) {
    const std::string_view piece = input.substr(0, step);
    buffer += piece;
    input.remove_prefix(piece.size());
    for (;;) {
      if (message != 0) {
        const std::size_t n = std::min<std::uint64_t>(message, buffer.size());
        buffer.erase(0, n);
        message -= n;
        if (message != 0) break;
        receiver.literal_done();
      }
      const ReceiverEvent e = receiver.next(buffer);
      if (e.consumed > buffer.size()) std::abort();
      if (e.kind != Kind::need_more)
        log.append(std::to_string(static_cast<int>(e.kind))).append(e.text).append("\n");
      if (e.kind == Kind::lost) return log;
      if (e.kind == Kind::append_literal) {
        refuse = !refuse;
        if (refuse)
          receiver.refuse();
        else if (e.size == 0)
          receiver.literal_done();
        else
          message = e.size;
      }
      buffer.erase(0, e.consumed);
      if (e.kind == Kind::need_more) break;
    }
  }
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::string whole = drive(input, size);
  if (drive(input, 1) != whole || drive(input, 7) != whole) std::abort();
  return 0;
}
