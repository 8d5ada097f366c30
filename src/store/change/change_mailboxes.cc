#include "store/change/change.h"
#include "store/change/touched.h"
#include "store/format/mailbox_storage.h"
#include "store/value/limits.h"
#include "store/value/mailbox_damage.h"

// The operations on mailboxes; those on messages are in change.cc.
namespace posthorn::store {

Result<Change::Touched*> Change::make_mailbox(std::string_view name, SpecialUses uses) {
  if (draft_.mailboxes.size() >= kMaxMailboxes)
    return fail(ErrorKind::limit, "The account has too many mailboxes");
  auto mailbox = std::make_shared<Mailbox>();
  mailbox->id = draft_.counters.next_mailbox;
  mailbox->name = name;
  mailbox->special_use = uses;
  mailbox->head.uid_validity = draft_.counters.next_uid_validity;
  mailbox->head.highest_modseq = modseq();
  mailbox->keywords = std::make_shared<KeywordTable>();
  mailbox->contents = std::make_shared<Contents>();
  mailbox->storage = std::make_shared<MailboxStorage>();
  ++draft_.counters.next_mailbox;
  ++draft_.counters.next_uid_validity;
  draft_.mailboxes.set(mailbox->id, mailbox);
  names()[std::string(name)] = mailbox->id;
  auto touched = touch(mailbox->id);
  (*touched)->created = true;
  inherit_grants(**touched);
  return touched;
}

Status Change::make_parents(std::string_view name) {
  for (std::size_t at = name.find(kDelimiter); at != std::string_view::npos;
       at = name.find(kDelimiter, at + 1)) {
    const std::string_view parent = name.substr(0, at);
    if (draft_.names->contains(parent)) continue;
    if (auto made = make_mailbox(parent, 0); !made) return pass(made);
  }
  return {};
}

Result<MailboxId> Change::create_mailbox(const NewMailbox& wanted) {
  if (Status ok = check_mailbox_name(wanted.name); !ok) return pass(ok);
  if (draft_.names->contains(wanted.name))
    return fail(ErrorKind::already_exists, "The mailbox exists already");
  if (Status ok = make_parents(wanted.name); !ok) return pass(ok);
  auto made = make_mailbox(wanted.name, wanted.special_use);
  if (!made) return pass(made);
  if (wanted.subscribe) {
    if (auto ok = subscribe(wanted.name); !ok) return pass(ok);
  }
  return (*made)->now.id;
}

Status Change::delete_mailbox(std::string_view name) {
  const MailboxPtr mailbox = draft_.find(name);
  if (!mailbox) return fail(ErrorKind::not_found, "No such mailbox");
  if (mailbox->name == "INBOX") return fail(ErrorKind::bad_argument, "INBOX cannot be deleted");
  auto touched = touch_contents(mailbox->id);
  if (!touched) return pass(touched);
  std::vector<std::uint32_t> all((*touched)->now.contents->count());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  remove(**touched, all);
  (*touched)->deleted = true;
  draft_.mailboxes.erase(mailbox->id);
  names().erase(std::string(name));
  drop_annotations(mailbox->id);
  drop_grants(mailbox->id);
  return {};
}

Status Change::rename_mailbox(std::string_view from, std::string_view to) {
  if (Status ok = check_mailbox_name(to); !ok) return ok;
  if (draft_.names->contains(to) || draft_.has_children(to))
    return fail(ErrorKind::already_exists, "A mailbox with the new name exists already");
  if (from == "INBOX") return rename_inbox(to);
  const std::string below = std::string(from) + kDelimiter;
  if (to.starts_with(below))
    return fail(ErrorKind::bad_argument, "A mailbox cannot be moved below itself");
  std::vector<std::pair<std::string, MailboxId>> moving;
  if (const auto it = draft_.names->find(from); it != draft_.names->end()) moving.emplace_back(*it);
  for (auto it = draft_.names->lower_bound(below);
       it != draft_.names->end() && it->first.starts_with(below); ++it)
    moving.emplace_back(*it);
  if (moving.empty()) return fail(ErrorKind::not_found, "No such mailbox");
  for (const auto& [name, id] : moving) {
    const std::string renamed = std::string(to) + name.substr(from.size());
    if (Status ok = check_mailbox_name(renamed); !ok) return ok;
  }
  if (Status ok = make_parents(to); !ok) return ok;
  for (const auto& [name, id] : moving) names().erase(name);
  for (const auto& [name, id] : moving) {
    auto touched = touch(id);
    if (!touched) return pass(touched);
    (*touched)->now.name = std::string(to) + name.substr(from.size());
    (*touched)->renamed = true;
    names()[(*touched)->now.name] = id;
  }
  return {};
}

Status Change::rename_inbox(std::string_view to) {
  const MailboxPtr inbox = draft_.find("INBOX");
  if (!inbox) return fail(ErrorKind::not_found, "No such mailbox");
  auto source = touch_contents(inbox->id);
  if (!source) return pass(source);
  if (Status ok = make_parents(to); !ok) return ok;
  auto target = make_mailbox(to, 0);
  if (!target) return pass(target);
  std::vector<std::uint32_t> all((*source)->now.contents->count());
  for (std::uint32_t i = 0; i < all.size(); ++i) all[i] = i;
  if (auto moved = move_positions(**source, **target, all); !moved) return pass(moved);
  // RFC 5464 §4.1: INBOX keeps its annotations, and the new mailbox gets them too.
  copy_annotations(inbox->id, (*target)->now.id);
  return {};
}

Result<bool> Change::subscribe(std::string_view name) {
  if (Status ok = check_mailbox_name(name); !ok) return pass(ok);
  constexpr std::size_t kMaxSubscriptions = 20'000;
  if (draft_.subscriptions->contains(name)) return false;
  if (draft_.subscriptions->size() >= kMaxSubscriptions)
    return fail(ErrorKind::limit, "The account has too many subscriptions");
  subscriptions().emplace(name);
  subscribed_.emplace_back(name);
  return true;
}

Result<bool> Change::unsubscribe(std::string_view name) {
  if (!draft_.subscriptions->contains(name)) return false;
  subscriptions().erase(std::string(name));
  unsubscribed_.emplace_back(name);
  return true;
}

void Change::set_special_use(MailboxId id, SpecialUses uses) {
  auto touched = touch(id);
  if (!touched || (*touched)->now.special_use == uses) return;
  (*touched)->now.special_use = uses;
  (*touched)->renamed = true;
  (*touched)->annotated = true;  // It is an annotation as well (RFC 6154 §4).
}

void Change::set_quota(const Quota& quota) {
  draft_.counters.quota = quota;
  settings_changed_ = true;
}

Status Change::rebuild_mailbox(MailboxId id, const MailboxDamage& damage) {
  auto touched = touch_contents(id);
  if (!touched) return pass(touched);
  (*touched)->rebuilt = true;
  (*touched)->rewritten = !damage.findings.empty();
  (*touched)->flag_changes = damage.flag_changes;
  draft_.count_again();
  forget_missing(**touched);
  return {};
}

}  // namespace posthorn::store
