#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/flags.h"
#include "base/ids.h"
#include "base/result.h"
#include "store/value/members.h"
#include "store/value/reader_flags.h"

namespace posthorn::store {

/// The special uses of a mailbox (RFC 6154 and RFC 8457); a mailbox may have any set of them.
enum class SpecialUse : std::uint8_t {
  all = 1,
  archive = 2,
  drafts = 4,
  flagged = 8,
  junk = 16,
  sent = 32,
  trash = 64,
  important = 128,
};
using SpecialUses = std::uint8_t;
constexpr SpecialUses bit(SpecialUse use) { return static_cast<SpecialUses>(use); }

/// The keywords of one mailbox, and the sets of them that occur in messages. Immutable; a larger
/// table is a copy.
class KeywordTable {
 public:
  static constexpr std::size_t kMaxKeywords = 1000;
  static constexpr std::size_t kMaxLength = 255;  ///< Length of one keyword in octets.

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// The keywords of a set, as ascending indexes into names(). Set 0 is empty.
  [[nodiscard]] const std::vector<std::uint16_t>& set(std::uint32_t id) const {
    return id < sets_.size() ? sets_[id] : sets_[0];
  }
  /// Compares case-insensitively (ASCII; RFC 9051 §2.3.2).
  [[nodiscard]] std::optional<std::uint16_t> find(std::string_view keyword) const;
  [[nodiscard]] bool set_has(std::uint32_t id, std::uint16_t keyword) const;
  [[nodiscard]] std::vector<std::string> names_of(std::uint32_t set) const;

  /// Errors: limit (more than kMaxKeywords, or a keyword that is too long).
  Result<std::uint16_t> intern_name(std::string_view keyword);
  std::uint32_t intern_set(std::vector<std::uint16_t> sorted);

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::uint16_t> by_folded_name_;
  std::vector<std::vector<std::uint16_t>> sets_ = {{}};
  std::map<std::vector<std::uint16_t>, std::uint32_t> by_set_ = {{{}, 0}};
};

/// The summary of a mailbox that STATUS, LIST-STATUS and delivery need. Stored with every change of
/// the mailbox.
struct MailboxHead {
  UidValidity uid_validity;
  Uid uid_next{1};
  ModSeq highest_modseq;  ///< Never below 1.
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;   ///< Number of messages without \Seen.
  std::uint32_t deleted = 0;  ///< Number of messages with \Deleted.
  std::uint64_t bytes = 0;
  std::uint64_t deleted_bytes = 0;
};

struct MailboxStorage;

/// The state of one mailbox at one change. Immutable and shared.
struct Mailbox {
  MailboxId id;
  std::string name;  ///< UTF-8, with '/' between levels; "INBOX" for the inbox.
  SpecialUses special_use = 0;
  MailboxHead head;
  std::shared_ptr<const KeywordTable> keywords;
  /// Who has seen what, if the mailbox is or was shared and somebody has changed \Seen since; else
  /// null. Independent of the contents.
  std::shared_ptr<const ReadersFlags> readers;
  /// The messages; null until they are loaded.
  std::shared_ptr<const Contents> contents;
  /// The location of the contents in the engine; set together with `contents`.
  std::shared_ptr<const MailboxStorage> storage;
  /// The stored head did not match the rows when they were read. `head` was computed from the rows,
  /// and the next change of the mailbox stores it.
  bool head_rebuilt = false;
  /// Amount of data not yet packed into chunk pages, measured in rows.
  std::uint32_t tail_rows = 0;
};
using MailboxPtr = std::shared_ptr<const Mailbox>;

/// Separates the levels of a mailbox name.
inline constexpr char kDelimiter = '/';

/// Checks the name of a mailbox to be created: valid UTF-8, no control characters, no empty level,
/// at most 1,000 octets and 50 levels. Errors: bad_argument with the reason.
Status check_mailbox_name(std::string_view name);

}  // namespace posthorn::store
