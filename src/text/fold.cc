#include "text/fold.h"

#include <unicode/uchar.h>
#include <unicode/unorm2.h>

#include <array>
#include <bitset>
#include <cstdint>
#include <cstring>

#include "text/ascii.h"
#include "text/utf8.h"

namespace posthorn::text {
namespace {

const UNormalizer2* nfkd() {
  static const UNormalizer2* const instance = [] {
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2* found = unorm2_getNFKDInstance(&status);
    return U_SUCCESS(status) ? found : nullptr;
  }();
  return instance;
}

// RFC 5051 §2, steps (2) (a) and (b).
void fold_slowly(char32_t c, std::string& out) {
  const UChar32 title = u_totitle(static_cast<UChar32>(c));
  // The longest decomposition in Unicode is 18 units.
  std::array<UChar, 32> units;
  UErrorCode status = U_ZERO_ERROR;
  const int32_t length = nfkd() == nullptr
                             ? -1
                             : unorm2_getDecomposition(nfkd(), title, units.data(),
                                                       static_cast<int32_t>(units.size()), &status);
  if (length < 0 || U_FAILURE(status)) return append_utf8(out, static_cast<char32_t>(title));
  for (int32_t i = 0; i < length;) {
    UChar32 part = 0;
    U16_NEXT(units.data(), i, length, part);
    append_utf8(out, U_IS_SURROGATE(part) ? 0xFFFD : static_cast<char32_t>(part));
  }
}

// The keys of all two-octet characters: Latin, Greek, Cyrillic, Hebrew, Arabic.
class ShortTable {
 public:
  ShortTable() {
    for (char32_t c = 0x80; c < 0x800; ++c) {
      std::string key;
      fold_slowly(c, key);
      Entry& e = entries_[c - 0x80];
      e.length = static_cast<std::uint8_t>(key.size() <= sizeof e.bytes ? key.size() : 0);
      std::memcpy(e.bytes, key.data(), e.length);
    }
  }
  // Returns false if it is not in the table.
  bool append(char32_t c, std::string& out) const {
    const Entry& e = entries_[c - 0x80];
    out.append(e.bytes, e.length);
    return e.length != 0;
  }

 private:
  struct Entry {
    std::uint8_t length = 0;
    char bytes[11] = {};
  };
  std::array<Entry, 0x800 - 0x80> entries_{};
};

// Marks the three-octet characters that are their own keys, which nearly all are. Built once, in a
// few milliseconds.
class UnchangedTable {
 public:
  UnchangedTable() {
    std::string self;
    std::string key;
    for (char32_t c = 0x800; c < 0x10000; ++c) {
      if (c >= 0xD800 && c < 0xE000) continue;
      self.clear();
      key.clear();
      append_utf8(self, c);
      fold_slowly(c, key);
      unchanged_[c] = self == key;
    }
  }
  [[nodiscard]] bool has(char32_t c) const { return unchanged_[c]; }

 private:
  std::bitset<0x10000> unchanged_;
};

bool is_unchanged(char32_t c) {
  if (c >= 0x4E00 && c <= 0x9FFF) return true;  // CJK ideographs.
  static const UnchangedTable table;
  return c < 0x10000 && table.has(c);
}

void fold_one(char32_t c, std::string& out) {
  static const ShortTable table;
  if (c < 0x800 && table.append(c, out)) return;
  if (c >= 0x800 && is_unchanged(c)) {
    append_utf8(out, c);
  } else {
    fold_slowly(c, out);
  }
}

// Appends the upper case of the leading ASCII octets; returns their number.
std::size_t append_ascii(std::string_view s, std::string& out) {
  const std::size_t used = out.size();
  std::size_t n = 0;
  // 64 at a time: the compiler vectorises both loops.
  for (; n + 64 <= s.size(); n += 64) {
    unsigned char high = 0;
    for (std::size_t i = 0; i < 64; ++i) high |= static_cast<unsigned char>(s[n + i]);
    if (high & 0x80) break;
  }
  while (n < s.size() && static_cast<signed char>(s[n]) >= 0) ++n;
  out.resize(used + n);
  char* to = out.data() + used;
  for (std::size_t i = 0; i < n; ++i) to[i] = to_upper(s[i]);
  return n;
}

}  // namespace

void fold_append(std::string_view utf8, std::string& out) {
  while (!utf8.empty()) {
    utf8.remove_prefix(append_ascii(utf8, out));
    // Text in another script is mostly non-ASCII: stay in this loop as long as it is.
    while (!utf8.empty() && static_cast<signed char>(utf8.front()) < 0) {
      const char32_t c = next_code_point(utf8);
      if (c == kBadCodePoint) {
        out.append(kReplacement);
      } else {
        fold_one(c, out);
      }
    }
  }
}

std::uint16_t tables_version() {
  UVersionInfo version;
  u_getVersion(version);
  return static_cast<std::uint16_t>(version[0] << 8 | version[1]);
}

std::string fold(std::string_view utf8) {
  std::string out;
  fold_append(utf8, out);
  return out;
}

}  // namespace posthorn::text
