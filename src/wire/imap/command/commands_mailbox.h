#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/number_set.h"
#include "wire/imap/command/command_spec.h"

namespace posthorn::wire::imap {

// Every mailbox name is in UTF-8, with "INBOX" in upper case (RFC 9051 §5.1).

/// RFC 7162 §3.2.5.
struct QresyncParameter {
  struct SequenceMatch {
    NumberSet seqnums;
    NumberSet uids;
  };
  UidValidity uid_validity;
  ModSeq mod_seq;
  std::optional<NumberSet> known_uids;
  std::optional<SequenceMatch> match;
};

enum class SelectAccess : std::uint8_t { read_write, read_only };

/// SELECT, or EXAMINE (RFC 9051 §6.3.3) if `access` is read_only.
struct SelectCommand {
  static constexpr CommandSpec kSpec{
      .name = "SELECT", .source = "RFC 9051 §6.3.2", .states = kAfterLogin, .mailbox_rights = "r"};
  static constexpr std::string_view kExamine = "EXAMINE";
  std::string mailbox;
  SelectAccess access = SelectAccess::read_write;
  bool condstore = false;  ///< RFC 7162 §3.1.8.
  std::optional<QresyncParameter> qresync;
};

struct CreateCommand {
  static constexpr CommandSpec kSpec{
      .name = "CREATE", .source = "RFC 9051 §6.3.4", .states = kAfterLogin};
  std::string mailbox;
  /// RFC 6154 §3. With their backslashes; known attributes are spelled as in RFC 6154 §2.
  std::vector<std::string> special_use;
};
struct DeleteCommand {
  static constexpr CommandSpec kSpec{
      .name = "DELETE", .source = "RFC 9051 §6.3.5", .states = kAfterLogin, .mailbox_rights = "x"};
  std::string mailbox;
};
struct RenameCommand {
  static constexpr CommandSpec kSpec{
      .name = "RENAME", .source = "RFC 9051 §6.3.6", .states = kAfterLogin, .mailbox_rights = "x"};
  std::string from;
  std::string to;
};
struct SubscribeCommand {
  static constexpr CommandSpec kSpec{.name = "SUBSCRIBE",
                                     .source = "RFC 9051 §6.3.7",
                                     .states = kAfterLogin,
                                     .mailbox_rights = "l"};
  std::string mailbox;
};
struct UnsubscribeCommand {
  static constexpr CommandSpec kSpec{
      .name = "UNSUBSCRIBE", .source = "RFC 9051 §6.3.8", .states = kAfterLogin};
  std::string mailbox;
};
struct NamespaceCommand {
  static constexpr CommandSpec kSpec{.name = "NAMESPACE",
                                     .source = "RFC 9051 §6.3.10",
                                     .states = kAfterLogin,
                                     .capability = "NAMESPACE"};
};

/// Status items of RFC 9051 §6.3.11 and the extensions named.
enum class StatusItem : std::uint16_t {
  messages = 1,
  recent = 2,  ///< RFC 3501.
  uid_next = 4,
  uid_validity = 8,
  unseen = 16,
  deleted = 32,
  size = 64,               ///< RFC 8438.
  highest_modseq = 128,    ///< RFC 7162.
  append_limit = 256,      ///< RFC 7889.
  mailbox_id = 512,        ///< RFC 8474.
  deleted_storage = 1024,  ///< RFC 9208.
};
/// A set of StatusItem.
struct StatusItems {
  std::uint16_t bits = 0;
  [[nodiscard]] bool has(StatusItem item) const {
    return (bits & static_cast<std::uint16_t>(item)) != 0;
  }
  void add(StatusItem item) { bits = static_cast<std::uint16_t>(bits | static_cast<int>(item)); }
  friend bool operator==(StatusItems, StatusItems) = default;
};
struct StatusCommand {
  static constexpr CommandSpec kSpec{
      .name = "STATUS", .source = "RFC 9051 §6.3.11", .states = kAfterLogin, .mailbox_rights = "r"};
  std::string mailbox;
  StatusItems items;
};

/// Selection options (RFC 5258 §3.1).
struct ListSelection {
  bool subscribed = false;
  bool remote = false;
  bool recursive_match = false;
  bool special_use = false;  ///< RFC 6154 §2.
};
/// Return options (RFC 5258 §3.2).
struct ListReturn {
  bool subscribed = false;
  bool children = false;
  bool special_use = false;
  std::optional<StatusItems> status;  ///< RFC 5819.
  std::vector<std::string> metadata;  ///< Names of entries (RFC 9590).
  bool my_rights = false;             ///< RFC 8440.
};
struct ListCommand {
  static constexpr CommandSpec kSpec{
      .name = "LIST", .source = "RFC 9051 §6.3.9", .states = kAfterLogin};
  std::string reference;
  std::vector<std::string> patterns;  ///< At least one.
  ListSelection select;
  ListReturn returns;
  bool extended = false;  ///< The command uses syntax of RFC 5258.
};
struct LsubCommand {
  static constexpr CommandSpec kSpec{
      .name = "LSUB", .source = "RFC 3501 §6.3.9", .states = kAfterLogin};
  std::string reference;
  std::string pattern;
};

}  // namespace posthorn::wire::imap
