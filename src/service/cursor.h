#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/number_set.h"
#include "service/membership.h"
#include "store/value/flags_view.h"
#include "store/value/mailbox.h"

namespace posthorn::service {

/// Kinds of changes a client can be told. A protocol's command table says which kinds a command
/// allows.
using Tellings = std::uint8_t;
enum class Telling : std::uint8_t {
  expunges = 1,  ///< Removed messages, which renumbers those after them.
  arrivals = 2,  ///< New messages at the end.
  flags = 4,     ///< Flags and MODSEQs of messages that were already told.
};
constexpr Tellings bit(Telling t) { return static_cast<Tellings>(t); }
constexpr Tellings kTellAll = 7;

/// The difference between what a client knows and the current state. Tell it in this order: `gone`,
/// `arrived`, `changed`.
struct Updates {
  /// Ascending sequence numbers, as they are before any of them is told. Tell them one by one from
  /// the last to the first, so that each number is correct.
  std::vector<Seqnum> gone;
  NumberSet gone_uids;
  /// The number of messages after that, if new ones arrived.
  std::optional<std::uint32_t> exists;
  NumberSet arrived;  ///< Their UIDs.
  struct Changed {
    Seqnum seqnum;  ///< The number after `gone` has been told.
    Uid uid;
    store::FlagState flags;
  };
  std::vector<Changed> changed;

  [[nodiscard]] bool empty() const { return gone.empty() && !exists && changed.empty(); }
};

/// What a selected session has told its client: a membership, and the MODSEQ up to which flags were
/// told.
class Cursor {
 public:
  Cursor() = default;
  /// Starts at this version, all of which has just been told. Requires: contents.
  explicit Cursor(const store::FlagsView& now);

  [[nodiscard]] const Membership& told() const { return told_; }
  [[nodiscard]] std::uint32_t count() const { return told_.count(); }

  /// Advances towards `now`, as far as `allowed` permits. Requires: contents; a version that is not
  /// older than the last one.
  Updates advance(const store::FlagsView& now, Tellings allowed);
  /// Returns whether advance() has anything to examine.
  [[nodiscard]] bool is_behind(const store::FlagsView& now) const {
    return seen_modseq_ != now.highest_modseq() || waiting_;
  }

  /// Records that the client already knows what the change with this MODSEQ did to flags.
  void told_change(ModSeq modseq) { own_changes_.push_back(modseq); }

  /// Returns whether `now` has keywords that did not exist at the previous call.
  bool take_new_keywords(const store::Mailbox& now);

  /// The value for HIGHESTMODSEQ (RFC 7162 §3.2). While expunges or arrivals wait to be told, it
  /// stays below their MODSEQ, so that a client that resynchronises from it misses nothing.
  [[nodiscard]] ModSeq highest_modseq() const { return waiting_ ? whole_modseq_ : seen_modseq_; }
  /// All flag changes up to this MODSEQ have been told.
  [[nodiscard]] ModSeq told_flags() const { return flags_modseq_; }
  /// Returns whether changes wait that were not allowed to be told.
  [[nodiscard]] bool is_waiting() const { return waiting_; }

 private:
  void advance_members(const store::Mailbox& now, Tellings allowed, Updates& updates);
  void advance_flags(const store::FlagsView& now, Updates& updates, Uid told_before);

  Membership told_;
  ModSeq flags_modseq_{1};  ///< Flags have been told up to here.
  ModSeq whole_modseq_{1};  ///< Everything has been told up to here.
  ModSeq seen_modseq_{1};   ///< Of the version examined last.
  bool waiting_ = false;
  std::size_t told_keywords_ = 0;
  std::vector<ModSeq> own_changes_;
};

}  // namespace posthorn::service
