#include "index/body_search.h"

#include <algorithm>
#include <string>

#include "message/header.h"
#include "message/part_decoder.h"
#include "message/structure_view.h"
#include "store/email_reader.h"
#include "text/ascii.h"
#include "text/fold.h"

namespace posthorn::index {
namespace {

/// Looks into one part, chunk by chunk.
class PartSearch {
 public:
  PartSearch(message::PartDecoder decoder, const text::Finder& finder)
      : decoder_(std::move(decoder)), finder_(finder) {}
  bool feed(std::string_view raw) {
    decoded_.clear();
    decoder_.feed(raw, decoded_);
    return finder_.feed(decoded_);
  }
  bool finish() {
    decoded_.clear();
    decoder_.finish(decoded_);
    return finder_.feed(decoded_);
  }

 private:
  message::PartDecoder decoder_;
  text::FoldingFinder finder_;
  std::string decoded_;
};

bool is_searched(const message::PartView& part) {
  return !part.is_multipart && !part.is_message && text::iequals(part.type, "text");
}

/// At most kMaxHeader octets: a longer header is searched as far as that.
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

}  // namespace

Result<bool> body_contains(const store::AccountPtr& account, std::string_view structure,
                           std::string_view body, const text::Finder& finder) {
  if (finder.needle().empty()) return true;
  const message::StructureView view(structure);
  const auto root = view.part(0);
  auto reader = store::BodyReader::open(account, body);
  if (!reader) return pass(reader);
  if (!root) return false;
  const std::uint64_t header_size = root->body_begin;
  for (std::size_t i = 0; i < view.part_count(); ++i) {
    const auto part = view.part(i);
    if (!part) break;
    if (const auto before = view.part(i == 0 ? 0 : i - 1); i > 0 && before && before->is_message) {
      // The header of a message within is body text of the whole.
      auto header =
          read_range(*reader, part->header_begin - header_size, part->body_begin - header_size);
      if (!header) return pass(header);
      if (header_contains(*header, finder)) return true;
    }
    if (!is_searched(*part)) continue;
    auto decoder = message::PartDecoder::text(part->encoding, part->charset);
    if (!decoder) decoder = message::PartDecoder::text("8bit", part->charset);
    if (!decoder) continue;
    PartSearch search(std::move(*decoder), finder);
    std::uint64_t at = part->body_begin - header_size;
    const std::uint64_t end = part->body_end - header_size;
    while (at < end) {
      auto chunk = reader->read_blocking(at, end - at);
      if (!chunk) return pass(chunk);
      if (chunk->bytes.empty()) break;
      if (search.feed(chunk->bytes)) return true;
      at += chunk->bytes.size();
    }
    if (search.finish()) return true;
  }
  return false;
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

}  // namespace posthorn::index
