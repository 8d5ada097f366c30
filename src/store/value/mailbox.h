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

namespace posthorn::store {

/// RFC 6154 and RFC 8457: what a mailbox is for; any set of them.
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

/// Keywords of one mailbox and the sets of them that messages have. Immutable; grows by copies.
class KeywordTable {
 public:
  static constexpr std::size_t kMaxKeywords = 1000;
  static constexpr std::size_t kMaxLength = 255;  ///< Octets of one keyword.

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }
  /// Indexes into names(), ascending. Set 0 is empty.
  [[nodiscard]] const std::vector<std::uint16_t>& set(std::uint32_t id) const {
    return id < sets_.size() ? sets_[id] : sets_[0];
  }
  /// ASCII case-insensitive (RFC 9051 §2.3.2).
  [[nodiscard]] std::optional<std::uint16_t> find(std::string_view keyword) const;
  [[nodiscard]] bool set_has(std::uint32_t id, std::uint16_t keyword) const;
  [[nodiscard]] std::vector<std::string> names_of(std::uint32_t set) const;

  /// Errors: limit (more than kMaxKeywords, or one too long).
  Result<std::uint16_t> intern_name(std::string_view keyword);
  std::uint32_t intern_set(std::vector<std::uint16_t> sorted);

 private:
  std::vector<std::string> names_;
  std::map<std::string, std::uint16_t> by_folded_name_;
  std::vector<std::vector<std::uint16_t>> sets_ = {{}};
  std::map<std::vector<std::uint16_t>, std::uint32_t> by_set_ = {{{}, 0}};
};

/// What STATUS, LIST-STATUS and delivery need of a mailbox: kept with every change to it.
struct MailboxHead {
  UidValidity uid_validity;
  Uid uid_next{1};
  ModSeq highest_modseq;  ///< Never below 1.
  std::uint32_t messages = 0;
  std::uint32_t unseen = 0;   ///< Messages without \Seen.
  std::uint32_t deleted = 0;  ///< Messages with \Deleted.
  std::uint64_t bytes = 0;
  std::uint64_t deleted_bytes = 0;
};

struct MailboxStorage;

/// Everything known of one mailbox at one change. Immutable and shared.
struct Mailbox {
  MailboxId id;
  std::string name;  ///< UTF-8, '/' between levels; "INBOX" for the inbox.
  SpecialUses special_use = 0;
  MailboxHead head;
  std::shared_ptr<const KeywordTable> keywords;
  /// The messages; null until somebody needed them.
  std::shared_ptr<const Contents> contents;
  /// Where the contents lie in the engine; known when they are.
  std::shared_ptr<const MailboxStorage> storage;
  /// The stored head did not match the rows when they were read: `head` is made of the rows, and the
  /// next change of the mailbox stores it.
  bool head_rebuilt = false;
  std::uint32_t tail_rows = 0;  ///< What is not packed into chunk pages yet, counted as rows.
};
using MailboxPtr = std::shared_ptr<const Mailbox>;

/// Levels of a mailbox name are parted by this.
inline constexpr char kDelimiter = '/';

/// A name a mailbox may be created under: valid UTF-8, no control characters, no empty level, at
/// most 1,000 octets and 50 levels. Errors: bad_argument with the reason.
Status check_mailbox_name(std::string_view name);

}  // namespace posthorn::store
