#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/number_set.h"
#include "base/result.h"
#include "message/digest/search_key.h"
#include "store/filter/text_filter.h"
#include "store/read/object_ids.h"
#include "store/value/mailbox.h"
#include "text/collation.h"
#include "text/finder.h"

namespace posthorn::search {

/// The context that gives search keys their meaning.
struct SearchEnvironment {
  Timestamp now;
  /// UIDs with \Recent (RFC 3501 §2.3.2); null if there are none.
  const NumberSet* recent = nullptr;
  /// Of the account whose mailbox is searched. Must outlive the search.
  const store::ObjectIds* ids = nullptr;
  /// Returns the UIDs that a set of message numbers (`uids` false) or of UIDs stands for, with '*'
  /// and '$' resolved.
  std::function<NumberSet(const SequenceSet&, bool uids)> resolve;
  /// How texts are compared (RFC 5255 §4.2).
  text::Collation collation = text::kDefaultCollation;
  /// False: every message is read. The result is the same; for tests and measurements.
  bool use_filters = true;
};

/// How much of a message must be read to judge it, cheapest first.
enum class Depth : std::uint8_t { row, keys, header, body };

/// A search key (RFC 9051 §6.4.4) compiled for one version of a mailbox: strings are collated, sets
/// are converted to UIDs, and conditions are ordered by cost.
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
    email,
    thread,
  };

  struct Node {
    Operation operation = Operation::constant;
    Depth depth = Depth::row;   ///< Of this node alone, or the deepest of its children.
    bool value = true;          ///< Of a constant.
    SystemFlags flag = 0;       ///< Of system_flag.
    std::uint32_t keyword = 0;  ///< Index into the mailbox's KeywordTable.
    std::uint64_t number = 0;
    std::int64_t seconds = 0;
    Date date;
    NumberSet set;
    std::string field;  ///< Of header: its name; of email and thread: the identifier.
    const store::ObjectIds* ids = nullptr;  ///< Of email and thread.
    text::Finder finder{""};
    /// The bit of the text in needles(); 0 if filters cannot rule it out.
    store::TextFilter::Needles needle = 0;
    /// Of keys that look into texts: that of the program.
    text::Collation collation = text::kDefaultCollation;
    std::vector<Node> children;
  };

  /// Compiles a key for this version of the mailbox. Equal conditions next to each other are
  /// merged. The key's parser bounds the nesting and the number of conditions. Errors: limit, if
  /// the message sets in the key have more than kMaxRanges ranges of UIDs together. In a mailbox
  /// with gaps, "1:*" alone can stand for many ranges.
  static constexpr std::size_t kMaxRanges = 8'000'000;
  static Result<SearchProgram> compile(const message::SearchKey& key, const store::Mailbox& mailbox,
                                       const SearchEnvironment& environment);

  [[nodiscard]] const Node& root() const { return root_; }
  /// The number of nodes: the cost of judging one message by its row.
  [[nodiscard]] std::uint32_t nodes() const { return nodes_; }
  [[nodiscard]] text::Collation collation() const { return collation_; }
  /// Returns whether any node needs the columns of this depth.
  [[nodiscard]] bool reads(Depth depth) const { return (reads_ & bit(depth)) != 0; }
  /// Returns whether identifiers are judged, and messages may have them from other accounts. Then
  /// the body column is needed together with the keys.
  [[nodiscard]] bool reads_origins() const { return reads_origins_; }
  /// The grams of the texts that filters may rule out.
  [[nodiscard]] const std::vector<std::vector<store::Gram>>& needles() const { return needles_; }
  /// If not null, messages with UIDs outside this set cannot match.
  [[nodiscard]] const NumberSet* bound() const;

 private:
  static unsigned bit(Depth depth) { return 1U << static_cast<unsigned>(depth); }
  void note_reads(const Node& node);
  void note_needles(Node& node);

  Node root_;
  std::uint32_t nodes_ = 0;
  unsigned reads_ = 0;
  bool reads_origins_ = false;
  text::Collation collation_ = text::kDefaultCollation;
  std::vector<std::vector<store::Gram>> needles_;
};

}  // namespace posthorn::search
