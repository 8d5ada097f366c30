#include "load/message.h"

#include <fmt/format.h>

#include <array>
#include <ctime>
#include <vector>

#include "text/base64.h"

namespace posthorn::bench {
namespace {

constexpr std::size_t kWords = 4000;
constexpr std::uint64_t kPeople = 200;
constexpr std::size_t kDeepestThread = 12;
constexpr std::int64_t kFirstDate = 1'600'000'000;

std::uint64_t mix(std::uint64_t seed, std::uint64_t number, std::uint64_t what) {
  std::uint64_t state = seed * 0x9E3779B97F4A7C15ULL + number * 0x100000001B3ULL + what;
  return next_random(state);
}

/// Made-up words of two to four syllables; the shorter ones come first and are used more.
std::vector<std::string> make_words() {
  constexpr std::array kSyllables = {"ba", "con", "der", "en",  "fi", "gra", "hin", "is",
                                     "ka", "lo",  "mer", "nu",  "or", "pla", "re",  "sti",
                                     "ta", "un",  "ver", "wel", "ya", "zo",  "che", "dri"};
  std::vector<std::string> words = {"the", "and", "to", "of", "in", "is", "for", "we", "you", "it"};
  std::uint64_t state = 7;
  while (words.size() < kWords) {
    std::string word;
    const std::size_t syllables = 2 + words.size() * 3 / kWords;
    for (std::size_t i = 0; i < syllables; ++i)
      word += kSyllables[next_random(state) % kSyllables.size()];
    words.push_back(std::move(word));
  }
  return words;
}

std::string_view word(std::uint64_t& state) {
  static const std::vector<std::string> kList = make_words();
  const std::uint64_t r = next_random(state);
  // Squaring makes the first words common, as in any language.
  const std::uint64_t a = r % kWords;
  const std::uint64_t b = (r >> 32) % kWords;
  return kList[a * b / kWords];
}

std::string clock_text(std::int64_t seconds, const char* form) {
  std::tm parts{};
  const std::time_t time = seconds;
  ::gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  return {text.data(), std::strftime(text.data(), text.size(), form, &parts)};
}

void add_paragraph(std::uint64_t& state, std::size_t octets, std::string& out) {
  const std::size_t end = out.size() + octets;
  std::size_t line = 0;
  while (out.size() < end) {
    const std::string_view next = word(state);
    if (line + next.size() > 74) {
      out += "\r\n";
      line = 0;
    } else if (line > 0) {
      out += ' ';
      ++line;
    }
    out += next;
    line += next.size();
  }
  out += "\r\n";
}

}  // namespace

std::uint64_t next_random(std::uint64_t& state) {
  std::uint64_t z = (state += 0x9E3779B97F4A7C15ULL);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

std::string internal_date(std::int64_t seconds) {
  return clock_text(seconds, "%d-%b-%Y %H:%M:%S +0000");
}

std::int64_t MessageMaker::date(std::uint64_t number) {
  return kFirstDate + static_cast<std::int64_t>(number) * 977;
}

bool MessageMaker::is_seen(std::uint64_t number) const { return mix(seed_, number, 1) % 3 != 0; }

std::optional<std::uint64_t> MessageMaker::parent(std::uint64_t number) const {
  const std::uint64_t r = mix(seed_, number, 2);
  if (number == 0 || r % 10 < 4) return std::nullopt;
  const std::uint64_t back = 1 + (r >> 8) % 20;
  if (back > number) return std::nullopt;
  return number - back;
}

std::string MessageMaker::message_id(std::uint64_t number) const {
  return fmt::format("<{:016x}.{}@mail{}.example.com>", mix(seed_, number, 3), number, number % 7);
}

std::string MessageMaker::subject(std::uint64_t root) const {
  std::uint64_t state = mix(seed_, root, 4);
  std::string text;
  if (state % 64 == 0) text = std::string(kSearchSubject) + ' ';
  const std::size_t words = 2 + next_random(state) % 5;
  for (std::size_t i = 0; i < words; ++i) {
    if (i > 0) text += ' ';
    text += word(state);
  }
  return text;
}

void MessageMaker::add_header(std::uint64_t number, std::string& out) const {
  std::vector<std::string> chain;
  std::uint64_t root = number;
  for (auto up = parent(number); up && chain.size() < kDeepestThread; up = parent(root)) {
    chain.insert(chain.begin(), message_id(*up));
    root = *up;
  }
  const std::string when = clock_text(date(number), "%a, %d %b %Y %H:%M:%S +0000");
  const std::uint64_t r = mix(seed_, number, 5);
  const std::uint64_t from = r % kPeople;
  for (int hop = 0; hop < 3; ++hop)
    out += fmt::format(
        "Received: from relay{}.example.net (relay{}.example.net [192.0.2.{}])\r\n"
        "\tby mx{}.example.org with ESMTPS id {:012x}; {}\r\n",
        hop, hop, (r >> 8) % 250, hop, mix(seed_, number, 20 + static_cast<std::uint64_t>(hop)),
        when);
  out += fmt::format(
      "DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.com; s=k1;\r\n"
      "\th=from:to:subject:date:message-id; bh={:016x}{:016x};\r\n\tb={:016x}{:016x}{:016x}\r\n",
      mix(seed_, number, 30), mix(seed_, number, 31), mix(seed_, number, 32),
      mix(seed_, number, 33), mix(seed_, number, 34));
  out += fmt::format("From: \"Person {} of Example\" <person{}@example.com>\r\n", from, from);
  out += fmt::format("To: \"Reader\" <reader@example.org>, person{}@example.com\r\n",
                     (r >> 16) % kPeople);
  if (r % 4 == 0)
    out += fmt::format("Cc: =?utf-8?Q?J=C3=BCrgen_{0}?= <person{0}@example.com>\r\n",
                       (r >> 24) % kPeople);
  out += fmt::format("Subject: {}{}\r\nDate: {}\r\nMessage-ID: {}\r\n",
                     chain.empty() ? "" : "Re: ", subject(root), when, message_id(number));
  if (!chain.empty()) {
    out += "In-Reply-To: " + chain.back() + "\r\nReferences:";
    for (const std::string& id : chain) out += "\r\n " + id;
    out += "\r\n";
  }
  out += "User-Agent: Example Mail 12.3\r\nMIME-Version: 1.0\r\n";
}

void MessageMaker::add_text(std::uint64_t number, std::string& out) const {
  std::uint64_t state = mix(seed_, number, 6);
  std::string text;
  const std::size_t octets = 1000 + next_random(state) % 3200;
  while (text.size() < octets) {
    add_paragraph(state, 200 + next_random(state) % 600, text);
    if (mix(seed_, number, 7) % 100 == 0 && text.size() > octets / 2 && !text.contains(kSearchBody))
      text += std::string(kSearchBody) + "\r\n";
    text += "\r\n";
  }
  const std::string boundary = fmt::format("alt_{:016x}", mix(seed_, number, 8));
  out += fmt::format("Content-Type: multipart/alternative; boundary=\"{0}\"\r\n\r\n--{0}\r\n",
                     boundary);
  out += "Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 7bit\r\n\r\n";
  out += text;
  out += fmt::format(
      "--{}\r\nContent-Type: text/html; charset=utf-8\r\n"
      "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
      "<html><head><style>p {{ margin: 0 }}</style></head><body>\r\n<p style=3D\"color: #333\">",
      boundary);
  out += text;
  out += fmt::format("</p>\r\n</body></html>\r\n--{}--\r\n", boundary);
}

void MessageMaker::add_attachment(std::uint64_t number, std::string& out) const {
  std::uint64_t state = mix(seed_, number, 9);
  std::string octets;
  const std::size_t size = shape_ == Shape::dense ? 75'000 + next_random(state) % 225'000
                                                  : 2000 + next_random(state) % 6000;
  while (octets.size() < size) {
    const std::uint64_t r = next_random(state);
    for (unsigned shift = 0; shift < 64; shift += 8) octets += static_cast<char>(r >> shift);
  }
  const std::string encoded = text::base64_encode(octets);
  out += fmt::format(
      "Content-Type: application/pdf; name=\"report-{0}.pdf\"\r\n"
      "Content-Disposition: attachment; filename=\"report-{0}.pdf\"\r\n"
      "Content-Transfer-Encoding: base64\r\n\r\n",
      number);
  for (std::size_t at = 0; at < encoded.size(); at += 76) {
    out += std::string_view(encoded).substr(at, 76);
    out += "\r\n";
  }
}

bool MessageMaker::has_attachment(std::uint64_t number) const {
  return shape_ == Shape::dense || (shape_ == Shape::mixed && number % 5 == 0);
}

std::string MessageMaker::message(std::uint64_t number) const {
  std::string out;
  out.reserve(16U << 10);
  add_header(number, out);
  if (!has_attachment(number)) {
    add_text(number, out);
    return out;
  }
  const std::string boundary = fmt::format("mix_{:016x}", mix(seed_, number, 10));
  out += fmt::format("Content-Type: multipart/mixed; boundary=\"{0}\"\r\n\r\n--{0}\r\n", boundary);
  add_text(number, out);
  out += fmt::format("--{}\r\n", boundary);
  add_attachment(number, out);
  out += fmt::format("--{}--\r\n", boundary);
  return out;
}

}  // namespace posthorn::bench
