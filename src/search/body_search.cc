#include "search/body_search.h"

#include <algorithm>
#include <string>

#include "message/header/header.h"
#include "message/mime/part_decoder.h"
#include "message/mime/structure_view.h"
#include "store/read/email_reader.h"
#include "text/ascii.h"
#include "text/fold.h"

namespace posthorn::search {
namespace {

bool is_searched(const message::PartView& part) {
  return !part.is_multipart && !part.is_message && text::iequals(part.type, "text");
}

/// Reads at most kMaxHeader octets: only this much of a longer header is searched.
Result<std::string> read_range(store::BodyReader& reader, std::uint64_t from, std::uint64_t to) {
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

Result<bool> BodySearch::contains(std::string_view structure, std::string_view body,
                                  const text::Finder& finder) {
  auto found = search(structure, body, finder);
  if (!found) failed_ = found.error();
  return found;
}

Result<bool> BodySearch::search(std::string_view structure, std::string_view body,
                                const text::Finder& finder) {
  if (finder.needle().empty()) return true;
  const message::StructureView view(structure);
  const auto root = view.part(0);
  auto reader = store::BodyReader::open(account_, body, &pieces_);
  if (!reader) return pass(reader);
  if (!root) return false;
  // Several keys of one search examine the same body.
  if (of_ != body) {
    read_pieces(view, reader->list());
    of_ = body;
  }
  const std::uint64_t header_size = root->body_begin;
  for (std::size_t i = 0; i < view.part_count(); ++i) {
    const auto part = view.part(i);
    if (!part) break;
    if (has_searched_header(view, i)) {
      // The header of an inner message is body text of the outer one.
      auto header =
          read_range(*reader, part->header_begin - header_size, part->body_begin - header_size);
      if (!header) return pass(header);
      if (header_contains(*header, finder)) return true;
    }
    if (!is_searched(*part)) continue;
    auto found = part_contains(*part, *reader, header_size, finder);
    if (!found || *found) return found;
  }
  return false;
}

/// Reads all pieces that will be searched at once.
void BodySearch::read_pieces(const message::StructureView& view, const store::BodyList& list) {
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

/// Searches a part chunk by chunk.
Result<bool> BodySearch::part_contains(const message::PartView& part, store::BodyReader& reader,
                                       std::uint64_t header_size, const text::Finder& finder) {
  auto decoder = message::PartDecoder::text(part.encoding, part.charset);
  if (!decoder) decoder = message::PartDecoder::text("8bit", part.charset);
  if (!decoder) return false;
  text::FoldingFinder search(finder);
  std::uint64_t at = part.body_begin - header_size;
  const std::uint64_t end = part.body_end - header_size;
  while (at < end) {
    auto chunk = reader.read_blocking(at, end - at);
    if (!chunk) return pass(chunk);
    if (chunk->bytes.empty()) break;
    decoded_.clear();
    decoder->feed(chunk->bytes, decoded_);
    if (search.feed(decoded_)) return true;
    at += chunk->bytes.size();
  }
  decoded_.clear();
  decoder->finish(decoded_);
  return search.feed(decoded_);
}

bool header_contains(std::string_view header, const text::Finder& finder) {
  if (finder.needle().empty()) return true;
  message::HeaderIterator fields(header);
  message::HeaderField field;
  std::string folded;
  while (fields.next(field)) {
    folded.clear();
    text::fold_append(field.name, folded);
    folded += ": ";
    text::fold_append(message::decode_header_value(field.value), folded);
    if (finder.found_in(folded)) return true;
  }
  return false;
}

}  // namespace posthorn::search
