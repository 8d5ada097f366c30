#include "service/metadata.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "service/mailboxes.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::AnnotationKey;
using store::Change;

bool is_private(std::string_view entry) { return entry.starts_with("/private"); }

/// Private entries are those of the one who asks.
AnnotationKey key_of(const MailboxRef& mailbox, std::string_view entry) {
  AnnotationKey key{mailbox.id, {}, std::string(entry)};
  if (is_private(entry)) key.reader = mailbox.actor.account;
  return key;
}

Status may_set(const MailboxRef& mailbox, const MetadataToSet& what) {
  if (Status allowed = may_read_metadata(mailbox); !allowed) return allowed;
  const bool sets_shared = std::ranges::any_of(
      what.entries, [](const MetadataToSet::Entry& entry) { return !is_private(entry.name); });
  if (sets_shared) {
    if (Status allowed = require(mailbox, Right::write); !allowed) return allowed;
  }
  if (what.uses && !can_create_for(*what.uses))
    return fail(ErrorKind::no_permission, "No mailbox can have that use");
  return {};
}

}  // namespace

MailboxRef server_metadata(const Caller& caller) {
  return {caller.account, MailboxId(0), caller.actor, {Right::lookup, Right::read}};
}

Status may_read_metadata(const MailboxRef& mailbox) {
  if (Status allowed = require(mailbox, Right::lookup); !allowed) return allowed;
  for (const Right right :
       {Right::read, Right::keep_seen, Right::write, Right::insert, Right::post})
    if (mailbox.rights.has(right)) return {};
  return require(mailbox, Right::read);
}

store::AnnotationValue find_metadata(const MailboxRef& mailbox, const store::Annotations& all,
                                     std::string_view entry) {
  return all.find(key_of(mailbox, entry));
}

std::vector<MetadataEntry> find_metadata_below(const MailboxRef& mailbox,
                                               const store::Annotations& all,
                                               std::string_view entry, MetadataBelow below) {
  std::vector<MetadataEntry> found;
  const AnnotationKey first = key_of(mailbox, entry);
  const std::string prefix = first.entry + '/';
  for (auto it = all.all().lower_bound(first); it != all.all().end(); ++it) {
    const auto& [key, value] = *it;
    if (key.mailbox != first.mailbox || key.reader != first.reader ||
        !key.entry.starts_with(first.entry))
      break;
    const bool is_below = key.entry.starts_with(prefix);
    if (!is_below && key.entry != first.entry) continue;
    if (is_below && below == MetadataBelow::children &&
        key.entry.find('/', prefix.size()) != std::string::npos)
      continue;
    found.push_back({key.entry, value});
  }
  return found;
}

Task<Result<std::shared_ptr<const store::Annotations>>> set_metadata(MailboxRef mailbox,
                                                                     MetadataToSet what) {
  if (Status allowed = may_set(mailbox, what); !allowed) co_return pass(allowed);
  using Set = std::shared_ptr<const store::Annotations>;
  auto done =
      co_await mailbox.account->change(mailbox.actor, {}, [&](Change& change) -> Result<Set> {
        for (const MetadataToSet::Entry& entry : what.entries) {
          Status set = change.set_annotation(key_of(mailbox, entry.name), entry.value);
          if (!set) return pass(set);
        }
        if (what.uses) change.set_special_use(mailbox.id, *what.uses);
        return change.state().annotations;
      });
  if (!done) co_return pass(done);
  co_return std::move(done->value);
}

bool is_visible_to(const AnnotationKey& key, const Caller& caller) {
  return key.reader == AccountId{} || key.reader == caller.actor.account;
}

}  // namespace posthorn::service
