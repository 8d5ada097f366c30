#include "wire/smtp/extensions.h"

#include <charconv>

#include "text/ascii.h"

namespace posthorn::wire::smtp {
namespace {

constexpr std::size_t kMaxMechanisms = 32;

/// Returns the next word, without white space around it; empty at the end.
std::string_view take_word(std::string_view& rest) {
  rest = text::trim(rest);
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(word.size());
  return word;
}

template <class Number>
Number number_of(std::string_view word) {
  Number n = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), n);
  return error == std::errc() && end == word.data() + word.size() ? n : 0;
}

void add_mechanisms(Extensions& to, std::string_view rest) {
  for (auto word = take_word(rest); !word.empty(); word = take_word(rest))
    if (to.mechanisms.size() < kMaxMechanisms) to.mechanisms.push_back(text::upper(word));
}

void add_limits(Extensions& to, std::string_view rest) {
  for (auto word = take_word(rest); !word.empty(); word = take_word(rest))
    if (text::istarts_with(word, "RCPTMAX="))
      to.max_recipients = number_of<std::uint32_t>(word.substr(8));
}

void add(Extensions& to, std::string_view line) {
  const std::string keyword = text::upper(take_word(line));
  if (keyword == "PIPELINING") to.pipelining = true;
  if (keyword == "8BITMIME") to.eight_bit_mime = true;
  if (keyword == "SMTPUTF8") to.smtputf8 = true;
  if (keyword == "CHUNKING") to.chunking = true;
  if (keyword == "BINARYMIME") to.binary_mime = true;
  if (keyword == "DSN") to.dsn = true;
  if (keyword == "STARTTLS") to.starttls = true;
  if (keyword == "LIMITS") add_limits(to, line);
  if (keyword == "AUTH") add_mechanisms(to, line);
  if (keyword == "SIZE") {
    to.size = true;
    to.max_size = number_of<std::uint64_t>(take_word(line));
  }
}

}  // namespace

Extensions parse_extensions(const Reply& reply) {
  Extensions out;
  // The first line is the server's name and greeting.
  for (std::size_t i = 1; i < reply.lines.size(); ++i) add(out, reply.lines[i]);
  return out;
}

}  // namespace posthorn::wire::smtp
