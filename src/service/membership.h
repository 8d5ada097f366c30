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
/// Nearly always it is the membership of one version of the mailbox. Only while expunges wait to be
/// told and new messages have been told meanwhile is it put together: the messages of an older
/// version, then those of newer ones above their UIDs. Each part is a pointer into versions that
/// share their nodes.
class Membership {
 public:
  /// So many parts at most; see extend().
  static constexpr std::size_t kMaxParts = 16;

  Membership() : Membership(std::make_shared<store::Members>()) {}
  explicit Membership(std::shared_ptr<const store::Members> members);

  [[nodiscard]] std::uint32_t count() const { return parts_.back().base + parts_.back().size(); }
  /// Requires: position < count().
  [[nodiscard]] store::Member at(std::uint32_t position) const;
  [[nodiscard]] Uid uid_at(std::uint32_t position) const;
  [[nodiscard]] std::optional<std::uint32_t> position_of(Uid uid) const;
  /// How many messages have a UID below this one.
  [[nodiscard]] std::uint32_t lower_bound(Uid uid) const;
  /// 0 when there is none.
  [[nodiscard]] Uid last_uid() const;
  /// Whether it is just what `members` holds, known without looking at messages.
  [[nodiscard]] bool is(const std::shared_ptr<const store::Members>& members) const {
    return parts_.size() == 1 && parts_[0].members == members && parts_[0].last == members->count();
  }

  /// Calls f(position, Member) for [first, last) in order.
  template <class F>
  void for_each(std::uint32_t first, std::uint32_t last, F&& f) const;

  struct Difference {
    std::vector<std::uint32_t> gone;  ///< Positions here, ascending.
    std::uint32_t added = 0;          ///< Messages of `now` above last_uid().
  };
  [[nodiscard]] Difference difference(const store::Members& now) const;

  /// Adds what `now` has above last_uid(). False, and nothing done, when that would take too many
  /// parts: the client has to hear of expunges first.
  bool extend(const std::shared_ptr<const store::Members>& now);

  /// The messages of `now` up to last_uid(): what is left when expunges are told and arrivals are
  /// not.
  [[nodiscard]] Membership without_arrivals(const std::shared_ptr<const store::Members>& now) const;

  /// The UIDs at the positions whose sequence numbers are in `seqnums` (those above count() left
  /// out).
  [[nodiscard]] NumberSet uids_of(const NumberSet& seqnums) const;
  /// Positions of the messages with these UIDs, as sequence numbers (position + 1).
  [[nodiscard]] NumberSet seqnums_of(const NumberSet& uids) const;

 private:
  struct Part {
    std::shared_ptr<const store::Members> members;
    std::uint32_t first = 0;  ///< The part is [first, last) of `members`.
    std::uint32_t last = 0;
    std::uint32_t base = 0;  ///< Messages in the parts before.
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
