#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/number_set.h"
#include "base/result.h"
#include "message/digest/search_key.h"
#include "store/value/mailbox.h"
#include "text/finder.h"

namespace posthorn::search {

/// What a search key means at the moment it is asked.
struct SearchEnvironment {
  Timestamp now;
  const NumberSet* recent = nullptr;  ///< UIDs with \Recent (RFC 3501 §2.3.2); null: none.
  /// The message an EMAILID is of, whether it is still there or not; none for what is no EMAILID of
  /// this account.
  std::function<std::optional<Ordinal>(std::string_view)> email_of;
  /// The UIDs that message numbers (`uids` false) or UIDs stand for, '*' and '$' included.
  std::function<NumberSet(const SequenceSet&, bool uids)> resolve;
};

/// How much of a message has to be read to judge it, cheapest first.
enum class Depth : std::uint8_t { row, keys, header, body };

/// A search key (RFC 9051 §6.4.4) made ready to be run over one version of a mailbox: strings
/// folded, sets as UIDs, conditions ordered by what they cost.
class SearchProgram {
 public:
  enum class Operation : std::uint8_t {
    constant,
    all_of,
    any_of,
    none_of,
    system_flag,
    keyword,
    uid,
    from,
    to,
    cc,
    bcc,
    subject,
    header,
    body,
    text,
    larger,
    smaller,
    internal_before,
    internal_on,
    internal_since,
    sent_before,
    sent_on,
    sent_since,
    saved_before,
    saved_on,
    saved_since,
    arrived_before,
    arrived_since,
    modseq,
    ordinal,
  };

  struct Node {
    Operation operation = Operation::constant;
    Depth depth = Depth::row;   ///< Of this node alone, or the deepest of its children.
    bool value = true;          ///< constant.
    SystemFlags flag = 0;       ///< system_flag.
    std::uint32_t keyword = 0;  ///< Index into the mailbox's KeywordTable.
    std::uint64_t number = 0;
    std::int64_t seconds = 0;
    Date date;
    NumberSet set;
    std::string field;
    text::Finder finder{""};
    std::vector<Node> children;
  };

  /// For this version's keywords. Equal conditions beside each other become one. Nesting and the
  /// number of conditions are bounded by the bounds of the key's parser. Errors: limit, when the
  /// sets of messages that the key names have more than kMaxRanges ranges of UIDs together: in a
  /// mailbox with gaps "1:*" alone stands for many.
  static constexpr std::size_t kMaxRanges = 8'000'000;
  static Result<SearchProgram> compile(const message::SearchKey& key, const store::Mailbox& mailbox,
                                       const SearchEnvironment& environment);

  [[nodiscard]] const Node& root() const { return root_; }
  /// How many nodes there are: what judging one message costs by rows alone.
  [[nodiscard]] std::uint32_t nodes() const { return nodes_; }
  /// UIDs outside of this cannot match.
  [[nodiscard]] const NumberSet* bound() const;

 private:
  Node root_;
  std::uint32_t nodes_ = 0;
};

}  // namespace posthorn::search
