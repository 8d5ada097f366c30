#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/ids.h"
#include "wire/imap/command/commands_message.h"
#include "wire/imap/response/writer.h"

namespace posthorn::wire::imap {

/// Writes the text between the brackets of BODY[...] or BINARY[...].
void format_section(Writer& w, const Section& section);

/// Writes one FETCH response: begin(), items in any order, end(). RFC 9051 §7.5.2.
class FetchWriter {
 public:
  explicit FetchWriter(Writer& w) : w_(w) {}

  /// `* n FETCH (`
  void begin(Seqnum seqnum);
  /// `* uid UIDFETCH (`, for UIDONLY (RFC 9586 §3.3).
  void begin(Uid uid);
  /// `)` CRLF
  void end() { w_.raw(")\r\n"); }

  void uid(Uid uid) { name("UID ").number(uid.value); }
  template <class Keywords>
  void flags(SystemFlags system, Recent recent, const Keywords& keywords) {
    name("FLAGS ").flag_list(system, recent, keywords);
  }
  /// `list` as Writer::flag_list formats it.
  void flags(std::string_view list) { name("FLAGS ").raw(list); }
  void internal_date(Timestamp t) { name("INTERNALDATE ").date_time(t); }
  void rfc822_size(std::uint64_t octets) { name("RFC822.SIZE ").number(octets); }
  void modseq(ModSeq m) { name("MODSEQ (").number(m.value).raw(')'); }
  /// RFC 8514.
  void save_date(std::optional<Timestamp> t);
  /// RFC 8970.
  void preview(std::optional<std::string_view> text) { name("PREVIEW ").nstring(text); }
  /// RFC 8474. `id` is an objectid.
  void email_id(std::string_view id) { name("EMAILID (").raw(id).raw(')'); }
  void thread_id(std::string_view id) { name("THREADID (").raw(id).raw(')'); }

  /// The values are already in wire form (message/mime/structure_format.h).
  void envelope(std::string_view wire) { name("ENVELOPE ").raw(wire); }
  void body(std::string_view wire) { name("BODY ").raw(wire); }
  void body_structure(std::string_view wire) { name("BODYSTRUCTURE ").raw(wire); }

  /// Writes the name of a content item and its literal header; the caller then appends `octets`
  /// octets. For body_section, binary, rfc822, rfc822_header and rfc822_text.
  void literal(const FetchItem& item, std::uint64_t octets);
  /// The same for short content, or for NIL.
  void content(const FetchItem& item, std::optional<std::string_view> value);
  void binary_size(const FetchItem& item, std::uint64_t octets);

 private:
  Writer& name(std::string_view item) {
    if (!first_) w_.sp();
    first_ = false;
    return w_.raw(item);
  }
  void item_name(const FetchItem& item);

  Writer& w_;
  bool first_ = true;
};

}  // namespace posthorn::wire::imap
