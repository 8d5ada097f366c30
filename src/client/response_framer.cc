#include "client/response_framer.h"

#include <charconv>
#include <cstdint>

namespace posthorn::client {

namespace {

/// The octets a line announces with `{n}` at its end, CRLF taken off.
std::optional<std::uint64_t> literal_at_end(std::string_view line) {
  if (!line.ends_with('}')) return std::nullopt;
  const std::size_t open = line.rfind('{');
  if (open == std::string_view::npos) return std::nullopt;
  const char* last = line.data() + line.size() - 1;
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(line.data() + open + 1, last, size);
  if (error == std::errc::result_out_of_range) return UINT64_MAX;
  if (error != std::errc() || end != last) return std::nullopt;
  return size;
}

}  // namespace

bool is_status_response(std::string_view line) {
  if (line.starts_with('+')) return true;
  const std::size_t space = line.find(' ');
  if (space == std::string_view::npos) return false;
  line.remove_prefix(space + 1);
  const std::string_view word = line.substr(0, line.find(' '));
  return word == "OK" || word == "NO" || word == "BAD" || word == "BYE" || word == "PREAUTH";
}

Result<std::optional<std::size_t>> ResponseFramer::find_end(std::string_view buffer) {
  while (true) {
    const std::size_t lf =
        scanned_ < buffer.size() ? buffer.find('\n', scanned_) : std::string_view::npos;
    if (lf == std::string_view::npos) {
      if (buffer.size() > limit_)
        return fail(ErrorKind::too_big, "the server's response is too long");
      if (scanned_ < buffer.size()) scanned_ = buffer.size();
      return std::nullopt;
    }
    if (lf == 0 || buffer[lf - 1] != '\r')
      return fail(ErrorKind::syntax, "the server ends a line without CR");
    const std::string_view line = buffer.substr(line_, lf - 1 - line_);
    const bool free_text = line_ == 0 && is_status_response(line);
    const auto literal = free_text ? std::nullopt : literal_at_end(line);
    if (!literal) {
      line_ = scanned_ = 0;
      return lf + 1;
    }
    if (*literal > limit_ || lf + 1 + *literal > limit_)
      return fail(ErrorKind::too_big, "the server's literal is too long");
    line_ = scanned_ = lf + 1 + static_cast<std::size_t>(*literal);
  }
}

}  // namespace posthorn::client
