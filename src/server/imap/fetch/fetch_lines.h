#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "server/imap/fetch/fetch_row.h"
#include "service/rows.h"
#include "wire/imap/command/commands_message.h"

namespace posthorn::server::imap {

/// Writes FETCH responses of short items that need only a message's row. Clients ask for these for
/// every message when they open a mailbox. The text is the same as FetchWriter's.
class FetchLines {
 public:
  /// Returns whether every item is one of UID, FLAGS, RFC822.SIZE and MODSEQ, and none occurs
  /// twice.
  static bool can_write(std::span<const wire::imap::FetchItem> items);

  /// `begins` is the number that a response begins with: for `uid`, it is UIDFETCH (RFC 9586 §3.3).
  /// Requires: can_write(items). `flags` and `out` must outlive this object.
  FetchLines(std::span<const wire::imap::FetchItem> items, wire::imap::Numbering begins,
             RowWriter& flags, std::string& out);

  void write(const service::Row& row) {
    at_ = line_;
    put("* ");
    if (begins_ == wire::imap::Numbering::uid) {
      put(row.member.uid.value);
      put(" UIDFETCH (");
    } else {
      put(row.seqnum.value);
      put(" FETCH (");
    }
    for (const Item& item : items_) {
      put(item.name);
      switch (item.kind) {
        case Kind::uid: put(row.member.uid.value); break;
        case Kind::rfc822_size: put(row.member.size); break;
        case Kind::modseq:
          put(row.flags.modseq.value);
          put(")");
          break;
        default: put_flags(flags_.flags(row.member.uid, row.flags)); break;
      }
    }
    put(")\r\n");
    out_.append(line_, at_);
  }

 private:
  using Kind = wire::imap::FetchItem::Kind;
  struct Item {
    Kind kind;
    std::string_view name;  ///< The item's name, preceded by its separator.
  };

  void put(std::string_view text) { at_ = std::copy(text.begin(), text.end(), at_); }
  void put(std::uint64_t number) { at_ = std::to_chars(at_, std::end(line_), number).ptr; }
  /// Writes the only value that may be long.
  void put_flags(std::string_view list) {
    if (list.size() <= kShortList) return put(list);
    out_.append(line_, at_).append(list);
    at_ = line_;
  }

  static constexpr std::size_t kShortList = 64;
  static constexpr std::size_t kNumber = 20;
  std::vector<Item> items_;
  const wire::imap::Numbering begins_;
  RowWriter& flags_;
  std::string& out_;
  char line_[64 + kShortList +
             4 * kNumber];  ///< Room for the numbers, a short flag list and about 50 other octets.
  char* at_ = line_;
};

}  // namespace posthorn::server::imap
