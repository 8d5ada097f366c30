#include "text/charset.h"

#include <unicode/ucnv.h>

#include <array>
#include <cstring>
#include <map>
#include <optional>

#include "text/ascii.h"
#include "text/utf8.h"

namespace posthorn::text {
namespace {

bool is_utf8_name(std::string_view name) {
  return iequals(name, "utf-8") || iequals(name, "us-ascii") || iequals(name, "utf8") ||
         iequals(name, "ascii") || iequals(name, "ansi_x3.4-1968");
}

// ICU takes text after a comma as options, and an empty name as the platform's own charset.
bool is_plain_name(std::string_view name) {
  if (name.empty() || name.size() > 60) return false;
  for (const char c : name) {
    if (!is_alpha(c) && !is_digit(c) &&
        std::string_view("-_.:+()").find(c) == std::string_view::npos)
      return false;
  }
  return true;
}

// Labels that mail uses for a larger charset of the same family.
std::string icu_name(std::string_view name) {
  if (iequals(name, "gb2312") || iequals(name, "gbk") || iequals(name, "gb_2312-80"))
    return "gb18030";
  if (iequals(name, "ks_c_5601-1987") || iequals(name, "euc-kr")) return "windows-949";
  if (iequals(name, "cp-850")) return "cp850";
  return std::string(name);
}

struct CloseConverter {
  void operator()(UConverter* c) const { ucnv_close(c); }
};
using ConverterPtr = std::unique_ptr<UConverter, CloseConverter>;

ConverterPtr open_converter(std::string_view charset) {
  if (!is_plain_name(charset)) return nullptr;
  UErrorCode status = U_ZERO_ERROR;
  ConverterPtr converter(ucnv_open(icu_name(charset).c_str(), &status));
  if (U_FAILURE(status)) return nullptr;
  return converter;
}

// UTF-16 to UTF-8. `high` carries a surrogate whose other half is in the next chunk.
void append_utf16(std::string& out, const UChar* units, std::size_t count, char32_t& high) {
  for (std::size_t i = 0; i < count; ++i) {
    const char32_t u = units[i];
    const bool is_low = (u & 0xFC00) == 0xDC00;
    if (high != 0 && !is_low) out.append(kReplacement);
    if ((u & 0xFC00) == 0xD800) {
      high = u;
      continue;
    }
    if (!is_low) {
      append_utf8(out, u);
    } else if (high != 0) {
      append_utf8(out, 0x10000 + ((high & 0x3FF) << 10 | (u & 0x3FF)));
    } else {
      out.append(kReplacement);
    }
    high = 0;
  }
}

void convert(UConverter* converter, std::string_view bytes, std::string& out, char32_t& high,
             bool flush) {
  std::array<UChar, 1024> buffer;
  const char* source = bytes.data();
  const char* end = source + bytes.size();
  for (;;) {
    UChar* target = buffer.data();
    UErrorCode status = U_ZERO_ERROR;
    ucnv_toUnicode(converter, &target, buffer.data() + buffer.size(), &source, end, nullptr,
                   static_cast<UBool>(flush), &status);
    append_utf16(out, buffer.data(), static_cast<std::size_t>(target - buffer.data()), high);
    if (status == U_BUFFER_OVERFLOW_ERROR) continue;
    if (U_SUCCESS(status)) return;
    // The default callback substitutes, so an error means a broken stream, which is rare. Continue
    // after it.
    out.append(kReplacement);
    ucnv_resetToUnicode(converter);
    if (source >= end) return;
  }
}

// A single-byte charset as a table. It is many times faster than ICU's converter, and opening it is
// free, which matters when thousands of parts are searched.
struct ByteTable {
  struct Entry {
    std::uint8_t length = 0;
    char utf8[3] = {};
  };
  std::array<Entry, 256> entries;
};

void append_by_table(std::string& out, std::string_view bytes, const ByteTable& table) {
  std::size_t used = out.size();
  out.resize(used + bytes.size() * 3);
  char* to = out.data();
  for (const char c : bytes) {
    const ByteTable::Entry& e = table.entries[static_cast<unsigned char>(c)];
    std::memcpy(to + used, e.utf8, sizeof e.utf8);
    used += e.length;
  }
  out.resize(used);
}

// Header fields are converted in great numbers, so the converter of the last charset stays open.
struct Cached {
  std::string name;
  ConverterPtr converter;
};

UConverter* cached_converter(std::string_view charset) {
  thread_local Cached cached;
  if (!cached.converter || !iequals(cached.name, charset)) {
    cached.converter = open_converter(charset);
    cached.name = charset;
  }
  if (cached.converter) ucnv_resetToUnicode(cached.converter.get());
  return cached.converter.get();
}

// Returns none if it is not a single-byte charset.
std::optional<ByteTable> make_table(UConverter* converter) {
  if (ucnv_getMinCharSize(converter) != 1 || ucnv_getMaxCharSize(converter) != 1)
    return std::nullopt;
  ByteTable table;
  std::string utf8;
  for (unsigned b = 0; b < 256; ++b) {
    const char byte = static_cast<char>(b);
    utf8.clear();
    char32_t high = 0;
    ucnv_resetToUnicode(converter);
    convert(converter, std::string_view(&byte, 1), utf8, high, true);
    ByteTable::Entry& e = table.entries[b];
    if (high != 0 || utf8.size() > sizeof e.utf8) return std::nullopt;
    e.length = static_cast<std::uint8_t>(utf8.size());
    std::memcpy(e.utf8, utf8.data(), utf8.size());
  }
  return table;
}

// The tables of this thread, by charset name as given. Tables never move. Charsets without a table
// are not remembered, because their names come from outside.
const ByteTable* find_table(std::string_view charset) {
  constexpr std::size_t kMaxTables = 64;
  thread_local std::map<std::string, std::unique_ptr<const ByteTable>, std::less<>> tables;
  if (charset.size() > 20) return nullptr;
  if (const auto at = tables.find(charset); at != tables.end()) return at->second.get();
  if (tables.size() >= kMaxTables) return nullptr;
  UConverter* converter = cached_converter(charset);
  if (converter == nullptr) return nullptr;
  auto table = make_table(converter);
  if (!table) return nullptr;
  return tables.emplace(charset, std::make_unique<const ByteTable>(*table)).first->second.get();
}

constexpr std::array<std::uint16_t, 32> kWindows1252 = {
    0x20AC, 0xFFFD, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021, 0x02C6, 0x2030, 0x0160,
    0x2039, 0x0152, 0xFFFD, 0x017D, 0xFFFD, 0xFFFD, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022,
    0x2013, 0x2014, 0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0xFFFD, 0x017E, 0x0178};

}  // namespace

void append_windows_1252(std::string& out, std::string_view bytes) {
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    append_utf8(out, b >= 0x80 && b < 0xA0 ? kWindows1252[b - 0x80] : b);
  }
}

