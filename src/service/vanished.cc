#include "service/vanished.h"

#include <utility>

namespace posthorn::service {
namespace {

/// Calls f for each number of a set, ascending, until it returns false.
class NumberWalk {
 public:
  explicit NumberWalk(const NumberSet& set) : at_(set.ranges().begin()), end_(set.ranges().end()) {
    if (at_ != end_) next_ = at_->first;
  }
  /// Returns the next number, or 0 at the end.
  std::uint32_t take() {
    const std::uint32_t number = next_;
    if (number == 0) return 0;
    if (number < at_->last) {
      ++next_;
    } else {
      ++at_;
      next_ = at_ == end_ ? 0 : at_->first;
    }
    return number;
  }

 private:
  std::vector<NumberSet::Range>::const_iterator at_;
  std::vector<NumberSet::Range>::const_iterator end_;
  std::uint32_t next_ = 0;
};

/// The last UID up to which the client's samples agree with the mailbox.
std::uint32_t agreed_up_to(const store::Members& members, const VanishedQuery::Samples& samples) {
  std::uint32_t agreed = 0;
  NumberWalk seqnums(samples.seqnums);
  NumberWalk uids(samples.uids);
  while (true) {
    const std::uint32_t seqnum = seqnums.take();
    const std::uint32_t uid = uids.take();
    if (seqnum == 0 || uid == 0) return agreed;
    const auto position = members.position_of(Uid(uid));
    if (!position || *position + 1 != seqnum) return agreed;
    agreed = uid;
  }
}

NumberSet uids_of(const store::Members& members) {
  NumberSet uids;
  members.for_each(0, members.count(),
                   [&](std::uint32_t, const store::MemberLeaf& leaf, std::uint32_t k) {
                     uids.add(leaf.uid[k]);
                   });
  return uids;
}

}  // namespace

async::Task<Result<NumberSet>> vanished_since(MailboxRef mailbox, store::MailboxPtr now,
                                              VanishedQuery query) {
  // No history says what has disappeared from the mailbox of removed messages.
  auto expunged = mailbox.shows_removed()
                      ? Result<store::Account::Expunged>({{}, false})
                      : co_await mailbox.account->expunged_since(mailbox.id, query.since);
  if (!expunged) co_return pass(expunged);
  if (expunged->complete) {
    if (!query.known) co_return std::move(expunged->uids);
    co_return expunged->uids.intersect(*query.known);
  }
  NumberSet gone;
  if (now->head.uid_next.value > 1) gone.add(1, now->head.uid_next.value - 1);
  if (query.known) gone = gone.intersect(*query.known);
  const store::Members& members = now->contents->members();
  gone = gone.subtract(uids_of(members));
  if (query.samples) {
    const std::uint32_t agreed = agreed_up_to(members, *query.samples);
    NumberSet after;
    if (agreed < UINT32_MAX) after.add(agreed + 1, UINT32_MAX);
    gone = gone.intersect(after);
  }
  co_return gone;
}

}  // namespace posthorn::service
