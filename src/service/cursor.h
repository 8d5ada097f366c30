#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/number_set.h"
#include "service/membership.h"
#include "store/value/mailbox.h"

namespace posthorn::service {

/// What a client may be told at some moment. Which kinds a command allows stands in a protocol's
/// command table.
using Tellings = std::uint8_t;
enum class Telling : std::uint8_t {
  expunges = 1,  ///< Messages gone: renumbers what follows.
  arrivals = 2,  ///< New messages at the end.
  flags = 4,     ///< Flags and MODSEQs of messages already told.
};
constexpr Tellings bit(Telling t) { return static_cast<Tellings>(t); }
constexpr Tellings kTellAll = 7;

/// The difference between what a client knows and what is, in the order it is to be said: first
/// `gone`, then `arrived`, then `changed`.
struct Updates {
  /// Sequence numbers before any of them has been told, ascending. Said one by one from the last to
  /// the first, each number is right as it stands.
  std::vector<Seqnum> gone;
  NumberSet gone_uids;
  /// The number of messages after that, when new ones came.
  std::optional<std::uint32_t> exists;
  NumberSet arrived;  ///< Their UIDs.
  struct Changed {
    Seqnum seqnum;  ///< After `gone` has been said.
    Uid uid;
    store::FlagState flags;
  };
  std::vector<Changed> changed;

  [[nodiscard]] bool empty() const { return gone.empty() && !exists && changed.empty(); }
};

/// What a selected session has told its client: a membership, and the MODSEQ up to which it told
/// flags.
class Cursor {
 public:
  Cursor() = default;
  /// All of `mailbox` has just been told. Requires: contents.
  explicit Cursor(const store::Mailbox& mailbox);

  [[nodiscard]] const Membership& told() const { return told_; }
  [[nodiscard]] std::uint32_t count() const { return told_.count(); }

  /// Moves on towards `now` as far as `allowed`. Requires: contents; a version not older than the
  /// last.
  Updates advance(const store::Mailbox& now, Tellings allowed);
  /// Whether advance() would have anything to look at.
  [[nodiscard]] bool is_behind(const store::Mailbox& now) const {
    return seen_modseq_ != now.head.highest_modseq || waiting_;
  }

  /// The client has heard by other means what the change with this MODSEQ did to flags.
  void told_change(ModSeq modseq) { own_changes_.push_back(modseq); }

  /// Whether `now` has keywords that were not there when this was last asked.
  bool take_new_keywords(const store::Mailbox& now);

  /// RFC 7162 §3.2: what may be said as HIGHESTMODSEQ. While expunges or arrivals wait it stays
  /// below their MODSEQ, so that a client that resynchronises from it misses nothing.
  [[nodiscard]] ModSeq highest_modseq() const { return waiting_ ? whole_modseq_ : seen_modseq_; }
  /// Flags are told up to here.
  [[nodiscard]] ModSeq told_flags() const { return flags_modseq_; }
  /// Whether something waits that was not allowed to be told.
  [[nodiscard]] bool is_waiting() const { return waiting_; }

 private:
  void advance_members(const store::Mailbox& now, Tellings allowed, Updates& updates);
  void advance_flags(const store::Mailbox& now, Updates& updates, Uid told_before);

  Membership told_;
  ModSeq flags_modseq_{1};  ///< Flags are told up to here.
  ModSeq whole_modseq_{1};  ///< Everything is told up to here.
  ModSeq seen_modseq_{1};   ///< Of the version last looked at.
  bool waiting_ = false;
  std::size_t told_keywords_ = 0;
  std::vector<ModSeq> own_changes_;
};

}  // namespace posthorn::service
