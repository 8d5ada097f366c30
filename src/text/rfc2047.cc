#include "text/rfc2047.h"

#include <optional>

#include "text/ascii.h"
#include "text/base64.h"
#include "text/charset.h"
#include "text/utf8.h"

namespace posthorn::text {
namespace {

struct Word {
  std::string_view charset;
  char encoding = 'q';
  std::string_view text;
  std::size_t length = 0;  // Length of the whole encoded-word.
};

// encoded-word = "=?" charset ["*" language] "?" encoding "?" encoded-text "?=" (RFC 2047 §2, RFC
// 2231 §5). Each part ends at the next "?", which keeps scanning linear.
std::optional<Word> parse_word(std::string_view s) {
  const std::size_t charset_end = s.find('?', 2);
  if (charset_end == std::string_view::npos || charset_end == 2) return std::nullopt;
  if (charset_end + 2 >= s.size() || s[charset_end + 2] != '?') return std::nullopt;
  const std::size_t text = charset_end + 3;
  const std::size_t end = s.find('?', text);
  if (end == std::string_view::npos || end + 1 >= s.size() || s[end + 1] != '=')
    return std::nullopt;
  Word word;
  word.charset = s.substr(2, charset_end - 2);
  word.charset = word.charset.substr(0, word.charset.find('*'));
  word.encoding = to_lower(s[charset_end + 1]);
  word.text = s.substr(text, end - text);
  word.length = end + 2;
  if (word.encoding != 'q' && word.encoding != 'b') return std::nullopt;
  return word;
}

// RFC 2047 §4.2.
void append_q(std::string& out, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '_') {
      out.push_back(' ');
    } else if (text[i] == '=' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
               hex_value(text[i + 2]) >= 0) {
      out.push_back(static_cast<char>(hex_value(text[i + 1]) << 4 | hex_value(text[i + 2])));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
}

void append_decoded(std::string& out, const Word& word) {
  if (word.encoding == 'q') return append_q(out, word.text);
  Base64Decoder decoder;
  decoder.feed(word.text, out);
  decoder.finish(out);
}

// The decoded octets so far of a run of adjacent words in one charset.
struct Run {
  std::string charset;
  std::string bytes;
  std::size_t end = 0;  // End of the last word in the input; 0 if there is no run.
};

void append_raw(std::string& out, std::string_view raw) {
  if (is_ascii(raw)) {
    out.append(raw);
  } else {
    out.append(guess_to_utf8(raw));
  }
}

// Decoded line ends and NULs are removed from a header value, like raw ones.
void append_clean(std::string& out, std::string_view utf8) {
  for (const char c : utf8) {
    if (c == '\0') continue;
    out.push_back(c == '\r' || c == '\n' ? ' ' : c);
  }
}

class Decoder {
 public:
  explicit Decoder(std::string_view in) : in_(in) {}

  std::string run() {
    std::size_t at = 0;
    while ((at = in_.find("=?", at)) != std::string_view::npos) {
      const auto word = parse_word(in_.substr(at));
      if (word && is_known_charset(word->charset)) {
        take(*word, at);
        at += word->length;
      } else {
        at += 2;
      }
    }
    flush();
    append_raw(out_, in_.substr(done_));
    return std::move(out_);
  }

 private:
  void take(const Word& word, std::size_t at) {
    const bool adjacent = run_.end != 0 && trim(in_.substr(run_.end, at - run_.end)).empty();
    if (!adjacent || !iequals(run_.charset, word.charset)) {
      flush();
      if (!adjacent) append_raw(out_, in_.substr(done_, at - done_));
      run_.charset = word.charset;
    }
    append_decoded(run_.bytes, word);
    run_.end = done_ = at + word.length;
  }

  void flush() {
    if (run_.bytes.empty()) return;
    append_clean(out_, to_utf8_lenient(run_.charset, run_.bytes));
    run_.bytes.clear();
  }

  std::string_view in_;
  std::string out_;
  std::size_t done_ = 0;  // Everything in in_ before this offset is in out_ or run_.
  Run run_;
};

bool is_q_plain(char c) {
  return is_alpha(c) || is_digit(c) || std::string_view("!*+-/").find(c) != std::string_view::npos;
}

void append_q_encoded(std::string& out, std::string_view utf8) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : utf8) {
    if (is_q_plain(c)) {
      out.push_back(c);
    } else if (c == ' ') {
      out.push_back('_');
    } else {
      const auto b = static_cast<unsigned char>(c);
      out.push_back('=');
      out.push_back(kHex[b >> 4]);
      out.push_back(kHex[b & 15]);
    }
  }
}

std::size_t q_length(std::string_view utf8) {
  std::size_t n = 0;
  for (const char c : utf8) n += is_q_plain(c) || c == ' ' ? 1 : 3;
  return n;
}

}  // namespace

std::string unfold(std::string_view raw) {
  raw = trim(raw);
  std::string out;
  out.reserve(raw.size());
  std::size_t at = 0;
  while (at < raw.size()) {
    std::size_t stop = at;
    while (stop < raw.size() && raw[stop] != '\n' && raw[stop] != '\r' && raw[stop] != '\0') ++stop;
    out.append(raw.substr(at, stop - at));
    if (stop == raw.size()) break;
    const std::size_t width = raw.substr(stop, 2) == "\r\n" ? 2 : 1;
    const bool folded = stop + width < raw.size() && is_wsp(raw[stop + width]);
    if (raw[stop] != '\0' && !folded) out.push_back(' ');
    at = stop + width;
  }
  return out;
}

std::string decode_words(std::string_view raw) {
  const std::string line = unfold(raw);
  if (line.find("=?") == std::string::npos) return is_ascii(line) ? line : guess_to_utf8(line);
  return Decoder(line).run();
}

std::string encode_words(std::string_view utf8) {
  // 75 minus "=?utf-8?q?" and "?=" (RFC 2047 §2).
  constexpr std::size_t kRoom = 63;
  const bool use_q = q_length(utf8) <= (utf8.size() + 2) / 3 * 4;
  std::string out;
  while (!utf8.empty()) {
    std::size_t take = 0;
    std::string_view rest = utf8;
    for (std::size_t cost = 0; !rest.empty();) {
      const std::string_view before = rest;
      next_code_point(rest);
      const std::string_view character = before.substr(0, before.size() - rest.size());
      cost += use_q ? q_length(character) : character.size();
      if ((use_q ? cost : (cost + 2) / 3 * 4) > kRoom) break;
      take = utf8.size() - rest.size();
    }
    if (!out.empty()) out.push_back(' ');
    out.append(use_q ? "=?utf-8?q?" : "=?utf-8?b?");
    if (use_q) {
      append_q_encoded(out, utf8.substr(0, take));
    } else {
      out.append(base64_encode(utf8.substr(0, take)));
    }
    out.append("?=");
    utf8.remove_prefix(take);
  }
  return out;
}

std::string ascii_words(std::string_view unfolded) {
  return is_ascii(unfolded) ? std::string(unfolded) : encode_words(decode_words(unfolded));
}

}  // namespace posthorn::text
