#include "service/metadata.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "service/mailboxes.h"
#include "store/retention.h"
#include "store/value/sharing_entries.h"

namespace posthorn::service {
namespace {

using async::Task;
using store::AnnotationKey;
using store::Change;

bool is_private(std::string_view entry) { return entry.starts_with("/private"); }

bool is_retention(const MailboxRef& mailbox, std::string_view entry) {
  return mailbox.id != MailboxId(0) && entry == store::kRetentionEntry;
}

/// The age at which the messages of a mailbox expire, if it has no setting of its own.
store::AnnotationValue default_retention(const MailboxRef& mailbox) {
  const store::StatePtr state = mailbox.account->published();
  const store::MailboxPtr now = state->find(mailbox.id);
  const std::int64_t age =
      now ? store::retention_of(*state, *now, store::retention_policy(mailbox.account->store()))
          : 0;
  if (age == 0) return nullptr;
  return std::make_shared<const std::string>(store::format_retention(age));
}

/// Judges a setting of that age, and writes it as it is stored: none for the default.
Status take_retention(const MailboxRef& mailbox, std::optional<std::string>& value) {
  // It removes mail of everybody who uses the mailbox, so it is for those who administer it.
  if (Status allowed = require(mailbox, Right::administer); !allowed) return allowed;
  if (mailbox.actor.kind == store::Actor::Kind::user &&
      !store::retention_policy(mailbox.account->store()).users_may_change)
    return fail(ErrorKind::no_permission, "Only the operator sets when messages expire");
  if (!value) return {};
  auto age = store::parse_retention(*value);
  if (!age) return pass(age);
  value = store::format_retention(*age);
  return {};
}

/// Whether it says who shares flags, as access control lists say who shares the mailbox.
bool sets_sharing(const MetadataToSet& what) {
  return std::ranges::any_of(what.entries, [](const MetadataToSet::Entry& entry) {
    return store::is_sharing_entry(entry.name);
  });
}

Status may_set(const MailboxRef& mailbox, MetadataToSet& what) {
  if (Status allowed = may_read_metadata(mailbox); !allowed) return allowed;
  if (mailbox.shows_removed()) return require(mailbox, Right::write);  // Not even private ones.
  if (sets_sharing(what)) {
    if (Status allowed = require(mailbox, Right::administer); !allowed) return allowed;
  }
  for (MetadataToSet::Entry& entry : what.entries)
    if (is_retention(mailbox, entry.name))
      if (Status taken = take_retention(mailbox, entry.value); !taken) return taken;
  const bool sets_shared = std::ranges::any_of(what.entries, [](const MetadataToSet::Entry& entry) {
    return !is_private(entry.name) && !store::is_sharing_entry(entry.name);
  });
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

AnnotationKey annotation_key(const MailboxRef& mailbox, std::string_view entry) {
  AnnotationKey key{mailbox.id, {}, std::string(entry)};
  if (is_private(entry)) key.reader = mailbox.actor.account;
  return key;
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
  store::AnnotationValue value = all.find(annotation_key(mailbox, entry));
  if (!value && is_retention(mailbox, entry)) value = default_retention(mailbox);
  return value;
}

namespace {

/// Adds the age that comes from the mailbox's use, where a client lists the entries around it.
void add_default_retention(const MailboxRef& mailbox, std::string_view entry, MetadataBelow below,
                           std::vector<MetadataEntry>& found) {
  const std::string_view name = store::kRetentionEntry;
  if (!is_retention(mailbox, name) || !name.starts_with(entry)) return;
  const std::string_view rest = name.substr(entry.size());
  if (!rest.empty() && !rest.starts_with('/')) return;
  if (below == MetadataBelow::children && rest.find('/', 1) != std::string_view::npos) return;
  const auto place = std::ranges::lower_bound(found, name, {}, &MetadataEntry::name);
  if (place != found.end() && place->name == name) return;
  if (auto value = default_retention(mailbox))
    found.insert(place, {std::string(name), std::move(value)});
}

}  // namespace

std::vector<MetadataEntry> find_metadata_below(const MailboxRef& mailbox,
                                               const store::Annotations& all,
                                               std::string_view entry, MetadataBelow below) {
  std::vector<MetadataEntry> found;
  const AnnotationKey first = annotation_key(mailbox, entry);
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
  add_default_retention(mailbox, first.entry, below, found);
  return found;
}

Task<Result<std::shared_ptr<const store::Annotations>>> set_metadata(MailboxRef mailbox,
                                                                     MetadataToSet what) {
  if (Status allowed = may_set(mailbox, what); !allowed) co_return pass(allowed);
  using Set = std::shared_ptr<const store::Annotations>;
  const bool needs_messages = sets_sharing(what) && mailbox.id != MailboxId(0);
  std::vector<MailboxId> needs;
  if (needs_messages) needs.push_back(mailbox.id);
  auto done = co_await mailbox.account->change(
      mailbox.actor, std::move(needs),
      [&](Change& change) -> Result<Set> {
        for (const MetadataToSet::Entry& entry : what.entries) {
          Status set = change.set_annotation(annotation_key(mailbox, entry.name), entry.value);
          if (!set) return pass(set);
        }
        if (what.uses) change.set_special_use(mailbox.id, *what.uses);
        return change.state().annotations;
      },
      needs_messages ? store::ChangeWeight::heavy : store::ChangeWeight::light);
  if (!done) co_return pass(done);
  co_return std::move(done->value);
}

bool is_visible_to(const AnnotationKey& key, const Caller& caller) {
  return key.reader == AccountId{} || key.reader == caller.actor.account;
}

}  // namespace posthorn::service
