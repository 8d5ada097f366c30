#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/flags.h"
#include "base/number_set.h"
#include "wire/imap/input.h"

/// The rules of RFC 9051 §9 that several commands share; each function is named after its rule. A
/// rule consumes what it describes from the input and returns true, or it records what it expected
/// and returns false.
namespace posthorn::wire::imap::grammar {

bool atom(Input& in, std::string& out);
/// An atom, converted to upper case.
bool word(Input& in, std::string& out);
bool quoted(Input& in, std::string& out);
/// quoted / literal; the literal is inline.
bool string(Input& in, std::string& out);
bool astring(Input& in, std::string& out);
/// NIL leaves `out` empty.
bool nstring(Input& in, std::optional<std::string>& out);
bool literal(Input& in, std::string& out);

bool number(Input& in, std::uint32_t& out);
bool nz_number(Input& in, std::uint32_t& out);
/// At most 63 bits.
bool number64(Input& in, std::uint64_t& out);
bool nz_number64(Input& in, std::uint64_t& out);
/// RFC 7162 §7; 0 is allowed. workaround: Apple Mail sends CHANGEDSINCE 0.
bool mod_sequence_valzer(Input& in, ModSeq& out);

bool sequence_set(Input& in, SequenceSet& out);
/// seq-number, as a set of this one.
bool single_number(Input& in, SequenceSet& out);
/// A sequence-set that contains neither '*' nor '$'.
bool known_uids(Input& in, NumberSet& out);

/// A mailbox name, converted to UTF-8 (see wire/imap/names.h). A string that cannot be the name of
/// a mailbox is still well-formed: it becomes the input's objection, and `out` is left empty.
bool mailbox(Input& in, std::string& out);
/// list-mailbox: a mailbox name with wildcards, converted to UTF-8.
bool list_mailbox(Input& in, std::string& out);

/// \Recent is accepted and ignored, because clients send back the flags that a FETCH gave them.
bool flag(Input& in, FlagList& out);
bool flag_list(Input& in, FlagList& out);

bool date(Input& in, Date& out);
bool date_time(Input& in, Timestamp& out);

/// RFC 9394 `partial-range`.
bool partial_range(Input& in, PartialRange& out);

bool status_att_list(Input& in, StatusItems& out);

/// `"(" [item *(SP item)] ")"`, where `item` is a rule.
template <class Item>
bool list_of(Input& in, Item item) {
  if (!in.open()) return false;
  if (in.take(')')) return true;
  for (std::size_t n = 0;; ++n) {
    if (!in.within_list(n) || !item()) return false;
    if (!in.another()) return in.take(')') || in.expected("a space or \")\"");
  }
}

/// As list_of, but requires at least one item.
template <class Item>
bool nonempty_list_of(Input& in, Item item) {
  const std::size_t mark = in.mark();
  if (!in.open()) return false;
  if (in.peek() == ')') return in.expected("an item of the list");
  in.back_to(mark);
  return list_of(in, item);
}

}  // namespace posthorn::wire::imap::grammar
