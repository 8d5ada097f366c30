#include "server/imap/fetch/fetch_content.h"

#include <algorithm>
#include <utility>

#include "message/header/header.h"
#include "message/mime/part_decoder.h"
#include "server/imap/fetch/section_range.h"
#include "text/ascii.h"
#include "text/nul.h"

namespace posthorn::server::imap {
namespace {

namespace wi = wire::imap;
using async::Task;
using message::ByteRange;
using message::SectionKind;
using service::MessageOctets;
using Kind = wi::FetchItem::Kind;
using Text = wi::Section::Text;

constexpr std::uint64_t kChunk = 256 * 1024;
/// A decoded part of up to this size is decoded once. A larger one is decoded twice, the first time
/// to determine its size.
constexpr std::size_t kDecodedInMemory = 256 * 1024;
/// Header fields are filtered in memory. Of a larger header block, only this much is filtered.
constexpr std::uint64_t kFilteredHeader = 16 << 20;

/// The section of an item, also of those of RFC 3501.
wi::Section section_of(const wi::FetchItem& item) {
  wi::Section section = item.section;
  if (item.kind == Kind::rfc822_header) section.text = Text::header;
  if (item.kind == Kind::rfc822_text) section.text = Text::text;
  return section;
}

bool is_filtered(const wi::FetchItem& item) {
  return item.kind == Kind::body_section &&
         (item.section.text == Text::header_fields || item.section.text == Text::header_fields_not);
}

/// RFC 9051 §7.5.2: lines of text end with CRLF, whatever the line ends before decoding.
class LineEnds {
 public:
  std::string_view mend(std::string_view octets) {
    mended_.clear();
    while (!octets.empty()) {
      const std::size_t lf = octets.find('\n');
      const std::string_view line = octets.substr(0, lf);
      mended_ += line;
      if (!line.empty()) after_cr_ = line.back() == '\r';
      if (lf == std::string_view::npos) break;
      mended_ += after_cr_ ? "\n" : "\r\n";
      after_cr_ = false;
      octets.remove_prefix(lf + 1);
    }
    return mended_;
  }

