#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "text/base64.h"
#include "text/charset.h"
#include "text/finder.h"
#include "text/fold.h"
#include "text/quoted_printable.h"
#include "text/utf8.h"

namespace {

using namespace posthorn::text;

template <class Decoder>
std::string decode(std::string_view in, std::size_t step) {
  Decoder decoder;
  std::string out;
  for (std::size_t i = 0; i < in.size(); i += step) decoder.feed(in.substr(i, step), out);
  decoder.finish(out);
  return out;
}

std::string convert(std::string_view charset, std::string_view in, std::size_t step) {
  auto decoder = CharsetDecoder::open(charset);
  std::string out;
  for (std::size_t i = 0; i < in.size(); i += step) decoder->feed(in.substr(i, step), out);
  decoder->finish(out);
  if (!is_valid_utf8(out)) std::abort();
  return out;
}

}  // namespace

// Every streaming decoder must produce the same result however its input is divided.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] % 16 + 1;
  const std::string_view in(reinterpret_cast<const char*>(data) + 1, size - 1);
  if (decode<Base64Decoder>(in, step) != decode<Base64Decoder>(in, in.size() + 1)) std::abort();
  if (decode<QuotedPrintableDecoder>(in, step) != decode<QuotedPrintableDecoder>(in, in.size() + 1))
    std::abort();
  for (const std::string_view charset :
       {"utf-8", "iso-2022-jp", "gb2312", "utf-16", "windows-1252"})
    if (convert(charset, in, step) != convert(charset, in, in.size() + 1)) std::abort();
  if (!is_valid_utf8(fold(in))) std::abort();
  const std::size_t needle = in.size() / 4;
  const Finder finder{std::string(in.substr(0, needle))};
  StreamFinder stream(finder);
  const std::string_view hay = in.substr(needle);
  for (std::size_t i = 0; i < hay.size(); i += step) stream.feed(hay.substr(i, step));
  if (stream.found() != finder.found_in(hay)) std::abort();
  return 0;
}
