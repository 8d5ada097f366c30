#include "store/upkeep/extract_texts.h"

#include <chrono>

#include "async/wait.h"
#include "extract/contract.h"
#include "message/mime/part_decoder.h"
#include "store/read/redigest.h"
#include "store/store.h"
#include "store/texts/read_texts.h"
#include "store/upkeep/damage_log.h"
#include "text/ascii.h"
#include "text/charset.h"

namespace posthorn::store {
namespace {

using Clock = std::chrono::steady_clock;

/// After this, a step ends: others want to change the account's stored form, too.
constexpr auto kStep = std::chrono::seconds(3);
constexpr std::size_t kStepOctets = 2 << 20;
/// Of one message, so that many documents do not take as much as many messages.
constexpr std::size_t kMostDocuments = 20;
constexpr auto kMessage = std::chrono::seconds(2 * extract::kMostSeconds);

bool may_be_document(const message::PartView& part) {
  if (part.is_multipart || part.is_message) return false;
  for (const std::string_view type : {"image", "audio", "video", "font"})
    if (text::iequals(part.type, type)) return false;
  return !text::iequals(part.type, "text") || text::iequals(part.subtype, "rtf");
}

}  // namespace

std::string tidy_text(std::string_view extracted) {
  std::string utf8 = text::to_utf8_lenient("utf-8", extracted);
  std::string out;
  out.reserve(utf8.size());
  bool space = true;
  for (std::size_t i = 0; i < utf8.size(); ++i) {
    const auto c = static_cast<unsigned char>(utf8[i]);
    // U+00A0, which many documents use like a space.
    const bool is_nbsp = c == 0xC2 && i + 1 < utf8.size() && utf8[i + 1] == '\xA0';
    if (is_nbsp) ++i;
    if (c <= 0x20 || c == 0x7F || is_nbsp) {
      if (!space) out += ' ';
      space = true;
      continue;
    }
    out += utf8[i];
    space = false;
  }
  if (!out.empty() && out.back() == ' ') out.pop_back();
  return out;
}

Result<ExtractedTexts> GroupTexts::run(const GroupRef& group, Ordinal from) {
  const auto stored = async::wait(account_->store().engine().read_pages(
      account_->id(), std::vector(group.pages.begin() + 1, group.pages.end())));
  std::array<Page, 3> pages;  // Structures, headers, bodies.
  ExtractedTexts out{group.last, {}};
  for (std::size_t c = 0; c < pages.size(); ++c) {
    auto page = stored[c] ? GroupPage::decode(*stored[c]) : std::unexpected(stored[c].error());
    if (!page && !is_damage(page.error().kind)) return pass(page);
    if (!page || (c > 0 && (*page)->count() != pages[0]->count())) return out;
    pages[c] = std::move(*page);
  }
  const Clock::time_point end = Clock::now() + kStep;
  std::size_t octets = 0;
  for (std::size_t i = 0; i < pages[0]->count(); ++i) {
    const Ordinal ordinal = pages[0]->ordinal_at(i);
    if (ordinal < from) continue;
    if (octets > kStepOctets || Clock::now() > end) {
      out.last = Ordinal(ordinal.value - 1);
      return out;
    }
    auto text = of_message(pages[0]->at(i), pages[1]->at(i), pages[2]->at(i));
    if (!text && is_damage(text.error().kind)) continue;
    if (!text) {
      if (ordinal == from || out.texts.empty()) return pass(text);
      out.last = Ordinal(ordinal.value - 1);
      return out;
    }
    octets += text->size();
    if (!text->empty()) out.texts.emplace_back(ordinal, std::move(*text));
  }
  return out;
}

Result<std::string> GroupTexts::of_message(std::string_view structure, std::string_view header,
                                           std::string_view body) {
  message::Digest again;
  if (!is_trusted_structure(structure)) {
    auto made = async::wait(digest_again(account_->store().engine(), header, body));
    if (!made) return pass(made);
    again = std::move(*made);
    structure = again.structure;
  }
  const message::StructureView view(structure);
  const auto root = view.part(0);
  std::string all;
  if (!root) return all;
  auto reader = BodyReader::open(account_, body);
  if (!reader) return pass(reader);
  const Clock::time_point end = Clock::now() + kMessage;
  std::size_t documents = 0;
  for (std::size_t i = 0; i < view.part_count(); ++i) {
    const auto part = view.part(i);
    if (!part) break;
    if (!may_be_document(*part)) continue;
    if (documents == kMostDocuments || Clock::now() > end || all.size() >= extract::kMostText)
      break;
    auto text = of_part(*part, *reader, root->body_begin);
    if (!text) return pass(text);
    if (text->empty()) continue;
    ++documents;
    if (!all.empty()) all += kBetweenDocuments;
    all += *text;
  }
  if (all.size() > extract::kMostText) {
    all.resize(extract::kMostText);
    while (!all.empty() && (static_cast<unsigned char>(all.back()) & 0xC0) == 0x80) all.pop_back();
    if (!all.empty() && static_cast<unsigned char>(all.back()) >= 0xC0) all.pop_back();
  }
  return all;
}

Result<std::string> GroupTexts::of_part(const message::PartView& part, BodyReader& reader,
                                        std::uint64_t header_size) {
  auto decoder = message::PartDecoder::binary(part.encoding);
  if (!decoder) return {};
  std::string document;
  std::optional<extract::Kind> kind;
  std::uint64_t at = part.body_begin - header_size;
  const std::uint64_t end = part.body_end - header_size;
  while (at < end) {
    auto chunk = reader.read_blocking(at, end - at);
    if (!chunk) return pass(chunk);
    if (chunk->bytes.empty()) break;
    decoder->feed(chunk->bytes, document);
    at += chunk->bytes.size();
    if (!kind && document.size() >= extract::kKindOctets) {
      kind = extract::kind_of(document);
      if (!kind) return {};
    }
    if (document.size() > extract::kMostInput) return {};
  }
  decoder->finish(document);
  if (!kind) kind = extract::kind_of(document);
  if (!kind) return {};
  auto text = extractor_.extract(*kind, document);
  if (!text && text.error().kind == ErrorKind::not_supported) return {};
  if (!text) return pass(text);
  return tidy_text(*text);
}

}  // namespace posthorn::store
