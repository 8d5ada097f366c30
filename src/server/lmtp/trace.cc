#include "server/lmtp/trace.h"

#include <algorithm>
#include <array>

namespace posthorn::server::lmtp {
namespace {

/// Text from outside in a header: what could break the line or the comment it stands in goes.
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

std::string_view protocol(const TraceFacts& facts) {
  if (facts.utf8) return facts.tls.empty() ? "UTF8LMTP" : "UTF8LMTPS";
  return facts.tls.empty() ? "LMTP" : "LMTPS";
}

}  // namespace

std::string mail_date(Timestamp time) {
  constexpr std::array<std::string_view, 7> kDays = {"Thu", "Fri", "Sat", "Sun",
                                                     "Mon", "Tue", "Wed"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const Date date = local_date(time);
  const std::int64_t days = days_from(date);  // 1970-01-01 was a Thursday.
  const std::int64_t second = time.seconds + std::int64_t{time.zone_minutes} * 60 - days * 86400;
  const int zone = time.zone_minutes < 0 ? -time.zone_minutes : time.zone_minutes;
  return fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} {}{:02}{:02}",
                     kDays[static_cast<std::size_t>((days % 7 + 7) % 7)], date.day,
                     kMonths[date.month - 1U], date.year, second / 3600, second / 60 % 60,
                     second % 60, time.zone_minutes < 0 ? '-' : '+', zone / 60, zone % 60);
}

std::string trace_fields(const TraceFacts& facts, std::string_view recipient) {
  std::string lines =
      fmt::format("Return-Path: {}\r\nDelivered-To: {}\r\n", facts.return_path, recipient);
  lines += fmt::format("Received: from {} ({})\r\n\tby {} with {}", tamed(facts.said_name),
                       tamed(facts.peer), tamed(facts.hostname), protocol(facts));
  // "TLSv1.3 TLS_AES_256_GCM_SHA384": the registered name is the last word.
  if (!facts.tls.empty())
    lines += fmt::format("\r\n\ttls {}", tamed(facts.tls.substr(facts.tls.rfind(' ') + 1)));
  lines += fmt::format("\r\n\tfor <{}>; {}\r\n", recipient, mail_date(facts.now));
  return lines;
}

}  // namespace posthorn::server::lmtp
