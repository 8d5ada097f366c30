#include "message/digest/digest.h"

#include <algorithm>

#include "base/bytes.h"
#include "message/digest/key_texts.h"
#include "message/header/date.h"
#include "message/header/header.h"
#include "message/header/message_id.h"
#include "message/mime/structure_format.h"
#include "text/fold.h"
#include "text/utf8.h"

namespace posthorn::message {
namespace {

constexpr std::size_t kMaxReferences = 8 << 10;

// Keeps the first id, and as many of the last ones as fit.
std::string pack(const std::vector<std::string>& ids) {
  std::size_t room = kMaxReferences;
  std::size_t from = ids.size();
  while (from > 1 && ids[from - 1].size() + 2 <= room) room -= ids[--from].size() + 2;
  std::string out;
  ByteWriter writer(out);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    if (i > 0 && i < from) continue;
    writer.u16(static_cast<std::uint16_t>(ids[i].size()));
    writer.raw(ids[i]);
  }
  return out;
}

class KeysWriter {
 public:
  void add_folded(std::string_view utf8) {
    const std::string_view cut = text::utf8_cut(utf8, kMaxKeyField);
    const std::size_t before = bytes_.size();
    text::fold_append(cut, bytes_);
    const std::string_view folded = std::string_view(bytes_).substr(before);
    const std::size_t kept = text::utf8_cut(folded, kMaxKeyField).size();
    truncated_ |= cut.size() < utf8.size() || kept < folded.size();
    bytes_.resize(before + kept);
    ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  }
  void add_raw(std::string_view bytes) {
    bytes_.append(bytes);
    ends_.push_back(static_cast<std::uint32_t>(bytes_.size()));
  }

  std::string finish(const Analysis& analysis, const std::optional<Timestamp>& sent,
                     std::uint8_t flags) const {
    std::string out;
    out.reserve(KeysView::kTable + KeysView::kFields * 4 + bytes_.size());
    ByteWriter writer(out);
    writer.u8(kKeysVersion);
    writer.u8(static_cast<std::uint8_t>(flags | (sent ? KeysView::kHasSent : 0) |
                                        (truncated_ ? KeysView::kTruncated : 0)));
    writer.u64(static_cast<std::uint64_t>(sent ? sent->seconds : 0));
    writer.u16(static_cast<std::uint16_t>(sent ? sent->zone_minutes : 0));
    writer.u64(analysis.size);
    writer.u64(analysis.header_size);
    for (const std::uint32_t end : ends_) writer.u32(end);
    writer.raw(bytes_);
    return out;
  }

 private:
  std::string bytes_;
  std::vector<std::uint32_t> ends_;
  bool truncated_ = false;
};

std::uint8_t flags_of(const TextForm& form) {
  return static_cast<std::uint8_t>(KeysView::kFormKnown | (form.bare_lf ? KeysView::kBareLf : 0) |
                                   (form.open_end ? KeysView::kOpenEnd : 0) |
                                   (form.header_8bit ? KeysView::kHeader8bit : 0));
}

// In the order of KeysView's fields.
std::string make_keys(const Analysis& analysis, const KeyTexts& texts) {
  const Envelope& e = texts.envelope();
  KeysWriter keys;
  for (const std::string& text : {texts.from(), texts.to(), texts.cc(), texts.bcc()})
    keys.add_folded(text);
  keys.add_folded(texts.subject());
  const BaseSubject base = texts.base_subject();
  keys.add_folded(base.text);
  for (const std::string& text : {texts.sort_from(), texts.sort_to(), texts.sort_cc()})
    keys.add_folded(text);
  for (const std::string& text : {texts.display_from(), texts.display_to()}) keys.add_folded(text);
  keys.add_raw(parse_message_id(e.message_id.value_or("")));
  keys.add_raw(pack(thread_references(find_header(analysis.header_block, "references").value_or(""),
                                      e.in_reply_to.value_or(""))));
  const auto sent = e.date ? parse_date(*e.date) : std::nullopt;
  const std::uint8_t reply = base.reply_or_forward ? KeysView::kReply : 0;
  return keys.finish(analysis, sent, reply | flags_of(analysis.form));
}

// Writes the records of a part and of all parts inside it, depth first.
class RecordWriter {
 public:
  void add(const Part& part) {
    const std::size_t at = records_.size();
    ByteWriter writer(records_);
    writer.u64(part.header_begin);
    writer.u64(part.body_begin);
    writer.u64(part.body_end);
    writer.u32(static_cast<std::uint32_t>(std::min<std::uint64_t>(part.lines, UINT32_MAX)));
    writer.u32(0);  // Filled in after the children.
    writer.u32(static_cast<std::uint32_t>(strings_.size()));
    for (const std::string_view s :
         {std::string_view(part.mime.type), std::string_view(part.mime.subtype),
          std::string_view(part.mime.encoding), part.mime.charset()}) {
      const std::string_view kept = s.substr(0, 1000);
      writer.u16(static_cast<std::uint16_t>(kept.size()));
      strings_.append(kept);
    }
    writer.u8(part.mime.is_multipart() ? StructureView::kMultipart
              : part.mime.is_message() ? StructureView::kMessage
                                       : 0);
    for (const Part& child : part.children) add(child);
    std::string end;
    ByteWriter(end).u32(static_cast<std::uint32_t>(count()));
    records_.replace(at + 28, 4, end);
  }
  [[nodiscard]] std::size_t count() const { return records_.size() / StructureView::kRecord; }
  [[nodiscard]] const std::string& records() const { return records_; }
  [[nodiscard]] const std::string& strings() const { return strings_; }

 private:
  std::string records_;
  std::string strings_;
};

std::string make_structure(const Analysis& analysis, const Envelope& envelope) {
  RecordWriter parts;
  parts.add(analysis.root);
  std::string texts;
  std::vector<std::uint32_t> ends;
  const auto end_text = [&] { ends.push_back(static_cast<std::uint32_t>(texts.size())); };
  const Part& root = analysis.root;
  const bool utf8_envelope = format_envelope(texts, envelope, StringForm::ascii);
  end_text();
  const bool utf8_body = format_body(texts, root, BodyForm::basic, StringForm::ascii);
  end_text();
  const bool utf8_extended = format_body(texts, root, BodyForm::extended, StringForm::ascii);
  end_text();
  texts.append(analysis.preview);
  end_text();
  texts.append(parts.strings());
  end_text();
  // In the order of StructureView::Text; empty if it equals the ASCII form above.
  if (utf8_envelope) format_envelope(texts, envelope, StringForm::utf8);
  end_text();
  if (utf8_body) format_body(texts, root, BodyForm::basic, StringForm::utf8);
  end_text();
  if (utf8_extended) format_body(texts, root, BodyForm::extended, StringForm::utf8);
  end_text();

  std::string out;
  out.reserve(StructureView::kHead + parts.records().size() + texts.size());
  ByteWriter writer(out);
  writer.u8(kStructureVersion);
  writer.u32(static_cast<std::uint32_t>(parts.count()));
  for (const std::uint32_t end : ends) writer.u32(end);
  writer.raw(parts.records());
  writer.raw(texts);
  return out;
}

}  // namespace

void mark_8bit_header(std::string& keys) {
  if (KeysView(keys).ok()) keys[1] = static_cast<char>(keys[1] | KeysView::kHeader8bit);
}

Digest make_digest(const Analysis& analysis) {
  const KeyTexts texts(analysis.header_block);
  return {make_keys(analysis, texts), make_structure(analysis, texts.envelope())};
}

}  // namespace posthorn::message