std::string guess_to_utf8(std::string_view bytes) {
  if (is_valid_utf8(bytes)) return std::string(bytes);
  std::string out;
  append_windows_1252(out, bytes);
  return out;
}

bool is_known_charset(std::string_view charset) {
  return is_utf8_name(charset) || find_table(charset) != nullptr ||
         cached_converter(charset) != nullptr;
}

Result<std::string> to_utf8(std::string_view charset, std::string_view bytes) {
  if (is_utf8_name(charset)) return replace_invalid_utf8(bytes);
  if (const ByteTable* table = find_table(charset)) {
    std::string out;
    append_by_table(out, bytes, *table);
    return out;
  }
  UConverter* converter = cached_converter(charset);
  if (converter == nullptr)
    return fail(ErrorKind::unknown_charset, "this charset is not supported");
  std::string out;
  char32_t high = 0;
  convert(converter, bytes, out, high, true);
  if (high != 0) out.append(kReplacement);
  const std::size_t limit = bytes.size() * kMaxExpansion + 16;
  if (out.size() > limit) out.resize(utf8_cut(out, limit).size());
  return out;
}

std::string to_utf8_lenient(std::string_view charset, std::string_view bytes) {
  auto converted = to_utf8(charset, bytes);
  return converted ? std::move(*converted) : guess_to_utf8(bytes);
}

struct CharsetDecoder::Converter {
  std::optional<ByteTable> table;
  ConverterPtr icu;  // Used if there is no table.
  char32_t high = 0;
};

CharsetDecoder::CharsetDecoder() = default;
CharsetDecoder::CharsetDecoder(CharsetDecoder&&) noexcept = default;
CharsetDecoder& CharsetDecoder::operator=(CharsetDecoder&&) noexcept = default;
CharsetDecoder::~CharsetDecoder() = default;

Result<CharsetDecoder> CharsetDecoder::open(std::string_view charset) {
  CharsetDecoder decoder;
  if (is_utf8_name(charset)) return decoder;
  // A copy, since the decoder may continue in another thread.
  if (const ByteTable* table = find_table(charset)) {
    decoder.converter_ = std::make_unique<Converter>(*table, nullptr);
    return decoder;
  }
  ConverterPtr icu = open_converter(charset);
  if (!icu) return fail(ErrorKind::unknown_charset, "this charset is not supported");
  decoder.converter_ = std::make_unique<Converter>(std::nullopt, std::move(icu));
  return decoder;
}

void CharsetDecoder::feed(std::string_view bytes, std::string& out) {
  if (converter_ && converter_->table) return append_by_table(out, bytes, *converter_->table);
  if (converter_) return convert(converter_->icu.get(), bytes, out, converter_->high, false);
  feed_utf8(bytes, out);
}

void CharsetDecoder::feed_utf8(std::string_view bytes, std::string& out) {
  // A character was split: complete it octet by octet, then continue in place.
  while (!tail_.empty() && !bytes.empty()) {
    tail_.push_back(bytes.front());
    bytes.remove_prefix(1);
    if (incomplete_utf8_tail(tail_) == tail_.size()) continue;
    const std::string whole = std::exchange(tail_, {});
    const std::size_t tail = incomplete_utf8_tail(whole);
    append_valid_utf8(out, std::string_view(whole).substr(0, whole.size() - tail));
    tail_ = whole.substr(whole.size() - tail);
  }
  if (bytes.empty()) return;
  const std::size_t tail = incomplete_utf8_tail(bytes);
  append_valid_utf8(out, bytes.substr(0, bytes.size() - tail));
  tail_ = bytes.substr(bytes.size() - tail);
}

void CharsetDecoder::finish(std::string& out) {
  if (converter_ && converter_->table) return;
  if (converter_) {
    convert(converter_->icu.get(), {}, out, converter_->high, true);
    if (std::exchange(converter_->high, 0) != 0) out.append(kReplacement);
    return;
  }
  append_valid_utf8(out, std::exchange(tail_, {}));
}

}  // namespace posthorn::text
