#include "server/http/format_response.h"

#include <fmt/core.h>

#include <boost/beast/http/status.hpp>

namespace posthorn::server::http {
namespace {

namespace beast = boost::beast::http;

constexpr std::array<std::string_view, 7> kWeekdays{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

/// A value may contain what a client sent. A line end in it would begin another field or even
/// another response.
void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  for (const char c : value)
    out += (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f ? ' ' : c;
  out += "\r\n";
}

}  // namespace

std::string format_http_date(Timestamp t) {
  t.zone_minutes = 0;
  const Date date = local_date(t);
  const std::int64_t days = days_from(date);
  const std::int64_t second = t.seconds - days * 86400;
  // 1970-01-01 was a Thursday.
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kWeekdays[static_cast<std::size_t>(((days + 4) % 7 + 7) % 7)], date.day,
                     kMonths[date.month - 1U], date.year, second / 3600, second / 60 % 60,
                     second % 60);
}

bool has_body(StatusCode status) {
  return status != StatusCode::no_content && status != StatusCode::not_modified;
}

std::string format_head(const Response& response, Framing framing, Timestamp now) {
  const auto status = static_cast<unsigned>(response.status);
  const auto reason = beast::obsolete_reason(static_cast<beast::status>(status));
  std::string out = fmt::format("HTTP/1.1 {} {}\r\n", status, std::string_view(reason));
  append_field(out, "Date", format_http_date(now));
  append_field(out, "X-Content-Type-Options", "nosniff");
  if (has_body(response.status)) {
    append_field(out, "Content-Type", response.content_type);
    if (framing.length) {
      append_field(out, "Content-Length", fmt::to_string(*framing.length));
    } else if (!framing.is_http_1_0) {
      append_field(out, "Transfer-Encoding", "chunked");
    }
  }
  for (const Field& field : response.more) append_field(out, field.name, field.value);
  // RFC 9112 §9.3: HTTP/1.1 persists if nothing is said, HTTP/1.0 does not.
  if (!framing.keep_alive) append_field(out, "Connection", "close");
  if (framing.keep_alive && framing.is_http_1_0) append_field(out, "Connection", "keep-alive");
  out += "\r\n";
  return out;
}

void append_chunk(std::string& out, std::string_view piece) {
  out += fmt::format("{:x}\r\n", piece.size());
  out += piece;
  out += "\r\n";
}

}  // namespace posthorn::server::http
