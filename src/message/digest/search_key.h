#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/flags.h"
#include "base/ids.h"
#include "base/number_set.h"

namespace posthorn::message {

/// A search key as a value (RFC 9051 §6.4.4, RFC 5032, RFC 7162 §3.1.5). The parser creates it,
/// src/search compiles it into a program, and tests print it. Strings are UTF-8, converted from the
/// command's charset.
struct SearchKey {
  enum class Kind : std::uint8_t {
    all,          ///< Every message.
    conjunction,  ///< All of `children`: a parenthesised list and the top level.
    disjunction,  ///< OR: either of two `children`.
    negation,     ///< NOT: `children[0]`.
    flag_set,     ///< `flag`: ANSWERED, DELETED, DRAFT, FLAGGED, SEEN; UN* forms are negations.
    keyword,      ///< `text`.
    recent,       ///< RECENT; NEW is RECENT and UNSEEN, OLD its negation.
    sequence,     ///< `set` as message numbers.
    uid,          ///< `set` as UIDs.
    from,
    to,
    cc,
    bcc,
    subject,  ///< `text` in the decoded field; for addresses also in the addr-spec.
    header,   ///< `field` exists and contains `text` (if empty: it exists).
    body,     ///< `text` in the decoded text of any part's body.
    text,     ///< As body, or in any header line.
    larger,
    smaller,  ///< `number` octets, strictly.
    internal_before,
    internal_on,
    internal_since,  ///< `date` against the INTERNALDATE, in its own zone.
    sent_before,
    sent_on,
    sent_since,  ///< `date` against the Date field, in its own zone.
    saved_before,
    saved_on,
    saved_since,  ///< `date` against the SAVEDATE (RFC 8514).
    older,
    younger,              ///< `number` seconds before now (RFC 5032).
    modseq,               ///< A MODSEQ of at least `number` (RFC 7162 §3.1.5).
    save_date_supported,  ///< Every message (RFC 8514 §4.3).
    email_id,             ///< `text` is the message's EMAILID (RFC 8474 §6).
    thread_id,            ///< `text` is the THREADID of the message's thread (RFC 8474 §6).
  };
  Kind kind = Kind::all;
  SystemFlag flag = SystemFlag::seen;
  std::string field;
  std::string text;
  std::uint64_t number = 0;
  Date date;
  SequenceSet set;
  std::vector<SearchKey> children;
};

/// RFC 5256 §3, RFC 5957.
enum class SortField : std::uint8_t {
  arrival,
  cc,
  date,
  from,
  size,
  subject,
  to,
  display_from,
  display_to
};
struct SortKey {
  SortField field = SortField::arrival;
  bool reverse = false;
};

/// RFC 5256 §3.
enum class ThreadAlgorithm : std::uint8_t {
  ordered_subject,
  references,
  refs,  ///< draft-ietf-morg-inthread: see search::thread_by_refs().
};

}  // namespace posthorn::message
