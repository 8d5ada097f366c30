#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/flags.h"
#include "base/ids.h"
#include "base/number_set.h"
#include "message/digest/search_key.h"
#include "wire/imap/command/command_spec.h"

namespace posthorn::wire::imap {

/// How a command names messages: by sequence number or, after "UID", by UID (RFC 9051 §6.4.9).
/// "UID" may precede the name of exactly those commands that have a member `numbering`.
enum class Numbering : std::uint8_t { seqnum, uid };

struct CheckCommand {
  static constexpr CommandSpec kSpec{
      .name = "CHECK", .source = "RFC 3501 §6.4.1", .states = kWhileSelected};
};
struct CloseCommand {
  static constexpr CommandSpec kSpec{
      .name = "CLOSE", .source = "RFC 9051 §6.4.1", .states = kWhileSelected};
};
struct UnselectCommand {
  static constexpr CommandSpec kSpec{.name = "UNSELECT",
                                     .source = "RFC 9051 §6.4.2",
                                     .states = kWhileSelected,
                                     .capability = "UNSELECT"};
};

struct ExpungeCommand {
  static constexpr CommandSpec kSpec{.name = "EXPUNGE",
                                     .source = "RFC 9051 §6.4.3",
                                     .states = kWhileSelected,
                                     .selected_rights = "e"};
  Numbering numbering = Numbering::seqnum;
  std::optional<SequenceSet> uids;  ///< Set if and only if the command is UID EXPUNGE (RFC 4315).
};

/// A window of the results, counted from the lowest UID or backwards from the highest (RFC 9394).
struct PartialRange {
  enum class From : std::uint8_t { oldest, newest };
  From from = From::oldest;
  std::uint32_t first = 1;
  std::uint32_t last = 1;  ///< Not below `first`.
  friend bool operator==(const PartialRange&, const PartialRange&) = default;
};

/// A part of a message: RFC 9051 §9 `section`, without the brackets.
struct Section {
  enum class Text : std::uint8_t {
    whole,              ///< The part itself; without `part`, the message.
    header,             ///< HEADER
    header_fields,      ///< HEADER.FIELDS
    header_fields_not,  ///< HEADER.FIELDS.NOT
    text,               ///< TEXT
    mime,               ///< MIME; only with a `part`.
  };
  std::vector<std::uint32_t> part;
  Text text = Text::whole;
  std::vector<std::string> fields;  ///< As written.
  friend bool operator==(const Section&, const Section&) = default;
};

/// `<offset.count>`
struct Partial {
  std::uint64_t offset = 0;
  std::uint64_t count = 1;  ///< Not 0.
  friend bool operator==(const Partial&, const Partial&) = default;
};

/// RFC 9051 §9 `fetch-att`.
struct FetchItem {
  enum class Kind : std::uint8_t {
    uid,
    flags,
    internal_date,
    rfc822_size,
    envelope,
    body,  ///< BODY: the structure without extension data.
    body_structure,
    rfc822,
    rfc822_header,
    rfc822_text,   ///< RFC 3501 §6.4.5. `peek` is set for rfc822_header.
    body_section,  ///< BODY[...]
    binary,        ///< BINARY[...]; only `section.part` is used.
    binary_size,
    modseq,     ///< RFC 7162
    save_date,  ///< RFC 8514
    preview,    ///< RFC 8970
    email_id,
    thread_id,  ///< RFC 8474
  };
  Kind kind = Kind::uid;
  bool peek = true;   ///< Does not set \Seen.
  bool lazy = false;  ///< PREVIEW (LAZY)
  Section section = {};
  std::optional<Partial> partial = {};
};

/// Result options of RFC 4731 §3.1, RFC 5182, RFC 9394 and RFC 5267. `RETURN ()` means ALL.
struct SearchReturn {
  bool min = false;
  bool max = false;
  bool all = false;
  bool count = false;
  bool save = false;
  std::optional<PartialRange> partial;
  bool context = false;  ///< CONTEXT, a hint that the search will be repeated (RFC 5267 §4.2).
  bool update = false;   ///< UPDATE: changes of the result are told (RFC 5267 §4.3).
  /// What to fetch of new messages that match (RFC 5465 §7); only with `update`.
  std::vector<FetchItem> update_fetch = {};
};

struct SearchCommand {
  static constexpr CommandSpec kSpec{
      .name = "SEARCH", .source = "RFC 9051 §6.4.4", .states = kWhileSelected};
  Numbering numbering = Numbering::seqnum;
  std::optional<SearchReturn> returns;
  message::SearchKey key;
  /// There is a MODSEQ key: the response carries MODSEQ (RFC 7162 §3.1.5).
  bool uses_modseq = false;
};
/// With `returns` it is ESORT (RFC 5267).
struct SortCommand {
  static constexpr CommandSpec kSpec{
      .name = "SORT", .source = "RFC 5256 §3", .states = kWhileSelected, .capability = "SORT"};
  Numbering numbering = Numbering::seqnum;
  std::optional<SearchReturn> returns;
  std::vector<message::SortKey> order;
  message::SearchKey key;
  bool uses_modseq = false;
};
struct ThreadCommand {
  static constexpr CommandSpec kSpec{
      .name = "THREAD", .source = "RFC 5256 §3", .states = kWhileSelected};
  Numbering numbering = Numbering::seqnum;
  message::ThreadAlgorithm algorithm = message::ThreadAlgorithm::references;
  message::SearchKey key;
};

/// RFC 5267 §4.3.5.
struct CancelUpdateCommand {
  static constexpr CommandSpec kSpec{.name = "CANCELUPDATE",
                                     .source = "RFC 5267 §4.3.5",
                                     .states = kWhileSelected,
                                     .capability = "CONTEXT=SEARCH"};
  std::vector<std::string> tags;  ///< Those of the searches that asked for updates.
};

/// The indices of batches of UIDs, as the client wrote them: `first` may be above `last`.
struct BatchRange {
  std::uint32_t first = 1;
  std::uint32_t last = 1;
};
/// RFC 10022. Always about UIDs, without "UID" in its name.
struct UidBatchesCommand {
  static constexpr CommandSpec kSpec{.name = "UIDBATCHES",
                                     .source = "RFC 10022",
                                     .states = kWhileSelected,
                                     .capability = "UIDBATCHES"};
  std::uint32_t size = 1;           ///< Messages in a batch. Not 0.
  std::optional<BatchRange> range;  ///< All batches if absent.
};

/// Macros are expanded, and duplicate items are removed.
struct FetchCommand {
  static constexpr CommandSpec kSpec{
      .name = "FETCH", .source = "RFC 9051 §6.4.5", .states = kWhileSelected};
  Numbering numbering = Numbering::seqnum;
  SequenceSet set;
  std::vector<FetchItem> items;
  std::optional<ModSeq> changed_since;  ///< RFC 7162 §3.1.4.1; 0 is accepted.
  bool vanished = false;                ///< RFC 7162 §3.2.6; only with UID and CHANGEDSINCE.
  std::optional<PartialRange> partial;  ///< RFC 9394 §3.3; only with UID.
};

struct StoreCommand {
  static constexpr CommandSpec kSpec{
      .name = "STORE", .source = "RFC 9051 §6.4.6", .states = kWhileSelected};
  enum class Mode : std::uint8_t { replace, add, remove };
  Numbering numbering = Numbering::seqnum;
  SequenceSet set;
  Mode mode = Mode::replace;
  bool silent = false;
  FlagList flags;
  std::optional<ModSeq> unchanged_since;  ///< RFC 7162 §3.1.3
};

struct CopyCommand {
  static constexpr CommandSpec kSpec{
      .name = "COPY", .source = "RFC 9051 §6.4.7", .states = kWhileSelected, .mailbox_rights = "i"};
  Numbering numbering = Numbering::seqnum;
  SequenceSet set;
  std::string mailbox;
};
/// RFC 6851.
struct MoveCommand {
  static constexpr CommandSpec kSpec{.name = "MOVE",
                                     .source = "RFC 9051 §6.4.8",
                                     .states = kWhileSelected,
                                     .capability = "MOVE",
                                     .selected_rights = "te",
                                     .mailbox_rights = "i"};
  Numbering numbering = Numbering::seqnum;
  SequenceSet set;
  std::string mailbox;
};

}  // namespace posthorn::wire::imap
