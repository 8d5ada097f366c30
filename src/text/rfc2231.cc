#include "text/rfc2231.h"

#include <algorithm>
#include <optional>

#include "text/ascii.h"
#include "text/charset.h"
#include "text/rfc2047.h"

namespace posthorn::text {
namespace {

// The parts of a name like `x*3*`.
struct Piece {
  std::string_view base;
  unsigned number = 0;
  bool extended = false;
};

// Section numbers have no leading zeros (RFC 2231 §7); three digits are enough.
std::optional<Piece> parse_piece(std::string_view name) {
  Piece piece;
  if (name.ends_with('*')) {
    piece.extended = true;
    name.remove_suffix(1);
  }
  const std::size_t star = name.rfind('*');
  if (star == std::string_view::npos || star == 0) return std::nullopt;
  const std::string_view digits = name.substr(star + 1);
  if (digits.empty() || digits.size() > 3 || (digits.size() > 1 && digits[0] == '0'))
    return std::nullopt;
  for (const char c : digits) {
    if (!is_digit(c)) return std::nullopt;
    piece.number = piece.number * 10 + static_cast<unsigned>(c - '0');
  }
  piece.base = name.substr(0, star);
  return piece;
}

void append_percent(std::string& out, std::string_view plain) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : plain) {
    if (is_alpha(c) || is_digit(c) ||
        std::string_view("-._~!#$&+^`{}|").find(c) != std::string_view::npos) {
      out.push_back(c);
    } else {
      out.push_back('%');
      out.push_back(kHex[static_cast<unsigned char>(c) >> 4]);
      out.push_back(kHex[static_cast<unsigned char>(c) & 15]);
    }
  }
}

struct Numbered {
  Piece piece;
  std::string_view value;
  // The order of occurrence, which decides between pieces with the same number.
  std::size_t order = 0;
};

Param join(std::string_view base, std::vector<Numbered>& pieces) {
  std::sort(pieces.begin(), pieces.end(), [](const Numbered& a, const Numbered& b) {
    return std::pair(a.piece.number, a.order) < std::pair(b.piece.number, b.order);
  });
  const bool extended =
      std::any_of(pieces.begin(), pieces.end(), [](const Numbered& n) { return n.piece.extended; });
  Param joined{std::string(base) + (extended ? "*" : ""), {}};
  if (extended && !pieces.front().piece.extended) joined.value = "''";
  unsigned expected = 0;
  for (const Numbered& n : pieces) {
    if (n.piece.number + 1 == expected) continue;  // The number occurs twice.
    if (n.piece.number != expected) break;
    ++expected;
    if (extended && !n.piece.extended) {
      append_percent(joined.value, n.value);
    } else {
      joined.value.append(n.value);
    }
  }
  return joined;
}

bool has_name(const std::vector<Param>& params, std::string_view name) {
  return find_param(params, name) != nullptr;
}

std::vector<Numbered> pieces_of(const std::vector<Param>& raw, std::string_view base) {
  std::vector<Numbered> pieces;
  for (const Param& p : raw) {
    const auto piece = parse_piece(p.name);
    if (piece && iequals(piece->base, base)) pieces.push_back({*piece, p.value, pieces.size()});
  }
  return pieces;
}

}  // namespace

std::vector<Param> join_params(std::vector<Param> raw) {
  std::vector<Param> out;
  for (const Param& p : raw) {
    const auto piece = parse_piece(p.name);
    if (!piece) {
      if (!has_name(out, p.name)) out.push_back(p);
      continue;
    }
    const std::string plain(piece->base);
    if (has_name(out, plain) || has_name(out, plain + "*")) continue;
    std::vector<Numbered> pieces = pieces_of(raw, piece->base);
    out.push_back(join(piece->base, pieces));
  }
  return out;
}

const std::string* find_param(const std::vector<Param>& joined, std::string_view name) {
  for (const Param& p : joined)
    if (iequals(p.name, name)) return &p.value;
  return nullptr;
}

std::string decode_extended(std::string_view value) {
  std::string_view charset;
  const std::size_t first = value.find('\'');
  const std::size_t second = first == std::string_view::npos ? first : value.find('\'', first + 1);
  if (second != std::string_view::npos) {
    charset = value.substr(0, first);
    value.remove_prefix(second + 1);
  }
  std::string bytes;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '%' && i + 2 < value.size() && hex_value(value[i + 1]) >= 0 &&
        hex_value(value[i + 2]) >= 0) {
      bytes.push_back(static_cast<char>(hex_value(value[i + 1]) << 4 | hex_value(value[i + 2])));
      i += 2;
    } else {
      bytes.push_back(value[i]);
    }
  }
  return to_utf8_lenient(charset, bytes);
}

std::string param_text(const std::vector<Param>& joined, std::string_view name) {
  if (const std::string* extended = find_param(joined, std::string(name) + "*"))
    return decode_extended(*extended);
  const std::string* plain = find_param(joined, name);
  return plain != nullptr ? decode_words(*plain) : std::string();
}

}  // namespace posthorn::text
