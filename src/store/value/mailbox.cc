#include "store/value/mailbox.h"

#include <algorithm>

#include "store/value/account_state.h"
#include "store/value/sharing_entries.h"

namespace posthorn::store {
namespace {

std::string fold_ascii(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

/// Returns the length of the well-formed UTF-8 sequence at the start; 0 if there is none (RFC 3629
/// §4).
std::size_t utf8_length(std::string_view s) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(s[i]); };
  const auto tail = [&](std::size_t i) { return i < s.size() && (byte(i) & 0xc0) == 0x80; };
  const unsigned char a = byte(0);
  if (a < 0x80) return 1;
  if (a >= 0xc2 && a <= 0xdf) return tail(1) ? 2 : 0;
  if (a >= 0xe0 && a <= 0xef) {
    if (!tail(1) || !tail(2)) return 0;
    if ((a == 0xe0 && byte(1) < 0xa0) || (a == 0xed && byte(1) > 0x9f)) return 0;
    return 3;
  }
  if (a >= 0xf0 && a <= 0xf4) {
    if (!tail(1) || !tail(2) || !tail(3)) return 0;
    if ((a == 0xf0 && byte(1) < 0x90) || (a == 0xf4 && byte(1) > 0x8f)) return 0;
    return 4;
  }
  return 0;
}

}  // namespace

std::optional<std::uint16_t> KeywordTable::find(std::string_view keyword) const {
  const auto it = by_folded_name_.find(fold_ascii(keyword));
  if (it == by_folded_name_.end()) return std::nullopt;
  return it->second;
}

bool KeywordTable::set_has(std::uint32_t id, std::uint16_t keyword) const {
  return std::ranges::binary_search(set(id), keyword);
}

std::vector<std::string> KeywordTable::names_of(std::uint32_t id) const {
  std::vector<std::string> out;
  for (const std::uint16_t k : set(id))
    // The row of a keyword may have been lost with its name; the set is then shown without it.
    if (k < names_.size()) out.push_back(names_[k]);
  return out;
}

Result<std::uint16_t> KeywordTable::intern_name(std::string_view keyword) {
  if (const auto known = find(keyword)) return *known;
  if (keyword.size() > kMaxLength)
    return fail(ErrorKind::limit, "A keyword may have at most 255 octets");
  if (names_.size() >= kMaxKeywords)
    return fail(ErrorKind::limit, "A mailbox may have at most 1000 different keywords");
  const auto index = static_cast<std::uint16_t>(names_.size());
  names_.emplace_back(keyword);
  by_folded_name_.emplace(fold_ascii(keyword), index);
  return index;
}

std::uint32_t KeywordTable::intern_set(std::vector<std::uint16_t> sorted) {
  const auto [it, added] =
      by_set_.emplace(std::move(sorted), static_cast<std::uint32_t>(sets_.size()));
  if (added) sets_.push_back(it->first);
  return it->second;
}

Status check_mailbox_name(std::string_view name) {
  constexpr std::size_t kMaxOctets = 1000;
  constexpr std::ptrdiff_t kMaxLevels = 50;
  if (name.empty()) return fail(ErrorKind::bad_argument, "A mailbox name may not be empty");
  if (name.size() > kMaxOctets)
    return fail(ErrorKind::bad_argument, "The mailbox name is too long");
  if (name.front() == kDelimiter || name.back() == kDelimiter ||
      name.find("//") != std::string_view::npos)
    return fail(ErrorKind::bad_argument, "A level of a mailbox name may not be empty");
  if (std::ranges::count(name, kDelimiter) >= kMaxLevels)
    return fail(ErrorKind::bad_argument, "The mailbox name has too many levels");
  for (std::size_t i = 0; i < name.size();) {
    const std::size_t length = utf8_length(name.substr(i));
    if (length == 0) return fail(ErrorKind::bad_argument, "The mailbox name is not valid UTF-8");
    const auto c = static_cast<unsigned char>(name[i]);
    const auto next = length == 2 ? static_cast<unsigned char>(name[i + 1]) : 0;
    const std::string_view wide = name.substr(i, length);
    // RFC 9755 §3 forbids C0, DEL and C1 controls and the line and paragraph separators.
    if (c < 0x20 || c == 0x7f || (c == 0xc2 && next < 0xa0) || wide == "\u2028" || wide == "\u2029")
      return fail(ErrorKind::bad_argument, "A mailbox name may not contain control characters");
    i += length;
  }
  return {};
}

bool AccountState::has_children(std::string_view name) const {
  std::string prefix(name);
  prefix += kDelimiter;
  const auto it = names->lower_bound(prefix);
  return it != names->end() && it->first.starts_with(prefix);
}

OwnFlags AccountState::own_flags(const Mailbox& mailbox) const {
  if (mailbox.readers == nullptr && !grants->any_of(mailbox.id)) return {};
  const auto says_yes = [&](std::string_view entry) {
    const AnnotationValue value = annotations->find({mailbox.id, {}, std::string(entry)});
    return value != nullptr && *value == kYes;
  };
  OwnFlags own;
  if (!says_yes(kSharedSeenEntry)) own.system |= bit(SystemFlag::seen);
  if (says_yes(kPrivateFlagsEntry)) {
    own.system |= OwnFlags::kMarks;
    own.keywords = true;
  }
  return own;
}

void AccountState::count_again() {
  counters.bytes = 0;
  counters.messages = 0;
  for (const auto& [id, mailbox] : mailboxes) {
    counters.bytes += mailbox->head.bytes;
    counters.messages += mailbox->head.messages;
  }
}

MailboxPtr AccountState::find_special(SpecialUse use) const {
  for (const auto& [id, mailbox] : mailboxes)
    if ((mailbox->special_use & bit(use)) != 0) return mailbox;
  return nullptr;
}

}  // namespace posthorn::store
