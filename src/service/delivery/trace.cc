#include "service/delivery/trace.h"

#include <algorithm>

#include "message/header/date.h"

namespace posthorn::service {
namespace {

/// Removes characters from outside text that could break the header line or the comment.
std::string tamed(std::string_view text) {
  std::string out(text.substr(0, 255));
  std::ranges::replace_if(
      out,
      [](char c) {
        return static_cast<unsigned char>(c) < 33 || c == 127 || c == '(' || c == ')' || c == '\\';
      },
      '?');
  return out;
}

}  // namespace

std::string trace_source(std::string_view said_name, std::string_view detail) {
  return fmt::format("{} ({})", tamed(said_name), tamed(detail));
}

std::string delivery_fields(std::string_view return_path, std::string_view recipient) {
  return fmt::format("Return-Path: {}\r\nDelivered-To: {}\r\n", return_path, recipient);
}

std::string received_field(const TraceFacts& facts, std::string_view recipient) {
  std::string line = fmt::format("Received: from {}\r\n\tby {} with {}", facts.from,
                                 tamed(facts.hostname), facts.with);
  if (!facts.id.empty()) line += fmt::format(" id {}", facts.id);
  // "TLSv1.3 TLS_AES_256_GCM_SHA384": the registered name is the last word.
  if (!facts.tls.empty())
    line += fmt::format("\r\n\ttls {}", tamed(facts.tls.substr(facts.tls.rfind(' ') + 1)));
  if (!recipient.empty()) line += fmt::format("\r\n\tfor <{}>", recipient);
  return line + fmt::format("; {}\r\n", message::format_date(facts.now));
}

}  // namespace posthorn::service
