#include "server/http/format_response.h"

#include <fmt/core.h>

#include <boost/beast/http/serializer.hpp>
#include <boost/beast/http/string_body.hpp>

namespace posthorn::server::http {
namespace {

namespace beast = boost::beast::http;

constexpr std::array<std::string_view, 7> kWeekdays{"Sun", "Mon", "Tue", "Wed",
                                                    "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

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

std::string format_response(Response response, Framing framing, Timestamp now) {
  beast::response<beast::string_body> message(static_cast<beast::status>(response.status), 11);
  message.set(beast::field::date, format_http_date(now));
  message.set(beast::field::content_type, response.content_type);
  message.set("X-Content-Type-Options", "nosniff");
  for (const Field& field : response.more) message.set(field.name, field.value);
  message.keep_alive(framing.keep_alive);
  message.body() = std::move(response.body);
  message.prepare_payload();

  std::string out;
  beast::serializer<false, beast::string_body> serializer(message);
  serializer.split(framing.without_body);
  boost::system::error_code error;
  while (!serializer.is_done() && !(framing.without_body && serializer.is_header_done())) {
    serializer.next(error, [&](boost::system::error_code&, const auto& buffers) {
      std::size_t octets = 0;
      for (const boost::asio::const_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
        out.append(static_cast<const char*>(buffer.data()), buffer.size());
        octets += buffer.size();
      }
      serializer.consume(octets);
    });
    // Reading a body from a string cannot fail.
    if (error) break;
  }
  return out;
}

}  // namespace posthorn::server::http
