#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "async/task.h"
#include "store/account.h"
#include "store/filter/filter_catalog.h"
#include "store/filter/grams.h"

namespace posthorn::store {

/// Tells of an account's packed messages which cannot contain some needles, by their filters. What
/// it does not rule out has to be read: messages that are not packed, or whose filter is missing,
/// outdated or damaged, are never ruled out.
class TextFilter {
 public:
  /// At most this many needles are looked for; further ones are never ruled out.
  static constexpr std::size_t kMostNeedles = 32;
  /// One bit for each needle.
  using Needles = std::uint32_t;

  /// `needles` are the grams of each needle. One without grams is never ruled out.
  TextFilter(AccountPtr account, std::vector<std::vector<Gram>> needles);

  /// Reads the filters of these messages, in any order, as far as that costs less than reading the
  /// messages themselves. Reads some hundred KB for each needle and 4,096 messages, so it must not
  /// run on a loop's thread.
  async::Task<void> load(std::span<const Ordinal> ordinals);

  /// Returns the needles that the message does not contain. `hint` is 0 at first and then what the
  /// last call left in it: neighbours are found faster. Thread: any, after load().
  [[nodiscard]] Needles absent(Ordinal ordinal, std::size_t& hint) const;
  /// Returns true if packed messages were seen for which there is no filter that can be used, or
  /// where attachments are searched, none that knows their text: upkeep has something to do.
  [[nodiscard]] bool is_incomplete() const { return incomplete_; }

 private:
  struct Block {
    Ordinal first;
    Ordinal last;
    std::vector<Needles> absent;  ///< Of each ordinal.
  };
  enum class Read : std::uint8_t { done, unusable, not_found };
  async::Task<Read> read(FilterRef ref);

  AccountPtr account_;
  std::vector<std::vector<Gram>> needles_;
  std::vector<Block> blocks_;
  bool incomplete_ = false;
};

}  // namespace posthorn::store
