#include "store/read/searched_text.h"

#include <algorithm>

#include "message/header/header.h"
#include "message/mime/part_decoder.h"
#include "text/ascii.h"

namespace posthorn::store {
namespace {

bool is_searched(const message::PartView& part) {
  return !part.is_multipart && !part.is_message && text::iequals(part.type, "text");
}

/// Reads at most kMaxHeader octets: only this much of a longer header is searched.
Result<std::string> read_range(BodyReader& reader, std::uint64_t from, std::uint64_t to) {
  constexpr std::uint64_t kMaxHeader = 1 << 20;
  to = std::min(to, from + kMaxHeader);
  std::string out;
  while (from < to) {
    auto chunk = reader.read_blocking(from, to - from);
    if (!chunk) return pass(chunk);
    if (chunk->bytes.empty()) break;
    out += chunk->bytes;
    from += chunk->bytes.size();
  }
  return out;
}

/// Returns whether the part is the body of a message/rfc822 part before it, so that its header is
/// that message's header.
bool has_searched_header(const message::StructureView& view, std::size_t part) {
  if (part == 0) return false;
  const auto before = view.part(part - 1);
  return before && before->is_message;
}

}  // namespace

Result<bool> SearchedText::body(std::string_view structure, std::string_view body, TextSink& sink) {
  const message::StructureView view(structure);
  const auto root = view.part(0);
  auto reader = BodyReader::open(account_, body, &pieces_);
  if (!reader) return pass(reader);
  if (!root) return false;
  // Several keys of one search examine the same body.
  if (of_ != body) {
    read_pieces(view, reader->list());
    of_ = body;
  }
  const std::uint64_t header_size = root->body_begin;
  for (std::size_t i = 0; i < view.part_count(); ++i) {
    const auto one = view.part(i);
    if (!one) break;
    if (has_searched_header(view, i)) {
      // The header of an inner message is body text of the outer one.
      auto inner =
          read_range(*reader, one->header_begin - header_size, one->body_begin - header_size);
      if (!inner) return pass(inner);
      if (header(*inner, sink)) return true;
    }
    if (!is_searched(*one)) continue;
    auto enough = part(*one, *reader, header_size, sink);
    if (!enough || *enough) return enough;
  }
  return false;
}

/// Reads all pieces that will be searched at once.
void SearchedText::read_pieces(const message::StructureView& view, const BodyList& list) {
  pieces_.clear();
  const std::uint64_t header_size = view.part(0)->body_begin;
  for (std::size_t i = 0; i < view.part_count(); ++i) {
    const auto part = view.part(i);
    if (!part) break;
    const bool with_header = has_searched_header(view, i);
    if (!with_header && !is_searched(*part)) continue;
    const std::uint64_t begin = with_header ? part->header_begin : part->body_begin;
    const std::uint64_t end = is_searched(*part) ? part->body_end : part->body_begin;
    pieces_.add(list, begin - header_size, end - header_size);
  }
  pieces_.read_blocking();
}

/// Gives a part chunk by chunk.
Result<bool> SearchedText::part(const message::PartView& part, BodyReader& reader,
                                std::uint64_t header_size, TextSink& sink) {
  auto decoder = message::PartDecoder::text(part.encoding, part.charset);
  if (!decoder) decoder = message::PartDecoder::text("8bit", part.charset);
  if (!decoder) return false;
  const auto feed = [&] {
    key_.clear();
    text::collate_append(collation_, decoded_, key_);
    return sink.feed(key_);
  };
  sink.begin();
  std::uint64_t at = part.body_begin - header_size;
  const std::uint64_t end = part.body_end - header_size;
  while (at < end) {
    auto chunk = reader.read_blocking(at, end - at);
    if (!chunk) return pass(chunk);
    if (chunk->bytes.empty()) break;
    decoded_.clear();
    decoder->feed(chunk->bytes, decoded_);
    if (feed()) return true;
    at += chunk->bytes.size();
  }
  decoded_.clear();
  decoder->finish(decoded_);
  return feed();
}

Result<bool> SearchedText::attachments(Ordinal ordinal, TextSink& sink) {
  auto all = attachments_.get(ordinal);
  if (!all) return pass(all);
  while (!all->empty()) {
    const std::size_t end = std::min(all->find(kBetweenDocuments), all->size());
    key_.clear();
    text::collate_append(collation_, all->substr(0, end), key_);
    sink.begin();
    if (sink.feed(key_)) return true;
    all->remove_prefix(std::min(end + 1, all->size()));
  }
  return false;
}

bool SearchedText::header(std::string_view header, TextSink& sink) {
  message::HeaderIterator fields(header);
  message::HeaderField field;
  while (fields.next(field)) {
    key_.clear();
    text::collate_append(collation_, field.name, key_);
    key_ += ": ";
    text::collate_append(collation_, message::decode_header_value(field.value), key_);
    sink.begin();
    if (sink.feed(key_)) return true;
  }
  return false;
}

}  // namespace posthorn::store
