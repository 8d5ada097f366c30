#include "service/sharing/shared_name.h"

#include "service/account_name.h"
#include "store/value/mailbox.h"
#include "text/ascii.h"

namespace posthorn::service {
namespace {

using store::kDelimiter;

bool is_within(std::string_view name, std::string_view space) {
  return name.starts_with(space) &&
         (name.size() == space.size() || name[space.size()] == kDelimiter);
}

std::string_view prefix_of(SharedSpace space) {
  return space == SharedSpace::users ? kOtherUsers : kSharedFolders;
}

}  // namespace

bool is_in_shared_namespace(std::string_view name) {
  return is_within(name, kOtherUsers) || is_within(name, kSharedFolders);
}

std::optional<SharedName> shared_name_of(std::string_view name) {
  const SharedSpace space = is_within(name, kOtherUsers) ? SharedSpace::users : SharedSpace::teams;
  const std::string_view prefix = prefix_of(space);
  if (!is_within(name, prefix) || name.size() == prefix.size()) return std::nullopt;
  const std::string_view rest = name.substr(prefix.size() + 1);
  const std::size_t cut = rest.find(kDelimiter);
  if (cut == 0 || cut == std::string_view::npos || cut + 1 == rest.size()) return std::nullopt;
  SharedName shared{space, normal_name(rest.substr(0, cut)), std::string(rest.substr(cut + 1))};
  // RFC 9051 §5.1: INBOX in any case, also with levels below it.
  constexpr std::string_view kInbox = "INBOX";
  const std::string_view first = std::string_view(shared.mailbox).substr(0, kInbox.size());
  const bool whole =
      shared.mailbox.size() == kInbox.size() ||
      (shared.mailbox.size() > kInbox.size() && shared.mailbox[kInbox.size()] == kDelimiter);
  if (whole && text::iequals(first, kInbox)) shared.mailbox.replace(0, kInbox.size(), kInbox);
  return shared;
}

std::string shared_name(std::string_view owner, std::string_view mailbox, SharedSpace space) {
  std::string name(prefix_of(space));
  name += kDelimiter;
  name += owner;
  name += kDelimiter;
  name += mailbox;
  return name;
}

bool can_be_named(std::string_view owner) {
  return !owner.empty() && owner.find_first_of("/%*") == std::string_view::npos &&
         store::check_mailbox_name(owner).has_value();
}

}  // namespace posthorn::service
