#include "search/sort_into.h"

#include <algorithm>
#include <utility>

namespace posthorn::search {
namespace {

using async::Task;

/// A new message, which belongs before sorted[last] and behind sorted[first - 1], if these exist.
struct Place {
  std::uint32_t uid = 0;
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

/// A search in several places at once: each round compares the new messages with some of the
/// others, and so narrows the range in which each belongs.
class Insertion {
 public:
  Insertion(const store::Mailbox& mailbox, std::span<const std::uint32_t> sorted,
            const NumberSet& more)
      : mailbox_(mailbox), sorted_(sorted), more_(more) {
    const auto end = static_cast<std::uint32_t>(sorted.size());
    for (const NumberSet::Range& range : more.ranges())
      for (std::uint64_t uid = range.first; uid <= range.last; ++uid)
        places_.push_back({static_cast<std::uint32_t>(uid), 0, end});
  }

  [[nodiscard]] bool is_done() const {
    return std::ranges::all_of(places_, [](const Place& p) { return p.first == p.last; });
  }

  /// The positions in the mailbox of the messages to sort next, ascending.
  std::vector<std::uint32_t> next_positions() {
    choose_pivots();
    std::vector<std::uint32_t> positions = mailbox_.contents->members().positions_of(more_);
    for (const auto& [uid, index] : pivots_)
      if (const auto position = mailbox_.contents->members().position_of(Uid(uid)))
        positions.push_back(*position);
    std::ranges::sort(positions);
    return positions;
  }

  /// Takes the same positions in the order of the sort.
  void narrow(std::span<const std::uint32_t> positions) {
    places_.swap(before_);
    std::ranges::sort(before_, {}, &Place::uid);
    places_.clear();
    std::uint32_t first = 0;
    std::size_t behind_pivot = 0;  // Of places_, those that are behind the last pivot.
    const auto end_here = [&](std::uint32_t last) {
      for (; behind_pivot < places_.size(); ++behind_pivot)
        places_[behind_pivot].last = std::min(places_[behind_pivot].last, last);
    };
    for (const std::uint32_t position : positions) {
      const std::uint32_t uid = mailbox_.contents->members().uid_at(position).value;
      const auto pivot = std::ranges::lower_bound(pivots_, uid, {}, &Pivot::uid);
      if (pivot != pivots_.end() && pivot->uid == uid) {
        end_here(pivot->index);
        first = pivot->index + 1;
        continue;
      }
      Place place = *std::ranges::lower_bound(before_, uid, {}, &Place::uid);
      place.first = std::max(place.first, first);
      places_.push_back(place);
    }
  }

  /// Requires: is_done(), and narrow() was called.
  [[nodiscard]] std::vector<std::uint32_t> merged() const {
    std::vector<std::uint32_t> all;
    all.reserve(sorted_.size() + places_.size());
    std::uint32_t taken = 0;
    for (const Place& place : places_) {
      for (; taken < place.first; ++taken) all.push_back(sorted_[taken]);
      all.push_back(place.uid);
    }
    all.insert(all.end(), sorted_.begin() + taken, sorted_.end());
    return all;
  }

 private:
  struct Pivot {
    std::uint32_t uid;
    std::uint32_t index;  ///< In sorted_.
  };

  void choose_pivots() {
    constexpr std::uint32_t kForEach = 64;
    std::vector<std::uint32_t> indices;
    // If there are many new messages, all are compared with all at once.
    const bool all = places_.size() * kForEach >= sorted_.size();
    for (const Place& place : places_) {
      const std::uint32_t step = all ? 1 : (place.last - place.first) / kForEach + 1;
      for (std::uint32_t i = all ? 0 : place.first; i < (all ? sorted_.size() : place.last);
           i += step)
        indices.push_back(i);
      if (all) break;
    }
    std::ranges::sort(indices);
    const auto repeated = std::ranges::unique(indices);
    indices.erase(repeated.begin(), repeated.end());
    pivots_.clear();
    for (const std::uint32_t index : indices) pivots_.push_back({sorted_[index], index});
    std::ranges::sort(pivots_, {}, &Pivot::uid);
  }

  const store::Mailbox& mailbox_;
  const std::span<const std::uint32_t> sorted_;
  const NumberSet& more_;
  std::vector<Place> places_;  ///< After narrow(), in the order of the sort.
  std::vector<Place> before_;
  std::vector<Pivot> pivots_;  ///< By UID.
};

}  // namespace

Task<Result<std::vector<std::uint32_t>>> sort_into(store::AccountPtr account,
                                                   store::MailboxPtr mailbox,
                                                   std::span<const std::uint32_t> sorted,
                                                   const NumberSet& more, SortOrder order_by,
                                                   WorkLimit& limit) {
  Insertion insertion(*mailbox, sorted, more);
  do {
    auto order = co_await sort(account, mailbox, insertion.next_positions(), order_by, limit);
    if (!order) co_return pass(order);
    insertion.narrow(*order);
  } while (!insertion.is_done());
  co_return insertion.merged();
}

}  // namespace posthorn::search
