#include "text/base64.h"

#include <array>

namespace posthorn::text {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kOther = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  std::array<std::uint8_t, 256> values{};
  values.fill(kOther);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i)
    values[static_cast<std::uint8_t>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}
constexpr std::array<std::uint8_t, 256> kValues = make_values();

std::uint8_t value_of(char c) { return kValues[static_cast<std::uint8_t>(c)]; }

void put3(char* out, std::uint32_t quantum) {
  out[0] = static_cast<char>(quantum >> 16);
  out[1] = static_cast<char>(quantum >> 8);
  out[2] = static_cast<char>(quantum);
}

}  // namespace

std::string base64_encode(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t n = bytes.size() - i < 3 ? bytes.size() - i : 3;
    std::uint32_t quantum = 0;
    for (std::size_t k = 0; k < 3; ++k)
      quantum = quantum << 8 | (k < n ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out.push_back(k <= n ? kAlphabet[quantum >> (18 - 6 * k) & 63] : '=');
  }
  return out;
}

std::optional<std::string> base64_decode(std::string_view encoded) {
  if (encoded.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && !encoded.empty() && encoded.back() == '=') {
    encoded.remove_suffix(1);
    ++padding;
  }
  std::string out;
  out.reserve(encoded.size() / 4 * 3 + 2);
  std::uint32_t bits = 0;
  std::size_t held = 0;
  for (const char c : encoded) {
    const std::uint8_t v = value_of(c);
    if (v == kOther) return std::nullopt;
    bits = bits << 6 | v;
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>(bits >> held));
    }
  }
  if ((bits & ((1U << held) - 1)) != 0) return std::nullopt;
  return out;
}

void Base64Decoder::flush(std::string& out) {
  if (digits_ == 3) {
    out.push_back(static_cast<char>(bits_ >> 10));
    out.push_back(static_cast<char>(bits_ >> 2));
  } else if (digits_ == 2) {
    out.push_back(static_cast<char>(bits_ >> 4));
  }
  bits_ = 0;
  digits_ = 0;
}

void Base64Decoder::feed(std::string_view encoded, std::string& out) {
  std::size_t used = out.size();
  out.resize(used + encoded.size() / 4 * 3 + 6);
  std::size_t i = 0;
  while (i < encoded.size()) {
    if (digits_ == 0) {
      // Decodes whole quanta of clean input, without a branch for each character.
      for (; i + 4 <= encoded.size(); i += 4, used += 3) {
        const std::uint32_t a = value_of(encoded[i]), b = value_of(encoded[i + 1]);
        const std::uint32_t c = value_of(encoded[i + 2]), d = value_of(encoded[i + 3]);
        if ((a | b | c | d) & 0xC0) break;
        put3(out.data() + used, a << 18 | b << 12 | c << 6 | d);
      }
      if (i == encoded.size()) break;
    }
    const char c = encoded[i++];
    const std::uint8_t v = value_of(c);
    if (v != kOther) {
      bits_ = bits_ << 6 | v;
      if (++digits_ == 4) {
        put3(out.data() + used, bits_);
        used += 3;
        bits_ = 0;
        digits_ = 0;
      }
    } else if (c == '=' && digits_ > 0) {
      out.resize(used);
      flush(out);
      used = out.size();
      out.resize(used + (encoded.size() - i) / 4 * 3 + 6);
    }
  }
  out.resize(used);
}

void Base64Decoder::finish(std::string& out) { flush(out); }

}  // namespace posthorn::text
