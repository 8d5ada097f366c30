#include "message/mime/part_decoder.h"

#include "text/ascii.h"

namespace posthorn::message {

using text::iequals;

bool is_known_encoding(std::string_view encoding) {
  return PartDecoder::binary(encoding).has_value();
}

Result<PartDecoder> PartDecoder::binary(std::string_view encoding) {
  PartDecoder decoder;
  encoding = text::trim(encoding);
  if (iequals(encoding, "base64")) {
    decoder.encoding_ = Encoding::base64;
  } else if (iequals(encoding, "quoted-printable")) {
    decoder.encoding_ = Encoding::quoted_printable;
  } else if (!encoding.empty() && !iequals(encoding, "7bit") && !iequals(encoding, "8bit") &&
             !iequals(encoding, "binary")) {
    return fail(ErrorKind::unknown_encoding, "the part's transfer encoding is not supported");
  }
  return decoder;
}

Result<PartDecoder> PartDecoder::text(std::string_view encoding, std::string_view charset) {
  auto decoder = binary(encoding);
  if (!decoder) return decoder;
  auto converter = text::CharsetDecoder::open(charset);
  if (!converter) converter = text::CharsetDecoder::open("utf-8");
  if (!converter) return pass(converter);
  decoder->charset_ = std::move(*converter);
  return decoder;
}

void PartDecoder::decode(std::string_view raw, std::string& out) {
  switch (encoding_) {
    case Encoding::identity: out.append(raw); return;
    case Encoding::base64: base64_.feed(raw, out); return;
    case Encoding::quoted_printable: quoted_printable_.feed(raw, out); return;
  }
}

void PartDecoder::feed(std::string_view raw, std::string& out) {
  if (!charset_) return decode(raw, out);
  if (encoding_ == Encoding::identity) return charset_->feed(raw, out);
  octets_.clear();
  decode(raw, octets_);
  charset_->feed(octets_, out);
}

void PartDecoder::finish(std::string& out) {
  octets_.clear();
  if (encoding_ == Encoding::base64) base64_.finish(octets_);
  if (encoding_ == Encoding::quoted_printable) quoted_printable_.finish(octets_);
  if (!charset_) {
    out.append(octets_);
    return;
  }
  charset_->feed(octets_, out);
  charset_->finish(out);
}

}  // namespace posthorn::message
