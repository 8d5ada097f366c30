// The attachments: small files of well-known formats, made by hand.

#include <array>

#include <fmt/format.h>

#include "base/bytes.h"
#include "demo/mail_encode.h"

namespace posthorn::demo::demo {

namespace {

/// The CRC of PNG and ZIP (ISO 3309).
std::uint32_t crc32(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0xEDB88320 : 0);
  }
  return ~crc;
}

/// RFC 1950 around one stored block (RFC 1951 §3.2.4). Requires: under 64 KB.
std::string zlib_stored(std::string_view bytes) {
  std::uint32_t a = 1;
  std::uint32_t b = 0;
  for (const char c : bytes) {
    a = (a + static_cast<unsigned char>(c)) % 65521;
    b = (b + a) % 65521;
  }
  const auto n = static_cast<std::uint16_t>(bytes.size());
  std::string out = "\x78\x01\x01";
  for (const std::uint16_t v : {n, static_cast<std::uint16_t>(~n)}) {
    out += static_cast<char>(v & 255);
    out += static_cast<char>(v >> 8);
  }
  out += bytes;
  ByteWriter(out).u32(b << 16 | a);
  return out;
}

void png_chunk(std::string& out, std::string_view type, std::string_view data) {
  ByteWriter w(out);
  w.u32(static_cast<std::uint32_t>(data.size()));
  const std::string body = std::string(type) + std::string(data);
  w.raw(body);
  w.u32(crc32(body));
}

void little_endian(std::string& out, std::initializer_list<std::pair<std::uint32_t, int>> values) {
  for (const auto& [value, octets] : values)
    for (int i = 0; i < octets; ++i) out += static_cast<char>(value >> (8 * i) & 255);
}

}  // namespace

std::string png(unsigned side, std::uint32_t rgb) {
  side = std::min(side, 140U);  // One stored block has to hold it.
  std::string head;
  ByteWriter w(head);
  w.u32(side);
  w.u32(side);
  for (const std::uint8_t v : {8, 2, 0, 0, 0}) w.u8(v);  // 8 bits, true colour.
  std::string rows;
  for (unsigned y = 0; y < side; ++y) {
    rows += '\0';
    for (unsigned x = 0; x < side; ++x)
      for (int shift = 16; shift >= 0; shift -= 8)
        rows += static_cast<char>((rgb >> shift & 255) * (x + y + 1) / (2 * side));
  }
  std::string out = "\x89PNG\r\n\x1a\n";
  png_chunk(out, "IHDR", head);
  png_chunk(out, "IDAT", zlib_stored(rows));
  png_chunk(out, "IEND", "");
  return out;
}

std::string pdf(std::string_view line) {
  const std::string text = fmt::format("BT /F1 18 Tf 72 720 Td ({}) Tj ET", line);
  const std::array objects = {
      std::string("<< /Type /Catalog /Pages 2 0 R >>"),
      std::string("<< /Type /Pages /Kids [3 0 R] /Count 1 >>"),
      std::string("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R "
                  "/Resources << /Font << /F1 5 0 R >> >> >>"),
      fmt::format("<< /Length {} >>\nstream\n{}\nendstream", text.size(), text),
      std::string("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")};
  std::string out = "%PDF-1.4\n%\xe2\xe3\xcf\xd3\n";
  std::string table = "0000000000 65535 f \n";
  for (std::size_t i = 0; i < objects.size(); ++i) {
    table += fmt::format("{:010} 00000 n \n", out.size());
    out += fmt::format("{} 0 obj\n{}\nendobj\n", i + 1, objects[i]);
  }
  const std::size_t at = out.size();
  out += fmt::format("xref\n0 6\n{}trailer\n<< /Size 6 /Root 1 0 R >>\nstartxref\n{}\n%%EOF\n",
                     table, at);
  return out;
}

std::string zip(std::string_view name, std::string_view content) {
  const auto size = static_cast<std::uint32_t>(content.size());
  const auto name_size = static_cast<std::uint32_t>(name.size());
  const std::uint32_t crc = crc32(content);
  const std::uint32_t date = (2026 - 1980) << 9 | 9 << 5 | 14;
  std::string out = "PK\x03\x04";
  little_endian(out, {{20, 2},
                      {0, 2},
                      {0, 2},
                      {0, 2},
                      {date, 2},
                      {crc, 4},
                      {size, 4},
                      {size, 4},
                      {name_size, 2},
                      {0, 2}});
  out += name;
  out += content;
  const auto directory = static_cast<std::uint32_t>(out.size());
  out += "PK\x01\x02";
  little_endian(out, {{20, 2},
                      {20, 2},
                      {0, 2},
                      {0, 2},
                      {0, 2},
                      {date, 2},
                      {crc, 4},
                      {size, 4},
                      {size, 4},
                      {name_size, 2},
                      {0, 2},
                      {0, 2},
                      {0, 2},
                      {0, 2},
                      {0, 4},
                      {0, 4}});
  out += name;
  const auto end = static_cast<std::uint32_t>(out.size());
  out += "PK\x05\x06";
  little_endian(out,
                {{0, 2}, {0, 2}, {1, 2}, {1, 2}, {end - directory, 4}, {directory, 4}, {0, 2}});
  return out;
}

}  // namespace posthorn::demo::demo
