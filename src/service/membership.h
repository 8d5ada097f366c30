#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/number_set.h"
#include "store/value/members.h"

namespace posthorn::service {

/// The messages a session has told its client of, in UID order: position + 1 is the sequence
/// number.
///
/// Nearly always, this is the membership of one version of the mailbox. It is composed of several
/// parts only while expunges wait to be told and new messages have been told meanwhile: the
/// messages of an older version, followed by those of newer versions with higher UIDs. Each part
/// refers to a version; versions share their nodes.
class Membership {
 public:
  /// Maximum number of parts; see extend().
  static constexpr std::size_t kMaxParts = 16;

  Membership() : Membership(std::make_shared<store::Members>()) {}
  explicit Membership(std::shared_ptr<const store::Members> members);

  [[nodiscard]] std::uint32_t count() const { return parts_.back().base + parts_.back().size(); }
  /// Requires: position < count().
  [[nodiscard]] store::Member at(std::uint32_t position) const;
  [[nodiscard]] Uid uid_at(std::uint32_t position) const;
  [[nodiscard]] std::optional<std::uint32_t> position_of(Uid uid) const;
  /// The number of messages with a UID below this one.
  [[nodiscard]] std::uint32_t lower_bound(Uid uid) const;
  /// 0 if there are no messages.
  [[nodiscard]] Uid last_uid() const;
  /// Returns whether this equals `members`, if that can be told without examining messages.
  [[nodiscard]] bool is(const std::shared_ptr<const store::Members>& members) const {
    return parts_.size() == 1 && parts_[0].members == members && parts_[0].last == members->count();
  }

  /// Calls f(position, Member) for the positions [first, last), in order.
  template <class F>
  void for_each(std::uint32_t first, std::uint32_t last, F&& f) const;

  struct Difference {
    std::vector<std::uint32_t> gone;  ///< Positions in this membership, ascending.
    std::uint32_t added = 0;          ///< The number of messages in `now` above last_uid().
  };
  [[nodiscard]] Difference difference(const store::Members& now) const;

  /// Adds the messages of `now` above last_uid(). Returns false, and changes nothing, if this needs
  /// too many parts: the client must be told of expunges first.
  bool extend(const std::shared_ptr<const store::Members>& now);

  /// Returns the messages of `now` up to last_uid(), which remain when expunges are told and
  /// arrivals are not.
  [[nodiscard]] Membership without_arrivals(const std::shared_ptr<const store::Members>& now) const;

  /// Returns the UIDs of the messages with these sequence numbers. Numbers above count() are
  /// ignored.
  [[nodiscard]] NumberSet uids_of(const NumberSet& seqnums) const;
  /// Returns the sequence numbers (position + 1) of the messages with these UIDs.
  [[nodiscard]] NumberSet seqnums_of(const NumberSet& uids) const;

 private:
  struct Part {
    std::shared_ptr<const store::Members> members;
    std::uint32_t first = 0;  ///< The part is [first, last) of `members`.
    std::uint32_t last = 0;
    std::uint32_t base = 0;  ///< The number of messages in the parts before.
    [[nodiscard]] std::uint32_t size() const { return last - first; }
  };
  [[nodiscard]] const Part& part_of(std::uint32_t position) const;
  std::vector<Part> parts_;  ///< At least one.
};

template <class F>
void Membership::for_each(std::uint32_t first, std::uint32_t last, F&& f) const {
  for (const Part& part : parts_) {
    const std::uint32_t end = part.base + part.size();
    if (end <= first) continue;
    if (part.base >= last) return;
    const std::uint32_t from = first > part.base ? first - part.base : 0;
    const std::uint32_t to = last < end ? last - part.base : part.size();
    std::uint32_t position = part.base + from;
    part.members->for_each(part.first + from, part.first + to,
                           [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                             f(position++, leaf.at(k));
                           });
  }
}

}  // namespace posthorn::service