 private:
  std::string mended_;
  bool after_cr_ = false;
};

/// How to decode a part.
struct Coding {
  std::string_view encoding = "8BIT";
  bool lines = false;  ///< The part is text.
};

/// Calls sink(octets) with the decoded part, piece by piece, and yields after each piece.
template <class Sink>
Task<Status> decode(MessageOctets& octets, ByteRange range, Coding coding, Sink& sink) {
  auto decoder = message::PartDecoder::binary(coding.encoding);
  LineEnds ends;
  if (!decoder) co_return pass(decoder);
  std::string decoded;
  for (std::uint64_t at = range.begin; at < range.end;) {
    auto raw = co_await octets.read(at, std::min(kChunk, range.end - at));
    if (!raw) co_return pass(raw);
    if (raw->empty())
      co_return fail(ErrorKind::corrupt, "the message is shorter than its recorded structure");
    at += raw->size();
    decoder->feed(*raw, decoded);
    if (at == range.end) decoder->finish(decoded);
    const std::string_view whole = coding.lines ? ends.mend(decoded) : decoded;
    if (auto taken = co_await sink.take(whole); !taken) co_return taken;
    decoded.clear();
  }
  co_return Status();
}

struct Measure {
  std::uint64_t size = 0;
  std::string kept;  ///< The whole content, as long as it is short.
  Task<Status> take(std::string_view octets) {
    size += octets.size();
    if (size <= kDecodedInMemory) kept += octets;
    co_return Status();
  }
};

struct Send {
  Session& session;
  ByteRange wanted;
  std::uint64_t at = 0;
  Task<Status> take(std::string_view octets) {
    const std::uint64_t first = std::clamp(wanted.begin, at, at + octets.size());
    const std::uint64_t last = std::clamp(wanted.end, first, at + octets.size());
    session.connection.out().append(octets.substr(first - at, last - first));
    at += octets.size();
    if (!session.connection.is_full()) co_return Status();
    co_return co_await session.connection.flush();
  }
};

}  // namespace

ByteRange clip(std::uint64_t size, const std::optional<wi::Partial>& partial) {
  if (!partial) return {0, size};
  const std::uint64_t begin = std::min(partial->offset, size);
  return {begin, begin + std::min(partial->count, size - begin)};
}

std::optional<ByteRange> ContentWriter::range_of(const wi::FetchItem& item) const {
  return section_range(octets_, structure_, section_of(item));
}

/// The data from which BINARY[...] of a part is made.
struct ContentWriter::Part {
  std::optional<ByteRange> range;  ///< None if there is no such part.
  Coding coding;
};

ContentWriter::Part ContentWriter::binary_part(const wi::FetchItem& item) const {
  Part found;
  if (item.section.part.empty()) {
    found.range = ByteRange{0, octets_.size()};
  } else if (const auto part = structure_.part_at(item.section.part)) {
    found.range = section_range(octets_, structure_, item.section.part, SectionKind::whole);
    if (!part->is_multipart && !part->is_message)
      found.coding = {part->encoding, text::iequals(part->type, "text")};
  }
  if (found.range && found.range->end > octets_.size()) found.range.reset();
  return found;
}

Task<Status> ContentWriter::prepare(std::span<const wi::FetchItem> items) {
  for (const wi::FetchItem& item : items)
    if (auto ready = co_await prepare(item); !ready) co_return ready;
  co_return Status();
}

Task<Status> ContentWriter::prepare(const wi::FetchItem& item) {
  switch (item.kind) {
    case Kind::binary:
    case Kind::binary_size: {
      const Part part = binary_part(item);
      if (!part.range) co_return Status();
      if (auto known = message::PartDecoder::binary(part.coding.encoding); !known)
        co_return pass(known);
      co_return co_await octets_.prepare(part.range->begin, part.range->end);
    }
    case Kind::body_section:
    case Kind::rfc822:
    case Kind::rfc822_header:
    case Kind::rfc822_text: {
      const auto range = range_of(item);
      if (!range) co_return Status();
      const ByteRange wanted =
          is_filtered(item) ? ByteRange{0, range->size()} : clip(range->size(), item.partial);
      co_return co_await octets_.prepare(range->begin + wanted.begin, range->begin + wanted.end);
    }
    default: co_return Status();
  }
}

Task<Status> ContentWriter::write(const wi::FetchItem& item) {
  if (item.kind == Kind::binary || item.kind == Kind::binary_size) {
    co_return co_await write_binary(item);
  }
  const auto range = range_of(item);
  if (!range) {
    fetch_.content(item, std::nullopt);
    co_return Status();
  }
  if (is_filtered(item)) co_return co_await write_fields(item, *range);
  const ByteRange wanted = clip(range->size(), item.partial);
  co_return co_await write_range(item, {range->begin + wanted.begin, range->begin + wanted.end});
}

Task<Status> ContentWriter::write_range(const wi::FetchItem& item, ByteRange range) {
  std::uint64_t at = range.begin;
  bool begun = false;
  if (range.size() == 0) fetch_.literal(item, 0);
  while (at < range.end) {
    auto octets = co_await octets_.read(at, std::min(kChunk, range.end - at));
    if (octets && octets->empty())
      octets = fail(ErrorKind::corrupt, "the message is shorter than its recorded size");
    if (!octets) {
      if (!begun) co_return pass(octets);
      session_.refuse(octets.error());  // For the log; the reply is not used.
      co_return fail(ErrorKind::closed, "the response could not be completed");
    }
    if (!std::exchange(begun, true)) fetch_.literal(item, range.size());
    text::append_without_nul(session_.connection.out(), *octets);
    at += octets->size();
    if (!session_.connection.is_full()) continue;
    if (auto flushed = co_await session_.connection.flush(); !flushed) {
      co_return fail(ErrorKind::closed, "the connection was lost");
    }
  }
  co_return Status();
}

Task<Status> ContentWriter::write_fields(const wi::FetchItem& item, ByteRange range) {
  std::string block;
  const std::uint64_t end = std::min(range.end, range.begin + kFilteredHeader);
  for (std::uint64_t at = range.begin; at < end;) {
    auto octets = co_await octets_.read(at, end - at);
    if (!octets) co_return pass(octets);
    if (octets->empty()) break;
    block += *octets;
    at += octets->size();
  }
  const auto filter = item.section.text == Text::header_fields ? message::HeaderFilter::fields
                                                               : message::HeaderFilter::fields_not;
  const std::string fields = message::filter_header(block, item.section.fields, filter);
  const ByteRange wanted = clip(fields.size(), item.partial);
  fetch_.literal(item, wanted.size());
  text::append_without_nul(session_.connection.out(),
                           std::string_view(fields).substr(wanted.begin, wanted.size()));
  co_return Status();
}

Task<Status> ContentWriter::write_binary(const wi::FetchItem& item) {
  const auto [range, coding] = binary_part(item);
  if (!range) {
    if (item.kind == Kind::binary_size) {
      fetch_.binary_size(item, 0);
    } else {
      fetch_.content(item, std::nullopt);
    }
    co_return Status();
  }
  Measure measure;
  if (auto done = co_await decode(octets_, *range, coding, measure); !done) co_return done;
  if (item.kind == Kind::binary_size) {
    fetch_.binary_size(item, measure.size);
    co_return Status();
  }
  const ByteRange wanted = clip(measure.size, item.partial);
  fetch_.literal(item, wanted.size());
  if (measure.size <= kDecodedInMemory) {
    session_.connection.out().append(measure.kept, wanted.begin, wanted.size());
    co_return Status();
  }
  Send send{session_, wanted};
  auto sent = co_await decode(octets_, *range, coding, send);
  if (!sent) co_return fail(ErrorKind::closed, "the response could not be completed");
  co_return Status();
}

}  // namespace posthorn::server::imap
