#include <cstdint>
#include <cstdlib>

#include "message/digest/digest.h"
#include "message/mime/part_decoder.h"
#include "message/mime/section.h"
#include "message/test_mail.h"
#include "text/ascii.h"
#include "text/utf8.h"

namespace {

using namespace posthorn::message;

void require(bool holds) {
  if (!holds) std::abort();
}

void require_nested(const Part& part, std::uint64_t from, std::uint64_t to) {
  require(from <= part.header_begin && part.header_begin <= part.body_begin);
  require(part.body_begin <= part.body_end && part.body_end <= to);
  require(!part.mime.is_multipart() || !part.children.empty());
  require(part.mime.is_message() == (part.envelope != nullptr));
  std::uint64_t at = part.body_begin;
  for (const Part& child : part.children) {
    require_nested(child, at, part.body_end);
    at = child.body_end;
  }
}

}  // namespace

// However a message is divided into spans, the digest is the same and valid.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t step = data[0] % 64 + 1;
  const std::string_view message(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Analysis whole = testing::analyze(message);
  require(whole.size == message.size() && whole.root.body_end == message.size());
  require_nested(whole.root, 0, message.size());
  const Digest digest = make_digest(whole);
  const Digest again = make_digest(testing::analyze(message, step));
  require(digest.keys == again.keys && digest.structure == again.structure);
  const KeysView keys(digest.keys);
  const StructureView structure(digest.structure);
  require(keys.ok() && structure.ok());
  for (const StringForm form : {StringForm::ascii, StringForm::utf8}) {
    for (const std::string_view text :
         {structure.envelope(form), structure.body(form), structure.bodystructure(form)}) {
      require(form == StringForm::utf8 ? posthorn::text::is_valid_utf8(text)
                                       : posthorn::text::is_ascii(text));
      require(text.find('\0') == std::string_view::npos);
    }
  }
  for (std::size_t i = 0; i < structure.part_count(); ++i) {
    const auto part = structure.part(i);
    require(part.has_value() && part->body_end <= message.size());
    auto decoder = PartDecoder::text(part->encoding, part->charset);
    if (!decoder) continue;
    std::string out;
    decoder->feed(message.substr(part->body_begin, part->body().size()), out);
    decoder->finish(out);
  }
  return 0;
}
