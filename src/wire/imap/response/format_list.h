#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "wire/imap/response/writer.h"

namespace posthorn::wire::imap {

/// Mailbox name attributes (RFC 9051 §7.3.1, RFC 6154 §2, RFC 8457), as a set of bits.
enum class ListAttribute : std::uint32_t {
  non_existent = 1 << 0,  ///< Written as `\Noselect` in rev1.
  no_select = 1 << 1,
  no_inferiors = 1 << 2,
  has_children = 1 << 3,
  has_no_children = 1 << 4,
  marked = 1 << 5,
  unmarked = 1 << 6,
  subscribed = 1 << 7,
  remote = 1 << 8,
  all = 1 << 9,
  archive = 1 << 10,
  drafts = 1 << 11,
  flagged = 1 << 12,
  junk = 1 << 13,
  sent = 1 << 14,
  trash = 1 << 15,
  important = 1 << 16,
  no_access = 1 << 17,  ///< RFC 5465 §3.1
};
using ListAttributes = std::uint32_t;
constexpr ListAttributes bit(ListAttribute a) { return static_cast<ListAttributes>(a); }

/// The command that the response answers.
enum class ListKind : std::uint8_t { list, list_extended, lsub };

struct ListResponse {
  ListKind kind = ListKind::list;
  ListAttributes attributes = 0;
  char delimiter = '/';  ///< 0 means NIL.
  std::string_view mailbox;
  /// RFC 5258 §3.5: CHILDINFO ("SUBSCRIBED").
  bool child_subscribed = false;
  /// OLDNAME (RFC 9051 §6.3.9.7, RFC 5465 §5.4); in rev1 only sent in an extended response. Empty
  /// if there is none.
  std::string_view old_name = {};
};
/// Clients get `\NonExistent` in rev2 and in response to the extended LIST; others get `\Noselect`.
void format_list(Writer& w, const ListResponse& response);

/// RFC 2342. An empty span is written as NIL.
struct NamespaceEntry {
  std::string_view prefix;
  char delimiter = '/';  ///< 0 means NIL.
};
struct NamespaceResponse {
  std::span<const NamespaceEntry> personal;
  std::span<const NamespaceEntry> other_users;
  std::span<const NamespaceEntry> shared;
};
void format_namespace(Writer& w, const NamespaceResponse& response);

}  // namespace posthorn::wire::imap
