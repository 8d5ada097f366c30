#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "wire/smtp/data.h"

using namespace posthorn::wire::smtp;

namespace {

struct Received {
  std::string message;
  std::size_t eaten = 0;
  bool ended = false;
  friend bool operator==(const Received&, const Received&) = default;
};

Received receive(std::string_view bytes, std::size_t step) {
  Received out;
  DataReceiver receiver;
  while (out.eaten < bytes.size() && !out.ended) {
    std::string_view piece = bytes.substr(out.eaten, step);
    while (!piece.empty() && !out.ended) {
      const std::size_t before = piece.size();
      const auto span = receiver.take(piece);
      out.message += span.bytes;
      out.ended = span.end;
      out.eaten += before - piece.size();
    }
  }
  return out;
}

/// The lines of `bytes`, with any line ends, each followed by CRLF, including the last one.
std::string in_lines(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n' && i > 0 && bytes[i - 1] == '\r') continue;
    if (bytes[i] == '\r' || bytes[i] == '\n') {
      out += "\r\n";
    } else {
      out += bytes[i];
    }
  }
  if (!out.empty() && !out.ends_with("\r\n")) out += "\r\n";
  return out;
}

}  // namespace

/// The message is the same however its octets arrive, and it ends at the first CRLF.CRLF. A message
/// that is sent is received unchanged, except that all its line ends are CRLF.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Received whole = receive(bytes, size + 1);
  if (receive(bytes, 1) != whole || receive(bytes, 3) != whole) std::abort();
  const std::string framed = "\r\n" + std::string(bytes);
  const std::size_t end = framed.find("\r\n.\r\n");
  if (whole.ended != (end != std::string::npos)) std::abort();
  if (whole.ended && whole.eaten != end + 3) std::abort();

  std::string sent;
  DataSender sender;
  sender.add(bytes, sent);
  sender.finish(sent);
  const Received back = receive(sent, 5);
  if (!back.ended || back.message != in_lines(bytes)) std::abort();
  return 0;
}
