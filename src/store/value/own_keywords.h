#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/number_set.h"

namespace posthorn::store {

class KeywordTable;

/// The keywords that one user of a shared mailbox sees at some messages instead of those that are
/// stored with them. Keywords are indexes into the names of the mailbox's KeywordTable, which keep
/// their meaning in all later versions of it; its sets do not.
class OwnKeywords {
 public:
  using Set = std::vector<std::uint16_t>;  ///< Ascending.
  /// Messages in a row that have the same set.
  struct Run {
    std::uint32_t first;
    std::uint32_t last;  ///< Inclusive.
    std::uint32_t set;   ///< Index into sets().
    friend bool operator==(const Run&, const Run&) = default;
  };

  [[nodiscard]] bool empty() const { return runs_.empty(); }
  /// The index of the message's set; none if what is stored counts.
  [[nodiscard]] std::optional<std::uint32_t> find(Uid uid) const;
  [[nodiscard]] const std::vector<Set>& sets() const { return sets_; }
  /// Ascending, and apart from each other.
  [[nodiscard]] const std::vector<Run>& runs() const { return runs_; }
  [[nodiscard]] NumberSet uids() const;

  /// Requires: the UID is above all that have a set.
  void append(Uid uid, const Set& set);
  /// Takes over the sets of all messages that `changed` has one for.
  void put(const OwnKeywords& changed);
  /// Lets what is stored count again.
  void erase(const NumberSet& uids);
  /// Takes over what was read. Returns false, and changes nothing, if it makes no sense.
  bool assign(const std::vector<Set>& sets, std::vector<Run> runs);

 private:
  std::uint32_t index_of(const Set& set);
  void extend(const Run& run);
  void drop_unused_sets();

  std::vector<Set> sets_;
  std::map<Set, std::uint32_t> by_set_;  ///< The indexes of sets_.
  std::vector<Run> runs_;
};

/// In FlagState::keywords, sets from here on are those of OwnKeywords; lower ones are those of the
/// mailbox's KeywordTable.
inline constexpr std::uint32_t kFirstOwnSet = 0x80000000;

/// The sets of keywords that FlagState::keywords can name, in the flags of one version of a mailbox
/// that one reader is shown. A small value; what it was made from must outlive it.
class KeywordsView {
 public:
  /// `own` may be null.
  explicit KeywordsView(const KeywordTable& table, const OwnKeywords* own = nullptr)
      : table_(&table), own_(own) {}

  /// As ascending indexes into the names of the mailbox's table. What is no set is the empty one.
  [[nodiscard]] const OwnKeywords::Set& set(std::uint32_t id) const;
  [[nodiscard]] bool set_has(std::uint32_t id, std::uint16_t keyword) const;
  [[nodiscard]] std::vector<std::string> names_of(std::uint32_t id) const;

 private:
  const KeywordTable* table_;
  const OwnKeywords* own_;
};

}  // namespace posthorn::store
